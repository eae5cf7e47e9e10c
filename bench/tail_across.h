// As tail_run.h, with the reader in a process of its own.
//
// For one thread of a process that runs no other, since the reader is forked.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/harness.h"
#include "bench/tail_run.h"

namespace cauce::bench {

struct TailAcross {
  using Writer = std::function<absl::Status(std::string_view message)>;
  using Reader = std::function<absl::Status(VisitMessage visit)>;

  // Called in this process once the other one is there: nothing of what the
  // writer has is in that one.
  std::function<absl::StatusOr<Writer>()> make_writer;
  // Called in the other process once there is a writer. Nothing is written
  // before it has returned.
  std::function<absl::StatusOr<Reader>()> make_reader;
};

// The writer is destroyed once the other process has died.
absl::StatusOr<Sample> RunTailAcross(const TailWork& work,
                                     const TailAcross& sides);

}  // namespace cauce::bench
