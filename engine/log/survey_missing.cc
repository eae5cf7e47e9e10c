#include "engine/log/survey_missing.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/missing_segments.h"

namespace cauce {

std::vector<MissingPart> MissingOf(const PartitionToCheck& partition,
                                   std::span<const SurveyedSegment> segments,
                                   std::span<const KnownSegment> there) {
  if (!partition.known) return {};
  const NotedLog noted{*partition.known,
                       partition.clean_stop || partition.is_as_closed};
  return MissingSinceStop(
             {.noted = noted,
              .is_same_directory = partition.is_same_directory,
              .may_have_gaps = partition.may_have_gaps,
              .durable = partition.bounds.durable,
              .there = there},
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
