#include "engine/log/lost_places.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/catalog/known_log.h"
#include "engine/log/joined_ranges.h"
#include "engine/log/missing_segments.h"
#include "engine/log/segment_name.h"
#include "engine/log/survey_missing.h"

namespace cauce {
namespace {

// Of a topic that may have gaps: of what segments are known to be missing.
absl::StatusOr<JoinedRanges> FindMissingSegments(
    FileSystem& files, const PartitionToCheck& partition,
    std::span<const SurveyedSegment> segments) {
  std::vector<KnownSegment> there;
  std::vector<Offset> bases;
  for (const SurveyedSegment& each : segments) {
    // Damaged bytes are there as well: what is lost of them is known.
    there.push_back({each.base, each.file_bytes});
    bases.push_back(each.base);
  }
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(partition.directory));
  std::set<Offset> orphans;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_index = !entry.is_directory && file &&
                          (file->suffix == kOffsetIndexSuffix ||
                           file->suffix == kTimeIndexSuffix);
    if (!is_index || std::ranges::binary_search(bases, file->base)) continue;
    if (file->base < partition.bounds.durable) orphans.insert(file->base);
  }
  const std::vector<MissingPart> missing =
      WithOrphans(MissingOf(partition, segments, there),
                  {orphans.begin(), orphans.end()}, bases);
  std::vector<OffsetRange> ranges;
  for (const MissingPart& each : missing) ranges.push_back(each.range);
  return JoinedRanges(std::move(ranges));
}

class Search {
 public:
  Search(const PartitionToCheck& partition,
         std::span<const SurveyedSegment> segments, JoinedRanges missing)
      : partition_(partition),
        segments_(segments),
        missing_(std::move(missing)) {}

  std::vector<LostPlace> Run() {
    for (size_t i = 0; i < segments_.size(); ++i) Look(i);
    return std::move(places_);
  }

 private:
  void Look(size_t i) {
    const SurveyedSegment& segment = segments_[i];
    for (const UnreadableBytes& bytes : segment.unreadable) {
      Note({.segment = i,
            .bytes = &bytes,
            .lost = {bytes.expected, bytes.behind.value_or(EndOf(i))}});
    }
    // What is missing behind it is then told with that.
    const bool ends_in_damage =
        !segment.unreadable.empty() && !segment.unreadable.back().behind;
    const OffsetRange behind{segment.next, EndOf(i)};
    if (!ends_in_damage && IsMissed(i, behind)) {
      Note({.segment = i, .lost = behind});
    }
  }

  // Where the offsets end that segment `i` should have.
  Offset EndOf(size_t i) const {
    return i + 1 < segments_.size()
               ? segments_[i + 1].base
               : std::max(partition_.bounds.durable, segments_[i].next);
  }

  // Where there may be gaps the base of the next segment says nothing.
  bool IsMissed(size_t i, const OffsetRange& behind) const {
    return !partition_.may_have_gaps || i + 1 == segments_.size() ||
           (behind.count() > 0 &&
            missing_.Touch(behind.base, behind.next + -1));
  }

  void Note(const LostPlace& place) {
    const bool is_missed = place.lost.count() > 0 &&
                           place.lost.next > partition_.bounds.log_start;
    if (is_missed) places_.push_back(place);
  }

  const PartitionToCheck& partition_;
  const std::span<const SurveyedSegment> segments_;
  const JoinedRanges missing_;
  std::vector<LostPlace> places_;
};

}  // namespace

absl::StatusOr<std::vector<LostPlace>> FindLostPlaces(
    FileSystem& files, const PartitionToCheck& partition,
    std::span<const SurveyedSegment> segments) {
  JoinedRanges missing;
  if (partition.may_have_gaps) {
    CAUCE_ASSIGN_OR_RETURN(missing,
                           FindMissingSegments(files, partition, segments));
  }
  return Search(partition, segments, std::move(missing)).Run();
}

}  // namespace cauce
