#include "engine/log/lost_ends.h"

#include <algorithm>

namespace cauce {

JudgedEnd JudgeLostEnd(const OpenTransaction& open,
                       const LossEvidence& evidence) {
  const OffsetRange& lost = evidence.lost;
  bool is_behind = false;
  for (const AbortedTransaction& each : evidence.listed) {
    const bool is_it = each.producer_id == open.producer_id &&
                       each.first <= open.offsets.base &&
                       each.last >= lost.base;
    if (!is_it) continue;
    if (each.last < lost.next) {
      return {.end = LostEnd::kAborted, .marker = each.last};
    }
    // Also what who went on behind the loss lists, to whom this one and the
    // next are one transaction: it says nothing of either.
    is_behind = true;
  }
  // The next one of the producer began behind and its marker stands in the
  // same segment: in front of it the list would have this one.
  const bool is_followed = std::ranges::any_of(
      evidence.listed_here, [&](const AbortedTransaction& each) {
        return each.producer_id == open.producer_id && each.first >= lost.next;
      });
  if (is_followed && !is_behind) return {.end = LostEnd::kCommitted};
  if (evidence.open_behind == open.offsets.base) return {.end = LostEnd::kNone};
  if (!evidence.seen) return {.end = LostEnd::kUnknown};
  const auto seen = std::ranges::find(*evidence.seen, open.producer_id,
                                      &SeenEnd::producer_id);
  if (seen != evidence.seen->end()) {
    return {.end = LostEnd::kUnknown, .marker = seen->offset};
  }
  return {.end = evidence.sees_stranger ? LostEnd::kUnknown : LostEnd::kNone};
}

}  // namespace cauce
