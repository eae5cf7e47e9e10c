#include "engine/coord/group_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/offset_records.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using test::FakeStateLog;
using test::HasReason;
using test::IsOk;

void Store(FakeStateLog& log, PartitionId partition, std::string key,
           std::optional<std::string> value) {
  log.Append(partition,
             {.records = {{.key = std::move(key), .value = std::move(value)}},
              .transaction = {}},
             [](const auto&) {});
}

constexpr PartitionId kPartition{1};

std::string Group(int32_t generation) {
  GroupMetadataValue value;
  value.generation = generation;
  return EncodeGroupMetadataValue(value);
}

std::string Committed(int64_t offset) {
  OffsetCommitValue value;
  value.offset = Offset{offset};
  return EncodeOffsetCommitValue(value, OffsetCommitValueVersion(value));
}

const OffsetCommitKey kKey = {"g", "t", PartitionId{0}};

TEST(GroupReplay, TakesTheLastValueOfEachKey) {
  FakeStateLog log;
  Store(log, kPartition, EncodeGroupMetadataKey({"g"}), Group(1));
  Store(log, kPartition, EncodeOffsetCommitKey(kKey), Committed(5));
  Store(log, kPartition, EncodeGroupMetadataKey({"g"}), Group(2));
  Store(log, kPartition, EncodeOffsetCommitKey(kKey), Committed(3));

  const auto stored = ReplayGroups(log, kPartition);

  ASSERT_THAT(stored, IsOk());
  ASSERT_THAT(stored->groups, SizeIs(1));
  EXPECT_EQ(stored->groups.at("g").generation, 2);
  ASSERT_NE(stored->offsets.Find(kKey), nullptr);
  EXPECT_EQ(stored->offsets.Find(kKey)->value.offset, Offset{3});
}

TEST(GroupReplay, LeavesOutWhatIsForgotten) {
  FakeStateLog log;
  Store(log, kPartition, EncodeGroupMetadataKey({"g"}), Group(1));
  Store(log, kPartition, EncodeOffsetCommitKey(kKey), Committed(5));
  Store(log, kPartition, EncodeGroupMetadataKey({"g"}), std::nullopt);
  Store(log, kPartition, EncodeOffsetCommitKey(kKey), std::nullopt);

  const auto stored = ReplayGroups(log, kPartition);

  ASSERT_THAT(stored, IsOk());
  EXPECT_THAT(stored->groups, IsEmpty());
  EXPECT_THAT(stored->offsets.Groups(), IsEmpty());
}

TEST(GroupReplay, CountsWhatATransactionCommitsOnceItHasEndedWell) {
  for (const auto outcome :
       {TransactionOutcome::kAbort, TransactionOutcome::kCommit}) {
    FakeStateLog log;
    log.Append(kPartition,
               {.records = {{EncodeOffsetCommitKey(kKey), Committed(5)}},
                .transaction = ProducerInstance{{7}, 0}},
               [](const auto&) {});
    EXPECT_THAT(ReplayGroups(log, kPartition)->offsets.Groups(), IsEmpty());
    log.Write(kPartition, {.producer_id = {7},
                           .producer_epoch = 0,
                           .coordinator_epoch = 0,
                           .outcome = outcome});
    const auto stored = ReplayGroups(log, kPartition);
    ASSERT_THAT(stored, IsOk());
    EXPECT_EQ(stored->offsets.Groups().size(),
              outcome == TransactionOutcome::kCommit ? 1u : 0u);
  }
}

TEST(GroupReplay, BelievesNothingBehindARecordThatCannotBeRead) {
  FakeStateLog log;
  Store(log, kPartition, EncodeGroupMetadataKey({"g"}), "?");
  EXPECT_THAT(ReplayGroups(log, kPartition), HasReason(Reason::kCorruptBatch));
}

TEST(GroupReplay, TakesNothingOfAnotherPartition) {
  FakeStateLog log;
  Store(log, PartitionId{2}, EncodeOffsetCommitKey(kKey), Committed(5));
  EXPECT_THAT(ReplayGroups(log, kPartition)->offsets.Groups(), ElementsAre());
}

}  // namespace
}  // namespace cauce
