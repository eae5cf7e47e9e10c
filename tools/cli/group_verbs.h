// cauce group list / describe / seek / delete.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddGroupVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
