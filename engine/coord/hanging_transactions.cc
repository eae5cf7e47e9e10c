#include "engine/coord/hanging_transactions.h"

#include <set>

namespace cauce {

std::vector<HeldBack> FindHanging(
    const std::vector<HeldBack>& held,
    const std::vector<TransactionDescription>& known) {
  std::set<TopicPartition> open;
  for (const TransactionDescription& each : known)
    open.insert(each.partitions.begin(), each.partitions.end());
  std::vector<HeldBack> hanging;
  for (const HeldBack& each : held) {
    if (!open.contains(each.partition)) hanging.push_back(each);
  }
  return hanging;
}

}  // namespace cauce
