#include "tools/cli/version.h"

namespace cauce::cli {

// Both come from the build.
std::string_view Version() { return CAUCE_VERSION; }
std::string_view VersionDay() { return CAUCE_VERSION_DAY; }

}  // namespace cauce::cli
