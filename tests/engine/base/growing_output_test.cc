#include "engine/base/growing_output.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace cauce {
namespace {

// Writes `bytes` as a decompressor would, as much at a time as there is room.
void Write(GrowingOutput& output, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = output.Room();
    if (room.empty()) return;
    const size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    output.Wrote(count);
    bytes.remove_prefix(count);
  }
}

TEST(GrowingOutput, AppendsWhatWasWritten) {
  std::string text = "before:";
  GrowingOutput output(&text, 1000, 4);
  Write(output, std::string(1000, 'x'));
  EXPECT_FALSE(output.overflowed());
  output.Commit();
  EXPECT_EQ(text, "before:" + std::string(1000, 'x'));
}

TEST(GrowingOutput, GivesTheStringBackUnlessCommitted) {
  std::string text = "before";
  {
    GrowingOutput output(&text, 1000, 4);
    Write(output, "never mind");
  }
  EXPECT_EQ(text, "before");
}

TEST(GrowingOutput, OverflowsAtTheByteBeyondTheBound) {
  std::string text;
  GrowingOutput output(&text, 10, 4);
  Write(output, std::string(10, 'x'));
  EXPECT_FALSE(output.overflowed());
  EXPECT_EQ(output.room_bytes_max(), 1u);
  Write(output, "x");
  EXPECT_TRUE(output.overflowed());
  EXPECT_TRUE(output.Room().empty());
}

TEST(GrowingOutput, NeverTakesMoreThanOneByteBeyondTheBound) {
  std::string text;
  GrowingOutput output(&text, 10, 1'000'000'000);
  EXPECT_EQ(output.Room().size(), 11u);
  EXPECT_EQ(output.Room(SIZE_MAX).size(), 11u);
}

TEST(GrowingOutput, GrowsInDoublingSteps) {
  std::string text;
  GrowingOutput output(&text, 1'000'000, 16);
  EXPECT_EQ(output.Room().size(), 16u);
  output.Wrote(6);
  EXPECT_EQ(output.Room().size(), 10u);
  EXPECT_EQ(output.Room(12).size(), 12u);
  output.Wrote(12);
  EXPECT_EQ(output.Room().size(), 18u);
}

TEST(GrowingOutput, HoldsNothingWhereNothingIsAllowed) {
  std::string text;
  GrowingOutput output(&text, 0, 0);
  EXPECT_EQ(output.Room().size(), 1u);
  output.Commit();
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace cauce
