#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "cauce/env.h"

namespace cauce {
namespace {

TEST(SystemRandom, UsesAllBits) {
  uint64_t ones = 0;
  uint64_t zeros = 0;
  // A bit that stays the same 200 times is stuck, but for one run in 2^193.
  for (int i = 0; i < 200; ++i) {
    const uint64_t value = SystemRandom()->Next();
    ones |= value;
    zeros |= ~value;
  }
  EXPECT_EQ(ones, ~uint64_t{0});
  EXPECT_EQ(zeros, ~uint64_t{0});
}

TEST(SystemRandom, GivesEveryThreadNumbersOfItsOwn) {
  std::vector<std::vector<uint64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (std::vector<uint64_t>& mine : drawn) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 1000; ++i) mine.push_back(SystemRandom()->Next());
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<uint64_t> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000u);
}

}  // namespace
}  // namespace cauce
