#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/env.h"
#include "engine/base/mutex.h"

namespace cauce {
namespace {

// One queue of what may run now and one of what must wait. Of the threads that
// have nothing to do, one at most (the timekeeper) sleeps until the earliest
// waiting task is due; the others sleep until they are woken. So a task in the
// distant future costs nothing to those that come and go before it.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(int threads) {
    while (std::ssize(threads_) < threads && Start()) {
    }
  }

  ~ThreadPool() override {
    std::deque<Task> ready;
    std::multimap<absl::Duration, Task> waiting;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      ready.swap(ready_);
      waiting.swap(waiting_);
      wake_idle_.NotifyAll();
      wake_timekeeper_.NotifyAll();
    }
    // Dropped without the lock, since a task may own anything; and before the
    // threads are joined, since a running task may wait for just that.
    ready.clear();
    waiting.clear();
    for (std::thread& thread : threads_) thread.join();
  }

  bool has_threads() const { return !threads_.empty(); }

  void Schedule(Task task) override {
    if (!task) return;
    MutexLock lock(mutex_);
    if (stopping_) return;  // `task` is dropped by the caller's frame
    ready_.push_back(std::move(task));
    WakeOne();
  }

  void ScheduleAfter(absl::Duration delay, Task task) override {
    if (!task) return;
    const absl::Duration due = SystemClock()->Monotonic() + delay;
    MutexLock lock(mutex_);
    if (stopping_) return;
    const auto at = waiting_.emplace(due, std::move(task));
    // Only the first one changes how long the timekeeper sleeps.
    if (at != waiting_.begin()) return;
    if (timekeeping_) {
      wake_timekeeper_.NotifyOne();
    } else {
      WakeOne();
    }
  }

 private:
  // Returns false where the system has no thread left for this process: its
  // library throws then, and those there are do the work.
  bool Start() {
    try {
      threads_.emplace_back([this] { Work(); });
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  void WakeOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (idle_ > 0) {
      wake_idle_.NotifyOne();
    } else if (timekeeping_) {
      wake_timekeeper_.NotifyOne();
    }
  }

  // Moves what is due to where it may run; returns how long it is until the
  // next one.
  absl::Duration Promote() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (waiting_.empty()) return absl::InfiniteDuration();
    const absl::Duration now = SystemClock()->Monotonic();
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
      ready_.push_back(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
    return waiting_.empty() ? absl::InfiniteDuration()
                            : waiting_.begin()->first - now;
  }

  void Work() {
    mutex_.Lock();
    while (!stopping_) {
      const absl::Duration until_next = Promote();
      if (!ready_.empty()) {
        RunFirst();
      } else if (!waiting_.empty() && !timekeeping_) {
        timekeeping_ = true;
        wake_timekeeper_.WaitFor(mutex_, until_next);
        timekeeping_ = false;
      } else {
        ++idle_;
        wake_idle_.Wait(mutex_);
        --idle_;
      }
    }
    mutex_.Unlock();
  }

  void RunFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      // This thread is busy from now on: pass on what it would have looked
      // after next. A wake-up is lost when it meets a thread that was already
      // woken, so here is also where such a task finds its thread.
      if (!ready_.empty() || (!waiting_.empty() && !timekeeping_)) WakeOne();
      mutex_.Unlock();
      std::move(task)();
    }
    mutex_.Lock();
  }

  Mutex mutex_;
  CondVar wake_idle_;
  CondVar wake_timekeeper_;
  std::deque<Task> ready_ ABSL_GUARDED_BY(mutex_);
  // By the monotonic time at which they are due; equals in order of arrival.
  std::multimap<absl::Duration, Task> waiting_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool timekeeping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Executor> NewThreadPool(int threads) {
  auto pool =
      std::make_unique<ThreadPool>(std::clamp(threads, 1, kPoolThreadsMax));
  return pool->has_threads() ? std::move(pool) : nullptr;
}

}  // namespace cauce
