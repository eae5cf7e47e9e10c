#include "engine/coord/state_partition.h"

#include <gtest/gtest.h>

#include <limits>
#include <string_view>

namespace cauce {
namespace {

// What a Java virtual machine says of the same strings.
TEST(StatePartition, HashesAsJavaDoes) {
  EXPECT_EQ(JavaHashOf(""), 0);
  EXPECT_EQ(JavaHashOf("test"), 3556498);
  EXPECT_EQ(JavaHashOf("hello"), 99162322);
  EXPECT_EQ(JavaHashOf("polygenelubricants"),
            std::numeric_limits<int32_t>::min());
}

TEST(StatePartition, HashesTheCharactersAndNotTheirBytes) {
  EXPECT_EQ(JavaHashOf("\u00e9"), 0xe9);
  EXPECT_EQ(JavaHashOf("\u20ac"), 0x20ac);
  // Two units of UTF-16: 0xd83d and 0xde00.
  EXPECT_EQ(JavaHashOf("\U0001f600"), 0xd83d * 31 + 0xde00);
}

TEST(StatePartition, TakesAByteThatIsNoCharacterForAReplacement) {
  constexpr int32_t kReplaced = 0xfffd;
  for (const std::string_view odd : {"\xff", "\x80", "\xc3", "\xf8"}) {
    EXPECT_EQ(JavaHashOf(odd), kReplaced);
  }
  EXPECT_EQ(JavaHashOf("\xc3("), kReplaced * 31 + '(');
}

TEST(StatePartition, IsTheOneThatKafkaTakes) {
  EXPECT_EQ(StatePartitionOf("test", 50), PartitionId{48});
  EXPECT_EQ(StatePartitionOf("polygenelubricants", 50), PartitionId{0});
  ASSERT_EQ(JavaHashOf("console-consumer"), -648006740);
  EXPECT_EQ(StatePartitionOf("console-consumer", 50), PartitionId{40});
}

}  // namespace
}  // namespace cauce
