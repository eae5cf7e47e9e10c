// The script that completes the program's verbs, options and names in fish.
// A file for a folder of $fish_complete_path, where it is called cauce.fish, or
// sourced. It looks up names only where the line has a --dir.
// Pure; any thread.
#pragma once

#include <string>

#include "tools/cli/verb_description.h"

namespace cauce::cli {

std::string FishCompletion(const VerbDescription& program);

}  // namespace cauce::cli
