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

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(RecordReader, RefusesRecordsThatLeaveTheirBatch) {
  const std::string good = test::FromHex(test::kThreeRecords);
  // Every byte of the records, set to every value, with a CRC that is right:
  // whatever comes out, it comes without reading outside.
  int refused = 0;
  for (size_t at = kBatchHeaderBytes; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      test::FixCrc(bytes);
      const auto batch = RecordBatch::Parse(bytes);
      ASSERT_THAT(batch, test::IsOk());
      const auto records = test::ReadAll(*batch);
      if (records.ok()) continue;
      EXPECT_EQ(ReasonOf(records.status()), Reason::kInvalidRecord);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(RecordReader, LogAppendTimeIsTheTimeOfEveryRecord) {
  BatchFields fields;
  fields.timestamp_type = TimestampType::kLogAppendTime;
  fields.max_timestamp = Timestamp{999};
  BatchBuilder builder(fields);
  test::Add(builder, {"a", "1", {}, 5});
  test::Add(builder, {"b", "2", {}, 7});

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  const auto records = test::ReadAll(*batch);
  ASSERT_THAT(records, test::IsOkAndHolds(SizeIs(2)));
  EXPECT_EQ((*records)[0].timestamp, 999);
  EXPECT_EQ((*records)[1].timestamp, 999);
}

TEST(RecordReader, ADeleteHorizonTakesThePlaceOfTheBaseTimestamp) {
  BatchFields fields;
  fields.delete_horizon = Timestamp{1000};
  BatchBuilder builder(fields);
  test::Add(builder, {"a", std::nullopt, {}, 5});

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_TRUE(batch->has_delete_horizon());
  EXPECT_EQ(batch->base_timestamp(), Timestamp{1000});
  const test::OwnedRecord tombstone{"a", std::nullopt, {}, 5, 0};
  EXPECT_THAT(test::ReadAll(*batch),
              test::IsOkAndHolds(ElementsAre(tombstone)));
}

class EveryCodec : public ::testing::TestWithParam<Codec> {};

std::string RandomBytes(std::mt19937& random, size_t bytes_max) {
  // Few letters, so that codecs have something to do.
  std::string bytes(random() % (bytes_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>('a' + random() % 3);
  return bytes;
}

TEST_P(EveryCodec, AFlippedBitUnderARightCrcNeverGetsOutOfHand) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  BatchFields fields;
  fields.codec = GetParam();
  BatchBuilder builder(fields);
  for (int i = 0; i < 50; ++i) {
    test::Add(builder, {RandomBytes(random, 20), RandomBytes(random, 200)});
  }
  const auto built = builder.Finish();
  ASSERT_THAT(built, test::IsOk());
  const std::string good(built->bytes());
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good;
    const size_t at =
        kBatchHeaderBytes + random() % (bytes.size() - kBatchHeaderBytes);
    bytes[at] ^= static_cast<char>(1 << (random() % 8));
    test::FixCrc(bytes);
    const auto batch = RecordBatch::Parse(bytes);
    ASSERT_THAT(batch, test::IsOk());
    RecordReader reader;
    RecordView record;
    if (!reader.Open(*batch, 1 << 20).ok()) continue;
    int count = 0;
    while (reader.Next(&record)) ++count;
    EXPECT_LE(count, 50);
  }
}

TEST_P(EveryCodec, DecompressionStopsAtItsBound) {
  if (GetParam() == Codec::kNone) return;  // nothing is decompressed
  BatchFields fields;
  fields.codec = GetParam();
  BatchBuilder builder(fields, 16 << 20);
  ASSERT_TRUE(test::Add(builder, {"bomb", std::string(10 << 20, '\0')}));
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  RecordReader reader;
  EXPECT_THAT(reader.Open(*batch, 1 << 20),
              test::HasReason(Reason::kBatchTooLarge));
  EXPECT_THAT(reader.Open(*batch, 11 << 20), test::IsOk());
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
