#include "engine/client/delivery_failure.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "cauce/errors.h"

namespace cauce {
namespace {

AfterFailure After(Reason reason) {
  return WhatToDoAfter(MakeError(reason, "x"));
}

TEST(DeliveryFailure, OfAFullDiskIsTriedAgain) {
  EXPECT_EQ(After(Reason::kDiskFull), AfterFailure::kTryAgain);
  EXPECT_EQ(WhatToDoAfter(absl::ResourceExhaustedError("no descriptor")),
            AfterFailure::kTryAgain);
}

TEST(DeliveryFailure, OfABusyCoordinatorIsTriedAgain) {
  EXPECT_EQ(After(Reason::kConcurrentTransactions), AfterFailure::kTryAgain);
  EXPECT_EQ(After(Reason::kCoordinatorLoading), AfterFailure::kTryAgain);
  EXPECT_EQ(After(Reason::kCoordinatorNotAvailable), AfterFailure::kTryAgain);
}

TEST(DeliveryFailure, OfAFencedProducerIsForGood) {
  EXPECT_EQ(After(Reason::kInvalidProducerEpoch), AfterFailure::kGiveUp);
  EXPECT_EQ(After(Reason::kInvalidProducerIdMapping), AfterFailure::kGiveUp);
  EXPECT_EQ(After(Reason::kTransactionAbortable), AfterFailure::kGiveUp);
}

TEST(DeliveryFailure, OfTheDiskLeavesItOpenWhatIsStored) {
  EXPECT_EQ(After(Reason::kDiskFailed), AfterFailure::kUnknown);
  EXPECT_EQ(After(Reason::kTruncated), AfterFailure::kUnknown);
  EXPECT_EQ(WhatToDoAfter(absl::InternalError("?")), AfterFailure::kUnknown);
}

TEST(DeliveryFailure, OfTheRecordsIsForGood) {
  EXPECT_EQ(After(Reason::kInvalidRecord), AfterFailure::kGiveUp);
  EXPECT_EQ(After(Reason::kInvalidTimestamp), AfterFailure::kGiveUp);
}

TEST(DeliveryFailure, OfTheirNumberOrSourceHasAWayOut) {
  EXPECT_EQ(After(Reason::kBatchTooLarge), AfterFailure::kSplit);
  EXPECT_EQ(After(Reason::kOutOfOrderSequence), AfterFailure::kBecomeAnother);
  EXPECT_EQ(After(Reason::kUnknownTopic), AfterFailure::kReopen);
}

}  // namespace
}  // namespace cauce
