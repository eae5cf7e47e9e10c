// What they are told whose answer depended on an append that failed: to try
// again, to look for the coordinator again, or, where neither helps, the error.
// Pure: any thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace cauce {

// `what` has the state that was to be stored: "group orders".
absl::Status ErrorOfAppend(std::string_view what, const absl::Status& error);

}  // namespace cauce
