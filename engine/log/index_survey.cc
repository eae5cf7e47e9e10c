#include "engine/log/index_survey.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/leftovers.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::array kIndexSuffixes = {kOffsetIndexSuffix, kTimeIndexSuffix};

}  // namespace

absl::Status IndexSurvey::Check(std::span<const Finding> findings,
                                SurveyedSegment& segment) {
  for (const Finding& finding : findings) {
    const std::string name = finding.file.substr(finding.file.rfind('/') + 1);
    const bool is_list = name.ends_with(kTxnIndexSuffix);
    // Also where it is not there at all: the log says that it should.
    segment.needs_indexes |= is_list;
    // Found twice where it cannot be opened either.
    if (names_.erase(name) == 0) continue;
    CAUCE_RETURN_IF_ERROR(strays_.SetAside(name, finding.what));
  }
  for (const std::string_view suffix : kIndexSuffixes) {
    const std::string name = SegmentFileName(segment.base, suffix);
    const bool is_there = names_.contains(name);
    segment.needs_indexes |= !is_there && segment.whole_bytes > 0;
    if (segment.whole_bytes > 0 || !is_there || !segment.needs_indexes) {
      continue;
    }
    names_.erase(name);
    CAUCE_RETURN_IF_ERROR(
        strays_.SetAside(name, "its log has no batch that it could lead to"));
  }
  segment.needs_indexes &= segment.whole_bytes > 0;
  const std::string list = SegmentFileName(segment.base, kTxnIndexSuffix);
  const bool is_emptied =
      segment.whole_bytes == 0 && !segment.unreadable.empty();
  if (!is_emptied || names_.erase(list) == 0) return absl::OkStatus();
  return strays_.SetAside(list, "its log has no batch that it could tell of");
}

absl::Status IndexSurvey::TakeOrphans(
    const PartitionToCheck::Bounds& bounds,
    std::span<const SurveyedSegment> segments) {
  std::set<Offset> old;  // names that segments lose
  for (const SurveyedSegment& segment : segments) {
    if (segment.base != segment.named) old.insert(segment.named);
  }
  for (const std::string& name : std::exchange(names_, {})) {
    const Offset base = ParseSegmentFileName(name)->base;
    const bool has_log =
        std::ranges::binary_search(segments, base, {}, &SurveyedSegment::base);
    const bool is_old = old.contains(base);
    if (has_log && !is_old) {
      CAUCE_ASSIGN_OR_RETURN(const bool is_no_file,
                             IsNoFile(files_, JoinPath(directory_, name)));
      // Of a segment that was walked along it was told with what is wrong.
      if (is_no_file) {
        CAUCE_RETURN_IF_ERROR(strays_.SetAside(
            name, "what is no file stands where an index should"));
      }
      continue;
    }
    const Offset first = segments.empty() ? base : segments.front().base;
    CAUCE_ASSIGN_OR_RETURN(const bool was_deleted,
                           IsOnItsWayOut(files_, directory_, base, first));
    if (was_deleted && !is_old) continue;
    const bool is_missed = base >= bounds.log_start && base < bounds.durable;
    std::string why = fmt::format("an index without its log: {} is not there",
                                  SegmentFileName(base, kLogSuffix));
    CAUCE_RETURN_IF_ERROR(
        is_missed && !is_old
            ? strays_.SetOrphanAside(name, std::move(why), base)
            : strays_.SetWeighedAside(name, std::move(why), std::nullopt, {}));
  }
  return absl::OkStatus();
}

}  // namespace cauce
