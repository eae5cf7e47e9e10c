// cauce bench append / read: what this machine and this build do, measured
// through the public API.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddBenchVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
