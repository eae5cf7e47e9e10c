#include "cauce/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/record/layout.h"
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

using OptionalBytes = std::optional<std::string>;

// Reads the format as it is described, one byte after the other, and gives up
// at the first thing that cannot be.
class PlainReader {
 public:
  explicit PlainReader(std::string_view bytes) : bytes_(bytes) {}

  // Nothing where the records are not all whole.
  std::optional<std::vector<test::OwnedRecord>> All(const RecordBatch& batch) {
    std::vector<test::OwnedRecord> all;
    int64_t delta_next = 0;
    for (int32_t i = 0; i < batch.record_count() && good_; ++i) {
      const size_t size = Size(Varint(32));
      PlainReader body(bytes_.substr(0, size));
      bytes_.remove_prefix(size);
      all.push_back(body.Body(batch, &delta_next));
      good_ = good_ && body.good_ && body.bytes_.empty();
    }
    if (!good_ || !bytes_.empty()) return std::nullopt;
    return all;
  }

 private:
  test::OwnedRecord Body(const RecordBatch& batch, int64_t* delta_next) {
    test::OwnedRecord record;
    bytes_.remove_prefix(Size(1));
    const auto time_delta = static_cast<uint64_t>(Varint(64));
    const int64_t delta = Varint(32);
    good_ = good_ && delta >= *delta_next && delta <= batch.last_offset_delta();
    *delta_next = delta + 1;
    record.offset = batch.base_offset().value + delta;
    record.timestamp = static_cast<int64_t>(
        static_cast<uint64_t>(batch.base_timestamp().ms) + time_delta);
    record.key = Nullable();
    record.value = Nullable();
    const int64_t headers = Varint(32);
    good_ = good_ && headers >= 0;
    for (int64_t i = 0; i < headers && good_; ++i) {
      const OptionalBytes key = Nullable();
      good_ = good_ && key.has_value();
      record.headers.emplace_back(key.value_or(""), Nullable());
    }
    return record;
  }

  // `size` if so many bytes are left.
  size_t Size(int64_t size) {
    good_ = good_ && size >= 0 && size <= static_cast<int64_t>(bytes_.size());
    return good_ ? static_cast<size_t>(size) : 0;
  }

  OptionalBytes Nullable() {
    const int64_t length = Varint(32);
    if (length == -1) return std::nullopt;
    const std::string content(bytes_.substr(0, Size(length)));
    bytes_.remove_prefix(content.size());
    return content;
  }

  int64_t Varint(int bits) {
    __uint128_t raw = 0;
    for (int shift = 0; shift < bits; shift += 7) {
      if (Size(1) == 0) break;
      const auto byte = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      raw |= static_cast<__uint128_t>(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      good_ = good_ && (raw >> bits) == 0;
      const auto low = static_cast<uint64_t>(raw);
      return static_cast<int64_t>((low >> 1) ^ (0 - (low & 1)));
    }
    good_ = false;
    return 0;
  }

  std::string_view bytes_;
  bool good_ = true;
};

OptionalBytes AnyBytes(std::mt19937& random) {
  constexpr size_t kSizes[] = {1, 3, 12, 70, 200};
  if (random() % 6 == 0) return std::nullopt;
  return std::string(random() % kSizes[random() % std::size(kSizes)], 'b');
}

// A batch of a few records of any form.
std::string AnyBatch(std::mt19937& random) {
  BatchFields fields;
  fields.base_offset = Offset{static_cast<int64_t>(random() % 1000)};
  BatchBuilder builder(fields);
  int32_t delta = 0;
  for (size_t i = random() % 6; i > 0; --i) {
    const OptionalBytes key = AnyBytes(random);
    const OptionalBytes value = AnyBytes(random);
    std::vector<Header> headers;
    if (random() % 4 == 0) headers.push_back({"name", value});
    const auto time = static_cast<int64_t>(random() >> (random() % 32));
    EXPECT_TRUE(builder.AddAt(delta, {key, value, headers, {time}}));
    delta += 1 + static_cast<int32_t>(random() % 3 == 0 ? random() % 9000 : 0);
  }
  const auto batch = builder.Finish();
  EXPECT_THAT(batch, test::IsOk());
  return std::string(batch->bytes());
}

// Inverts a bit, or sets a byte to one that lengths are made of.
void Damage(std::string& bytes, std::mt19937& random) {
  constexpr uint8_t kTelling[] = {0x00, 0x01, 0x02, 0x03,
                                  0x7f, 0x80, 0x81, 0xff};
  const size_t at =
      kBatchHeaderBytes + random() % (bytes.size() - kBatchHeaderBytes);
  if (random() % 2 == 0) {
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
  } else {
    bytes[at] = static_cast<char>(kTelling[random() % std::size(kTelling)]);
  }
}

// One whose records may be damaged, with a CRC that is right: at the end of its
// own allocation, so that a sanitizer sees a step beyond.
std::vector<char> AnyDamagedBatch(std::mt19937& random) {
  std::string bytes = AnyBatch(random);
  const bool has_records =
      static_cast<int64_t>(bytes.size()) > kBatchHeaderBytes;
  for (size_t n = has_records ? random() % 3 : 0; n > 0; --n) {
    Damage(bytes, random);
  }
  test::FixCrc(bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(RecordReader, AgreesWithAPlainReaderOnWholeAndOnDamagedRecords) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::vector<char> bytes = AnyDamagedBatch(random);
    const auto batch = RecordBatch::Parse({bytes.data(), bytes.size()});
    ASSERT_THAT(batch, test::IsOk());
    const auto expected = PlainReader(batch->payload()).All(*batch);
    if (!expected) ++refused;

    const auto read = test::ReadAll(*batch);
    ASSERT_EQ(read.ok(), expected.has_value()) << "batch " << i;
    if (read.ok()) {
      ASSERT_EQ(*read, *expected) << "batch " << i;
    } else {
      ASSERT_THAT(read, test::HasReason(Reason::kInvalidRecord));
    }
  }
  EXPECT_GT(refused, 1000);
}

// The first record of `batch` at `offset` or above, having passed by those
// below; nothing where there is none or the reader gave up.
OptionalBytes ValueAtOrAbove(const RecordBatch& batch, Offset offset) {
  RecordReader reader;
  EXPECT_THAT(reader.Open(batch), test::IsOk());
  reader.PassBelow(offset);
  RecordView record;
  while (reader.Next(&record)) {
    if (record.offset < offset) continue;
    return std::to_string(record.offset.value) + " " +
           std::string(record.value.value_or("none"));
  }
  return std::nullopt;
}

TEST(RecordReader, PassesByTheRecordsBelowAnOffsetAsAWalkOverThemDoes) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  int refused = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::vector<char> bytes = AnyDamagedBatch(random);
    const auto batch = RecordBatch::Parse({bytes.data(), bytes.size()});
    ASSERT_THAT(batch, test::IsOk());
    const auto all = test::ReadAll(*batch);
    if (!all.ok()) ++refused;

    for (int64_t ahead = -1; ahead < 8; ++ahead) {
      const Offset offset = batch->base_offset() + ahead;
      const OptionalBytes found = ValueAtOrAbove(*batch, offset);
      if (!all.ok()) continue;
      OptionalBytes expected;
      for (const test::OwnedRecord& record : *all) {
        if (record.offset < offset.value || expected) continue;
        expected = std::to_string(record.offset) + " " +
                   record.value.value_or("none");
      }
      ASSERT_EQ(found, expected) << "batch " << i << ", offset " << ahead;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(RecordReader, NeverTakesOneRecordForAnother) {
  // Three records, of which the first claims to be the second: none of them is
  // at the offset where it stands.
  std::string bytes = test::FromHex(test::kThreeRecords);
  // Behind its length, its attributes and its time.
  ASSERT_EQ(bytes[kBatchHeaderBytes + 3], 0);
  bytes[kBatchHeaderBytes + 3] = 2;
  test::FixCrc(bytes);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  RecordReader reader;
  ASSERT_THAT(reader.Open(*batch), test::IsOk());

  reader.PassBelow(batch->base_offset());
  RecordView record;
  ASSERT_TRUE(reader.Next(&record));
  reader.PassBelow(batch->base_offset() + 2);

  EXPECT_FALSE(reader.Next(&record));
  EXPECT_EQ(ReasonOf(reader.status()), Reason::kInvalidRecord);
}

TEST(RecordReader, ReadsIntegersThatTakeMoreBytesThanTheyNeed) {
  // Length 10, attributes, time delta 0 in three bytes, offset delta 0 in two,
  // no key, no value, no headers.
  const std::string record("\x12\x00\x80\x80\x00\x80\x00\x01\x01\x00", 10);
  BatchBuilder builder;
  EXPECT_TRUE(builder.Add({.timestamp = {7}}));
  const auto built = builder.Finish();
  ASSERT_THAT(built, test::IsOk());
  std::string bytes(built->bytes().substr(0, kBatchHeaderBytes));
  bytes += record;
  StoreBig<int32_t>(bytes.data() + layout::kBatchLength,
                    static_cast<int32_t>(bytes.size()) - 12);
  test::FixCrc(bytes);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());

  test::OwnedRecord expected;
  expected.timestamp = 7;
  expected.offset = 0;
  EXPECT_THAT(test::ReadAll(*batch), test::IsOkAndHolds(ElementsAre(expected)));
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
