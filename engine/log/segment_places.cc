#include "engine/log/segment_places.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/rename_order.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The segment gets the name of its first batch where that lies at `offset` or
// behind it.
absl::Status BeginLater(const PartitionLogs& logs, SurveyedSegment& segment,
                        Offset offset) {
  CAUCE_RETURN_IF_ERROR(FindFirst(logs, segment));
  if (segment.first && *segment.first >= offset) segment.BeginAtFirst();
  return absl::OkStatus();
}

}  // namespace

absl::Status FindFirst(const PartitionLogs& logs, SurveyedSegment& segment) {
  if (segment.first) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(segment.first, logs.FirstBase(segment.named));
  return absl::OkStatus();
}

absl::Status PlaceMisnamed(const PartitionLogs& logs,
                           std::vector<SurveyedSegment> misnamed,
                           std::vector<SurveyedSegment>& segments,
                           StrayFiles& strays) {
  for (SurveyedSegment& segment : misnamed) {
    for (SurveyedSegment& other : segments) {
      if (other.base < segment.base || other.base >= segment.next) continue;
      CAUCE_RETURN_IF_ERROR(BeginLater(logs, other, segment.next));
    }
    const auto behind = std::ranges::upper_bound(segments, segment.base, {},
                                                 &SurveyedSegment::base);
    const bool fits =
        (behind == segments.begin() ||
         std::prev(behind)->next <= segment.base) &&
        (behind == segments.end() || segment.next <= behind->base);
    segment.why_renamed = fmt::format(
        "its first batch begins at offset {}, which is not what it is called "
        "by",
        segment.base.value);
    if (fits) {
      segments.insert(behind, std::move(segment));
    } else {
      CAUCE_RETURN_IF_ERROR(strays.SetAside(
          segment,
          segment.why_renamed + "; other segments have these offsets"));
    }
  }
  return absl::OkStatus();
}

std::vector<Offset> OrderFileNames(std::vector<SurveyedSegment>& segments,
                                   StrayFiles& strays) {
  std::vector<Renaming> wanted;
  for (const SurveyedSegment& segment : segments) {
    if (!segment.is_renamed()) continue;
    // One that waits keeps no name from anybody.
    wanted.push_back(
        {segment.is_waiting ? Offset{} : segment.named, segment.base});
  }
  RenameOrder order = OrderRenames(std::move(wanted));
  for (const Offset base : order.aside) {
    strays.LetWait(*std::ranges::find(segments, base, &SurveyedSegment::base));
  }
  return std::move(order.targets);
}

}  // namespace cauce
