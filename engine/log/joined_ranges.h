// Ranges of offsets, put together where they meet, to be asked which offsets
// they hold. Pure; any thread.
#pragma once

#include <vector>

#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce {

class JoinedRanges {
 public:
  JoinedRanges() = default;
  // In any order.
  explicit JoinedRanges(std::vector<OffsetRange> ranges);

  // Whether they hold any of the offsets from `first` to `last`.
  bool Touch(Offset first, Offset last) const;

 private:
  std::vector<OffsetRange> ranges_;  // in their order
};

}  // namespace cauce
