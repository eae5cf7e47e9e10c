#include "engine/log/lost_ends.h"

namespace cauce {

JudgedEnd JudgeLostEnd(const OpenTransaction& open,
                       const LossEvidence& evidence) {
  const OffsetRange& lost = evidence.lost;
  bool is_behind = false;
  for (const AbortedTransaction& each : evidence.listed) {
    const bool is_it =
        each.first <= open.offsets.base && each.last >= lost.base;
    if (is_it && each.last < lost.next) {
      return {.end = LostEnd::kAborted, .marker = each.last};
    }
    // Also what who went on behind the loss lists, to whom this one and the
    // next are one transaction: it says nothing of either.
    is_behind = is_it;
    if (each.last >= lost.next) break;
  }
  // The next one of the producer began behind and its marker stands in the
  // same segment: in front of it the list would have this one.
  const bool is_followed =
      evidence.begun_last && *evidence.begun_last >= lost.next;
  if (is_followed && !is_behind) return {.end = LostEnd::kCommitted};
  if (evidence.open_behind == open.offsets.base) return {.end = LostEnd::kNone};
  if (!evidence.has_headers) return {.end = LostEnd::kUnknown};
  if (evidence.seen) {
    return {.end = LostEnd::kUnknown, .marker = *evidence.seen};
  }
  return {.end = evidence.sees_stranger ? LostEnd::kUnknown : LostEnd::kNone};
}

}  // namespace cauce
