#include "engine/log/segment_ages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

constexpr size_t kFirstReadBytes = 4096;

// What its header says where the segment begins with a batch without records:
// one fills a gap, and goes when the records around it go.
absl::StatusOr<Timestamp> TimeOfGap(Segment& segment) {
  const auto file = segment.OpenFile();
  if (absl::IsNotFound(file.status())) return kNoTimestamp;
  CAUCE_RETURN_IF_ERROR(file.status());
  BatchScanner scanner(kFirstReadBytes);
  scanner.Start(*file, segment.path(), 0, segment.bytes());
  const auto batch = scanner.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  const bool is_gap = batch.ok() && *batch && (*batch)->record_count() == 0;
  return is_gap ? (*batch)->max_timestamp() : kNoTimestamp;
}

// The first that is `time` or later.
Timestamp NotBefore(absl::Time time) {
  const Timestamp at = Timestamp::From(time);
  const bool is_before = at.ToTime() < time && at.ms < INT64_MAX;
  return is_before ? Timestamp{at.ms + 1} : at;
}

absl::StatusOr<absl::Time> LargestTimeOf(Segment& segment, FileSystem& files,
                                         absl::Time enough) {
  CAUCE_ASSIGN_OR_RETURN(const Timestamp largest,
                         segment.LargestTimestamp(NotBefore(enough)));
  if (largest.has_value()) return largest.ToTime();
  CAUCE_ASSIGN_OR_RETURN(const Timestamp gap, TimeOfGap(segment));
  if (gap.has_value()) return gap.ToTime();
  for (;;) {
    const std::string path = segment.path();
    const auto info = files.Info(path);
    if (info.ok()) return info->modified;
    // Somebody else retires it meanwhile: it has another name.
    const bool is_renamed = segment.path() != path;
    if (!absl::IsNotFound(info.status()) || !is_renamed) return info.status();
  }
}

// Whether a file that is not there has gone with the segment: with one that was
// retired, or with another that a cut has put in this one's place.
bool HasGone(const Segment& segment) {
  return segment.is_superseded() || segment.path().ends_with(kDeletedSuffix);
}

// `found`, of a segment that may have left the log meanwhile.
absl::StatusOr<absl::Time> UnlessGone(absl::StatusOr<absl::Time> found,
                                      const Segment& segment) {
  const bool has_gone = absl::IsNotFound(found.status()) && HasGone(segment);
  if (has_gone) return absl::InfiniteFuture();
  return found;
}

absl::StatusOr<absl::Time> FirstTimeOf(Segment& segment) {
  char head[kBatchHeaderBytes];
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(0, head));
  if (read < sizeof head) return absl::InfiniteFuture();
  const Timestamp time{LoadBig<int64_t>(head + layout::kMaxTimestamp)};
  return time.has_value() ? time.ToTime() : absl::InfiniteFuture();
}

}  // namespace

absl::StatusOr<absl::Time> LargestTime(Segment& segment, FileSystem& files,
                                       absl::Time enough) {
  return UnlessGone(LargestTimeOf(segment, files, enough), segment);
}

absl::StatusOr<absl::Time> FirstTime(Segment& segment) {
  return UnlessGone(FirstTimeOf(segment), segment);
}

SegmentAges SegmentAges::Gather(const SegmentSet& set, FileSystem& files,
                                absl::Time oldest_kept, Extent extent) {
  SegmentAges ages;
  for (const auto& segment : set.segments()) {
    // First: what is appended meanwhile only makes the segment younger.
    const int64_t bytes = segment->bytes();
    const auto found = LargestTime(*segment, files, oldest_kept);
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
