// The script that completes the program's verbs, options and names in bash.
// Sourced, it defines a function and says that it completes cauce; it needs no
// other package, and looks up names only where the line has a --dir.
// Pure; any thread.
#pragma once

#include <string>

#include "tools/cli/verb_description.h"

namespace cauce::cli {

std::string BashCompletion(const VerbDescription& program);

}  // namespace cauce::cli
