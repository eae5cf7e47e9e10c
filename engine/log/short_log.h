// A log that ends in front of its saved start: its last files are gone, or the
// start is wrong, or all its records were deleted and the power failed before
// that showed. What to say of it, to whoever reads and whoever verifies. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cauce/types.h"

namespace cauce {

struct ShortLog {
  // Of its partition.
  std::string_view directory;
  Offset end;
  Offset start;
};

std::string DescribeShortLog(const ShortLog& log);

// What to do before anything opens it for writing.
std::string AdviceOnShortLog(const ShortLog& log);

}  // namespace cauce
