// The segments of a partition at one moment, oldest first.
//
// Immutable: a roll, a truncation or a deletion publishes a new set, and who
// holds an old one goes on with it. Never empty; the last one is active.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cauce/types.h"
#include "engine/log/segment.h"

namespace cauce {

class SegmentSet {
 public:
  using List = std::vector<std::shared_ptr<Segment>>;

  explicit SegmentSet(List segments);

  const List& segments() const { return segments_; }
  const std::shared_ptr<Segment>& active() const { return segments_.back(); }

  // The segment whose range `offset` falls into; the first one for offsets
  // below it.
  const std::shared_ptr<Segment>& Find(Offset offset) const;

  // The segment behind the one that begins at `base`; null behind the last.
  std::shared_ptr<Segment> After(Offset base) const;

  int64_t bytes() const;

 private:
  const List segments_;
};

}  // namespace cauce
