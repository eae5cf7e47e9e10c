// `cauce group seek`: has a group go on elsewhere. Where it goes in each
// partition is printed first: what cannot be shown is not done. For the main
// thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

// Adds it below the noun `group`.
void AddGroupSeekVerb(const Verb& noun, Action& action);

}  // namespace cauce::cli
