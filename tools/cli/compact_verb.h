// `cauce log compact`: keeps the last record of each key, now. For the main
// thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

// Adds the verb to `noun`; `action` is what it then asks for.
void AddCompactVerb(const Verb& noun, Action& action);

}  // namespace cauce::cli
