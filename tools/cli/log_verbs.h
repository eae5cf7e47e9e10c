// cauce log dump / verify: a look into segments and their indexes. Neither
// writes anything, and both work while another process does.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddLogVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
