#include "engine/client/outgoing_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;

constexpr size_t kRoom = 1 << 10;

OutgoingBatch BatchOf(const std::vector<std::string>& values) {
  OutgoingBatch batch({}, kRoom, /*number=*/3, absl::Seconds(1));
  const Header header{"h", "1"};
  for (const std::string& value : values) {
    AwaitedRecord awaited;
    awaited.done = [](const absl::StatusOr<Delivery>&) {};
    EXPECT_TRUE(batch.Add({.key = "k",
                           .value = value,
                           .headers = {&header, 1},
                           .timestamp = {1000}},
                          &awaited));
  }
  batch.Seal();
  return batch;
}

std::vector<std::string> ValuesOf(const RecordBatch& batch) {
  std::vector<std::string> values;
  RecordReader reader;
  EXPECT_THAT(reader.Open(batch), IsOk());
  RecordView record;
  while (reader.Next(&record)) {
    EXPECT_EQ(record.headers.size(), 1);
    values.emplace_back(*record.value);
  }
  EXPECT_THAT(reader.status(), IsOk());
  return values;
}

TEST(OutgoingBatch, IsTheSameBytesHoweverOftenItIsBuilt) {
  OutgoingBatch batch = BatchOf({"a", "b"});
  const Identity identity{ProducerId{7}, 0, 40};

  const auto first = batch.Build(identity);
  ASSERT_THAT(first, IsOk());
  const std::string bytes(first->bytes());
  EXPECT_EQ(first->base_sequence(), 40);
  EXPECT_EQ(first->producer_id(), ProducerId{7});

  EXPECT_EQ(batch.Build(identity)->bytes(), bytes);
}

TEST(OutgoingBatch, HoldsTheSameRecordsAsAnotherProducers) {
  OutgoingBatch batch = BatchOf({"a", "b"});
  ASSERT_THAT(batch.Build({ProducerId{7}, 0, 40}), IsOk());

  const auto again = batch.Build({ProducerId{8}, 0, 0});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->producer_id(), ProducerId{8});
  EXPECT_EQ(again->base_sequence(), 0);
  EXPECT_THAT(ValuesOf(*again), ElementsAre("a", "b"));
}

TEST(OutgoingBatch, SplitsWhateverTimesItsRecordsHave) {
  // From the first record most times differ by nothing, and from the first one
  // of the second half by as much as they can.
  constexpr Timestamp kLate{int64_t{1} << 62};
  const auto fill = [&](OutgoingBatch& batch, int early) {
    for (int i = 0;; ++i) {
      const Timestamp time = i == early ? Timestamp{0} : kLate;
      if (!batch.Add({.timestamp = time}, nullptr)) return batch.records();
    }
  };
  OutgoingBatch probe({}, kRoom, /*number=*/3, absl::Seconds(1));
  const int half = fill(probe, 1) / 2;
  OutgoingBatch batch({}, kRoom, /*number=*/3, absl::Seconds(1));
  ASSERT_EQ(fill(batch, half) / 2, half);
  batch.Seal();
  ASSERT_THAT(batch.Build({}), IsOk());
  auto second = batch.SplitOff();
  ASSERT_THAT(second, IsOk());
  ASSERT_THAT(second->Build({}), IsOk());
  EXPECT_GT(second->Build({})->bytes().size(), kRoom);
}

TEST(OutgoingBatch, SaysAgainWhyItCannotBeBuilt) {
  BatchFields fields;
  fields.codec = Codec::kGzip;
  fields.codec_level = 99;
  OutgoingBatch batch(fields, kRoom, /*number=*/3, absl::Seconds(1));
  ASSERT_TRUE(batch.Add({.value = "v", .timestamp = {1000}}, nullptr));
  batch.Seal();
  const auto first = batch.Build({});
  EXPECT_FALSE(first.ok());
  EXPECT_FALSE(batch.is_built());
  EXPECT_EQ(batch.Build({}).status(), first.status());
}

TEST(OutgoingBatch, TakesNothingOnceItIsSealed) {
  OutgoingBatch batch = BatchOf({"a"});
  AwaitedRecord awaited;
  EXPECT_FALSE(batch.Add({.value = "b"}, &awaited));
  EXPECT_EQ(batch.records(), 1);
}

TEST(OutgoingBatch, LeavesItsMemoryToAnother) {
  OutgoingBatch batch = BatchOf({"a", "b"});
  ASSERT_THAT(batch.Build({ProducerId{7}, 0, 40}), IsOk());
  auto memory = batch.TakeMemory();
  ASSERT_TRUE(memory.has_value());

  OutgoingBatch next({}, kRoom, /*number=*/4, absl::Seconds(2));
  next.UseMemory(*std::move(memory));
  ASSERT_TRUE(next.Add({.value = "c", .timestamp = {2000}}, nullptr));
  next.Seal();
  const auto built = next.Build({});
  ASSERT_THAT(built, IsOk());
  OutgoingBatch fresh({}, kRoom, /*number=*/4, absl::Seconds(2));
  ASSERT_TRUE(fresh.Add({.value = "c", .timestamp = {2000}}, nullptr));
  fresh.Seal();
  EXPECT_EQ(built->bytes(), fresh.Build({})->bytes());
}

TEST(OutgoingBatch, LeavesNoMoreMemoryThanABatchIsToTake) {
  OutgoingBatch large({}, kRoom, /*number=*/3, absl::Seconds(1));
  ASSERT_TRUE(large.Add(
      {.value = std::string(2 * kRoom, 'v'), .timestamp = {1000}}, nullptr));
  large.Seal();
  ASSERT_THAT(large.Build({}), IsOk());
  EXPECT_FALSE(large.TakeMemory().has_value());

  OutgoingBatch split = BatchOf({"a", "b"});
  ASSERT_THAT(split.Build({}), IsOk());
  ASSERT_THAT(split.SplitOff(), IsOk());
  EXPECT_FALSE(split.TakeMemory().has_value());
}

TEST(OutgoingBatch, SplitsInItsOrderWithWhoeverWaits) {
  OutgoingBatch batch = BatchOf({"a", "b", "c", "d", "e"});
  ASSERT_THAT(batch.Build({ProducerId{7}, 0, 0}), IsOk());

  auto second = batch.SplitOff();
  ASSERT_THAT(second, IsOk());

  const auto front = batch.Build({ProducerId{7}, 0, 0});
  ASSERT_THAT(front, IsOk());
  EXPECT_THAT(ValuesOf(*front), ElementsAre("a", "b"));
  const auto back = second->Build({ProducerId{7}, 0, 2});
  ASSERT_THAT(back, IsOk());
  EXPECT_THAT(ValuesOf(*back), ElementsAre("c", "d", "e"));
  EXPECT_EQ(batch.awaited.size(), 2u);
  ASSERT_EQ(second->awaited.size(), 3u);
  EXPECT_EQ(second->awaited.front().delta, 0);
  EXPECT_EQ(second->awaited.back().delta, 2);
  EXPECT_TRUE(second->is_sealed());
}

TEST(OutgoingBatch, CountsSequencesAroundAsKafkaDoes) {
  EXPECT_EQ(SequenceBehind(0, 5), 5);
  EXPECT_EQ(SequenceBehind(INT32_MAX, 1), 0);
  EXPECT_EQ(SequenceBehind(INT32_MAX - 1, 4), 2);
}

}  // namespace
}  // namespace cauce
