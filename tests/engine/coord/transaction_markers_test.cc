#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/transaction.h"
#include "tests/engine/coord/transaction_rig.h"

namespace cauce {
namespace {

using test::PartitionOf;
using test::TransactionRig;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ProducerInstance kProducer{{1000}, 5};
constexpr ProducerInstance kOfMarkers{{1000}, 6};

// Of partitions t-0 and t-1, whose commit is decided.
TransactionRig Committing() {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Add(kProducer, {PartitionOf(1)}, 2);
  rig.Commit(kProducer, 2);
  return rig;
}

MarkersWrittenEvent Told(TopicPartition partition, MarkerResult result,
                         absl::Status why = absl::OkStatus()) {
  return {.producer = kOfMarkers,
          .results = {{std::move(partition), result, std::move(why)}}};
}

TEST(TransactionMarkers, GoToEveryPartition) {
  TransactionRig rig = Committing();

  ASSERT_EQ(rig.markers().size(), 1);
  EXPECT_THAT(rig.markers()[0].partitions,
              ElementsAre(PartitionOf(0), PartitionOf(1)));
}

TEST(TransactionMarkers, AreAllWrittenBeforeTheTransactionHasEnded) {
  TransactionRig rig = Committing();

  rig.MarkersWritten(Told(PartitionOf(0), MarkerResult::kWritten));
  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareCommit);
  rig.MarkersWritten(Told(PartitionOf(0), MarkerResult::kWritten));
  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareCommit);
  rig.MarkersWritten(Told(PartitionOf(1), MarkerResult::kPartitionGone));

  EXPECT_EQ(rig.status(), TransactionStatus::kCompleteCommit);
}

TEST(TransactionMarkers, ThatWereNotWrittenAreSentAgainAfterAWhile) {
  TransactionRig rig = Committing();
  rig.MarkersWritten(Told(PartitionOf(0), MarkerResult::kWritten));
  rig.MarkersWritten(Told(PartitionOf(1), MarkerResult::kRetry));
  ASSERT_EQ(rig.markers().size(), 1);
  const absl::Duration backoff = TransactionOptions().retry_backoff;
  EXPECT_EQ(rig.wake_at(), rig.now() + backoff);

  rig.Pass(backoff - absl::Milliseconds(1));
  EXPECT_EQ(rig.markers().size(), 1);
  rig.Pass(absl::Milliseconds(1));

  ASSERT_EQ(rig.markers().size(), 2);
  EXPECT_THAT(rig.markers()[1].partitions, ElementsAre(PartitionOf(1)));
  EXPECT_EQ(rig.wake_at(), std::nullopt);
}

TEST(TransactionMarkers, ThatFailAgainAndAgainWaitLongerUpToABound) {
  TransactionRig rig = Committing();
  const TransactionOptions defaults;
  absl::Duration pause = defaults.retry_backoff;
  for (int i = 0; i < 10; ++i) {
    rig.WriteMarkers(MarkerResult::kRetry);
    EXPECT_EQ(rig.wake_at(), rig.now() + pause);
    rig.Pass(pause);
    pause = std::min(pause * 2, defaults.retry_backoff_max);
  }
  EXPECT_EQ(pause, defaults.retry_backoff_max);
  rig.WriteMarkers();
  EXPECT_EQ(rig.status(), TransactionStatus::kCompleteCommit);

  // The next transaction begins with a short one.
  const ProducerInstance next = rig.machine().metadata().producer;
  rig.Add(next, {PartitionOf(0)}, 2);
  rig.Commit(next, 2);
  rig.WriteMarkers(MarkerResult::kRetry);
  EXPECT_EQ(rig.wake_at(), rig.now() + defaults.retry_backoff);
}

TEST(TransactionMarkers, ThatAreRefusedAreNamedToWhoIsToldToTryAgain) {
  TransactionRig rig = Committing();
  EXPECT_EQ(MessageOf(rig.Init().status).find("t-1"), std::string_view::npos);
  rig.MarkersWritten(Told(PartitionOf(0), MarkerResult::kWritten));
  rig.MarkersWritten(
      Told(PartitionOf(1), MarkerResult::kRetry,
           MakeError(Reason::kDiskFull, "no space is left")));

  const absl::Status told = rig.Init().status;

  EXPECT_EQ(ReasonOf(told), Reason::kConcurrentTransactions);
  EXPECT_NE(MessageOf(told).find("t-1"), std::string_view::npos);
  EXPECT_NE(MessageOf(told).find("no space is left"), std::string_view::npos);
}

TEST(TransactionMarkers, ThatCannotBeWrittenEndTheWaitForThem) {
  TransactionRig rig = Committing();
  rig.WriteMarkers(MarkerResult::kRetry);
  rig.MarkersWritten(Told(PartitionOf(1), MarkerResult::kStuck,
                          MakeError(Reason::kDiskFailed, "no disk")));

  for (const absl::Status& told :
       {rig.Init().status, rig.Commit(kProducer, 2).status,
        rig.Add(kOfMarkers, {PartitionOf(0)}, 2).status}) {
    EXPECT_EQ(ReasonOf(told), Reason::kDiskFailed);
    EXPECT_NE(MessageOf(told).find("t-1"), std::string_view::npos);
  }
  // They are tried again all the same, as where the topic is deleted.
  rig.Pass(TransactionOptions().retry_backoff);
  rig.WriteMarkers(MarkerResult::kPartitionGone);
  EXPECT_EQ(rig.status(), TransactionStatus::kCompleteCommit);
  EXPECT_TRUE(rig.Init().status.ok());
}

TEST(TransactionMarkers, OfAnotherTransactionAreNotCounted) {
  TransactionRig rig = Committing();
  MarkersWrittenEvent other = Told(PartitionOf(0), MarkerResult::kWritten);
  other.results.push_back({PartitionOf(1), MarkerResult::kWritten});
  other.producer = kProducer;

  rig.MarkersWritten(other);

  EXPECT_EQ(rig.machine().Describe().partitions.size(), 2);
}

TEST(TransactionMarkers, ThatAreWrittenAreSaidAgainUntilThatIsDurable) {
  TransactionRig rig = Committing();
  rig.Hold();
  rig.WriteMarkers();
  rig.Fail(Reason::kDiskFull);
  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareCommit);

  rig.Pass(TransactionOptions().retry_backoff);
  rig.Append();

  EXPECT_EQ(rig.status(), TransactionStatus::kCompleteCommit);
  EXPECT_THAT(rig.markers(), IsEmpty());
}

}  // namespace
}  // namespace cauce
