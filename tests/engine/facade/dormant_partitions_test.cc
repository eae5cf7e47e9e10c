// Partitions that sleep after a clean stop until they are used: who wakes them,
// and that it is they who wake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/engine/facade/known_partitions_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::kFirst;
using test::KnownPartitions;
using test::OwnedBatch;
using ::testing::ElementsAre;

using DormantPartitions = KnownPartitions;

TEST_F(DormantPartitions, TakeARecordAfterOneOpenAndWithoutARead) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic(
          "orders", {.partitions = 2, .configs = {{"cauce.flush", "os"}}}),
      IsOk());
  Append(0, 4);
  Close();
  Reopen();
  OpenBoth();
  Close();
  Reopen();
  const int opens = Opens();
  const int reads = files_.Count(FileCall::kRead, "");

  Append(0);

  EXPECT_EQ(Opens() - opens, 1);
  EXPECT_EQ(files_.Count(FileCall::kRead, ""), reads);
  ExpectReads(5);
  Close();
  Leaves(test::Left::kWhole);
}

TEST_F(DormantPartitions, RollByTheTimesThatWereNoted) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2,
                                              .configs = {{"segment.ms",
                                                           "36000000"}}}),
              IsOk());
  Append(0);
  Close();
  Reopen();
  OpenBoth();
  Close();
  const auto logs = [&] {
    int count = 0;
    const auto entries = files_.List(kFirst);
    for (const DirectoryEntry& entry : *entries) {
      count += entry.name.ends_with(".log") ? 1 : 0;
    }
    return count;
  };
  Reopen();
  Append(0);
  EXPECT_EQ(logs(), 1);
  clock_.Advance(absl::Hours(10));
  Append(0);
  EXPECT_EQ(logs(), 2);

  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  const auto last = orders->FindByTime(Timestamp::From(clock_.Now()));
  ASSERT_THAT(last, IsOk());
  EXPECT_EQ((*last)->offset, Offset{2});
  ExpectReads(3);
}

TEST_F(DormantPartitions, AreDormantUntilTheyAreUsed) {
  Make();
  Reopen();
  const int opens = Opens();
  const int reads = files_.Count(FileCall::kRead, "");
  const int lists = files_.Count(FileCall::kList, "");
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->name(), (TopicPartition{"orders", PartitionId{0}}));
  EXPECT_EQ(orders->log_start(), Offset{0});
  EXPECT_EQ(orders->log_end(), Offset{4});
  EXPECT_EQ(orders->high_watermark(), Offset{4});
  EXPECT_EQ(orders->durable_end(), Offset{4});
  EXPECT_GT(orders->bytes(), 4 * 61);
  EXPECT_EQ(Opens(), opens);
  EXPECT_EQ(files_.Count(FileCall::kRead, ""), reads);
  EXPECT_EQ(files_.Count(FileCall::kList, ""), lists);

  // What is told of it then is the same.
  const int64_t bytes = orders->bytes();
  const LeaderEpoch epoch = orders->leader_epoch();
  ASSERT_THAT(orders->Flush(), IsOk());
  EXPECT_EQ(orders->bytes(), bytes);
  EXPECT_EQ(orders->leader_epoch(), epoch);
  EXPECT_EQ(orders->log_start(), Offset{0});
  EXPECT_EQ(orders->durable_end(), Offset{4});
}

TEST_F(DormantPartitions, WakeForAllWhoHaveAHandle) {
  Make();
  Reopen();
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  auto second = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(second, IsOk());
  Append(0);
  EXPECT_EQ(first->log_end(), Offset{5});
  EXPECT_EQ(second->log_end(), Offset{5});
  const auto third = engine_->OpenPartition("orders", PartitionId{0});
  EXPECT_EQ(third->log_end(), Offset{5});
}

// The callback comes with the flush that shows less from then on.
TEST_F(DormantPartitions, WakeForACallbackWhereItsTopicIsAltered) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  auto asleep = engine_->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(asleep, IsOk());
  const Record record{.key = "k", .value = "v"};
  const auto batch = test::BatchOf({record});
  int told = 0;
  orders->AppendAsync(batch.view(), {},
                      [&](const absl::StatusOr<AppendResult>& appended) {
                        ++told;
                        EXPECT_THAT(appended, IsOk());
                        EXPECT_THAT(asleep->Append({&record, 1}), IsOk());
                      });
  ASSERT_EQ(told, 0);
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cauce.flush", "os"}}), IsOk());
  ASSERT_THAT(engine_->AlterTopic("orders", {{"cauce.flush", "group"}}),
              IsOk());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(asleep->log_end(), Offset{5});
}

TEST_F(DormantPartitions, AreNotWokenOnceTheEngineIsClosed) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  Close();
  const Record record{.key = "k", .value = "v"};
  EXPECT_THAT(orders->Append({&record, 1}), HasReason(Reason::kClosed));
  EXPECT_THAT(orders->Flush(), HasReason(Reason::kClosed));
  Cursor cursor = orders->Read(Offset{2});
  RecordView view;
  EXPECT_THAT(cursor.Next(&view), HasReason(Reason::kClosed));
  EXPECT_EQ(cursor.position(), Offset{2});
  cursor.Seek(Offset{3});
  EXPECT_EQ(cursor.position(), Offset{3});
  EXPECT_THAT(cursor.SkipDamage(), HasReason(Reason::kClosed));
  EXPECT_EQ(orders->log_end(), Offset{4});
}

// A callback may append, and runs where the topic goes, or the engine.
TEST_F(DormantPartitions, WakeForACallbackOfATopicThatIsDeleted) {
  Make();
  Reopen();
  ASSERT_THAT(engine_->CreateTopic("gone", {}), IsOk());
  auto gone = engine_->OpenPartition("gone", PartitionId{0});
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  const OwnedBatch batch = test::Batch({"v"});
  std::vector<Reason> told;
  gone->AppendAsync(batch.view(), {}, [&](const auto& outcome) {
    told.push_back(ReasonOf(outcome.status()));
    orders->AppendAsync(batch.view(), {.ack = Ack::kWritten},
                        [&](const auto& next) {
                          told.push_back(ReasonOf(next.status()));
                        });
  });
  ASSERT_THAT(engine_->DeleteTopic("gone"), IsOk());
  EXPECT_THAT(told, ElementsAre(Reason::kUnknownTopic, Reason::kNone));
  EXPECT_EQ(orders->log_end(), Offset{5});
}

TEST_F(DormantPartitions, AreNotWokenByACallbackOfAnEngineThatIsClosed) {
  Make();
  Reopen();
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  auto second = engine_->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(second, IsOk());
  const OwnedBatch batch = test::Batch({"v"});
  std::vector<Reason> told;
  first->AppendAsync(batch.view(), {}, [&](const auto& outcome) {
    told.push_back(ReasonOf(outcome.status()));
    second->AppendAsync(batch.view(), {}, [&](const auto& next) {
      told.push_back(ReasonOf(next.status()));
    });
  });
  Close();
  EXPECT_THAT(told, ElementsAre(Reason::kNone, Reason::kClosed));
}

TEST_F(DormantPartitions, OfADeletedTopicAreNotWokenAsThoseOfANewOne) {
  Make();
  Reopen();
  auto old = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(old, IsOk());
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());

  const Record record{.key = "k", .value = "v"};
  EXPECT_THAT(old->Append({&record, 1}), HasReason(Reason::kUnknownTopic));
  Append(0);
  EXPECT_EQ(old->log_end(), Offset{4});
  EXPECT_EQ(engine_->OpenPartition("orders", PartitionId{0})->log_end(),
            Offset{1});
}

TEST_F(DormantPartitions, WakeWithTheConfigsThatTheTopicHasByThen) {
  Make();
  Reopen();
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(engine_->AlterTopic("orders", {{"max.message.bytes", "100"}}),
              IsOk());
  const std::string value(200, 'v');
  const Record record{.key = "k", .value = value};
  EXPECT_THAT(orders->Append({&record, 1}), HasReason(Reason::kBatchTooLarge));
}

TEST_F(DormantPartitions, AreWokenByUpkeepOnceTheyAreOfAge) {
  Make();
  Reopen();
  // Finds out how old they are.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  Close();
  Reopen();
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  const int opens = Opens();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Opens(), opens);

  clock_.Advance(absl::Hours(8 * 24));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(orders->log_start(), Offset{4});
  EXPECT_EQ(orders->log_end(), Offset{4});
}

}  // namespace
}  // namespace cauce
