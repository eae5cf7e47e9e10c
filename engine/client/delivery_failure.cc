#include "engine/client/delivery_failure.h"

#include "cauce/errors.h"

namespace cauce {

AfterFailure WhatToDoAfter(const absl::Status& failure) {
  switch (ReasonOf(failure)) {
    case Reason::kDiskFull:
    case Reason::kTooManyProducers:
    // Whether it may be written the coordinator of its transaction says later.
    case Reason::kConcurrentTransactions:
    case Reason::kCoordinatorLoading:
    case Reason::kCoordinatorNotAvailable:
      return AfterFailure::kTryAgain;
    case Reason::kUnknownTopic:
      return AfterFailure::kReopen;
    case Reason::kBatchTooLarge:
      return AfterFailure::kSplit;
    case Reason::kOutOfOrderSequence:
      return AfterFailure::kBecomeAnother;
    case Reason::kUnknownPartition:
    case Reason::kInvalidRecord:
    case Reason::kInvalidTimestamp:
    case Reason::kUnsupportedCodec:
    case Reason::kCorruptBatch:
    case Reason::kInvalidProducerEpoch:
    case Reason::kInvalidProducerIdMapping:
    case Reason::kInvalidTxnState:
    case Reason::kTransactionAbortable:
    case Reason::kFencedEpoch:
    case Reason::kOffsetOutOfRange:
    case Reason::kReadOnly:
      return AfterFailure::kGiveUp;
    case Reason::kNone:
      // No descriptor for the sync, or to open a file: what is written already
      // is known when it comes again.
      return absl::IsResourceExhausted(failure) ||
                     absl::IsPermissionDenied(failure)
                 ? AfterFailure::kTryAgain
                 : AfterFailure::kUnknown;
    default:
      return AfterFailure::kUnknown;
  }
}

}  // namespace cauce
