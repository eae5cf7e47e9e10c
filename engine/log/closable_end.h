// Where a segment's file ends, as its one writer says after each append, for
// who has to know which bytes and which offset belong together.
//
// Invariant: Get() returns what was Set() at once. Set() is for one thread at a
// time and costs it no lock, which it would take for each record; Get() is for
// any, and goes on looking while it meets a Set().
#pragma once

#include <atomic>
#include <cstdint>

#include "cauce/types.h"

namespace cauce {

class ClosableEnd {
 public:
  struct Value {
    int64_t bytes = 0;
    Offset next;
    friend bool operator==(const Value&, const Value&) = default;
  };

  void Set(const Value& end) {
    const uint64_t sets = sets_.load(std::memory_order_relaxed);
    sets_.store(sets + 1, std::memory_order_relaxed);
    // Whoever sees one of these sees that they are being set.
    bytes_.store(end.bytes, std::memory_order_release);
    next_.store(end.next.value, std::memory_order_release);
    sets_.store(sets + 2, std::memory_order_release);
  }

  Value Get() const {
    for (;;) {
      const uint64_t sets = sets_.load(std::memory_order_acquire);
      const Value end{bytes_.load(std::memory_order_acquire),
                      Offset{next_.load(std::memory_order_acquire)}};
      const bool is_whole =
          sets % 2 == 0 && sets_.load(std::memory_order_relaxed) == sets;
      if (is_whole) return end;
    }
  }

 private:
  std::atomic<uint64_t> sets_ = 0;  // odd while one is under way
  std::atomic<int64_t> bytes_ = 0;
  std::atomic<int64_t> next_ = Offset{}.value;
};

}  // namespace cauce
