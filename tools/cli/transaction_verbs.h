// The verbs of `cauce transaction`: transactional ids and how far theirs are,
// and transactions that hang, which no id has. For the main thread.
#pragma once

#include "tools/cli/verb.h"

namespace cauce::cli {

void AddTransactionVerbs(const Verb& root, Action& action);

}  // namespace cauce::cli
