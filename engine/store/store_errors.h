// What tables of either kind say about calls that cannot be: the table, what it
// is, and what to do. Any thread may call.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

// Reason::kClosed.
inline absl::Status TableClosedError(std::string_view table) {
  return MakeError(Reason::kClosed,
                   fmt::format("{}: the table was closed: open it again",
                               table));
}

// Reason::kReadOnly.
inline absl::Status TableReadOnlyError(std::string_view table) {
  return MakeError(
      Reason::kReadOnly,
      fmt::format("{}: the table was opened for reading only", table));
}

// For a write, or another loader, while there is a loader. FailedPrecondition.
inline absl::Status TableLoadingError(std::string_view table) {
  return absl::FailedPreconditionError(fmt::format(
      "{}: the table is being loaded: let its loader go first", table));
}

// NotFound: for read_only where there is no table.
inline absl::Status NoTableError(std::string_view table) {
  return absl::NotFoundError(fmt::format("{}: there is no table", table));
}

}  // namespace cauce
