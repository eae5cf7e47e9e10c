#include "engine/log/misnamed_segments.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>

#include "engine/base/status_macros.h"

namespace cauce {
namespace {

std::optional<Offset> Behind(const std::vector<Offset>& bases, Offset base) {
  const auto behind = std::ranges::upper_bound(bases, base);
  if (behind == bases.end()) return std::nullopt;
  return *behind;
}

// Whether no segment of `bases` but `other` has batches in [base, end).
absl::StatusOr<bool> IsFree(const PartitionLogs& logs,
                            std::vector<Offset> bases, Offset base, Offset end,
                            Offset other) {
  std::erase(bases, other);
  const auto behind = std::ranges::lower_bound(bases, base);
  if (behind != bases.end() && *behind < end) {
    CAUCE_ASSIGN_OR_RETURN(const auto first, logs.FirstBase(*behind));
    if (!first || *first < end) return false;
  }
  if (behind == bases.begin()) return true;
  const Offset before = *std::prev(behind);
  CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey up_to_base,
                         logs.Read(before, logs.RangeOf(before, base)));
  std::optional<Offset> next;
  if (behind != bases.end()) next = *behind;
  CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey all,
                         logs.Read(before, logs.RangeOf(before, next)));
  return all.whole_bytes == up_to_base.whole_bytes;
}

// Nothing where the segment at `named`, one of `bases`, may have its name.
absl::StatusOr<std::optional<MisnamedSegment>> Judge(
    const PartitionLogs& logs, const std::vector<Offset>& bases, Offset named) {
  const std::optional<Offset> next = Behind(bases, named);
  CAUCE_ASSIGN_OR_RETURN(const auto first, logs.FirstBase(named));
  // Compaction may have left a gap in front, but at the end of the log.
  const bool fits =
      !first || *first == named || (*first > named && next && *first < *next);
  if (fits) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey as_named,
                         logs.Read(named, logs.RangeOf(named, next)));
  CAUCE_ASSIGN_OR_RETURN(SegmentSurvey moved,
                         logs.Read(named, {.base = *first}));
  const bool is_foreign =
      !as_named.other_format.empty() || !moved.other_format.empty();
  if (is_foreign) return std::nullopt;
  if (as_named.whole_bytes > 0) {
    CAUCE_ASSIGN_OR_RETURN(const bool is_free,
                           IsFree(logs, bases, *first, moved.next, named));
    // A first batch that is not what it says is no reason: the others then fit
    // the name.
    const bool belongs_there =
        is_free && moved.whole_bytes > as_named.whole_bytes;
    if (!belongs_there) return std::nullopt;
  }
  return MisnamedSegment{named, *first, std::move(moved)};
}

}  // namespace

absl::StatusOr<std::vector<MisnamedSegment>> FindMisnamed(
    const PartitionLogs& logs, std::vector<Offset> bases) {
  std::vector<MisnamedSegment> misnamed;
  const std::vector<Offset> all = bases;
  for (const Offset named : std::views::reverse(all)) {
    CAUCE_ASSIGN_OR_RETURN(auto found, Judge(logs, bases, named));
    if (!found) continue;
    // Where the others end and begin does not depend on it.
    std::erase(bases, named);
    misnamed.push_back(*std::move(found));
  }
  return misnamed;
}

}  // namespace cauce
