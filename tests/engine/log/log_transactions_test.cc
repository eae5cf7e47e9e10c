#include "engine/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LogTransactionsTest : public test::LogFixture {
 protected:
  LogTransactionsTest() { config().flush = FlushPolicy::kOs; }

  absl::StatusOr<AppendResult> Send(const OwnedBatch& batch) {
    return log().Append(batch.view(), {});
  }
  // Where its marker stands.
  Offset End(const TransactionEnd& end) {
    const auto result = log().EndTransaction(end, {});
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, LogTransactionsTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogTransactionsTest, OlderCoordinatorsAreFenced) {
  Open();
  TestProducer producer(7);
  ASSERT_THAT(Send(producer.InTransaction({"a"})), IsOk());
  End(producer.Commit(5));

  EXPECT_THAT(log().EndTransaction(producer.Commit(4), {}),
              HasReason(Reason::kCoordinatorFenced));
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(log().EndTransaction(producer.Commit(4), {}),
              HasReason(Reason::kCoordinatorFenced));
  EXPECT_EQ(log().log_end(), Offset{2});
}

TEST_P(LogTransactionsTest, AMarkerThatComesAgainDoesNotEndTheNextTransaction) {
  Open();
  ASSERT_THAT(Send(TestProducer(7, 0).InTransaction({"a"})), IsOk());
  TransactionEnd end = TestProducer(7, 1).Commit();
  end.transaction_version = 2;
  EXPECT_EQ(End(end), Offset{1});
  ASSERT_THAT(Send(TestProducer(7, 1).InTransaction({"b"})), IsOk());

  EXPECT_THAT(log().EndTransaction(end, {}),
              HasReason(Reason::kInvalidProducerEpoch));
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(log().EndTransaction(end, {}),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{2}));
}

TEST_P(LogTransactionsTest, MarkersComeFromTheCoordinatorAlone) {
  Open();
  EXPECT_THAT(Send(test::ControlBatch()), HasReason(Reason::kInvalidRecord));
  for (const TransactionEnd& end :
       {TransactionEnd{{-1}, 0, 0, TransactionOutcome::kCommit},
        TransactionEnd{{7}, -1, 0, TransactionOutcome::kCommit},
        TransactionEnd{{7}, 0, -1, TransactionOutcome::kCommit},
        TransactionEnd{{7}, 0, 0, TransactionOutcome::kCommit, -1},
        TransactionEnd{{7}, 0, 0, static_cast<TransactionOutcome>(2)}}) {
    EXPECT_THAT(log().EndTransaction(end, {}),
                HasReason(Reason::kInvalidRecord));
  }
}

TEST_P(LogTransactionsTest, TheLastStableOffsetStaysWhereATransactionBegan) {
  Open();
  TestProducer one(1);
  TestProducer two(2);
  Append({"plain"});
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{1}));
  ASSERT_THAT(Send(one.InTransaction({"a"})), IsOk());
  ASSERT_THAT(Send(two.InTransaction({"b"})), IsOk());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{1}));

  End(one.Commit());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{2}));
  End(two.Abort());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{5}));
}

TEST_P(LogTransactionsTest, AMarkerThatNobodySeesDecidesNothing) {
  config().flush = FlushPolicy::kGroup;
  Open();
  TestProducer producer(1);
  ASSERT_THAT(Send(producer.InTransaction({"a"})), IsOk());
  ASSERT_THAT(log().EndTransaction(producer.Commit(), kWritten), IsOk());

  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{2}));
}

TEST_P(LogTransactionsTest, MarkersThatNobodyWaitsForShareASync) {
  config().flush = FlushPolicy::kGroup;
  Open();
  TestProducer one(1);
  TestProducer two(2);
  ASSERT_THAT(Send(one.InTransaction({"a"})), IsOk());
  ASSERT_THAT(Send(two.InTransaction({"b"})), IsOk());
  const int syncs = Syncs();
  std::vector<absl::StatusOr<AppendResult>> told;
  const auto tell = [&told](const absl::StatusOr<AppendResult>& result) {
    told.push_back(result);
  };

  log().EndTransactionAsync(one.Commit(), {}, tell);
  log().EndTransactionAsync(two.Abort(), {}, tell);
  log().EndTransactionAsync({{-1}, 0, 0, TransactionOutcome::kCommit}, {},
                            tell);
  ASSERT_THAT(told, ElementsAre(HasReason(Reason::kInvalidRecord)));
  ASSERT_THAT(log().Flush(), IsOk());
  log().EndTransactionAsync(one.Commit(), kWritten, tell);

  ASSERT_THAT(told, SizeIs(4));
  for (const size_t i : {1, 2}) {
    ASSERT_THAT(told[i], IsOk());
    EXPECT_EQ(told[i]->base, Offset{static_cast<int64_t>(i) + 1});
  }
  EXPECT_EQ(Syncs(), syncs + 1);
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{4}));
}

TEST_P(LogTransactionsTest, TheEndOfNothingStandsInTheLogAndDecidesNothing) {
  Open();
  TestProducer producer(1);
  EXPECT_EQ(End(producer.Abort()), Offset{0});

  EXPECT_EQ(log().log_end(), Offset{1});
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{1}));
  EXPECT_THAT(Values(), IsOkAndHolds(IsEmpty()));
}

TEST_P(LogTransactionsTest, TheLastStableOffsetIsNotBelowTheLogsStart) {
  Open();
  TestProducer producer(1);
  ASSERT_THAT(Send(producer.InTransaction({"a"})), IsOk());
  for (int i = 0; i < 4; ++i) Append({"plain"});

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{3}), IsOk());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{3}));
}

TEST_P(LogTransactionsTest, ReadersOfTheFilesLearnWhatIsDecidedByThen) {
  Open();
  TestProducer producer(1);
  ASSERT_THAT(Send(producer.InTransaction({"a"})), IsOk());
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{0}));

  const Offset marker = End(producer.Commit());
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{2}));
  // What is taken back decides nothing any more.
  ASSERT_THAT(log().TruncateTo(marker), IsOk());
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{0}));
}

// Its topic was made, and no writer has opened it.
TEST_P(LogTransactionsTest, ReadersOfALogWithoutFilesLearnThatItIsEmpty) {
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  ASSERT_TRUE((*reader)->may_have_gaps());

  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{0}));
  EXPECT_THAT((*reader)->DecidableEnd(), IsOkAndHolds(Offset{0}));
  Open();
  ASSERT_THAT(Send(TestProducer(1).InTransaction({"a"})), IsOk());
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{0}));
  EXPECT_EQ((*reader)->log_end(), Offset{1});
}

TEST_P(LogTransactionsTest, WhoOnlyReadsEndsNoTransaction) {
  Open();
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());

  EXPECT_THAT((*reader)->EndTransaction(TestProducer(1).Commit(), {}),
              HasReason(Reason::kReadOnly));
}

TEST_P(LogTransactionsTest, AClosedLogSaysSo) {
  Open();
  const std::shared_ptr<Log> log = rig_.shared_log();
  ASSERT_THAT(rig_.Close(), IsOk());

  EXPECT_THAT(log->LastStableOffset(), HasReason(Reason::kClosed));
  EXPECT_THAT(log->EndTransaction(TestProducer(1).Commit(), {}),
              HasReason(Reason::kClosed));
}

}  // namespace
}  // namespace cauce
