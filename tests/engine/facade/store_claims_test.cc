#include "engine/facade/store_claims.h"

#include <gtest/gtest.h>

namespace cauce::test {
namespace {

TEST(StoreClaims, GiveAChangelogToOneAtATime) {
  StoreClaims claims;
  auto first = claims.Take({"s-changelog", {0}});

  EXPECT_NE(first, nullptr);
  EXPECT_EQ(claims.Take({"s-changelog", {0}}), nullptr);
  EXPECT_NE(claims.Take({"s-changelog", {1}}), nullptr);
  first.reset();
  EXPECT_NE(claims.Take({"s-changelog", {0}}), nullptr);
}

}  // namespace
}  // namespace cauce::test
