// The script that completes the program's verbs, options and names in zsh.
// A file for a folder of $fpath, where it is called _cauce; or sourced behind
// compinit. It looks up names only where the line has a --dir.
// Pure; any thread.
#pragma once

#include <string>

#include "tools/cli/verb_description.h"

namespace cauce::cli {

std::string ZshCompletion(const VerbDescription& program);

}  // namespace cauce::cli
