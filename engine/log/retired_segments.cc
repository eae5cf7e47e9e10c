#include "engine/log/retired_segments.h"

#include <utility>

#include "engine/base/status_macros.h"

namespace cauce {

absl::Status RetiredSegments::Add(const std::shared_ptr<Segment>& segment,
                                  absl::Duration now) {
  CAUCE_RETURN_IF_ERROR(segment->Retire());
  // One with the same base is unlinked with this one, which has taken its
  // files' names: alone it would take this one's files along.
  std::erase_if(retired_, [&](const Retired& each) {
    return each.segment->base() == segment->base();
  });
  retired_.push_back({segment, now});
  return absl::OkStatus();
}

absl::Status RetiredSegments::UnlinkDue(absl::Duration now,
                                        absl::Duration delay) {
  std::vector<Retired> kept;
  absl::Status first;
  for (Retired& each : retired_) {
    // More than ours are readers inside of it.
    const bool in_use = each.segment.use_count() > 1;
    const bool due = !in_use && now - each.since >= delay;
    const absl::Status unlinked =
        due ? each.segment->Unlink() : absl::OkStatus();
    first.Update(unlinked);
    if (!due || !unlinked.ok()) kept.push_back(std::move(each));
  }
  retired_ = std::move(kept);
  return first;
}

absl::Status RetiredSegments::UnlinkAll() {
  absl::Status first;
  for (const Retired& each : std::exchange(retired_, {})) {
    first.Update(each.segment->Unlink());
  }
  return first;
}

}  // namespace cauce
