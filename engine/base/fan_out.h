// Numbered pieces of work, several at a time.
//
// The caller takes part, and an executor's threads help it as they come: where
// none of them has time, or there is no executor, the caller does it all. They
// are begun in order, and none once one has failed. Any thread.
#pragma once

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cauce/env.h"

namespace cauce {

// Calls piece(0) to piece(count - 1), at most `at_once` (at least one) at a
// time. Returns once none is running any more, and none will: what the pieces
// borrow may go then. Returns the error of the first that failed, by its
// number: whatever comes when, that is the same. `executor` may be null.
absl::Status FanOut(Executor* executor, size_t count, size_t at_once,
                    absl::FunctionRef<absl::Status(size_t)> piece);

}  // namespace cauce
