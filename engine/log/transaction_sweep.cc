#include "engine/log/transaction_sweep.h"

#include "engine/log/producer_state.h"

namespace cauce {

void TransactionSweep::AdvanceTo(Offset offset) {
  for (; next_ < aborted_.size() && aborted_[next_].first <= offset; ++next_) {
    under_way_.insert_or_assign(aborted_[next_].producer_id.value,
                                aborted_[next_].last);
  }
}

bool TransactionSweep::IsAborted(const RecordBatch& batch) {
  if (!batch.is_transactional() || !HasProducer(batch)) return false;
  AdvanceTo(batch.last_offset());
  const auto found = under_way_.find(batch.producer_id().value);
  return found != under_way_.end() && batch.base_offset() < found->second;
}

void TransactionSweep::Keep(const RecordBatch& batch) {
  if (batch.is_transactional()) kept_.insert(batch.producer_id().value);
}

bool TransactionSweep::IsIdleMarker(const RecordBatch& batch) {
  AdvanceTo(batch.base_offset());
  under_way_.erase(batch.producer_id().value);
  return kept_.erase(batch.producer_id().value) == 0;
}

}  // namespace cauce
