// cauce topic create / list / describe / alter / delete.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/action.h"

namespace cauce::cli {

void AddTopicVerbs(CLI::App& root, Action& action);

}  // namespace cauce::cli
