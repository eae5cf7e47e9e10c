// A topic in a directory of its own, for as long as a benchmark needs it;
// opened as a program would, through cauce/engine.h.
//
// Everything is removed when it goes. For one thread, but for its partitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/payload.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"

namespace cauce::bench {

class ScratchTopic {
 public:
  static constexpr char kTopic[] = "bench";

  // `flush` is the topic's cauce.flush: "os" or "group". `executor` is borrowed
  // where there is one.
  static absl::StatusOr<ScratchTopic> Create(const std::string& directory,
                                             std::string_view flush,
                                             int32_t partitions = 1,
                                             Executor* executor = nullptr);
  ScratchTopic(ScratchTopic&&) noexcept;
  ScratchTopic& operator=(ScratchTopic&&) = delete;
  ~ScratchTopic();

  Partition& partition(size_t number = 0) { return partitions_[number]; }

  // The .log files of the first partition's segments, oldest first.
  std::vector<std::string> LogPaths() const;

  // Writes `batches` times the records of `payload` to the first partition,
  // encoding them each time. Returns the seconds.
  absl::StatusOr<double> Write(const Payload& payload, int64_t batches);

  // Whether exactly `batches` verified batches of `payload`'s records and size
  // can be read, in all partitions together.
  absl::Status Verify(const Payload& payload, int64_t batches) const;

 private:
  ScratchTopic(std::string directory, Engine engine,
               std::vector<Partition> partitions);

  std::string directory_;  // empty once moved from
  Engine engine_;
  std::vector<Partition> partitions_;
};

}  // namespace cauce::bench
