#include "engine/catalog/checked_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/errors.h"
#include "tests/engine/catalog/damaged_copies.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOkAndHolds;
using ::testing::HasSubstr;

constexpr TextFormat kFormat{"cauce.words", 2};

TEST(CheckedText, IsReadAsItWasWritten) {
  const std::string text = "cauce.words 2\none\ntwo\n";
  EXPECT_THAT(CheckedText("f", WithChecksum(text), kFormat),
              IsOkAndHolds(text));
}

TEST(CheckedText, FindsEveryFlippedBitAndEveryCut) {
  const std::string bytes = WithChecksum("cauce.words 1\none\n");
  for (const std::string& damaged : test::BitFlips(bytes)) {
    EXPECT_THAT(CheckedText("f", damaged, kFormat),
                HasReason(Reason::kCorruptFile));
  }
  for (const std::string& cut : test::Truncations(bytes)) {
    EXPECT_THAT(CheckedText("f", cut, kFormat),
                HasReason(Reason::kCorruptFile));
  }
}

TEST(CheckedText, TellsANewerVersionFromADamagedOne) {
  const std::string newer = WithChecksum("cauce.words 3\nwhatever\n");
  EXPECT_THAT(CheckedText("f", newer, kFormat),
              HasReason(Reason::kUnsupportedFormat));
  for (const std::string head :
       {"cauce.words 0\n", "cauce.words\n", "cauce.other 1\n", "\n"}) {
    const auto read = CheckedText("/d/words", WithChecksum(head), kFormat);
    EXPECT_THAT(read, HasReason(Reason::kCorruptFile));
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("/d/words: line 1"));
  }
}

TEST(CheckedText, FindsANumberBehindItsKeyAlone) {
  EXPECT_EQ(NumberAfter<int32_t>("count ", "count 12"), 12);
  EXPECT_EQ(NumberAfter<int32_t>("count ", "count 012"), std::nullopt);
  EXPECT_EQ(NumberAfter<int32_t>("count ", "number 12"), std::nullopt);
  EXPECT_EQ(NumberAfter<int32_t>("count ", std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace cauce
