// The verbs of `cauce store`: which state stores there are, what is in them,
// and making one anew from its changelog. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddStoreVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
