// A topic of one partition that was written and closed cleanly, for whoever
// opens it: the engine, or a peer that reads the same files.
//
// The directory goes with it. For one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/payload.h"
#include "bench/timed_records.h"
#include "cauce/engine.h"
#include "cauce/partition.h"

namespace cauce::bench {

class StoredTopic {
 public:
  // In `segments` segments, or as many as their least size, 1 MiB, allows.
  // `payload` is borrowed.
  static absl::StatusOr<std::unique_ptr<StoredTopic>> Create(
      const std::string& directory, const Payload& payload, int64_t batches,
      TimeOrder order, int64_t segments);
  ~StoredTopic();

  // An engine and its partition; the caller closes it before another opens it.
  struct Opened {
    Engine engine;
    Partition partition;
  };
  absl::StatusOr<Opened> Open() const;

  const Payload& payload() const { return payload_; }
  const TimedRecords& times() const { return times_; }
  int64_t batches() const { return batches_; }
  int64_t records() const;
  // The partition's own directory, and its segments' logs, oldest first.
  std::string partition_path() const;
  std::vector<std::string> LogPaths() const;

 private:
  StoredTopic(std::string directory, const Payload& payload, int64_t batches,
              TimeOrder order);
  absl::Status Write(int64_t segments);

  const std::string directory_;
  const Payload& payload_;
  const int64_t batches_;
  TimedRecords times_;
};

}  // namespace cauce::bench
