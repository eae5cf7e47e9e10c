// A topic of one partition in a directory of its own, for as long as a
// benchmark needs it; opened as a program would, through cauce/engine.h.
//
// Everything is removed when it goes. For one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/payload.h"
#include "cauce/engine.h"
#include "cauce/partition.h"

namespace cauce::bench {

class ScratchTopic {
 public:
  // `flush` is the topic's cauce.flush: "os" or "group".
  static absl::StatusOr<ScratchTopic> Create(const std::string& directory,
                                             std::string_view flush);
  ScratchTopic(ScratchTopic&&) noexcept;
  ScratchTopic& operator=(ScratchTopic&&) = delete;
  ~ScratchTopic();

  Partition& partition() { return partition_; }

  // The segments' .log files, oldest first.
  std::vector<std::string> LogPaths() const;

  // Appends `batches` times the records of `payload`, encoding them each time.
  // Returns the seconds.
  absl::StatusOr<double> Append(const Payload& payload, int64_t batches,
                                const AppendOptions& options);

  // Whether exactly `batches` verified batches of `payload`'s records and size
  // can be read.
  absl::Status Verify(const Payload& payload, int64_t batches) const;

 private:
  ScratchTopic(std::string directory, Engine engine, Partition partition);

  std::string directory_;  // empty once moved from
  Engine engine_;
  Partition partition_;
};

}  // namespace cauce::bench
