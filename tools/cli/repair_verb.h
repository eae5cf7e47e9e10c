// `cauce log repair`: mends a directory where recovery, which runs by itself,
// must not. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

// Adds the verb to `noun`; `action` is what it then asks for.
void AddRepairVerb(const Verb& noun, Action& action);

}  // namespace cauce::cli
