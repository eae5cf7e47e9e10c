// cauce topic create / list / describe / alter / delete, and those of
// backup_verbs.h.
//
// Adds its verbs to the command line; parsing one sets `action` to what it
// does. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddTopicVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
