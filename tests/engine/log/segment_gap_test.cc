#include "engine/log/segment_gap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "cauce/types.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SegmentGap, IsNoneWhereTheNextSegmentGoesOn) {
  const SegmentEnd end{"/data/a.log", 70, Offset{6}};
  EXPECT_THAT(CheckNoGap(end, Offset{6}), test::IsOk());
  EXPECT_THAT(CheckNoGap(end, Offset{5}), test::IsOk());
}

TEST(SegmentGap, NamesTheFileThePlaceAndBothOffsets) {
  const auto told = CheckNoGap({"/data/a.log", 70, Offset{6}}, Offset{9});
  EXPECT_THAT(told, test::HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(
      std::string(MessageOf(told)),
      AllOf(HasSubstr("/data/a.log at position 70"),
            HasSubstr("ends at offset 6"), HasSubstr("begins at offset 9")));
}

// What is damaged where it stands makes a file no shorter.
TEST(SegmentGap, OfAFileThatHoldsLessNamesOnlyWhatIsKnown) {
  EXPECT_THAT(DescribeLess(3), HasSubstr("it is 3 bytes shorter"));
  EXPECT_THAT(DescribeLess(0), AllOf(HasSubstr("cannot be read"),
                                     Not(HasSubstr("shorter"))));
  const auto told = LessThanItHad("/data/a.log", {Offset{6}, Offset{9}});
  EXPECT_THAT(told, test::HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(MessageOf(told)),
              AllOf(HasSubstr("/data/a.log holds less than it did"),
                    HasSubstr("offsets 6 to 8"), Not(HasSubstr("shorter"))));
}

TEST(SegmentGap, WithinASegmentNamesBothOffsets) {
  EXPECT_THAT(DescribeGapWithin(Offset{6}, Offset{9}),
              AllOf(HasSubstr("at offset 9"), HasSubstr("offset 6 is expected"),
                    HasSubstr("missing")));
  const auto told = GapWithin({"/data/a.log", 70, Offset{6}}, Offset{9});
  EXPECT_THAT(told, test::HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(
      std::string(MessageOf(told)),
      AllOf(HasSubstr("/data/a.log at position 70"), HasSubstr("at offset 9")));
}

}  // namespace
}  // namespace cauce
