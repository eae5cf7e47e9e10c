// Waits for what a coordinator answers by a callback. Any thread, holding no
// lock that the callback takes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "fmt/format.h"

namespace cauce {

// What is asked of whom, for messages, and how long it may take:
// default.api.timeout.ms.
struct Asked {
  std::string who;
  std::string_view what;
  absl::Duration timeout = absl::Minutes(1);
};

inline absl::Status TookTooLong(const Asked& asked) {
  return MakeError(Reason::kTimedOut,
                   fmt::format("{}: {} took longer than {} "
                               "(default.api.timeout.ms), and may be done yet",
                               asked.who, asked.what,
                               absl::FormatDuration(asked.timeout)));
}

// Calls `ask` with a callback and returns what that was called with.
// Reason::kTimedOut.
template <typename Reply, typename Ask>
absl::StatusOr<Reply> AwaitAnswer(const Asked& asked, Ask ask) {
  struct Told {
    Mutex mutex;
    CondVar changed;
    std::optional<Reply> reply ABSL_GUARDED_BY(mutex);
  };
  const auto told = std::make_shared<Told>();
  ask([told](Reply reply) {
    MutexLock lock(told->mutex);
    told->reply = std::move(reply);
    told->changed.NotifyAll();
  });
  MutexLock lock(told->mutex);
  while (!told->reply) {
    if (told->changed.WaitFor(told->mutex, asked.timeout)) continue;
    if (told->reply) break;
    return TookTooLong(asked);
  }
  return *std::move(told->reply);
}

// The same where all that is answered is whether it was done.
template <typename Ask>
absl::Status AwaitStatus(const Asked& asked, Ask ask) {
  struct Done {
    absl::Status status;
  };
  const auto done = AwaitAnswer<Done>(asked, [&ask](auto tell) {
    ask([tell](absl::Status status) { tell({std::move(status)}); });
  });
  return done.ok() ? done->status : done.status();
}

}  // namespace cauce
