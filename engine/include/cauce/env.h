// The other seams: time, chance and threads. Pass your own in EngineOptions to
// decide them; null means the real ones. All are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace cauce {

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, which may jump: for timestamps and retention by age.
  virtual absl::Time Now() = 0;

  // Time since an arbitrary moment, which never goes back: for intervals.
  virtual absl::Duration Monotonic() = 0;
};

class Random {
 public:
  virtual ~Random() = default;

  // Uniform over all 64 bits. Seeds ids and jitter; not for secrets.
  virtual uint64_t Next() = 0;
};

// Runs what the engine would like to do in the background. Without one the
// engine starts no thread and works inside its callers' calls.
class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;

  virtual ~Executor() = default;

  // Runs `task` soon, on another thread or later on this one; never inside
  // this call. Every task must be run or destroyed before the executor goes.
  // An empty one is nothing to do.
  virtual void Schedule(Task task) = 0;

  // The same, not before `delay` has passed.
  virtual void ScheduleAfter(absl::Duration delay, Task task) = 0;
};

// The real ones live for ever and are never null.
Clock* SystemClock();
Random* SystemRandom();

// An executor of `threads` threads, which are joined when it is destroyed;
// tasks that have not begun by then are dropped. What lies outside of 1 to
// kPoolThreadsMax counts as the nearer of them. Where the system lets the
// process have no more threads it is of those there are; null where not even
// one could be started.
inline constexpr int kPoolThreadsMax = 1024;
std::unique_ptr<Executor> NewThreadPool(int threads);

// Where the library's few log lines go: one event, one line, no newline. Must
// be thread-safe and must not call back into the engine.
enum class Severity { kInfo, kWarning, kError };
using EventSink = std::function<void(Severity, std::string_view)>;

}  // namespace cauce
