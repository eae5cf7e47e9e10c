#include "cauce/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;

class PartitionOf : public ::testing::Test {
 protected:
  PartitionOf() {
    EXPECT_THAT(engine_.CreateTopic("orders", {.partitions = 2}), test::IsOk());
  }

  Engine engine_ = Engine::Open(":memory:").value();
};

TEST_F(PartitionOf, TellsWhichOneItIs) {
  const auto orders = engine_.OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_EQ(orders->name().ToString(), "orders-1");
}

TEST_F(PartitionOf, TwoHandlesSeeOneLog) {
  auto writes = engine_.OpenPartition("orders", PartitionId{0});
  const auto reads = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(writes, test::IsOk());
  ASSERT_THAT(reads, test::IsOk());
  const Record pair[] = {{.key = "a", .value = "1"}, {.key = "b"}};

  const auto appended = writes->Append(pair);
  ASSERT_THAT(appended, test::IsOk());
  EXPECT_EQ(appended->base, Offset{0});
  EXPECT_EQ(appended->next, Offset{2});
  EXPECT_EQ(appended->append_time, std::nullopt);
  EXPECT_EQ(reads->log_end(), Offset{2});
  EXPECT_EQ(reads->high_watermark(), Offset{2});
  EXPECT_EQ(reads->durable_end(), Offset{2});
  EXPECT_EQ(reads->leader_epoch(), LeaderEpoch{0});
  EXPECT_GT(reads->bytes(), kBatchHeaderBytes);
}

TEST_F(PartitionOf, AcknowledgesInMemoryWhatIsWrittenAndShowsIt) {
  // The same with something in the background, which is not asked for a sync.
  test::SimClock clock;
  test::OnTime executor(clock);
  auto engine =
      Engine::Open(":memory:", {.clock = &clock, .executor = &executor});
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  const int scheduled = executor.scheduled();

  std::optional<absl::StatusOr<AppendResult>> told;
  BatchBuilder builder;
  ASSERT_TRUE(builder.Add({.value = "v", .timestamp = Timestamp{0}}));
  orders->AppendAsync(*builder.Finish(), {Ack::kDurable},
                      [&told](auto result) { told = std::move(result); });

  ASSERT_TRUE(told.has_value());
  ASSERT_THAT(*told, test::IsOk());
  EXPECT_EQ(orders->high_watermark(), Offset{1});
  EXPECT_EQ(orders->durable_end(), Offset{1});
  EXPECT_EQ(executor.scheduled(), scheduled);
  ASSERT_THAT(engine->Close(), test::IsOk());
  executor.DropAll();
}

TEST_F(PartitionOf, FindsTheFirstRecordAtOrAfterATime) {
  auto orders = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  for (const int64_t ms : {100, 300, 200, 300}) {
    const Record record{.value = "v", .timestamp = Timestamp{ms}};
    ASSERT_THAT(orders->Append({&record, 1}), test::IsOk());
  }

  const auto found = orders->FindByTime(Timestamp{150});
  ASSERT_THAT(found, test::IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->offset, Offset{1});
  EXPECT_EQ((*found)->timestamp, Timestamp{300});
  const auto behind = orders->FindByTime(Timestamp{301});
  ASSERT_THAT(behind, test::IsOk());
  EXPECT_FALSE(behind->has_value());
}

TEST_F(PartitionOf, CallsBackInTheOrderOfTheAppends) {
  const auto disk = NewMemoryFileSystem();
  auto engine = Engine::Open("/data", {.file_system = disk.get()});
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  std::vector<int64_t> acknowledged;
  BatchBuilder builder;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(builder.Add({.value = "v"}));
    const auto batch = builder.Finish();
    ASSERT_THAT(batch, test::IsOk());
    orders->AppendAsync(*batch, {}, [&](absl::StatusOr<AppendResult> result) {
      ASSERT_THAT(result, test::IsOk());
      EXPECT_GE(orders->durable_end(), result->next);
      acknowledged.push_back(result->base.value);
    });
  }
  EXPECT_THAT(acknowledged, ElementsAre());
  EXPECT_EQ(orders->high_watermark(), Offset{0});

  ASSERT_THAT(orders->Flush(), test::IsOk());
  EXPECT_THAT(acknowledged, ElementsAre(0, 1, 2));
  EXPECT_EQ(orders->high_watermark(), Offset{3});
}

TEST_F(PartitionOf, ForgetsAndCutsWhatItIsTold) {
  auto orders = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  for (int i = 0; i < 5; ++i) {
    const Record record{.value = "v"};
    ASSERT_THAT(orders->Append({&record, 1}), test::IsOk());
  }
  EXPECT_THAT(orders->DeleteRecordsBefore(Offset{2}), test::IsOk());
  EXPECT_EQ(orders->log_start(), Offset{2});
  EXPECT_THAT(orders->TruncateTo(Offset{4}), test::IsOkAndHolds(Offset{4}));
  EXPECT_EQ(orders->log_end(), Offset{4});
  EXPECT_THAT(orders->TruncateTo(Offset{1}),
              test::HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(orders->DeleteRecordsBefore(Offset{5}),
              test::HasReason(Reason::kOffsetOutOfRange));
}

TEST_F(PartitionOf, StaysReadableForAMovedHandle) {
  auto orders = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  Partition moved = *std::move(orders);
  const Record record{.value = "v"};
  EXPECT_THAT(moved.Append({&record, 1}), test::IsOk());
}

TEST_F(PartitionOf, ReadsWhatIsCommittedUpToTheLastStableOffset) {
  auto orders = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  test::TestProducer producer(7);
  ASSERT_THAT(orders->Append(producer.InTransaction({"a"}).view()),
              test::IsOk());
  EXPECT_THAT(orders->LastStableOffset(), test::IsOkAndHolds(Offset{0}));
  Cursor cursor =
      orders->Read(Offset{0}, {.isolation = Isolation::kReadCommitted});
  RecordView record;
  EXPECT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));

  ASSERT_THAT(orders->EndTransaction(producer.Commit()), test::IsOk());
  EXPECT_THAT(orders->LastStableOffset(), test::IsOkAndHolds(Offset{2}));
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.value, "a");
  EXPECT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));
}

TEST_F(PartitionOf, AnswersARetryWithTheFirstAppend) {
  auto orders = engine_.OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  test::TestProducer producer(7);
  const test::OwnedBatch batch = producer.Plain({"a", "b"});
  ASSERT_THAT(orders->Append(batch.view()), test::IsOk());

  const auto again = orders->Append(batch.view());
  ASSERT_THAT(again, test::IsOk());
  EXPECT_EQ(again->base, Offset{0});
  EXPECT_EQ(orders->log_end(), Offset{2});
}

}  // namespace
}  // namespace cauce
