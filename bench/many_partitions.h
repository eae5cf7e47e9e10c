// A directory of a topic with many partitions of a few small segments each, and
// the state it is put back to before every run.
//
// One partition is written through the engine; the others get copies of its
// files, and the recovery points say that all of it is durable. For one thread
// of a process that runs no other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/payload.h"

namespace cauce::bench {

// How the engine that had the directory before went.
enum class LastStop { kClean, kKilled };

class ManyPartitions {
 public:
  static constexpr char kTopic[] = "bench";

  // Each partition gets a batch of `payload` in each of `segments` segments. At
  // least one of either.
  static absl::StatusOr<std::unique_ptr<ManyPartitions>> Create(
      const std::string& directory, const Payload& payload, int32_t partitions,
      int32_t segments);
  ~ManyPartitions();  // removes the directory

  // Takes back what was done to it since: the small files are as they were
  // after `stop`, the partitions as they were made. (What a file of a partition
  // begins with is taken for unchanged: they only grow.)
  absl::Status Restore(LastStop stop) const;

  const std::string& directory() const { return directory_; }
  int32_t partitions() const { return partitions_; }
  std::string PathOf(int32_t partition) const;
  // The file that takes the next append, and where in it.
  std::string ActiveLogOf(int32_t partition) const;
  int64_t active_log_bytes() const;
  int64_t records() const { return records_; }  // in each partition
  int64_t bytes() const;                        // of all logs together

 private:
  // Contents by name.
  using Files = std::map<std::string, std::string>;

  ManyPartitions(std::string directory, int32_t partitions);
  absl::Status Write(const Payload& payload, int32_t segments);
  absl::Status Copy();
  absl::Status SaveEnds() const;
  absl::Status CloseCleanly() const;

  const std::string directory_;
  const int32_t partitions_;
  // When each partition's newest log was written: a later opening goes by it.
  std::vector<std::filesystem::file_time_type> written_;
  int64_t records_ = 0;
  Files small_;     // of the directory itself
  Files segments_;  // of each partition
};

}  // namespace cauce::bench
