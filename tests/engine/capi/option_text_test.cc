#include "engine/capi/option_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace cauce::capi {
namespace {

using ::testing::ElementsAre;

constexpr Unit kNone = absl::ZeroDuration();

TEST(CapiOptionText, ReadsWholeNumbersOfTheirSize) {
  int32_t number = 5;
  EXPECT_TRUE(ReadText("-7", kNone, number));
  EXPECT_EQ(number, -7);
  for (const std::string_view text : {"", "7x", " 7", "99999999999", "0x7"})
    EXPECT_FALSE(ReadText(text, kNone, number)) << text;
  EXPECT_EQ(number, -7) << "what is none leaves it alone";
  size_t size = 0;
  EXPECT_FALSE(ReadText("-1", kNone, size));
  int64_t large = 0;
  EXPECT_TRUE(ReadText("99999999999", kNone, large));
}

TEST(CapiOptionText, ADurationHasItsUnitInItsTextOrInKafkasName) {
  absl::Duration duration;
  EXPECT_TRUE(ReadText("1.5s", kNone, duration));
  EXPECT_EQ(duration, absl::Milliseconds(1500));
  EXPECT_FALSE(ReadText("5", kNone, duration));
  EXPECT_TRUE(ReadText("5", UnitOf("linger.ms"), duration));
  EXPECT_EQ(duration, absl::Milliseconds(5));
  EXPECT_TRUE(ReadText("2", UnitOf("offsets.retention.minutes"), duration));
  EXPECT_EQ(duration, absl::Minutes(2));
  EXPECT_FALSE(ReadText("5ms", UnitOf("linger.ms"), duration));
}

TEST(CapiOptionText, ReadsWordsAsTheyAreShown) {
  bool yes = false;
  EXPECT_TRUE(ReadText("true", kNone, yes));
  EXPECT_TRUE(yes);
  EXPECT_FALSE(ReadText("yes", kNone, yes));
  Access access{};
  EXPECT_TRUE(ReadText("read-only", kNone, access));
  EXPECT_EQ(access, Access::kReadOnly);
  Codec codec{};
  EXPECT_TRUE(ReadText("zstd", kNone, codec));
  EXPECT_EQ(codec, Codec::kZstd);
  EXPECT_FALSE(ReadText("brotli", kNone, codec));
  Ack ack{};
  EXPECT_TRUE(ReadText("durable", kNone, ack));
  EXPECT_EQ(ack, Ack::kDurable);
  Acks acks{};
  EXPECT_TRUE(ReadText("-1", kNone, acks));
  EXPECT_EQ(acks, Acks::kAll);
  Keyless keyless{};
  EXPECT_TRUE(ReadText("round-robin", kNone, keyless));
  EXPECT_EQ(keyless, Keyless::kRoundRobin);
  ResetTo reset{};
  EXPECT_TRUE(ReadText("none", kNone, reset));
  EXPECT_EQ(reset, ResetTo::kNone);
  Isolation isolation{};
  EXPECT_TRUE(ReadText("read_committed", kNone, isolation));
  EXPECT_EQ(isolation, Isolation::kReadCommitted);
  ReadUpTo up_to{};
  EXPECT_TRUE(ReadText("log-end", kNone, up_to));
  EXPECT_EQ(up_to, ReadUpTo::kLogEnd);
  std::optional<std::string> text;
  EXPECT_TRUE(ReadText("a", kNone, text));
  EXPECT_EQ(text, "a");
}

TEST(CapiOptionText, ReadsListsOfWords) {
  std::vector<Assignment> assignments;
  EXPECT_TRUE(ReadText("range,sticky", kNone, assignments));
  EXPECT_THAT(assignments,
              ElementsAre(Assignment::kRange, Assignment::kSticky));
  EXPECT_FALSE(ReadText("range,", kNone, assignments));
  EXPECT_FALSE(ReadText("", kNone, assignments));
}

}  // namespace
}  // namespace cauce::capi
