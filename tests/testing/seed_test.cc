#include "tests/testing/seed.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace cauce::test {
namespace {

TEST(Seed, IsTheOneThatTheEnvironmentNames) {
  EXPECT_EQ(Seed("4294967295").value(), 4294967295u);
  EXPECT_EQ(Seed("0").value(), 0u);
}

TEST(Seed, IsToldBesideACheckThatFails) {
  EXPECT_NONFATAL_FAILURE(
      {
        const Seed seed("17");
        EXPECT_EQ(1, 2);
      },
      "CAUCE_SEED=17 replays this");
}

TEST(Seed, RefusesAWordThatIsNoNumber) {
  EXPECT_FALSE(ParseSeed("").has_value());
  EXPECT_FALSE(ParseSeed("12x").has_value());
  EXPECT_FALSE(ParseSeed("-1").has_value());
  EXPECT_FALSE(ParseSeed("4294967296").has_value());
  EXPECT_NONFATAL_FAILURE(Seed("12x"), "CAUCE_SEED is \"12x\"");
}

}  // namespace
}  // namespace cauce::test
