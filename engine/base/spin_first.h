// Whether to look for a while before one sleeps until something has come.
//
// To put a thread to sleep and to wake it takes longer than what it waits for
// often does, and costs who wakes it as much. So a wait that follows a short
// one looks again and again first, for kSpinMax at most; behind a long one the
// thread sleeps at once, so that who has nothing to do costs nothing.
// Thread-safe: of many who wait, each goes by what the last of all found.
#pragma once

#include <atomic>
#include <thread>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce {

class SpinFirst {
 public:
  // What falling asleep and being woken takes on a virtual machine.
  static constexpr absl::Duration kSpinMax = absl::Microseconds(50);

  // Returns true once `look` does; false where the last wait was not a short
  // one, or this one, which began at `begun`, is none by now. `clock` may stand
  // still: it looks kLooksMax times at most.
  template <typename Look>
  bool Spin(Clock& clock, absl::Duration begun, Look look) {
    if (!pays_.load(std::memory_order_relaxed)) return false;
    for (int looks = 1; looks <= kLooksMax; ++looks) {
      if (look()) return true;
      Pause();
      if (looks % kLooksBetween != 0) continue;
      if (clock.Monotonic() - begun >= kSpinMax) return false;
      // What it waits for may need this processor.
      std::this_thread::yield();
    }
    return false;
  }

  // A wait that Spin did not end has taken so long.
  void Took(absl::Duration time) {
    static const bool may_come_meanwhile =
        std::thread::hardware_concurrency() > 1;
    pays_.store(may_come_meanwhile && time <= kSpinMax,
                std::memory_order_relaxed);
  }

 private:
  static constexpr int kLooksMax = 4096;
  static constexpr int kLooksBetween = 64;

  // Lets the other thread of this core go on, where there is one.
  static void Pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::atomic<bool> pays_ = false;
};

}  // namespace cauce
