#include "engine/catalog/log_start_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "engine/catalog/checked_text.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OffsetCheckpoint Starts() {
  return {{{"orders", PartitionId{0}}, Offset{12}},
          {{"orders", PartitionId{10}}, Offset{0}},
          {{"other-topic.x", PartitionId{2}}, Offset{9223372036854775807}}};
}

TEST(LogStartCopy, IsReadAsItWasWritten) {
  EXPECT_EQ(FormatLogStartCopy(Starts()),
            WithChecksum("cauce.log-starts 1\nstarts 3\norders 0 12\n"
                         "orders 10 0\nother-topic.x 2 9223372036854775807\n"));
  EXPECT_THAT(ParseLogStartCopy("f", FormatLogStartCopy(Starts())),
              IsOkAndHolds(Starts()));
  EXPECT_THAT(ParseLogStartCopy("f", FormatLogStartCopy({})),
              IsOkAndHolds(IsEmpty()));
}

TEST(LogStartCopy, NoDigitBecomesAnotherUnseen) {
  const std::string bytes = FormatLogStartCopy(Starts());
  for (const std::string& damaged : test::BitFlips(bytes)) {
    EXPECT_THAT(ParseLogStartCopy("f", damaged),
                HasReason(Reason::kCorruptFile));
  }
  for (const std::string& cut : test::Truncations(bytes)) {
    EXPECT_THAT(ParseLogStartCopy("f", cut), HasReason(Reason::kCorruptFile));
  }
}

TEST(LogStartCopy, NamesTheLineThatIsWrongAndWhatItIs) {
  const auto expect = [](const std::string& text, std::string_view said) {
    const auto read = ParseLogStartCopy("/d/starts", WithChecksum(text));
    EXPECT_THAT(read, HasReason(Reason::kCorruptFile)) << text;
    EXPECT_THAT(std::string(read.status().message()),
                AllOf(HasSubstr("/d/starts"), HasSubstr(said)));
  };
  const std::string head = "cauce.log-starts 1\n";
  expect("cauce.topics 1\nstarts 0\n", "line 1 is \"cauce.topics 1\"");
  expect(head, "starts NUMBER");
  expect(head + "starts -1\n", "line 2");
  expect(head + "starts 1\norders 0\n", "line 3 is \"orders 0\"");
  expect(head + "starts 1\norders 0 -4\n", "line 3");
  expect(head + "starts 1\n../x 0 4\n", "line 3");
  expect(head + "starts 2\norders 0 4\norders 0 5\n", "line 4");
  expect(head + "starts 2\norders 0 4\n", "the last of 2 starts, not of 1");
  expect(head + "starts 0\norders 0 4\n", "the last of 0 starts, not of 1");
}

TEST(LogStartCopy, ANewerOneIsNotTakenForDamaged) {
  EXPECT_THAT(ParseLogStartCopy("f", WithChecksum("cauce.log-starts 2\n?\n")),
              HasReason(Reason::kUnsupportedFormat));
}

}  // namespace
}  // namespace cauce
