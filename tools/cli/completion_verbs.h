// cauce completion: bash, zsh and fish print what completes the program there;
// topics, groups and stores print the names that those scripts ask for.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddCompletionVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
