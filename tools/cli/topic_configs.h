// The configs of a topic as people and programs see them: every key with its
// value, whether it was set, and what it means. Pure functions: any thread.
#pragma once

#include <string>

#include "cauce/topic_config.h"
#include "tools/cli/format.h"

namespace cauce::cli {

// A list of objects, by name.
Json ConfigsJson(const TopicConfigOverrides& overrides);

// The same as a table.
std::string ConfigsTable(const TopicConfigOverrides& overrides);

// Every key with its default and the values it takes, for a verb's help.
std::string ConfigsHelp();

}  // namespace cauce::cli
