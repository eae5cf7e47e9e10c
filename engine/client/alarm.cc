#include "engine/client/alarm.h"

#include <algorithm>

namespace cauce {

void Alarm::Set(absl::Duration now, absl::Duration at) {
  {
    MutexLock lock(mutex_);
    at_ = at;
  }
  ComeAt(now, at);
}

void Alarm::ComeAt(absl::Duration now, absl::Duration at) {
  {
    MutexLock lock(mutex_);
    const bool comes_before = !tasks_.empty() && *tasks_.begin() <= at;
    if (comes_before || at == absl::InfiniteDuration()) return;
    tasks_.insert(at);
  }
  executor_.ScheduleAfter(std::max(at - now, absl::ZeroDuration()),
                          [weak = weak_from_this(), at] {
                            if (const auto alarm = weak.lock()) alarm->Ring(at);
                          });
}

void Alarm::Ring(absl::Duration time) {
  absl::Duration next;
  {
    MutexLock lock(mutex_);
    tasks_.erase(time);
    next = at_;
    if (next <= time) at_ = absl::InfiniteDuration();
  }
  // What was due by then is due later by now, or not at all.
  if (next > time) return ComeAt(time, next);
  signal_->Raise();
}

}  // namespace cauce
