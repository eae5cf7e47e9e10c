#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "tests/engine/client/admin_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Orders;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = OffsetSpec::Kind;

class LocalAdminTransactions : public test::AdminRig {
 protected:
  void Reopen() {
    GroupConsumers::Open();
    admin_ = AdminOf(*client_);
  }
};

TEST_F(LocalAdminTransactions, ShowsTransactionsAndHowFarTheyAre) {
  const auto producer = Open("x");
  EXPECT_THAT(
      admin_->ListTransactions().value(),
      ElementsAre(AllOf(
          Field(&DescribedTransaction::id, "x"),
          Field(&DescribedTransaction::status, TransactionStatus::kOngoing),
          Field(&DescribedTransaction::partitions, ElementsAre(Orders(0))))));
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  const auto described = admin_->DescribeTransaction("x");
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ(described->status, TransactionStatus::kCompleteCommit);
  EXPECT_GE(described->producer_id, ProducerId{0});
  EXPECT_EQ(described->timeout, ProducerOptions().transaction_timeout);
  EXPECT_EQ(admin_->DescribeTransaction("y").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(LocalAdminTransactions, AbortsATransactionThatHangsAndNoOther) {
  Append(1, "a");
  const auto producer = Open("x");
  ASSERT_THAT(AppendHanging(Orders(1), ProducerId{77}, 3), IsOk());
  Append(1, "b");

  const HangingTransaction found{Orders(1), ProducerId{77}, 3, Offset{1},
                                 Offset{3}};
  EXPECT_THAT(admin_->FindHangingTransactions().value(), ElementsAre(found));
  HangingTransaction other = found;
  other.producer_epoch = 4;
  EXPECT_THAT(admin_->AbortTransaction(other),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_EQ(OffsetOf(1, Kind::kStableEnd), 1);

  EXPECT_THAT(admin_->AbortTransaction(found), IsOk());
  EXPECT_EQ(OffsetOf(1, Kind::kStableEnd), 4);
  EXPECT_THAT(admin_->FindHangingTransactions().value(), IsEmpty());
  EXPECT_THAT(admin_->AbortTransaction(found),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
}

TEST_F(LocalAdminTransactions, LeavesATransactionAloneThatAnIdHas) {
  const auto producer = Open("x");
  const auto described = admin_->DescribeTransaction("x");
  ASSERT_THAT(described, IsOk());
  EXPECT_THAT(admin_->FindHangingTransactions().value(), IsEmpty());
  EXPECT_THAT(
      admin_->AbortTransaction({Orders(0), described->producer_id,
                                described->producer_epoch, Offset{0}, {}}),
      HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
}

TEST_F(LocalAdminTransactions, SaysThatIdsCannotBeReadAndNotThatNobodyHasThem) {
  ASSERT_THAT(Open("x")->CommitTransaction(), IsOk());
  admin_.reset();
  client_.reset();
  files_.Fail(test::FileCall::kRead,
              "__transaction_state-20/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  Reopen();

  EXPECT_THAT(admin_->ListTransactions(), HasReason(Reason::kDiskFailed));
  const auto listed = admin_->ListReadableTransactions();
  ASSERT_THAT(listed, IsOk());
  EXPECT_THAT(listed->found, IsEmpty());
  EXPECT_THAT(listed->unread, ElementsAre(HasReason(Reason::kDiskFailed)));
  EXPECT_THAT(admin_->DescribeTransaction("x"), HasReason(Reason::kDiskFailed));
  // Of another partition all is known.
  EXPECT_EQ(admin_->DescribeTransaction("y").status().code(),
            absl::StatusCode::kNotFound);

  files_.Mend();
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(admin_->DescribeTransaction("x"), IsOk());
  EXPECT_THAT(admin_->ListTransactions().value(), SizeIs(1));
}

TEST_F(LocalAdminTransactions, EndsWhatHangsBesideAPartitionThatCannotBeRead) {
  ASSERT_THAT(AppendHanging(Orders(1), ProducerId{77}), IsOk());
  ASSERT_THAT(AppendHanging(Orders(2), ProducerId{78}), IsOk());
  admin_.reset();
  client_.reset();
  Reopen();
  files_.Fail(test::FileCall::kOpen, "orders-2/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));

  const auto hanging = admin_->FindHangingTransactions();
  ASSERT_THAT(hanging, IsOk());
  ASSERT_THAT(*hanging, SizeIs(1));
  EXPECT_EQ(hanging->front().partition, Orders(1));
  EXPECT_THAT(admin_->AbortTransaction(hanging->front()), IsOk());
  EXPECT_EQ(OffsetOf(1, Kind::kStableEnd), 2);
  HangingTransaction unread = hanging->front();
  unread.partition = Orders(2);
  EXPECT_THAT(admin_->AbortTransaction(unread), HasReason(Reason::kDiskFailed));
}

TEST_F(LocalAdminTransactions, EndsWhatHangsThoughItsRecordsWereDeleted) {
  ASSERT_THAT(AppendHanging(Orders(1), ProducerId{77}), IsOk());
  Append(1, "behind");
  ASSERT_THAT(DeleteRecords(Orders(1), 1), IsOk());
  ASSERT_EQ(OffsetOf(1, Kind::kStableEnd), 1);
  ASSERT_EQ(OffsetOf(1, Kind::kEnd), 2);

  const HangingTransaction found{Orders(1), ProducerId{77}, 0, Offset{1},
                                 Offset{2}};
  EXPECT_THAT(admin_->FindHangingTransactions().value(), ElementsAre(found));
  EXPECT_THAT(admin_->AbortTransaction(found), IsOk());

  EXPECT_THAT(admin_->FindHangingTransactions().value(), IsEmpty());
  EXPECT_EQ(OffsetOf(1, Kind::kStableEnd), 3);
}

TEST_F(LocalAdminTransactions, KnowsInTheNextLifeWhoseDeletedRecordsHang) {
  ASSERT_THAT(AppendHanging(Orders(1), ProducerId{77}), IsOk());
  Append(1, "behind");
  ASSERT_THAT(DeleteRecords(Orders(1), 1), IsOk());
  admin_.reset();
  client_.reset();
  Reopen();

  const HangingTransaction found{Orders(1), ProducerId{77}, 0, Offset{1},
                                 Offset{2}};
  EXPECT_THAT(admin_->FindHangingTransactions().value(), ElementsAre(found));
  EXPECT_THAT(admin_->AbortTransaction(found), IsOk());
  EXPECT_EQ(OffsetOf(1, Kind::kStableEnd), 3);
}

TEST_F(LocalAdminTransactions, EndsWhatHangsInFrontOfOneThatGoesOn) {
  ASSERT_THAT(AppendHanging(Orders(0), ProducerId{77}), IsOk());
  const auto producer = Open("x");

  const HangingTransaction found{Orders(0), ProducerId{77}, 0, Offset{0},
                                 Offset{2}};
  EXPECT_THAT(admin_->FindHangingTransactions().value(), ElementsAre(found));
  EXPECT_THAT(admin_->AbortTransaction(found), IsOk());
  EXPECT_THAT(admin_->FindHangingTransactions().value(), IsEmpty());
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_EQ(OffsetOf(0, Kind::kStableEnd), 4);
}

TEST_F(LocalAdminTransactions, ReadsOfOneIdItsOwnPartitionAlone) {
  const auto producer = Open("x");
  const auto reader = Reader();
  const auto admin = AdminOf(*reader);
  files_.Fail(test::FileCall::kRead,
              "__transaction_state-21/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  EXPECT_THAT(admin->ListTransactions(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(admin->DescribeTransaction("x"), IsOk());
  EXPECT_THAT(admin->DescribeTransaction("y"), HasReason(Reason::kDiskFailed));
}

TEST_F(LocalAdminTransactions, ReadsTransactionsBesideTheWriter) {
  const auto reader = Reader();
  const auto admin = AdminOf(*reader);
  EXPECT_THAT(admin->ListTransactions().value(), IsEmpty());
  const auto producer = Open("x");
  const auto described = admin->DescribeTransaction("x");
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ(described->status, TransactionStatus::kOngoing);
  EXPECT_THAT(described->partitions, ElementsAre(Orders(0)));
  EXPECT_EQ(described->start, admin_->DescribeTransaction("x")->start);
}

}  // namespace
}  // namespace cauce
