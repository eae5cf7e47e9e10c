// Which known name somebody may have meant: the "did you mean" of messages.
//
// Pure and bounded: names longer than any sensible one are not compared. Any
// thread.
#pragma once

#include <span>
#include <string_view>

namespace cauce {

// Returns the one of `names` that takes the fewest insertions, deletions and
// replacements of characters to get from `word`, capital letters and the marks
// '_', '-' and '.' aside; empty when even that is too far off to be a slip.
// The view is the one in `names`.
std::string_view NearestName(std::string_view word,
                             std::span<const std::string_view> names);

}  // namespace cauce
