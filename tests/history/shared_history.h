// A history that several threads write. Each event has the place in which it
// was noted; who asks for something remembers the place before it does.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "engine/base/mutex.h"
#include "tests/history/history.h"

namespace cauce::test {

class SharedHistory {
 public:
  void Add(Event event) {
    MutexLock lock(mutex_);
    history_.push_back(std::move(event));
  }
  // What was noted so far comes before whatever is asked for next.
  size_t place() const {
    MutexLock lock(mutex_);
    return history_.size();
  }
  // Above all that it gave out.
  int NewNumber() {
    MutexLock lock(mutex_);
    return ++last_number_;
  }
  // Once nobody writes it any more.
  History Take() {
    MutexLock lock(mutex_);
    return std::exchange(history_, {});
  }

 private:
  mutable Mutex mutex_;
  History history_ ABSL_GUARDED_BY(mutex_);
  int last_number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace cauce::test
