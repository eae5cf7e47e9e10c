#include "engine/log/recompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/errors.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

// A batch whose header fields all differ from their defaults.
test::OwnedBatch Unusual(Codec codec) {
  BatchFields fields;
  fields.codec = codec;
  fields.transactional = true;
  fields.leader_epoch = LeaderEpoch{4};
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  fields.base_sequence = 11;
  fields.base_offset = Offset{100};
  fields.last_offset_delta = 5;
  const Header headers[] = {{"h", "x"}, {"h", std::nullopt}};
  return test::BatchOf({{"k", "v", headers, Timestamp{50}},
                        {std::nullopt, std::nullopt, {}, Timestamp{20}}},
                       fields);
}

TEST(Recompress, ChangesNothingButTheCodec) {
  const test::OwnedBatch plain = Unusual(Codec::kNone);
  for (const Codec codec :
       {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    SCOPED_TRACE(CodecName(codec));
    BatchBuilder there({}, kRecordBytesMax);
    BatchBuilder back({}, kRecordBytesMax);
    const auto compressed =
        Recompress(plain.view(), codec, std::nullopt, there);
    ASSERT_THAT(compressed, test::IsOk());
    EXPECT_EQ(compressed->codec(), codec);
    const auto again =
        Recompress(*compressed, Codec::kNone, std::nullopt, back);
    ASSERT_THAT(again, test::IsOk());
    EXPECT_EQ(again->bytes(), plain.bytes());
  }
}

TEST(Recompress, KeepsTheTimesThatTheProducerGave) {
  BatchFields fields;
  fields.timestamp_type = TimestampType::kLogAppendTime;
  fields.max_timestamp = Timestamp{999};
  const test::OwnedBatch stamped = test::BatchOf(
      {{"a", "1", {}, Timestamp{5}}, {"b", "2", {}, Timestamp{7}}}, fields);
  BatchBuilder builder({}, kRecordBytesMax);
  const auto again =
      Recompress(stamped.view(), Codec::kNone, std::nullopt, builder);
  ASSERT_THAT(again, test::IsOk());
  EXPECT_EQ(again->bytes(), stamped.bytes());
}

TEST(Recompress, RefusesRecordsThatCannotBeRead) {
  const test::OwnedBatch broken =
      test::Batch({"value"}).With([](std::string& bytes) {
        bytes[kBatchHeaderBytes] = 0x7e;  // a length that leaves the batch
      });
  BatchBuilder builder({}, kRecordBytesMax);
  EXPECT_THAT(Recompress(broken.view(), Codec::kZstd, std::nullopt, builder),
              test::HasReason(Reason::kInvalidRecord));
}

TEST(Recompress, RefusesALevelThatTheCodecHasNot) {
  BatchBuilder builder({}, kRecordBytesMax);
  EXPECT_FALSE(
      Recompress(Unusual(Codec::kNone).view(), Codec::kGzip, 77, builder).ok());
}

}  // namespace
}  // namespace cauce
