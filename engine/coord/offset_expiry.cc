#include "engine/coord/offset_expiry.h"

namespace cauce {
namespace {

bool IsExpired(const OffsetCommitValue& commit, const OffsetExpiry& expiry,
               absl::Duration retention, absl::Time now) {
  if (commit.expire_timestamp.has_value())
    return now >= commit.expire_timestamp.ToTime();
  const absl::Time since =
      expiry.empty_since.value_or(commit.commit_timestamp.ToTime());
  return now - since >= retention;
}

}  // namespace

OffsetExpiryPlan PlanOffsetExpiry(const OffsetTable& table,
                                  const std::string& group,
                                  const OffsetExpiry& expiry,
                                  absl::Duration retention, absl::Time now) {
  OffsetExpiryPlan plan;
  const std::vector<OffsetCommitKey> keys = table.KeysOf(group);
  for (const OffsetCommitKey& key : keys) {
    if (plan.expired.size() == kExpiredOffsetsMax) break;
    if (expiry.subscribed.contains(key.topic) || table.IsPending(key)) continue;
    if (IsExpired(table.Find(key)->value, expiry, retention, now))
      plan.expired.push_back(key);
  }
  plan.nothing_left =
      plan.expired.size() == keys.size() && !table.HasPending(group);
  return plan;
}

}  // namespace cauce
