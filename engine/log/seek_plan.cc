#include "engine/log/seek_plan.h"

#include <algorithm>
#include <cstddef>

#include "engine/base/bytes.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

// A header up to the field that is read last.
constexpr int64_t kLooksAtBytes = layout::kBaseTimestamp;

// What lies between two entries tells of what size batches are.
enum class Batches { kSmall, kMiddling, kLarge };

Batches SizeOf(int64_t gap, int64_t interval) {
  // All but the last one have `interval` bytes at most, so the last one has
  // what is above: where that is little they may be small, and are many.
  if (gap <= interval + interval / 16) return Batches::kSmall;
  return gap <= 2 * interval ? Batches::kMiddling : Batches::kLarge;
}

}  // namespace

SeekPlan PlanSeek(const OffsetIndex& index, const SeekRange& range,
                  Offset wanted) {
  const size_t count = index.size();
  const size_t above = std::min(index.CountAtOrBelow(wanted.value), count);
  const auto position_of = [&](size_t at) {
    return at < count ? index[at].position : range.bytes;
  };
  SeekPlan plan;
  if (above > 0) plan.below = index[above - 1];
  if (plan.below && plan.below->offset == wanted) {
    plan.claimed = plan.below;
    plan.claimed_end = position_of(above);
    return plan;
  }
  const int64_t from = plan.below ? plan.below->position : 0;
  const int64_t next = position_of(above);
  const Batches batches = SizeOf(next - from, range.index_interval_bytes);
  plan.walk_end =
      batches == Batches::kMiddling ? position_of(above + 1) : next;
  if (batches == Batches::kLarge && above < count) {
    // Such a batch has an entry of its own, and one of them holds all offsets
    // above the entry in front.
    plan.claimed = index[above];
    plan.claimed_end = position_of(above + 1);
  }
  if (plan.walk_end - from > kSeekBytesMax) plan.walk_end = from;
  return plan;
}

std::optional<HeaderPlace> FindByHeaders(
    std::string_view bytes, const SeekRange& range,
    const std::optional<OffsetEntry>& below, Offset wanted) {
  const int64_t from = below ? below->position : 0;
  std::optional<Offset> next;
  if (!below) next = range.base;
  for (int64_t at = 0;;) {
    const int64_t left = static_cast<int64_t>(bytes.size()) - at;
    if (left < kLooksAtBytes) return std::nullopt;
    const char* const head = bytes.data() + at;
    if (!layout::MayBeBatch(head, range.bytes - from - at)) return std::nullopt;
    const Offset base{LoadBig<int64_t>(head + layout::kBaseOffset)};
    const int64_t delta = LoadBig<int32_t>(head + layout::kLastOffsetDelta);
    if (delta < 0 || base.value < 0 || base.value >= INT64_MAX - delta) {
      return std::nullopt;
    }
    const Offset last = base + delta;
    if (next ? base < *next : last != below->offset) return std::nullopt;
    // That nothing holds it is no guess to make: a header in front may lie.
    if (base > wanted) return std::nullopt;
    if (last >= wanted) return HeaderPlace{from + at, next.value_or(base)};
    next = last + 1;
    at += layout::ClaimedBytes(head);
    if (at >= static_cast<int64_t>(bytes.size())) return std::nullopt;
  }
}

}  // namespace cauce
