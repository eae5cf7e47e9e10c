#include "engine/facade/partition_markers.h"

#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/log/log.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A source that only tells.
PartitionMarkers::Source Told(const EventSink& events) {
  PartitionMarkers::Source source;
  source.events = events;
  return source;
}

std::string_view OutcomeName(TransactionOutcome outcome) {
  return outcome == TransactionOutcome::kCommit ? "committed" : "aborted";
}

}  // namespace

MarkerResult ResultOfMarker(const absl::Status& status) {
  if (status.ok()) return MarkerResult::kWritten;
  switch (ReasonOf(status)) {
    // It had its marker before, and the producer has gone on.
    case Reason::kInvalidProducerEpoch:
      return MarkerResult::kWritten;
    case Reason::kUnknownTopic:
    case Reason::kUnknownPartition:
    // Another coordinator is in charge of it.
    case Reason::kCoordinatorFenced:
    case Reason::kInvalidRecord:
      return MarkerResult::kPartitionGone;
    default:
      return MarkerResult::kRetry;
  }
}

void PartitionMarkers::Write(const MarkersToWrite& markers, Done done) {
  for (const TopicPartition& to : markers.partitions) {
    if (source_->executor == nullptr) {
      WriteTo(*source_, to, markers.end, done);
      continue;
    }
    source_->executor->Schedule(
        [source = source_, to, end = markers.end, done] {
          WriteTo(*source, to, end, done);
        });
  }
}

void PartitionMarkers::WriteTo(const Source& source, const TopicPartition& to,
                               const TransactionEnd& end, const Done& done) {
  if (to.topic == kConsumerOffsetsTopic && source.end_offsets) {
    return source.end_offsets(
        to.partition, end,
        [events = source.events, to, end, done](const absl::Status& status) {
          done({ResultOf(Told(events), to, end, status)});
        });
  }
  const auto end_there = [&]() -> absl::Status {
    CAUCE_ASSIGN_OR_RETURN(const auto log, source.open(to));
    return log->awake()->EndTransaction(end, {}).status();
  };
  done({ResultOf(source, to, end, end_there())});
}

MarkersWrittenEvent::Result PartitionMarkers::ResultOf(
    const Source& source, const TopicPartition& to, const TransactionEnd& end,
    const absl::Status& status) {
  const MarkerResult result = ResultOfMarker(status);
  if (result == MarkerResult::kPartitionGone && source.events) {
    source.events(
        Severity::kWarning,
        fmt::format("{}: is left out of the transaction of producer {}, epoch "
                    "{}, which is {} in all others: {}",
                    to.ToString(), end.producer_id.value, end.producer_epoch,
                    OutcomeName(end.outcome), MessageOf(status)));
  }
  return {to, result};
}

}  // namespace cauce
