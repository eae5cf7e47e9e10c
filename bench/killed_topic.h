// A topic whose writer was killed while it wrote, again and again: what
// recovery has to deal with.
//
// Writers are child processes that kill themselves with SIGKILL. For one thread
// of a process that runs no other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/payload.h"

namespace cauce::bench {

class KilledTopic {
 public:
  // Has a child write `batches` of `payload`, partition after partition in
  // turn, with an executor of one thread, and die. `payload` is borrowed.
  static absl::StatusOr<std::unique_ptr<KilledTopic>> Create(
      const std::string& directory, const Payload& payload, int32_t partitions,
      int64_t batches);
  ~KilledTopic();  // removes the directory

  // Opens the directory in another child and appends one durable record.
  // Returns the seconds from before the opening until behind the record. The
  // child then writes `batches` more and dies as well. `threads` is of the
  // executor; 0 for none.
  absl::StatusOr<double> Recover(int threads, int64_t batches) const;

  // As if the recovery points had been lost: all has to be looked at.
  absl::Status ForgetRecoveryPoints() const;

  // All segments' .log files, and their bytes.
  std::vector<std::string> LogPaths() const;
  int64_t bytes() const;

 private:
  KilledTopic(std::string directory, const Payload& payload,
              int32_t partitions);

  const std::string directory_;
  const Payload& payload_;
  const int32_t partitions_;
};

}  // namespace cauce::bench
