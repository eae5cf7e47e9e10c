#include "engine/log/segment_ages.h"

#include <string>

#include "absl/status/statusor.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

absl::StatusOr<absl::Time> LargestTime(Segment& segment, FileSystem& files) {
  CAUCE_ASSIGN_OR_RETURN(const Timestamp largest, segment.LargestTimestamp());
  if (largest.has_value()) return largest.ToTime();
  for (;;) {
    const std::string path = segment.path();
    const auto info = files.Info(path);
    if (info.ok()) return info->modified;
    if (!absl::IsNotFound(info.status())) return info.status();
    // Somebody else retires it meanwhile: it has another name, and then none.
    if (segment.path() != path) continue;
    if (path.ends_with(kDeletedSuffix)) return absl::InfiniteFuture();
    return info.status();
  }
}

}  // namespace

SegmentAges SegmentAges::Gather(const SegmentSet& set, FileSystem& files,
                                absl::Time oldest_kept, Extent extent) {
  SegmentAges ages;
  for (const auto& segment : set.segments()) {
    // First: what is appended meanwhile only makes the segment younger.
    const int64_t bytes = segment->bytes();
    const auto found = LargestTime(*segment, files);
    ages.failure_.Update(found.status());
    const absl::Time largest = found.value_or(absl::InfiniteFuture());
    ages.known_.push_back({segment, bytes, largest});
    if (extent == Extent::kUntilYoung && largest >= oldest_kept) break;
  }
  return ages;
}

absl::Time SegmentAges::Of(const std::shared_ptr<Segment>& segment) const {
  for (const Known& known : known_) {
    if (known.segment == segment && known.bytes == segment->bytes()) {
      return known.largest;
    }
  }
  return absl::InfiniteFuture();
}

}  // namespace cauce
