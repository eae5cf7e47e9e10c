// In which order files are renamed so that none takes a name that another one
// still has. Pure; any thread.
#pragma once

#include <vector>

#include "cauce/types.h"

namespace cauce {

// A segment's log gets another name.
struct Renaming {
  Offset from;
  Offset to;
};

struct RenameOrder {
  std::vector<Offset> targets;  // as they become free
  // Of those that go in a circle the first steps aside, ahead of all others and
  // to a name that nobody wants: the targets of such, which are above too.
  std::vector<Offset> aside;
};

// No two of `wanted` have the same source, but for Offset(), which is no name,
// or the same target.
RenameOrder OrderRenames(const std::vector<Renaming>& wanted);

}  // namespace cauce
