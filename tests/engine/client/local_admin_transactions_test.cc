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

using Kind = OffsetSpec::Kind;

class LocalAdminTransactions : public test::AdminRig {};

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
