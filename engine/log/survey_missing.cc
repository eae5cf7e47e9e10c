#include "engine/log/survey_missing.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "cauce/types.h"

namespace cauce {

std::vector<MissingPart> MissingOf(const PartitionToCheck& partition,
                                   std::span<const SurveyedSegment> segments,
                                   std::span<const KnownSegment> there) {
  if (!partition.known) return {};
  auto missing = FindMissing(*partition.known, there);
  if (partition.clean_stop || partition.is_as_closed) return missing;
  // In other topics a gap tells of itself.
  if (!partition.may_have_gaps) return {};
  std::erase_if(missing, [&](const MissingPart& part) {
    return part.range.base >= partition.bounds.durable;
  });
  return WithoutRewritten(
             std::move(missing), *partition.known, there,
             [&](Offset base) -> absl::StatusOr<Offset> {
               const auto found = std::ranges::lower_bound(
                   segments, base, {}, &SurveyedSegment::base);
               const bool is_there =
                   found != segments.end() && found->base == base;
               return is_there ? found->next : base;
             })
      .value();
}

}  // namespace cauce
