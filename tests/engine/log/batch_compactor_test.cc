#include "engine/log/batch_compactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::BatchOf;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr Timestamp kTime{1'700'000'000'000};
constexpr Timestamp kHorizon{1'800'000'000'000};

Record Keyed(std::string_view key, std::string_view value,
             int64_t later_ms = 0) {
  return {.key = key, .value = value, .timestamp = {kTime.ms + later_ms}};
}
Record Tombstone(std::string_view key, int64_t later_ms = 0) {
  return {.key = key, .timestamp = {kTime.ms + later_ms}};
}

// What a producer sent, with all that its header can say.
BatchFields FieldsOf(Codec codec = Codec::kNone) {
  BatchFields fields;
  fields.codec = codec;
  fields.leader_epoch = LeaderEpoch{4};
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  fields.base_sequence = 11;
  fields.base_offset = Offset{100};
  return fields;
}

// The offsets whose records stay.
class Staying {
 public:
  explicit Staying(std::set<int64_t> offsets) : offsets_(std::move(offsets)) {}
  void operator()(std::span<StoredRecord> records) const {
    for (StoredRecord& record : records) {
      record.stays = offsets_.contains(record.offset.value);
    }
  }

 private:
  const std::set<int64_t> offsets_;
};

void NeverAsked(std::span<StoredRecord>) { ADD_FAILURE(); }

// The records of `bytes`, which must be a whole batch: offset and value.
std::vector<std::pair<int64_t, std::string>> RecordsIn(std::string_view bytes) {
  std::vector<std::pair<int64_t, std::string>> all;
  const auto batch = RecordBatch::Parse(bytes);
  EXPECT_THAT(batch, IsOk());
  if (!batch.ok()) return all;
  EXPECT_EQ(batch->bytes(), bytes);
  RecordReader reader;
  EXPECT_THAT(reader.Open(*batch), IsOk());
  RecordView record;
  while (reader.Next(&record)) {
    all.emplace_back(record.offset.value, record.value.value_or("(none)"));
  }
  EXPECT_THAT(reader.status(), IsOk());
  return all;
}

void ExpectSameHeader(const RecordBatch& batch, const RecordBatch& before) {
  EXPECT_EQ(batch.base_offset(), before.base_offset());
  EXPECT_EQ(batch.next_offset(), before.next_offset());
  EXPECT_EQ(batch.leader_epoch(), before.leader_epoch());
  EXPECT_EQ(batch.producer_id(), before.producer_id());
  EXPECT_EQ(batch.producer_epoch(), before.producer_epoch());
  EXPECT_EQ(batch.base_sequence(), before.base_sequence());
  EXPECT_EQ(batch.is_transactional(), before.is_transactional());
  EXPECT_EQ(batch.is_control(), before.is_control());
  EXPECT_EQ(batch.timestamp_type(), before.timestamp_type());
}

TEST(BatchCompactor, LeavesABatchAsItIsWhereAllOfItStays) {
  const OwnedBatch batch =
      BatchOf({Keyed("a", "1"), Keyed("b", "2")}, FieldsOf());
  BatchCompactor compactor;
  const auto asked =
      compactor.Compact(batch.view(), {}, kHorizon, Staying({100, 101}));
  ASSERT_THAT(asked, IsOk());
  EXPECT_EQ(asked->fate, BatchFate::kWhole);
  EXPECT_EQ(asked->bytes, batch.bytes());
  EXPECT_EQ(asked->records, 2);
  EXPECT_EQ(asked->max_timestamp, kTime);

  const auto known = compactor.Compact(batch.view(), {.stays_whole = true},
                                       kHorizon, NeverAsked);
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->bytes, batch.bytes());
}

TEST(BatchCompactor, TakesRecordsOutAndChangesNothingElse) {
  for (int codec = 0; codec < kCodecs; ++codec) {
    SCOPED_TRACE(CodecName(static_cast<Codec>(codec)));
    const Header header{.key = "h", .value = "x"};
    Record with_header = Keyed("c", "3", 9);
    with_header.headers = {&header, 1};
    const OwnedBatch batch =
        BatchOf({Keyed("a", "1", 5), Keyed("b", "2", 50), with_header,
                 Keyed("d", "4", 2), Keyed("e", "5", 7)},
                FieldsOf(static_cast<Codec>(codec)));

    BatchCompactor compactor;
    const auto compacted =
        compactor.Compact(batch.view(), {}, kHorizon, Staying({102, 103}));
    ASSERT_THAT(compacted, IsOk());
    EXPECT_EQ(compacted->fate, BatchFate::kRewritten);
    EXPECT_EQ(compacted->records, 2);
    EXPECT_EQ(compacted->max_timestamp, (Timestamp{kTime.ms + 9}));
    EXPECT_THAT(RecordsIn(compacted->bytes),
                ElementsAre(Pair(102, "3"), Pair(103, "4")));
    const auto after = RecordBatch::Parse(compacted->bytes);
    ASSERT_THAT(after, IsOk());
    ExpectSameHeader(*after, batch.view());
    EXPECT_EQ(after->codec(), static_cast<Codec>(codec));
    EXPECT_EQ(after->record_count(), 2);
    EXPECT_EQ(after->max_timestamp(), (Timestamp{kTime.ms + 9}));
    EXPECT_FALSE(after->has_delete_horizon());
    RecordReader reader;
    ASSERT_THAT(reader.Open(*after), IsOk());
    RecordView record;
    ASSERT_TRUE(reader.Next(&record));
    EXPECT_EQ(record.timestamp, (Timestamp{kTime.ms + 9}));
    ASSERT_EQ(record.headers.size(), 1);
    EXPECT_EQ(record.headers.begin()->value, "x");
  }
}

TEST(BatchCompactor, KeepsTheAppendTimeOfWhatStays) {
  BatchFields fields = FieldsOf();
  fields.timestamp_type = TimestampType::kLogAppendTime;
  fields.max_timestamp = Timestamp{kTime.ms + 1000};
  const OwnedBatch batch = BatchOf({Keyed("a", "1"), Keyed("b", "2")}, fields);
  BatchCompactor compactor;
  const auto compacted =
      compactor.Compact(batch.view(), {}, kHorizon, Staying({100}));
  ASSERT_THAT(compacted, IsOk());
  EXPECT_EQ(compacted->max_timestamp, (Timestamp{kTime.ms + 1000}));
  EXPECT_EQ(RecordBatch::Parse(compacted->bytes)->max_timestamp(),
            (Timestamp{kTime.ms + 1000}));
}

TEST(BatchCompactor, DropsABatchOfWhichNothingStays) {
  const OwnedBatch batch = BatchOf({Keyed("a", "1")}, FieldsOf());
  BatchCompactor compactor;
  const auto judged =
      compactor.Compact(batch.view(), {}, kHorizon, Staying({}));
  ASSERT_THAT(judged, IsOk());
  EXPECT_EQ(judged->fate, BatchFate::kDropped);
  EXPECT_EQ(judged->bytes, "");

  const auto discarded = compactor.Compact(
      batch.view(), {.discards_records = true}, kHorizon, NeverAsked);
  ASSERT_THAT(discarded, IsOk());
  EXPECT_EQ(discarded->fate, BatchFate::kDropped);
}

// Kafka writes the same: see the bytes of tests/golden.
TEST(BatchCompactor, LeavesAnEmptyBatchThatTellsOfItsProducer) {
  BatchFields fields = FieldsOf(Codec::kZstd);
  fields.transactional = true;
  const OwnedBatch batch =
      BatchOf({Keyed("a", "1"), Keyed("b", "2", 9)}, fields);
  BatchCompactor compactor;
  const auto emptied = compactor.Compact(batch.view(), {.stays_empty = true},
                                         kHorizon, Staying({}));
  ASSERT_THAT(emptied, IsOk());
  EXPECT_EQ(emptied->fate, BatchFate::kEmptied);
  EXPECT_EQ(emptied->bytes.size(), static_cast<size_t>(kBatchHeaderBytes));
  EXPECT_EQ(emptied->max_timestamp, kNoTimestamp);
  const OwnedBatch left{std::string(emptied->bytes)};
  ExpectSameHeader(left.view(), batch.view());
  EXPECT_EQ(left.view().codec(), Codec::kNone);
  EXPECT_EQ(left.view().record_count(), 0);
  EXPECT_EQ(left.view().base_timestamp(), kNoTimestamp);
  EXPECT_EQ(left.view().max_timestamp(), (Timestamp{kTime.ms + 9}));

  // It stays as it is while it has to, and goes then.
  const auto again = compactor.Compact(left.view(), {.stays_empty = true},
                                       kHorizon, NeverAsked);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->fate, BatchFate::kWhole);
  EXPECT_EQ(again->bytes, left.bytes());
  const auto gone = compactor.Compact(left.view(), {}, kHorizon, NeverAsked);
  ASSERT_THAT(gone, IsOk());
  EXPECT_EQ(gone->fate, BatchFate::kDropped);
}

TEST(BatchCompactor, GivesTombstonesAHorizonTheFirstTimeItMeetsThem) {
  for (int codec = 0; codec < kCodecs; ++codec) {
    SCOPED_TRACE(CodecName(static_cast<Codec>(codec)));
    const Header header{.key = "h", .value = "x"};
    Record with_header = Keyed("c", "3", 9);
    with_header.headers = {&header, 1};
    const OwnedBatch batch =
        BatchOf({Keyed("a", "1", 5), Tombstone("b", 50), with_header},
                FieldsOf(static_cast<Codec>(codec)));
    BatchCompactor compactor;
    const auto first =
        compactor.Compact(batch.view(), {}, kHorizon, Staying({101, 102}));
    ASSERT_THAT(first, IsOk());
    EXPECT_EQ(first->fate, BatchFate::kRewritten);
    EXPECT_EQ(first->records, 2);
    EXPECT_EQ(first->max_timestamp, (Timestamp{kTime.ms + 50}));
    const OwnedBatch met{std::string(first->bytes)};
    ExpectSameHeader(met.view(), batch.view());
    EXPECT_TRUE(met.view().has_delete_horizon());
    EXPECT_EQ(met.view().base_timestamp(), kHorizon);
    EXPECT_EQ(met.view().max_timestamp(), (Timestamp{kTime.ms + 50}));
    RecordReader reader;
    ASSERT_THAT(reader.Open(met.view()), IsOk());
    RecordView record;
    ASSERT_TRUE(reader.Next(&record));
    EXPECT_EQ(record.offset, Offset{101});
    EXPECT_FALSE(record.value.has_value());
    EXPECT_EQ(record.timestamp, (Timestamp{kTime.ms + 50}));
    ASSERT_TRUE(reader.Next(&record));
    EXPECT_EQ(record.timestamp, (Timestamp{kTime.ms + 9}));
    ASSERT_EQ(record.headers.size(), 1);

    // The first horizon holds.
    const auto second = compactor.Compact(
        met.view(), {}, Timestamp{kHorizon.ms + 1}, Staying({101, 102}));
    ASSERT_THAT(second, IsOk());
    EXPECT_EQ(second->fate, BatchFate::kWhole);
    const auto third = compactor.Compact(
        met.view(), {}, Timestamp{kHorizon.ms + 1}, Staying({101}));
    ASSERT_THAT(third, IsOk());
    EXPECT_EQ(RecordBatch::Parse(third->bytes)->base_timestamp(), kHorizon);
    EXPECT_THAT(RecordsIn(third->bytes), ElementsAre(Pair(101, "(none)")));
  }
}

TEST(BatchCompactor, LeavesAMarkerAsItIsUntilItsTransactionIsGone) {
  const OwnedBatch marker = test::ControlBatch();
  BatchCompactor compactor;
  const auto needed =
      compactor.Compact(marker.view(), {}, kHorizon, NeverAsked);
  ASSERT_THAT(needed, IsOk());
  EXPECT_EQ(needed->bytes, marker.bytes());

  const auto idle = compactor.Compact(marker.view(), {.is_idle_marker = true},
                                      kHorizon, NeverAsked);
  ASSERT_THAT(idle, IsOk());
  EXPECT_EQ(idle->fate, BatchFate::kRewritten);
  const OwnedBatch met{std::string(idle->bytes)};
  ExpectSameHeader(met.view(), marker.view());
  EXPECT_EQ(met.view().base_timestamp(), kHorizon);
  const auto waiting = compactor.Compact(met.view(), {.is_idle_marker = true},
                                         kHorizon, NeverAsked);
  ASSERT_THAT(waiting, IsOk());
  EXPECT_EQ(waiting->bytes, met.bytes());
}

TEST(BatchCompactor, TellsOfRecordsThatCannotBeDecoded) {
  const OwnedBatch batch =
      BatchOf({Keyed("a", "1"), Keyed("b", "2")}, FieldsOf());
  const OwnedBatch bad = batch.With([](std::string& bytes) {
    bytes[layout::kRecords] = 120;  // the first record's length
  });
  BatchCompactor compactor;
  EXPECT_THAT(compactor.Compact(bad.view(), {}, kHorizon, Staying({100})),
              HasReason(Reason::kInvalidRecord));
}

TEST(BatchCompactor, KeepsExactlyWhatStaysOfAnyBatch) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  BatchCompactor compactor;
  for (int round = 0; round < 500; ++round) {
    BatchFields fields = FieldsOf(static_cast<Codec>(random() % kCodecs));
    BatchBuilder builder(fields, 1 << 20);
    std::vector<std::pair<int64_t, std::string>> expected;
    std::set<int64_t> staying;
    int32_t delta = 0;
    for (uint64_t i = 0, count = 1 + random() % 40; i < count; ++i) {
      delta += static_cast<int32_t>(random() % 3);
      const std::string value(random() % 200, 'v');
      const bool tombstone = random() % 8 == 0;
      Record record = Keyed("key", value, static_cast<int64_t>(random() % 99));
      if (tombstone) record.value = std::nullopt;
      ASSERT_TRUE(builder.AddAt(delta, record));
      if (random() % 2 == 0) {
        staying.insert(100 + delta);
        expected.emplace_back(100 + delta, tombstone ? "(none)" : value);
      }
      ++delta;
    }
    const auto built = builder.Finish();
    ASSERT_THAT(built, IsOk());
    const auto compacted = compactor.Compact(*built, {.stays_empty = true},
                                             kHorizon, Staying(staying));
    ASSERT_THAT(compacted, IsOk());
    EXPECT_EQ(RecordsIn(compacted->bytes), expected);
    EXPECT_EQ(compacted->records, static_cast<int32_t>(expected.size()));
    ExpectSameHeader(*RecordBatch::Parse(compacted->bytes), *built);
  }
}

}  // namespace
}  // namespace cauce
