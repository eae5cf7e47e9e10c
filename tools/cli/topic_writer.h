// Writes records to the partitions of one topic, in batches, with many
// appends on their way at a time.
//
// Records with a key go where Kafka's partitioner sends them; those without
// one fill a batch of one partition, then of the next. Acknowledgements are
// told on the caller's thread, by Reap and whatever waits, in the order of the
// appends. Memory is bounded by one batch a partition and kInFlightMax
// appends. For one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/engine.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "tools/cli/doorbell.h"

namespace cauce::cli {

struct TopicWriterOptions {
  Ack ack = Ack::kDurable;
  Codec codec = Codec::kNone;
  size_t batch_bytes = 64 << 10;
};

class TopicWriter {
 public:
  static constexpr size_t kInFlightMax = 256;

  // What was stored in one partition.
  struct Stored {
    int64_t records = 0;
    int64_t bytes = 0;  // of keys, values and headers
    Offset base;        // of the first record stored here
    Offset next;        // behind the last one
  };

  // An append that was acknowledged: offsets [base, next).
  using AckCallback =
      std::function<void(PartitionId, const AppendResult& stored)>;

  // Partitions are opened when the first record goes there. `doorbell` is rung
  // when there is something to reap; it must outlive the engine's executor. The
  // engine is borrowed.
  TopicWriter(const Engine& engine, const TopicDescription& topic,
              const TopicWriterOptions& options, Doorbell& doorbell,
              AckCallback on_ack);

  // Waits for all that is on its way.
  ~TopicWriter();
  TopicWriter(const TopicWriter&) = delete;
  TopicWriter& operator=(const TopicWriter&) = delete;

  // Adds the record of input line `line`, which was read at about `read_at`, to
  // `partition` where one is given.
  // May append a batch that is full, and wait while too many are on their way.
  // Fails with the first append that failed, which names its lines. Where the
  // topic may refuse this record, for its size, its time or the key it lacks,
  // it goes alone: every line before it is stored and, if it is refused, none
  // behind it.
  absl::Status Add(const Record& record, std::optional<PartitionId> partition,
                   int64_t line, absl::Time read_at);

  // Records wait for their batch to fill.
  bool has_unsent() const { return unsent_ > 0; }
  // Appends what was added, filled or not.
  absl::Status Send();

  // Takes note of appends that were acknowledged or failed.
  absl::Status Reap();

  // Sends, waits for everything on its way and makes it durable where that was
  // asked for.
  absl::Status Finish();

  // Of what was acknowledged, by partition.
  const std::vector<Stored>& stored() const { return stored_; }
  int64_t records_stored() const { return records_stored_; }
  int64_t bytes_stored() const { return bytes_stored_; }
  // Whether another log stands in the place of one that it has opened, behind
  // which it stores. The engine has told of it.
  bool follows_another() const { return follows_another_; }

 private:
  // The lines of the input that a batch's records stand in. With keys, other
  // lines between them went elsewhere.
  struct Lines {
    int64_t first = 0;
    int64_t last = 0;
  };

  // An append on its way; `result` may be read once `done` is seen.
  struct InFlight {
    std::atomic<bool> done = false;
    absl::StatusOr<AppendResult> result;
    PartitionId partition;
    int64_t bytes = 0;
    Lines lines;
  };

  // Those on their way, in a ring.
  struct Flights {
    std::array<InFlight, kInFlightMax> ring;
    // One of them has failed: nothing may follow, though those before it may
    // still be on their way.
    std::atomic<bool> failed = false;
  };

  struct Lane {
    Partition partition;
    BatchBuilder builder;
    int64_t bytes = 0;  // of what was added to the batch
    Lines lines;
  };

  static absl::Status NameLines(const absl::Status& status, const Lines& lines);

  absl::Status SendLane(Lane& lane);
  absl::Status SendDoubtful(Lane& lane);
  absl::Status WaitForRoom();
  absl::Status Failure();
  void ReapOldest();
  // Where the record goes, opened.
  absl::StatusOr<Lane*> LaneOf(const Record& record,
                               std::optional<PartitionId> partition);

  const Engine& engine_;
  const std::string topic_;
  const TopicWriterOptions options_;
  Doorbell& doorbell_;
  const AckCallback on_ack_;
  const TopicConfig config_;
  const size_t topic_batch_bytes_max_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // null until it is used
  size_t keyless_lane_ = 0;  // where records without a key go now
  int64_t unsent_ = 0;

  // Shared with the callbacks, which may still be about to return when the last
  // append has been reaped.
  std::shared_ptr<Flights> flights_;
  size_t oldest_ = 0;
  size_t in_flight_count_ = 0;

  absl::Status failed_;  // the first append that failed
  std::vector<Stored> stored_;
  int64_t records_stored_ = 0;
  int64_t bytes_stored_ = 0;
  bool follows_another_ = false;
};

}  // namespace cauce::cli
