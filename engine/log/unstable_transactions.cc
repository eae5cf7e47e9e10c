#include "engine/log/unstable_transactions.h"

#include <algorithm>

namespace cauce {

void UnstableTransactions::End(Offset first, Offset marker) {
  if (const auto found = open_.find(first); found != open_.end()) {
    open_.erase(found);
  }
  while (!ended_.empty() && ended_.back().first >= first) ended_.pop_back();
  ended_.push_back({first, marker});
}

Offset UnstableTransactions::LastStable(Offset high_watermark) const {
  Offset stable = FirstOpen(high_watermark);
  const auto unseen =
      std::ranges::lower_bound(ended_, high_watermark, {}, &Ended::marker);
  if (unseen != ended_.end()) stable = std::min(stable, unseen->first);
  return std::min(stable, high_watermark);
}

void UnstableTransactions::Forget(Offset high_watermark) {
  const auto unseen =
      std::ranges::lower_bound(ended_, high_watermark, {}, &Ended::marker);
  ended_.erase(ended_.begin(), unseen);
}

}  // namespace cauce
