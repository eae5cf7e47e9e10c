#include "engine/facade/store_claims.h"

namespace cauce {

std::shared_ptr<const void> StoreClaims::Take(const TopicPartition& changelog) {
  MutexLock lock(mutex_);
  // What nobody has any more goes, so that there are no more than stores.
  std::erase_if(taken_,
                [](const auto& claim) { return claim.second.expired(); });
  auto& taken = taken_[changelog];
  if (!taken.expired()) return nullptr;
  auto claim = std::make_shared<const TopicPartition>(changelog);
  taken = claim;
  return claim;
}

}  // namespace cauce
