// Which partitions a transaction keeps back that no coordinator will ever end,
// since it knows nothing of it: Kafka calls it hanging. A function of values:
// any thread.
#pragma once

#include <vector>

#include "cauce/types.h"
#include "engine/coord/transaction_events.h"

namespace cauce {

// A partition whose readers of what is committed do not come to its end.
struct HeldBack {
  TopicPartition partition;
  Offset stable;  // where they end: at what there is of a transaction
  Offset end;     // and everybody else
  ProducerId producer_id;  // whose that transaction is
  int16_t producer_epoch = 0;

  friend bool operator==(const HeldBack&, const HeldBack&) = default;
};

// Those of `held` whose producer has no transaction there in `known`, which are
// all that there are; those of others there end nothing of its. Who
// looked at them behind `held` may miss what began since, but takes nothing for
// hanging that goes on. A transaction that has ended meanwhile holds its
// partitions back no more: look at them again.
std::vector<HeldBack> FindHanging(
    const std::vector<HeldBack>& held,
    const std::vector<TransactionDescription>& known);

}  // namespace cauce
