// The version, as version.bzl says, the one place that does. Constants: any
// thread.
#pragma once

#include <string_view>

namespace cauce::cli {

// As in "0.1.0".
std::string_view Version();
// The day of that version, as in "2026-11-23".
std::string_view VersionDay();

}  // namespace cauce::cli
