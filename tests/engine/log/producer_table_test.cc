#include "engine/log/producer_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/producer_state.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

ProducedBatch Sent(int64_t producer, int32_t sequence, int64_t base) {
  return {.producer_id = {producer},
          .epoch = 0,
          .base_sequence = sequence,
          .base = {base},
          .max_timestamp = {1000 + base}};
}

ProducedBatch InTransaction(ProducedBatch batch) {
  batch.is_transactional = true;
  return batch;
}

EndMarker End(int64_t producer, int64_t offset, TransactionOutcome outcome) {
  return {.end = {.producer_id = {producer},
                  .producer_epoch = 0,
                  .coordinator_epoch = 0,
                  .outcome = outcome},
          .offset = {offset},
          .timestamp = {1000 + offset}};
}

constexpr auto kAbort = TransactionOutcome::kAbort;
constexpr auto kCommit = TransactionOutcome::kCommit;

TEST(ProducerTable, KeepsProducersApart) {
  ProducerTable table;
  table.Take(Sent(1, 0, 0));
  table.Take(Sent(2, 10, 1));

  EXPECT_THAT(table.Check(Sent(1, 1, 2)), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(table.Check(Sent(2, 11, 2)), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(table.Check(Sent(1, 11, 2)),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(table.producers(), SizeIs(2));
}

TEST(ProducerTable, KnowsWhoseTransactionHasBeenOpenTheLongest) {
  ProducerTable table;
  EXPECT_EQ(table.OldestOpen(), nullptr);
  table.Take(InTransaction(Sent(2, 0, 10)));
  table.Take(InTransaction(Sent(1, 0, 11)));
  table.Take(InTransaction(Sent(2, 1, 12)));
  table.Take(Sent(3, 0, 13));
  EXPECT_EQ(table.OldestOpen(), table.Find({2}));

  table.Take(End(2, 14, kCommit));
  EXPECT_EQ(table.OldestOpen(), table.Find({1}));
  table.Take(End(1, 15, kAbort));
  EXPECT_EQ(table.OldestOpen(), nullptr);
}

TEST(ProducerTable, TellsOfAnAbortUpToWhereAllHadEnded) {
  ProducerTable table;
  table.Take(InTransaction(Sent(1, 0, 10)));
  table.Take(InTransaction(Sent(2, 0, 11)));
  table.Take(InTransaction(Sent(1, 1, 12)));

  EXPECT_THAT(table.Take(End(1, 13, kAbort)),
              Optional(AbortedTransaction{{1}, {10}, {13}, {11}}));
  EXPECT_THAT(table.Take(End(2, 14, kAbort)),
              Optional(AbortedTransaction{{2}, {11}, {14}, {15}}));
}

TEST(ProducerTable, TellsOfNoAbortWhereThereWasNoneOrNothingToAbort) {
  ProducerTable table;
  table.Take(InTransaction(Sent(1, 0, 10)));

  EXPECT_THAT(table.Take(End(1, 11, kCommit)), Eq(std::nullopt));
  EXPECT_THAT(table.Take(End(1, 12, kAbort)), Eq(std::nullopt));
  EXPECT_THAT(table.Take(End(9, 13, kAbort)), Eq(std::nullopt));
}

TEST(ProducerTable, KeepsTheLastStableOffsetAtTheOldestTransaction) {
  ProducerTable table;
  table.Take(Sent(3, 0, 9));
  table.Take(InTransaction(Sent(1, 0, 10)));
  table.Take(InTransaction(Sent(2, 0, 11)));
  EXPECT_EQ(table.transactions().LastStable(Offset{20}), Offset{10});

  table.Take(End(1, 12, kCommit));
  EXPECT_EQ(table.transactions().LastStable(Offset{20}), Offset{11});
  EXPECT_EQ(table.transactions().LastStable(Offset{12}), Offset{10});
}

TEST(ProducerTable, GoesOnFromASnapshot) {
  ProducerTable before;
  before.Take(InTransaction(Sent(1, 0, 10)));
  before.Take(Sent(2, 4, 11));
  const auto read =
      DecodeProducers(Offset{12}, EncodeProducers(before.producers()));
  ASSERT_THAT(read, IsOk());
  ProducerTable table(*read);

  EXPECT_EQ(table.transactions().LastStable(Offset{20}), Offset{10});
  EXPECT_THAT(table.Check(Sent(2, 5, 12)), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(table.Take(End(1, 12, kAbort)),
              Optional(AbortedTransaction{{1}, {10}, {12}, {13}}));
}

TEST(ProducerTable, ForgetsIdleProducersWithoutAnOpenTransaction) {
  ProducerTable table;
  table.Take(Sent(1, 0, 0));
  table.Take(InTransaction(Sent(2, 0, 1)));
  const absl::Time last = Timestamp{1000}.ToTime();

  table.Expire(last + absl::Hours(24) - absl::Milliseconds(1), absl::Hours(24));
  EXPECT_THAT(table.producers(), SizeIs(2));
  table.Expire(last + absl::Hours(24), absl::Hours(24));
  ASSERT_THAT(table.producers(), SizeIs(1));
  EXPECT_EQ(table.producers().front().id(), ProducerId{2});
  table.Take(End(2, 2, kCommit));
  table.Expire(last + absl::Hours(48), absl::Hours(24));
  EXPECT_TRUE(table.empty());
}

TEST(ProducerTable, LetsNoMoreProducersInThanItMayKeep) {
  ProducerTable table;
  for (int64_t i = 0; i < static_cast<int64_t>(kProducersMax); ++i) {
    table.Take(Sent(i, 0, i));
  }
  const ProducedBatch more = Sent(int64_t{1} << 40, 0, int64_t{1} << 40);

  EXPECT_THAT(table.Check(more), HasReason(Reason::kTooManyProducers));
  EXPECT_THAT(table.Check(End(int64_t{1} << 40, 1, kAbort).end),
              HasReason(Reason::kTooManyProducers));
  EXPECT_THAT(table.Check(Sent(5, 1, int64_t{1} << 40)), IsOk());
  // What stands in a log is taken: half of the others go.
  table.Take(more);
  EXPECT_LT(table.producers().size(), kProducersMax / 2 + 2);
  EXPECT_THAT(table.Check(Sent(more.producer_id.value, 1, 0)), IsOk());
}

}  // namespace
}  // namespace cauce
