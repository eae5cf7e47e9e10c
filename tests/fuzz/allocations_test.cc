#include "tests/fuzz/allocations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace cauce::fuzz {
namespace {

TEST(Allocations, AreSeenWhoeverMakesThem) {
  ForgetLargestAllocation();
  EXPECT_EQ(LargestAllocation(), 0u);

  const auto small = std::make_unique<char[]>(1000);
  EXPECT_EQ(LargestAllocation(), 1000u);

  std::string text;
  text.reserve(30'000);
  EXPECT_GE(LargestAllocation(), 30'000u);

  void* volatile plain = std::malloc(40'000);
  EXPECT_EQ(LargestAllocation(), 40'000u);
  plain = std::realloc(plain, 50'000);
  EXPECT_EQ(LargestAllocation(), 50'000u);
  std::free(plain);
  void* volatile cleared = std::calloc(60, 1000);
  EXPECT_EQ(LargestAllocation(), 60'000u);
  std::free(cleared);
}

TEST(Allocations, AreForgottenOnRequest) {
  const auto large = std::make_unique<char[]>(100'000);
  ForgetLargestAllocation();
  const auto small = std::make_unique<char[]>(1000);
  EXPECT_EQ(LargestAllocation(), 1000u);
}

}  // namespace
}  // namespace cauce::fuzz
