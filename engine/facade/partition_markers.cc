#include "engine/facade/partition_markers.h"

#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/log/log.h"
#include "fmt/format.h"

namespace cauce {
namespace {

std::string_view OutcomeName(TransactionOutcome outcome) {
  return outcome == TransactionOutcome::kCommit ? "committed" : "aborted";
}

MarkersWrittenEvent::Result ResultOf(const EventSink& events,
                                     const TopicPartition& to,
                                     const TransactionEnd& end,
                                     const absl::Status& status) {
  const MarkerResult result = ResultOfMarker(status);
  if (result == MarkerResult::kWritten) return {to, result};
  if (result == MarkerResult::kPartitionGone && events) {
    events(Severity::kWarning,
           fmt::format("{}: is left out of the transaction of producer {}, "
                       "epoch {}, which is {} in all others: {}",
                       to.ToString(), end.producer_id.value,
                       end.producer_epoch, OutcomeName(end.outcome),
                       MessageOf(status)));
  }
  return {to, result, status};
}

// Where the log that is to take it could not be opened: another try may open
// it.
MarkersWrittenEvent::Result ResultOfOpening(const EventSink& events,
                                            const TopicPartition& to,
                                            const TransactionEnd& end,
                                            const absl::Status& status) {
  auto result = ResultOf(events, to, end, status);
  if (result.result == MarkerResult::kStuck)
    result.result = MarkerResult::kRetry;
  return result;
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
    // Of a log that was open: it takes nothing any more.
    case Reason::kDiskFailed:
      return MarkerResult::kStuck;
    default:
      return MarkerResult::kRetry;
  }
}

void PartitionMarkers::Write(const MarkersToWrite& markers, Done done) {
  if (source_->executor == nullptr) return WriteInTheCall(markers, done);
  for (const TopicPartition& to : markers.partitions) {
    source_->executor->Schedule(
        [source = source_, to, end = markers.end, done] {
          WriteTo(*source, to, end, done);
        });
  }
}

void PartitionMarkers::WriteTo(const Source& source, const TopicPartition& to,
                               const TransactionEnd& end, const Done& done) {
  if (IsOffsets(source, to)) return EndOffsets(source, to, end, done);
  const auto opened = source.open(to);
  if (!opened.ok())
    return done({ResultOfOpening(source.events, to, end, opened.status())});
  (*opened)->awake()->EndTransactionAsync(
      end, {},
      [events = source.events, to, end,
       done](const absl::StatusOr<AppendResult>& written) {
        done({ResultOf(events, to, end, written.status())});
      });
}

void PartitionMarkers::WriteInTheCall(const MarkersToWrite& markers,
                                      const Done& done) const {
  const TransactionEnd& end = markers.end;
  struct Written {
    const TopicPartition& to;
    std::shared_ptr<PartitionLog> log;
  };
  std::vector<Written> written;
  for (const TopicPartition& to : markers.partitions) {
    if (IsOffsets(*source_, to)) continue;
    auto log = source_->open(to);
    if (!log.ok()) {
      done({ResultOfOpening(source_->events, to, end, log.status())});
      continue;
    }
    const absl::Status status = (*log)
                                    ->awake()
                                    ->EndTransaction(end, {Ack::kWritten})
                                    .status();
    if (status.ok()) {
      written.push_back({to, *std::move(log)});
    } else {
      done({ResultOf(source_->events, to, end, status)});
    }
  }
  for (const TopicPartition& to : markers.partitions) {
    if (IsOffsets(*source_, to)) EndOffsets(*source_, to, end, done);
  }
  for (const Written& each : written) {
    const absl::Status durable = each.log->awake()->Await(Ack::kDurable);
    done({ResultOf(source_->events, each.to, end, durable)});
  }
}

bool PartitionMarkers::IsOffsets(const Source& source,
                                 const TopicPartition& to) {
  return to.topic == kConsumerOffsetsTopic && source.end_offsets;
}

void PartitionMarkers::EndOffsets(const Source& source,
                                  const TopicPartition& to,
                                  const TransactionEnd& end,
                                  const Done& done) {
  source.end_offsets(
      to.partition, end,
      [events = source.events, to, end, done](const absl::Status& status) {
        done({ResultOf(events, to, end, status)});
      });
}

}  // namespace cauce
