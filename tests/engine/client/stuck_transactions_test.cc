// Transactions that are decided, and cannot end in one of their partitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "tests/engine/client/transaction_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kFirstLog[] = "orders-0/00000000000000000000.log";

class StuckTransactions : public test::TransactionRig,
                          public ::testing::WithParamInterface<int> {
 protected:
  void OpenSo() { Open(nullptr, GetParam()); }
  // A producer of which one is committed in the first partition, which takes
  // nothing any more before its marker is durable there.
  std::unique_ptr<Producer> CommittedOnADyingDisk() {
    auto producer = Initialized();
    BeginWith(*producer, "a");
    files_.Fail(FileCall::kSync, kFirstLog,
                MakeError(Reason::kDiskFailed, "the device is gone"));
    EXPECT_THAT(producer->CommitTransaction(), IsOk());
    return producer;
  }
};

INSTANTIATE_TEST_SUITE_P(Threads, StuckTransactions, ::testing::Values(0, 1),
                         [](const auto& threads) {
                           return threads.param == 0 ? "InTheCall"
                                                     : "OnAThread";
                         });

TEST_P(StuckTransactions, AreToldAtOnceWithThePartitionToWhoComesNext) {
  OpenSo();
  const auto producer = CommittedOnADyingDisk();

  const absl::Status told = NewProducer()->InitTransactions();

  EXPECT_THAT(told, HasReason(Reason::kDiskFailed));
  EXPECT_THAT(MessageOf(told), HasSubstr("orders-0"));
  EXPECT_THAT(MessageOf(told), HasSubstr("open the log again"));
  // So is the one that has the id.
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(Send(*producer, "b", 1), IsOk());
  EXPECT_THAT(producer->CommitTransaction(), HasReason(Reason::kDiskFailed));
}

TEST_P(StuckTransactions, EndOnceTheLogIsOpenedAgain) {
  OpenSo();
  CommittedOnADyingDisk();
  files_.Mend();
  OpenSo();

  const auto next = Initialized();

  EXPECT_THAT(Committed(), ElementsAre("a"));
  BeginWith(*next, "b", 1);
  EXPECT_THAT(next->CommitTransaction(), IsOk());
}

TEST_P(StuckTransactions, EndOnceTheTopicIsDeleted) {
  OpenSo();
  CommittedOnADyingDisk();
  MakeAnew();
  files_.Mend();

  // Until its marker is tried once more.
  absl::Status begun = NewProducer()->InitTransactions();
  while (ReasonOf(begun) == Reason::kDiskFailed)
    begun = NewProducer()->InitTransactions();

  EXPECT_THAT(begun, IsOk());
}

class FullPartition : public test::TransactionRig {};

TEST_F(FullPartition, IsNamedToWhoHasWaitedInVainForATransactionsEnd) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  files_.Fail(FileCall::kWrite, kFirstLog,
              MakeError(Reason::kDiskFull, "no space is left"));
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  const auto next = client_->NewProducer({.block_max = absl::Milliseconds(1),
                                          .transactional_id = "x"});
  ASSERT_THAT(next, IsOk());

  const absl::Status told = (*next)->InitTransactions();

  EXPECT_THAT(told, HasReason(Reason::kTimedOut));
  EXPECT_THAT(MessageOf(told), HasSubstr("orders-0"));
  EXPECT_THAT(MessageOf(told), HasSubstr("no space is left"));
  files_.Mend();
  Initialized();
  EXPECT_THAT(Committed(), ElementsAre("a"));
}

class MarkersInTheCall : public test::TransactionRig {};

// On threads the tasks that write come before those that sync, or beside them.
TEST_F(MarkersInTheCall, HoldUpNoOtherPartition) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  ASSERT_THAT(Send(*producer, "b", 1), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());
  const auto written = [this] {
    return files_.Count(FileCall::kWrite, "orders-1/00000000000000000000.log");
  };
  const int before = written();
  std::optional<int> at_first_sync;
  files_.set_during(FileCall::kSync, kFirstLog, [&] {
    if (!at_first_sync) at_first_sync = written() - before;
  });

  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  Initialized();
  files_.Mend();

  EXPECT_EQ(at_first_sync, 1) << "written before any is synced";
}

}  // namespace
}  // namespace cauce
