// cauce man.
//
// Adds its verb to the command line; parsing it sets `action` to what it does.
// For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddManVerb(const Verb& root, Action& action);

}  // namespace cauce::cli
