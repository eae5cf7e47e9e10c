// How long what has failed waits before it is tried again: after each failure
// in a row twice as long as before, up to a bound. Pure; for one thread at a
// time.
#pragma once

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace cauce {

class DoublingWait {
 public:
  DoublingWait(absl::Duration first, absl::Duration longest)
      : next_(first), longest_(longest) {}

  // It has failed once more: how long to wait now.
  absl::Duration Next() {
    return std::exchange(next_, std::min(2 * next_, longest_));
  }

 private:
  absl::Duration next_;
  absl::Duration longest_;
};

}  // namespace cauce
