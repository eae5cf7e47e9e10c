#include "tools/cli/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/matchers.h"

namespace cauce::cli {
namespace {

using test::IsOk;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A pipe whose far end the test writes.
class LineReaderSuite : public ::testing::Test {
 protected:
  LineReaderSuite() { EXPECT_EQ(pipe(ends_), 0); }
  ~LineReaderSuite() override {
    close(ends_[0]);
    End();
  }

  void Write(std::string_view text) {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  void End() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  static std::vector<std::string> LinesOf(LineReader& reader) {
    std::vector<std::string> lines;
    while (const auto line = reader.Next()) lines.emplace_back(*line);
    return lines;
  }

  int ends_[2] = {-1, -1};
};

TEST_F(LineReaderSuite, KeepsHalfALineUntilTheRestComes) {
  LineReader reader(ends_[0]);
  Write("one\ntw");
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre("one"));
  Write("o\n\n");
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre("two", ""));
  EXPECT_EQ(reader.line_number(), 3);
  EXPECT_FALSE(reader.at_end());
}

TEST_F(LineReaderSuite, TakesWhatStandsBehindTheLastNewlineForALine) {
  LineReader reader(ends_[0]);
  Write("one\ntwo");
  End();
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre("one"));
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre("two"));
  EXPECT_TRUE(reader.at_end());
}

TEST_F(LineReaderSuite, HasNoLineInAnEmptyFile) {
  LineReader reader(ends_[0]);
  End();
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), IsEmpty());
  EXPECT_TRUE(reader.at_end());
}

TEST_F(LineReaderSuite, KeepsEveryByteButTheNewline) {
  LineReader reader(ends_[0]);
  const std::string odd("\r\0\xff\x1b", 4);
  Write(odd + "\n");
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre(odd));
}

TEST_F(LineReaderSuite, GrowsToALongLineAndNoFurther) {
  constexpr size_t kLongest = 300'000;
  LineReader reader(ends_[0], kLongest);
  const std::string piece(50'000, 'x');
  std::string line;
  for (int i = 0; i < 6; ++i) {
    Write(piece);
    line += piece;
    ASSERT_THAT(reader.Fill(), IsOk());
  }
  Write("\n");
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre(line));

  for (int i = 0; i < 7; ++i) {
    Write(piece);
    ASSERT_THAT(reader.Fill(), IsOk());
    EXPECT_EQ(reader.Next(), std::nullopt);
  }
  EXPECT_THAT(reader.Fill(), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("line 2 is longer")));
}

// What a reader of at most three bytes a line says of `text`.
absl::Status StatusOfThree(std::string_view text) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(write(ends[1], text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  close(ends[1]);
  LineReader reader(ends[0], 3);
  absl::Status status;
  while (status.ok() && !reader.at_end()) {
    while (reader.Next()) {
    }
    if (!reader.at_end()) status = reader.Fill();
  }
  close(ends[0]);
  return status;
}

TEST_F(LineReaderSuite, RefusesTheFirstByteTooManyWhereverItIsRead) {
  EXPECT_THAT(StatusOfThree("one\ntwo\nsix"), IsOk());
  EXPECT_THAT(StatusOfThree("one\ntwo\nsix\n"), IsOk());
  for (const std::string_view text :
       {"one\nfour\nsix\n", "one\nfour", "one\nfour\n", "1\nseven\n"}) {
    EXPECT_THAT(StatusOfThree(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("line 2 is longer than 3 bytes")))
        << text;
  }
}

TEST_F(LineReaderSuite, TellsHowMuchOfALineHasNoEndYet) {
  LineReader reader(ends_[0]);
  Write("one\ntwo");
  ASSERT_THAT(reader.Fill(), IsOk());
  EXPECT_THAT(LinesOf(reader), ElementsAre("one"));
  EXPECT_EQ(reader.unfinished_bytes(), 3u);
}

}  // namespace
}  // namespace cauce::cli
