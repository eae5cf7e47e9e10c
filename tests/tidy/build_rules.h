// What must hold between the sources and the build files: nothing is left out
// of the build, and every target lists what it includes.
#pragma once

#include <vector>

#include "tests/tidy/tree.h"

namespace cauce::tidy {

// A source that no cc_ rule compiles: a test that never runs passes for ever.
std::vector<Finding> CheckEverythingIsBuilt(const Tree& tree);

// An include of ours whose library is not among the deps.
std::vector<Finding> CheckDepsAreComplete(const Tree& tree);

// Deps in the order that buildifier gives them: ":a", then "//b", then "@c".
std::vector<Finding> CheckDepsAreSorted(const Tree& tree);

// Tests tagged `long` or `interop` are also tagged `manual`, so that
// `bazel test //...` ends within minutes and needs no network.
std::vector<Finding> CheckSlowTestsAreManual(const Tree& tree);

// Every library of the engine, net and replication with a .cc has its test
// where it can be computed: tests/engine/log/log_test.cc.
std::vector<Finding> CheckEverySourceHasItsTest(const Tree& tree);

}  // namespace cauce::tidy
