// What a coordinator of either kind tells those who wait for its answer where
// there is none that they have asked for. Pure: any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace cauce {

// Where the answer depended on an append that failed: to try again, to look for
// the coordinator again, or, where neither helps, the error. `what` has the
// state that was to be stored: "group orders".
absl::Status ErrorOfAppend(std::string_view what, const absl::Status& error);

// To be tried again: so many requests wait already, `of` those that share a
// limit with `what`.
absl::Status TooManyWait(std::string_view what, std::string_view of,
                         size_t waiting, size_t waiting_max);

}  // namespace cauce
