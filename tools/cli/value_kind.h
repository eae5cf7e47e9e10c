// What a shell can offer for an option's value, or for an argument. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "tools/cli/verb_description.h"

namespace cauce::cli {

enum class ValueKind {
  kNone,  // a flag
  kWords,
  kDirectory,
  kFile,
  kTopic,
  kGroup,
  kStore,
  kOther,  // nothing to offer
};

ValueKind ValueKindOf(const OptionDescription& option);

// The verb of `cauce completion` that prints the names of that kind; empty
// where there is none.
std::string_view NamesVerb(ValueKind kind);

// One word of a shell, whatever is in it.
std::string InSingleQuotes(std::string_view text);

}  // namespace cauce::cli
