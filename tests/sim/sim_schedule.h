// Simulated time, what is to happen in it, and chance, all by one seed: the
// clock, the executor and the random numbers of what is simulated. For one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::test {

class SimSchedule final : public Clock, public Executor, public Random {
 public:
  explicit SimSchedule(uint32_t seed) : random_(seed) {}

  absl::Time now() const { return now_; }
  absl::Time Now() override { return now_; }
  absl::Duration Monotonic() override { return now_ - kStart; }

  bool Chance(int percent) {
    return static_cast<int>(random_() % 100) < percent;
  }
  absl::Duration UpTo(absl::Duration most) {
    return most * (random_() % 1000) / 1000;
  }
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  uint64_t Next() override { return uint64_t{random_()} << 32 | random_(); }

  void In(absl::Duration time, std::function<void()> event) {
    events_.emplace(now_ + time, std::move(event));
  }
  void Schedule(Task task) override {
    ScheduleAfter(absl::ZeroDuration(), std::move(task));
  }
  void ScheduleAfter(absl::Duration delay, Task task) override {
    auto shared = std::make_shared<Task>(std::move(task));
    In(delay, [shared] { std::move (*shared)(); });
  }

  // When the next event comes.
  absl::Time next() const {
    return events_.empty() ? absl::InfiniteFuture() : events_.begin()->first;
  }
  void MoveTo(absl::Time time) {
    if (time > now_) now_ = time;
  }
  void RunNext() {
    MoveTo(next());
    const auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }

 private:
  static constexpr absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

  std::mt19937 random_;
  absl::Time now_ = kStart;
  std::multimap<absl::Time, std::function<void()>> events_;
};

}  // namespace cauce::test
