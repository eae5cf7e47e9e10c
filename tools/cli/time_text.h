// Moments as people type and read them. Local times are those of the
// machine's zone, or of TZ. Pure but for looking up that zone: any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/types.h"

namespace cauce::cli {

// Takes milliseconds since 1970 UTC (1700000000000), RFC 3339
// (2023-11-14T22:13:20Z) or a local time (2023-11-14 22:13:20, with fractions
// or without seconds, or 2023-11-14).
absl::StatusOr<Timestamp> ParseTime(std::string_view text);

// By a strftime format, in local time.
absl::StatusOr<Timestamp> ParseTime(std::string_view text,
                                    std::string_view format);
std::string FormatTime(Timestamp time, std::string_view format);

// As in 2023-11-14 22:13:20.000; "none" for no time.
std::string FormatTime(Timestamp time);

}  // namespace cauce::cli
