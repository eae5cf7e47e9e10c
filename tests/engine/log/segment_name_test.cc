#include "engine/log/segment_name.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(SegmentName, HasTwentyDigitsAndASuffix) {
  EXPECT_EQ(SegmentFileName(Offset{42}, kLogSuffix),
            "00000000000000000042.log");
  EXPECT_EQ(SegmentFileName(Offset{INT64_MAX}, kTimeIndexSuffix),
            "09223372036854775807.timeindex");
}

TEST(SegmentName, IsReadBack) {
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix,
        kSnapshotSuffix}) {
    for (const Offset base : {Offset{0}, Offset{7}, Offset{INT64_MAX}}) {
      const std::string name = SegmentFileName(base, suffix);
      const auto file = ParseSegmentFileName(name);
      ASSERT_TRUE(file.has_value()) << name;
      EXPECT_EQ(file->base, base);
      EXPECT_EQ(file->suffix, suffix);
    }
  }
}

TEST(SegmentName, KeepsASecondSuffixWithTheFirst) {
  const auto file = ParseSegmentFileName("00000000000000000042.log.deleted");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->suffix, ".log.deleted");
}

TEST(SegmentName, DoesNotTakeOtherNamesForItsOwn) {
  for (const std::string_view name :
       {"", ".log", "42.log", "00000000000000000042", "00000000000000000042log",
        "000000000000000000042.log", "0000000000000000004x.log",
        "-0000000000000000042.log", "+0000000000000000042.log",
        "partition.metadata", "leader-epoch-checkpoint",
        "99999999999999999999.log", "09223372036854775808.log"}) {
    EXPECT_FALSE(ParseSegmentFileName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace cauce
