// The table of faults in tests/README.md: it has a row for each fault, and the
// tests that a row names are there, so that it cannot rot.
#pragma once

#include <vector>

#include "tests/tidy/tree.h"

namespace cauce::tidy {

// A test that a chapter names, as in `crash/power_loss_test.cc:Suite.Name`
// below its own folder, exists. In any chapter.
std::vector<Finding> CheckNamedTests(const Tree& tree);

// Each fault that the log must bear has one row, in the order of their numbers,
// with the name of a test in it.
std::vector<Finding> CheckFaultTable(const Tree& tree);

}  // namespace cauce::tidy
