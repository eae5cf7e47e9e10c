// Which committed offsets of a group are too old to be kept: Kafka's rules.
//
// An offset ages from the moment its group became empty, or, where the group is
// not told of by that (it never had members, or reads other topics now), from
// its own commit. What members subscribe to does not age, nor what an open
// transaction commits. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/offset_records.h"
#include "engine/coord/offset_table.h"

namespace cauce {

// What a group says of the age of its offsets; one that says nothing keeps
// them all.
struct OffsetExpiry {
  // Since when it has no members. Absent: each offset ages from its commit.
  std::optional<absl::Time> empty_since;
  // The topics that its members read.
  std::set<std::string> subscribed;
};

struct OffsetExpiryPlan {
  std::vector<OffsetCommitKey> expired;  // to be removed
  // Nothing of the group remains then, not even in a transaction: if it is
  // empty, it may go as well.
  bool nothing_left = false;
};

// At most this many at once; the others follow in the next plan.
inline constexpr size_t kExpiredOffsetsMax = 10'000;

// `retention` is Kafka's offsets.retention.minutes. An offset that brought an
// expiry of its own goes by that.
OffsetExpiryPlan PlanOffsetExpiry(const OffsetTable& table,
                                  const std::string& group,
                                  const OffsetExpiry& expiry,
                                  absl::Duration retention, absl::Time now);

}  // namespace cauce
