// The manual, in the language of man(7), made from what the verbs' help says:
// a page for the program, and one for each noun or verb of its first level.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/verb_description.h"

namespace cauce::cli {

struct ManPage {
  std::string name;  // as in "cauce-topic"
  std::string text;
};

struct ManEdition {
  std::string_view version;
  std::string_view day;
};

std::vector<ManPage> ManPages(const VerbDescription& program,
                              const ManEdition& edition);

}  // namespace cauce::cli
