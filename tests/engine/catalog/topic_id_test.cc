#include "cauce/topic_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <string>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::Eq;
using ::testing::Optional;

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint32_t seed) : engine_(seed) {}
  uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(uint64_t value) : value_(value) {}
  uint64_t Next() override { return value_; }

 private:
  const uint64_t value_;
};

// The texts are those of java.util.Base64's URL encoder without padding.
TEST(TopicId, HasKafkasText) {
  TopicId id;
  EXPECT_EQ(TopicIdText(id), "AAAAAAAAAAAAAAAAAAAAAA");
  id.bytes[15] = 1;
  EXPECT_EQ(TopicIdText(id), "AAAAAAAAAAAAAAAAAAAAAQ");
  std::iota(id.bytes.begin(), id.bytes.end(), uint8_t{0xf0});
  EXPECT_EQ(TopicIdText(id), "8PHy8_T19vf4-fr7_P3-_w");
}

TEST(TopicId, IsReadBackFromItsText) {
  const test::Seed seed;
  SeededRandom random(seed.value());
  for (int i = 0; i < 1000; ++i) {
    const TopicId id = NewTopicId(random);
    EXPECT_THAT(ParseTopicId(TopicIdText(id)), Optional(id));
  }
}

TEST(TopicId, HasNoOtherTexts) {
  for (const char* text :
       {"", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAAAAAAAAAAAAA/",
        "AAAAAAAAAAAAAAAAAAAA A",
        // The last character's lowest bit belongs to no byte.
        "AAAAAAAAAAAAAAAAAAAAAB"}) {
    EXPECT_THAT(ParseTopicId(text), Eq(std::nullopt)) << text;
  }
}

TEST(NewTopicId, IsARandomUuidThatNeverBeginsWithADash) {
  const test::Seed seed;
  SeededRandom random(seed.value());
  for (int i = 0; i < 10'000; ++i) {
    const TopicId id = NewTopicId(random);
    ASSERT_EQ(id.bytes[6] >> 4, 4);
    ASSERT_EQ(id.bytes[8] >> 6, 2);
    ASSERT_NE(TopicIdText(id)[0], '-');
  }
}

TEST(NewTopicId, IsFoundWithoutAnyLuck) {
  ConstantRandom all_dashes(0xfbefbefbefbefbef);
  EXPECT_NE(TopicIdText(NewTopicId(all_dashes))[0], '-');
  ConstantRandom zeros(0);
  EXPECT_FALSE(NewTopicId(zeros).is_zero());
}

}  // namespace
}  // namespace cauce
