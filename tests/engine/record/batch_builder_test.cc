#include "cauce/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

TEST(BatchBuilder, AFullBatchTakesNoMoreAndTheNextOneDoes) {
  BatchBuilder builder({}, 100);
  EXPECT_TRUE(test::Add(builder, {std::nullopt, std::string(1000, 'x')}));
  EXPECT_FALSE(test::Add(builder, {std::nullopt, "y"}));
  ASSERT_THAT(builder.Finish(), test::IsOk());
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(test::Add(builder, {std::nullopt, "y"}));
  EXPECT_TRUE(test::Add(builder, {std::nullopt, "z"}));
}

class EveryCodec : public ::testing::TestWithParam<Codec> {};

std::string RandomBytes(std::mt19937& random, size_t bytes_max) {
  // Few letters, so that codecs have something to do.
  std::string bytes(random() % (bytes_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 3);
  return bytes;
}

std::optional<std::string> MaybeBytes(std::mt19937& random, size_t bytes_max) {
  if (random() % 4 == 0) return std::nullopt;
  return RandomBytes(random, bytes_max);
}

TEST_P(EveryCodec, RecordsComeBackAsTheyWere) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  BatchFields fields;
  fields.codec = GetParam();
  fields.base_offset = Offset{1'000'000};
  BatchBuilder builder(fields, 1 << 20);
  for (int round = 0; round < 60; ++round) {
    std::vector<test::OwnedRecord> written;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 0; i < count; ++i) {
      test::OwnedRecord record{MaybeBytes(random, 30),
                               MaybeBytes(random, 3000)};
      for (unsigned h = random() % 4; h > 1; --h) {
        record.headers.emplace_back(RandomBytes(random, 10),
                                    MaybeBytes(random, 100));
      }
      record.timestamp =
          random() % 5 == 0 ? -1 : static_cast<int64_t>(random()) * 1000;
      record.offset = 1'000'000 + i;
      ASSERT_TRUE(test::Add(builder, record));
      written.push_back(std::move(record));
    }

    const auto built = builder.Finish();
    ASSERT_THAT(built, test::IsOk());
    const auto batch = RecordBatch::Parse(built->bytes());
    ASSERT_THAT(batch, test::IsOk());
    EXPECT_EQ(batch->codec(), GetParam());
    ASSERT_THAT(test::ReadAll(*batch), test::IsOkAndHolds(written));
    ASSERT_THAT(ValidateRecords(*batch), test::IsOk());
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec,
                         ::testing::Values(Codec::kNone, Codec::kGzip,
                                           Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& codec) {
                           return std::string(CodecName(codec.param));
                         });

}  // namespace
}  // namespace cauce
