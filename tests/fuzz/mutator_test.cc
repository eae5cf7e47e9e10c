#include "tests/fuzz/mutator.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace cauce::fuzz {
namespace {

const std::vector<std::string>& Corpus() {
  static const std::vector<std::string> corpus = {"", "a", "0\n1\norders 0 7\n",
                                                  std::string(300, 'x')};
  return corpus;
}

TEST(Mutator, MakesTheSameOfTheSameSeedAndRun) {
  const Mutator one(Corpus(), 1000, 7);
  const Mutator same(Corpus(), 1000, 7);
  const Mutator other(Corpus(), 1000, 8);
  int differ = 0;
  for (uint64_t run = 0; run < 100; ++run) {
    EXPECT_EQ(one.Make(run), same.Make(run)) << run;
    if (one.Make(run) != other.Make(run)) ++differ;
  }
  EXPECT_GT(differ, 50);
}

TEST(Mutator, MakesManyThingsOfFew) {
  const Mutator mutator(Corpus(), 1000, 7);
  std::set<std::string> made;
  for (uint64_t run = 0; run < 1000; ++run) made.insert(mutator.Make(run));
  EXPECT_GT(made.size(), 700u);
}

TEST(Mutator, KeepsItsBound) {
  const Mutator mutator(Corpus(), 310, 7);
  size_t longest = 0;
  for (uint64_t run = 0; run < 1000; ++run) {
    longest = std::max(longest, mutator.Make(run).size());
  }
  EXPECT_EQ(longest, 310u);
}

}  // namespace
}  // namespace cauce::fuzz
