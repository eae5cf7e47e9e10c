#include "engine/base/fan_out.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "engine/base/mutex.h"

namespace cauce {
namespace {

// Shared with helpers that may come when all is done: they find nothing left,
// and do not touch the pieces.
class Pieces {
 public:
  Pieces(size_t count, absl::FunctionRef<absl::Status(size_t)> piece)
      : count_(count), piece_(piece) {}

  // Works until there is nothing left to begin.
  void Work() {
    MutexLock lock(mutex_);
    while (failure_.ok() && next_ < count_) DoNext();
    if (running_ == 0) idle_.NotifyAll();
  }

  // Every piece in front of one that failed has begun: once none is running
  // the first failure is known.
  absl::Status Wait() {
    MutexLock lock(mutex_);
    while (running_ > 0) idle_.Wait(mutex_);
    return failure_;
  }

 private:
  void DoNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t at = next_++;
    ++running_;
    mutex_.Unlock();
    absl::Status done = piece_(at);
    mutex_.Lock();
    --running_;
    if (!done.ok() && (failure_.ok() || at < failed_)) {
      failure_ = std::move(done);
      failed_ = at;
    }
  }

  const size_t count_;
  const absl::FunctionRef<absl::Status(size_t)> piece_;
  Mutex mutex_;
  CondVar idle_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  size_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

absl::Status FanOut(Executor* executor, size_t count, size_t at_once,
                    absl::FunctionRef<absl::Status(size_t)> piece) {
  const auto pieces = std::make_shared<Pieces>(count, piece);
  if (executor != nullptr) {
    const size_t helpers = std::min(count, at_once);
    for (size_t i = 1; i < helpers; ++i) {
      executor->Schedule([pieces] { pieces->Work(); });
    }
  }
  pieces->Work();
  return pieces->Wait();
}

}  // namespace cauce
