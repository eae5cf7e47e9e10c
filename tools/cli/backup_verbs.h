// `cauce topic backup` and `cauce topic restore`: a topic is taken out of a
// directory whole, and put into another one. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

// Adds the verbs to `noun`; parsing one sets `action` to what it does.
void AddBackupVerbs(const Verb& noun, Action& action);

}  // namespace cauce::cli
