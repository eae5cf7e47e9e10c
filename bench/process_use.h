// What this process holds of the system just now, as /proc tells it.
// Any thread.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace cauce::bench {

struct ProcessUse {
  // Pages that no other process shares, of any kind.
  int64_t private_bytes = 0;
  // Those of them that were written to. The others are code and constants of
  // files, which the system drops and reads again as it likes.
  int64_t written_bytes = 0;
  int64_t descriptors = 0;

  // Unavailable where /proc cannot be read.
  static absl::StatusOr<ProcessUse> Now();
};

}  // namespace cauce::bench
