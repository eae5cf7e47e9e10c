// What was found in a directory, as verify and repair tell it: text for people,
// or JSON. Pure; any thread.
#pragma once

#include <string>

#include "cauce/inspect.h"
#include "tools/cli/format.h"

namespace cauce::cli {

Json FindingJson(const Finding& finding);
std::string FindingText(const Finding& finding);

}  // namespace cauce::cli
