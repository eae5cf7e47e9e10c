// Early return of errors, named and shaped like Abseil's, which the packaged
// release does not have yet.
//
//   CAUCE_RETURN_IF_ERROR(file->Sync());
//   CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CAUCE_RETURN_IF_ERROR(expression)                             \
  do {                                                                \
    if (absl::Status cauce_status = (expression); !cauce_status.ok()) \
        [[unlikely]] {                                                \
      return cauce_status;                                            \
    }                                                                 \
  } while (false)

#define CAUCE_STATUS_CONCAT_INNER(a, b) a##b
#define CAUCE_STATUS_CONCAT(a, b) CAUCE_STATUS_CONCAT_INNER(a, b)

#define CAUCE_ASSIGN_OR_RETURN(target, expression)                       \
  CAUCE_ASSIGN_OR_RETURN_INNER(CAUCE_STATUS_CONCAT(cauce_or_, __LINE__), \
                               target, expression)

#define CAUCE_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) [[unlikely]] {                               \
    return std::move(result).status();                           \
  }                                                              \
  target = *std::move(result)
