// Runs a piece of work in a child process that is killed behind it: whatever it
// opened is never closed, and its memory was its own.
//
// For one thread of a process that runs no other, since the child is forked.
#pragma once

#include <sys/types.h>

#include <functional>

#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

// A child that works beside this process. It dies with it.
class DoomedChild {
 public:
  using Work = std::function<absl::StatusOr<Sample>()>;

  static absl::StatusOr<DoomedChild> Start(const Work& work);
  DoomedChild(DoomedChild&& other) noexcept;
  DoomedChild& operator=(DoomedChild&&) = delete;
  // Kills it where it still works.
  ~DoomedChild();

  // Waits for its end, and returns what its work did: it has died by SIGKILL
  // since, and what it made with `new` and left was never destroyed. Internal
  // where it ended by itself before. Once.
  absl::StatusOr<Sample> Finish();

 private:
  DoomedChild(pid_t child, int told) : child_(child), told_(told) {}

  pid_t child_;  // 0 once it was waited for
  int told_;     // from where what it says is read
};

// The same, while this process waits.
absl::StatusOr<Sample> RunInDoomedChild(const DoomedChild::Work& work);

}  // namespace cauce::bench
