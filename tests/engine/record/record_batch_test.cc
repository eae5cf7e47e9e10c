#include "cauce/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// From Kafka's description of its format: three records, no producer.
constexpr char kThreeRecords[] =
    "0000000000000000000000550000000002b084b4e90000000000020000018bcfe568000000"
    "018bcfe56805ffffffffffffffffffffffffffff0000000314000000046b31047631001e00"
    "0a02010a68656c6c6f020268027810000604046b310100";
constexpr char kCommitMarker[] =
    "000000000000002a000000420000000002c60df61d0030000000000000018bcfe568000000"
    "018bcfe5680000000000000000070003ffffffff000000012000000008000000010c000000"
    "00000500";
constexpr char kEmptiedBatch[] =
    "000000000000000a00000031000000000286787daa000000000004ffffffffffffffff0000"
    "018bcfe56809000000000000000700030000000000000000";

std::string FromHex(const char* hex) { return absl::HexStringToBytes(hex); }

// A record with bytes of its own, for models.
struct OwnedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  int64_t timestamp = -1;
  int64_t offset = -1;

  friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;
};

std::optional<std::string> Own(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

absl::StatusOr<std::vector<OwnedRecord>> ReadAll(const RecordBatch& batch) {
  RecordReader reader;
  if (absl::Status opened = reader.Open(batch); !opened.ok()) return opened;
  std::vector<OwnedRecord> all;
  RecordView record;
  while (reader.Next(&record)) {
    OwnedRecord own{Own(record.key),
                    Own(record.value),
                    {},
                    record.timestamp.ms,
                    record.offset.value};
    for (const Header& header : record.headers) {
      own.headers.emplace_back(header.key, Own(header.value));
    }
    all.push_back(std::move(own));
  }
  if (!reader.status().ok()) return reader.status();
  return all;
}

bool Add(BatchBuilder& builder, const OwnedRecord& record) {
  std::vector<Header> headers;
  for (const auto& [key, value] : record.headers) {
    headers.push_back({key, value});
  }
  return builder.Add({record.key, record.value, headers, {record.timestamp}});
}

// Sets the CRC right after `bytes` was tampered with.
void FixCrc(std::string& bytes) {
  StoreBig<uint32_t>(bytes.data() + 17,
                     Crc32c(std::string_view(bytes).substr(21)));
}

TEST(RecordBatch, ReadsTheRecordsThatKafkaDescribes) {
  const std::string bytes = FromHex(kThreeRecords);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());

  EXPECT_EQ(batch->base_offset(), Offset{0});
  EXPECT_EQ(batch->next_offset(), Offset{3});
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{0});
  EXPECT_EQ(batch->record_count(), 3);
  EXPECT_EQ(batch->producer_id(), ProducerId{-1});
  EXPECT_EQ(batch->max_timestamp(), Timestamp{1700000000005});
  const OwnedRecord first{"k1", "v1", {}, 1700000000000, 0};
  const OwnedRecord second{
      std::nullopt, "hello", {{"h", "x"}}, 1700000000005, 1};
  const OwnedRecord third{"k1", std::nullopt, {}, 1700000000003, 2};
  EXPECT_THAT(ReadAll(*batch),
              test::IsOkAndHolds(ElementsAre(first, second, third)));
}

TEST(RecordBatch, BuildsTheBytesThatKafkaDescribes) {
  BatchFields fields;
  fields.leader_epoch = LeaderEpoch{0};
  BatchBuilder builder(fields);
  EXPECT_TRUE(Add(builder, {"k1", "v1", {}, 1700000000000}));
  EXPECT_TRUE(
      Add(builder, {std::nullopt, "hello", {{"h", "x"}}, 1700000000005}));
  EXPECT_TRUE(Add(builder, {"k1", std::nullopt, {}, 1700000000003}));

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->bytes(), FromHex(kThreeRecords));
}

TEST(RecordBatch, TheLeaderEpochIsNotCoveredByTheCrc) {
  std::string bytes = FromHex(kThreeRecords);
  StoreBig<int32_t>(bytes.data() + 12, -1);
  StoreBig<int64_t>(bytes.data(), 77);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{-1});
  EXPECT_EQ(batch->base_offset(), Offset{77});
}

TEST(RecordBatch, ReadsACommitMarker) {
  const std::string bytes = FromHex(kCommitMarker);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_TRUE(batch->is_control());
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_EQ(batch->base_offset(), Offset{42});
  EXPECT_EQ(batch->producer_id(), ProducerId{7});
  EXPECT_EQ(batch->producer_epoch(), 3);
  const auto records = ReadAll(*batch);
  ASSERT_THAT(records, test::IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(ParseControlKey(*(*records)[0].key),
              test::IsOkAndHolds(ControlType::kCommit));
}

TEST(RecordBatch, ReadsAndBuildsABatchThatCompactionEmptied) {
  const std::string bytes = FromHex(kEmptiedBatch);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->record_count(), 0);
  EXPECT_EQ(batch->next_offset(), Offset{15});
  EXPECT_THAT(ReadAll(*batch), test::IsOkAndHolds(IsEmpty()));

  BatchFields fields;
  fields.base_offset = Offset{10};
  fields.leader_epoch = LeaderEpoch{0};
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  fields.base_sequence = 0;
  fields.last_offset_delta = 4;
  fields.max_timestamp = batch->max_timestamp();
  BatchBuilder builder(fields);
  const auto built = builder.Finish();
  ASSERT_THAT(built, test::IsOk());
  EXPECT_EQ(built->bytes(), bytes);
}

TEST(RecordBatch, RefusesFormatsThatKafkaDropped) {
  std::string bytes = FromHex(kThreeRecords);
  for (const char magic : {0, 1}) {
    bytes[16] = magic;
    const auto batch = RecordBatch::Parse(bytes);
    EXPECT_THAT(batch, test::HasReason(Reason::kUnsupportedFormat));
    // An old message set is shorter than a header of ours.
    EXPECT_THAT(RecordBatch::Parse(std::string_view(bytes).substr(0, 34)),
                test::HasReason(Reason::kUnsupportedFormat));
  }
}

TEST(RecordBatch, RefusesWhatIsCutOffAtAnyByte) {
  const std::string bytes = FromHex(kThreeRecords);
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    const std::string front = bytes.substr(0, size);
    EXPECT_THAT(RecordBatch::Parse(front),
                test::HasReason(Reason::kCorruptBatch));
  }
}

TEST(RecordBatch, RefusesAnyFlippedBitThatTheCrcCovers) {
  const std::string good = FromHex(kThreeRecords);
  for (size_t bit = 17 * 8; bit < good.size() * 8; ++bit) {
    SCOPED_TRACE(bit);
    std::string bytes = good;
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_THAT(RecordBatch::Parse(bytes),
                test::HasReason(Reason::kCorruptBatch));
  }
}

TEST(RecordBatch, RefusesHeadersThatContradictThemselves) {
  const std::string good = FromHex(kThreeRecords);
  const auto with = [&](int at, int width, int64_t value) {
    std::string bytes = good;
    if (width == 2) StoreBig<int16_t>(bytes.data() + at, value);
    if (width == 4) StoreBig<int32_t>(bytes.data() + at, value);
    if (width == 8) StoreBig<int64_t>(bytes.data() + at, value);
    FixCrc(bytes);
    return ReasonOf(RecordBatch::Parse(bytes).status());
  };
  EXPECT_EQ(with(0, 8, -1), Reason::kCorruptBatch);  // base offset
  EXPECT_EQ(with(0, 8, INT64_MAX - 1), Reason::kCorruptBatch);
  EXPECT_EQ(with(23, 4, -1), Reason::kCorruptBatch);  // last delta
  EXPECT_EQ(with(57, 4, -1), Reason::kCorruptBatch);  // count
  EXPECT_EQ(with(57, 4, 4), Reason::kCorruptBatch);
  EXPECT_EQ(with(21, 2, 5), Reason::kUnsupportedCodec);
  EXPECT_EQ(with(57, 4, 3), Reason::kNone);
}

TEST(RecordBatch, ABatchMayBeFollowedByOthers) {
  const std::string one = FromHex(kThreeRecords);
  const std::string both = one + FromHex(kCommitMarker);
  const auto batch = RecordBatch::Parse(both);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->bytes(), one);
}

TEST(RecordReader, RefusesRecordsThatLeaveTheirBatch) {
  const std::string good = FromHex(kThreeRecords);
  // Every byte of the records, set to every value, with a CRC that is right:
  // whatever comes out, it comes without reading outside.
  int refused = 0;
  for (size_t at = kBatchHeaderBytes; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      FixCrc(bytes);
      const auto batch = RecordBatch::Parse(bytes);
      ASSERT_THAT(batch, test::IsOk());
      const auto records = ReadAll(*batch);
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
  Add(builder, {"a", "1", {}, 5});
  Add(builder, {"b", "2", {}, 7});

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  const auto records = ReadAll(*batch);
  ASSERT_THAT(records, test::IsOkAndHolds(SizeIs(2)));
  EXPECT_EQ((*records)[0].timestamp, 999);
  EXPECT_EQ((*records)[1].timestamp, 999);
}

TEST(RecordReader, ADeleteHorizonTakesThePlaceOfTheBaseTimestamp) {
  BatchFields fields;
  fields.delete_horizon = Timestamp{1000};
  BatchBuilder builder(fields);
  Add(builder, {"a", std::nullopt, {}, 5});

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_TRUE(batch->has_delete_horizon());
  EXPECT_EQ(batch->base_timestamp(), Timestamp{1000});
  const OwnedRecord tombstone{"a", std::nullopt, {}, 5, 0};
  EXPECT_THAT(ReadAll(*batch), test::IsOkAndHolds(ElementsAre(tombstone)));
}

TEST(BatchBuilder, AFullBatchTakesNoMoreAndTheNextOneDoes) {
  BatchBuilder builder({}, 100);
  EXPECT_TRUE(Add(builder, {std::nullopt, std::string(1000, 'x')}));
  EXPECT_FALSE(Add(builder, {std::nullopt, "y"}));
  ASSERT_THAT(builder.Finish(), test::IsOk());
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(Add(builder, {std::nullopt, "y"}));
  EXPECT_TRUE(Add(builder, {std::nullopt, "z"}));
}

TEST(ValidateRecords, TakesWhatABuilderMakes) {
  BatchBuilder builder;
  Add(builder, {"a", "1", {}, 5});
  Add(builder, {"b", "2", {}, 3});
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_THAT(ValidateRecords(*batch, {.keys_required = true}), test::IsOk());
}

TEST(ValidateRecords, RefusesWhatTheRulesForbid) {
  BatchBuilder builder;
  Add(builder, {std::nullopt, "1", {}, 5});
  Add(builder, {"b", "2", {}, 30});
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_THAT(ValidateRecords(*batch, {.keys_required = true}),
              test::HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(ValidateRecords(*batch, {.latest = Timestamp{29}}),
              test::HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(ValidateRecords(*batch, {.earliest = Timestamp{6}}),
              test::HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(ValidateRecords(
                  *batch, {.earliest = Timestamp{5}, .latest = Timestamp{30}}),
              test::IsOk());
}

TEST(ValidateRecords, RefusesGapsAndAWrongLargestTimestamp) {
  BatchBuilder gaps;
  ASSERT_TRUE(gaps.AddAt(0, {"a", "1"}));
  ASSERT_TRUE(gaps.AddAt(2, {"b", "2"}));
  const auto with_gap = gaps.Finish();
  ASSERT_THAT(with_gap, test::IsOk());
  EXPECT_THAT(ValidateRecords(*with_gap),
              test::HasReason(Reason::kInvalidRecord));

  BatchFields fields;
  fields.max_timestamp = Timestamp{6};
  BatchBuilder lies(fields);
  Add(lies, {"a", "1", {}, 5});
  const auto lying = lies.Finish();
  ASSERT_THAT(lying, test::IsOk());
  EXPECT_THAT(ValidateRecords(*lying), test::HasReason(Reason::kInvalidRecord));
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
    std::vector<OwnedRecord> written;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 0; i < count; ++i) {
      OwnedRecord record{MaybeBytes(random, 30), MaybeBytes(random, 3000)};
      for (unsigned h = random() % 4; h > 1; --h) {
        record.headers.emplace_back(RandomBytes(random, 10),
                                    MaybeBytes(random, 100));
      }
      record.timestamp =
          random() % 5 == 0 ? -1 : static_cast<int64_t>(random()) * 1000;
      record.offset = 1'000'000 + i;
      ASSERT_TRUE(Add(builder, record));
      written.push_back(std::move(record));
    }

    const auto built = builder.Finish();
    ASSERT_THAT(built, test::IsOk());
    const auto batch = RecordBatch::Parse(built->bytes());
    ASSERT_THAT(batch, test::IsOk());
    EXPECT_EQ(batch->codec(), GetParam());
    ASSERT_THAT(ReadAll(*batch), test::IsOkAndHolds(written));
    ASSERT_THAT(ValidateRecords(*batch), test::IsOk());
  }
}

TEST_P(EveryCodec, AFlippedBitUnderARightCrcNeverGetsOutOfHand) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  BatchFields fields;
  fields.codec = GetParam();
  BatchBuilder builder(fields);
  for (int i = 0; i < 50; ++i) {
    Add(builder, {RandomBytes(random, 20), RandomBytes(random, 200)});
  }
  const auto built = builder.Finish();
  ASSERT_THAT(built, test::IsOk());
  const std::string good(built->bytes());
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good;
    const size_t at =
        kBatchHeaderBytes + random() % (bytes.size() - kBatchHeaderBytes);
    bytes[at] ^= static_cast<char>(1 << (random() % 8));
    FixCrc(bytes);
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
  ASSERT_TRUE(Add(builder, {"bomb", std::string(10 << 20, '\0')}));
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
