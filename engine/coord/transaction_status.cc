#include "cauce/transaction_status.h"

namespace cauce {

std::string_view TransactionStatusName(TransactionStatus status) {
  switch (status) {
    case TransactionStatus::kEmpty:
      return "Empty";
    case TransactionStatus::kOngoing:
      return "Ongoing";
    case TransactionStatus::kPrepareCommit:
      return "PrepareCommit";
    case TransactionStatus::kPrepareAbort:
      return "PrepareAbort";
    case TransactionStatus::kCompleteCommit:
      return "CompleteCommit";
    case TransactionStatus::kCompleteAbort:
      return "CompleteAbort";
    case TransactionStatus::kDead:
      return "Dead";
    case TransactionStatus::kPrepareEpochFence:
      return "PrepareEpochFence";
  }
  return "Unknown";
}

}  // namespace cauce
