// Writes the markers of transactions to partitions of this process: to each in
// a task of its own where there is an executor, which waits for no sync, and
// tells of each once that is durable; else in the call, to all of them before
// it syncs any. Tells of what it gives up. Keeps no engine. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/coord/marker_writer.h"
#include "engine/facade/partition_log.h"

namespace cauce {

// What a partition's answer to a marker means for its transaction there.
MarkerResult ResultOfMarker(const absl::Status& status);

class PartitionMarkers final : public MarkerWriter {
 public:
  struct Source {
    // The log of a partition, awake.
    std::function<absl::StatusOr<std::shared_ptr<PartitionLog>>(
        const TopicPartition&)>
        open;
    // Of the partitions in which groups are kept their coordinator ends a
    // transaction, so that it knows what became of its offsets.
    std::function<void(PartitionId, const TransactionEnd&,
                       std::function<void(absl::Status)>)>
        end_offsets;
    Executor* executor = nullptr;  // may be null; outlives what is written
    EventSink events;              // may be empty
  };

  explicit PartitionMarkers(Source source)
      : source_(std::make_shared<const Source>(std::move(source))) {}

  void Write(const MarkersToWrite& markers, Done done) override;

 private:
  // Of the partitions in which groups are kept their coordinator ends it.
  static bool IsOffsets(const Source& source, const TopicPartition& to);
  static void EndOffsets(const Source& source, const TopicPartition& to,
                         const TransactionEnd& end, const Done& done);
  // As a task.
  static void WriteTo(const Source& source, const TopicPartition& to,
                      const TransactionEnd& end, const Done& done);
  void WriteInTheCall(const MarkersToWrite& markers, const Done& done) const;

  const std::shared_ptr<const Source> source_;
};

}  // namespace cauce
