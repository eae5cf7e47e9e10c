// How files look and what they are called. Each check takes one file, or the
// whole tree, and returns what breaks its rule.
#pragma once

#include <vector>

#include "tests/tidy/tree.h"

namespace cauce::tidy {

// A header opens with a comment of 2 to 20 lines, then #pragma once.
std::vector<Finding> CheckHeaderForm(const Source& source);

// At most 80 columns; includes and addresses may be longer.
std::vector<Finding> CheckLineLength(const Source& source);

// A note of what is still to do names its issue.
std::vector<Finding> CheckTodos(const Source& source);

// A test's name is a sentence about its subject: the word Test says nothing.
std::vector<Finding> CheckTestNames(const Source& source);

// No file is called util, common, helper, misc or impl, and nobody a Manager.
std::vector<Finding> CheckNouns(const Source& source);

// The root holds the six folders and the few files it needs.
std::vector<Finding> CheckTop(const Tree& tree);

// Every folder of the house and every room has its chapter, README.md.
std::vector<Finding> CheckChapters(const Tree& tree);

// Relative links in a chapter lead to something.
std::vector<Finding> CheckLinks(const Tree& tree);

}  // namespace cauce::tidy
