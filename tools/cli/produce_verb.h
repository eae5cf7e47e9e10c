// cauce produce: lines, or JSON envelopes, from standard input to a topic.
//
// Adds its verb to the command line; parsing it sets `action` to what it does.
// For the main thread.
#pragma once

#include "tools/cli/action.h"

namespace cauce::cli {

void AddProduceVerb(CLI::App& root, Action& action);

}  // namespace cauce::cli
