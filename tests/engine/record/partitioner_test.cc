#include "cauce/partitioner.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace cauce {
namespace {

// What Kafka's Java client answers; all but the empty key are the vectors of
// its own UtilsTest.
struct Golden {
  std::string_view key;
  uint32_t hash;
  int32_t of_3;
  int32_t of_6;
  int32_t of_10;
  int32_t of_50;
};

constexpr Golden kGolden[] = {
    {"", 0x106e08d9, 0, 3, 1, 31},
    {"21", 0xc5f2f8ec, 0, 0, 0, 40},
    {"foobar", 0xd0e47bbe, 0, 0, 6, 16},
    {"abc", 0x1c94221b, 0, 3, 7, 7},
    {"a-little-bit-long-string", 0xc53b1da0, 2, 2, 2, 12},
    {"a-little-bit-longer-string", 0xa768c9c3, 2, 5, 9, 19},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 0xfc7d49cd, 2, 5, 7,
     27},
};

TEST(Partitioner, HashesAsKafkaDoes) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(Murmur2(golden.key), golden.hash) << golden.key;
  }
}

TEST(Partitioner, ChoosesThePartitionThatKafkaChooses) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.key);
    EXPECT_EQ(PartitionForKey(golden.key, 3).value, golden.of_3);
    EXPECT_EQ(PartitionForKey(golden.key, 6).value, golden.of_6);
    EXPECT_EQ(PartitionForKey(golden.key, 10).value, golden.of_10);
    EXPECT_EQ(PartitionForKey(golden.key, 50).value, golden.of_50);
  }
}

TEST(Partitioner, ReadsNothingBehindTheKey) {
  constexpr std::string_view kLonger = "foobarXYZ";
  EXPECT_EQ(Murmur2(kLonger.substr(0, 6)), 0xd0e47bbeu);
}

TEST(Partitioner, TakesBytesAboveAsciiAsUnsigned) {
  // A sign that spreads into the bits above would make all of these alike.
  for (const std::string_view key : {"\xff", "\xff\xff", "\xff\xff\xff"}) {
    const int32_t partition = PartitionForKey(key, 7).value;
    EXPECT_GE(partition, 0);
    EXPECT_LT(partition, 7);
  }
  EXPECT_NE(Murmur2("\xff\xff"), Murmur2("\xff"));
}

TEST(Partitioner, HasNoChoiceAmongNoPartition) {
  for (const int32_t partitions : {0, -1, INT32_MIN}) {
    EXPECT_EQ(PartitionForKey("key", partitions).value, -1) << partitions;
  }
}

TEST(Partitioner, HasOnlyOneChoiceAmongOnePartition) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(PartitionForKey(golden.key, 1).value, 0) << golden.key;
  }
}

}  // namespace
}  // namespace cauce
