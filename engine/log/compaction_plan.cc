#include "engine/log/compaction_plan.h"

#include <algorithm>

namespace cauce {
namespace {

// How many full segments become one at most: until then all of them are there,
// and a stop loses what was done.
constexpr int64_t kSourcesMax = 16;

}  // namespace

CompactionPlan PlanCompaction(const CompactionView& log,
                              const CompactionRules& rules, absl::Time now) {
  CompactionPlan plan;
  plan.first_dirty = plan.end = log.log_start;
  if (log.sealed.empty()) return plan;
  // Saved for another log, or before this one was cut.
  const bool holds = log.first_dirty >= log.log_start &&
                     log.first_dirty <= log.sealed.back().next;
  if (holds) plan.first_dirty = log.first_dirty;
  absl::Time oldest_dirty = absl::InfiniteFuture();
  for (const DirtySegment& segment : log.sealed) {
    if (segment.next > log.stable_end) break;
    const bool is_dirty = segment.next > plan.first_dirty;
    const absl::Time of_age = segment.largest_time + rules.lag_min;
    if (is_dirty && rules.lag_min > absl::ZeroDuration() && of_age > now) {
      plan.next_look = of_age;
      break;
    }
    (is_dirty ? plan.dirty_bytes : plan.clean_bytes) += segment.bytes;
    if (is_dirty) oldest_dirty = std::min(oldest_dirty, segment.first_time);
    plan.end = segment.next;
    ++plan.count;
  }
  plan.end = std::max(plan.end, plan.first_dirty);
  if (plan.dirty_bytes == 0) return plan;
  bool is_overdue = false;
  if (rules.lag_max) {
    const absl::Time due = oldest_dirty + *rules.lag_max;
    is_overdue = due < now;
    plan.next_look = std::min(plan.next_look, due);
  }
  plan.is_due = rules.on_demand || is_overdue ||
                plan.dirty_ratio() > rules.dirty_ratio_min;
  return plan;
}

bool MayMerge(const MergedSegment& merged, const MergeCandidate& next,
              const MergeLimits& limits) {
  // An index has positions of 31 bits.
  return merged.bytes + next.bytes <= INT32_MAX &&
         merged.bytes + next.expected_bytes <= limits.segment_bytes &&
         merged.index_bytes + next.index_bytes <= limits.index_bytes &&
         merged.source_bytes + next.bytes <=
             limits.segment_bytes * kSourcesMax &&
         next.next - merged.base <= INT32_MAX;
}

}  // namespace cauce
