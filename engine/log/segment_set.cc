#include "engine/log/segment_set.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace cauce {
namespace {

bool BeginsAbove(Offset offset, const std::shared_ptr<Segment>& segment) {
  return offset < segment->base();
}

}  // namespace

SegmentSet::SegmentSet(List segments) : segments_(std::move(segments)) {
  CAUCE_CHECK(!segments_.empty());
}

const std::shared_ptr<Segment>& SegmentSet::Find(Offset offset) const {
  const auto above =
      std::upper_bound(segments_.begin(), segments_.end(), offset, BeginsAbove);
  return above == segments_.begin() ? *above : *std::prev(above);
}

std::shared_ptr<Segment> SegmentSet::After(Offset base) const {
  const auto above =
      std::upper_bound(segments_.begin(), segments_.end(), base, BeginsAbove);
  return above == segments_.end() ? nullptr : *above;
}

int64_t SegmentSet::bytes() const {
  int64_t total = 0;
  for (const auto& segment : segments_) total += segment->bytes();
  return total;
}

}  // namespace cauce
