#include "engine/catalog/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace cauce {
namespace {

constexpr std::array<std::string_view, 3> kNames = {
    "retention.bytes", "retention.ms", "segment.ms"};

TEST(NearestName, FindsTheNameBehindASlip) {
  EXPECT_EQ(NearestName("retentoin.ms", kNames), "retention.ms");
  EXPECT_EQ(NearestName("retention.byte", kNames), "retention.bytes");
}

TEST(NearestName, TakesCapitalsAndMarksAsTheSame) {
  EXPECT_EQ(NearestName("RETENTION_MS", kNames), "retention.ms");
}

TEST(NearestName, FindsNothingForAnotherWord) {
  EXPECT_EQ(NearestName("colour", kNames), "");
  EXPECT_EQ(NearestName("", kNames), "");
  EXPECT_EQ(NearestName("retention.ms", {}), "");
}

TEST(NearestName, DoesNotCompareEndlessWords) {
  EXPECT_EQ(NearestName(std::string(1'000'000, 'a'), kNames), "");
}

}  // namespace
}  // namespace cauce
