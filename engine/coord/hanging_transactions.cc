#include "engine/coord/hanging_transactions.h"

#include <set>
#include <utility>

namespace cauce {

std::vector<HeldBack> FindHanging(
    const std::vector<HeldBack>& held,
    const std::vector<TransactionDescription>& known) {
  std::set<std::pair<ProducerId, TopicPartition>> open;
  for (const TransactionDescription& each : known) {
    for (const TopicPartition& partition : each.partitions)
      open.emplace(each.producer.id, partition);
  }
  std::vector<HeldBack> hanging;
  for (const HeldBack& each : held) {
    if (!open.contains({each.producer_id, each.partition}))
      hanging.push_back(each);
  }
  return hanging;
}

}  // namespace cauce
