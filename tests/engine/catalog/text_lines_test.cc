#include "engine/catalog/text_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(TextLines, WalkOverEveryLine) {
  TextLines lines("f", "a\n\nb\n");
  EXPECT_EQ(lines.Next(), "a");
  EXPECT_EQ(lines.Next(), "");
  EXPECT_FALSE(lines.at_end());
  EXPECT_EQ(lines.Next(), "b");
  EXPECT_TRUE(lines.at_end());
  EXPECT_EQ(lines.Next(), std::nullopt);
}

TEST(TextLines, DoNotTakeALineWithoutItsNewline) {
  TextLines lines("f", "a\nb");
  EXPECT_EQ(lines.Next(), "a");
  EXPECT_EQ(lines.Next(), std::nullopt);
  EXPECT_FALSE(lines.at_end());
}

TEST(TextLines, SayWhereALineIsWrongAndWhatItIs) {
  TextLines lines("some/file", "a\nb\x01\nc");
  lines.Next();
  lines.Next();
  EXPECT_THAT(lines.Corrupt("a number"),
              AllOf(HasReason(Reason::kCorruptFile),
                    StatusIs(absl::StatusCode::kDataLoss,
                             "some/file: line 2 is \"b\\x01\", must be a "
                             "number")));
  lines.Next();
  EXPECT_THAT(lines.Corrupt("a number"),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("line 3 is \"c\" (cut off)")));
}

}  // namespace
}  // namespace cauce
