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

// Whether what is known of the log around it says that a segment's first batch
// is of [base, end). `bases` are those of the other segments; `is_alone` says
// that no batch follows in the file.
absl::StatusOr<bool> IsAttested(const PartitionLogs& logs,
                                const std::vector<Offset>& bases, Offset base,
                                Offset end, bool is_alone) {
  const auto& bounds = logs.partition().bounds;
  if (base == bounds.log_start || (is_alone && end == bounds.durable)) {
    return true;
  }
  if (is_alone && std::ranges::binary_search(bases, end)) return true;
  const auto behind = std::ranges::lower_bound(bases, base);
  if (behind == bases.begin()) return false;
  const Offset before = *std::prev(behind);
  CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey survey,
                         logs.Read(before, logs.RangeOf(before, base)));
  return survey.next == base;
}

// Whether the name of a segment is wrong, rather than the base offset of its
// first batch, which disagrees with it.
absl::StatusOr<bool> IsNameWrong(const PartitionLogs& logs,
                                 std::vector<Offset> bases, Offset named) {
  CAUCE_ASSIGN_OR_RETURN(const auto front, logs.Front(named));
  if (!front) return false;
  const Offset end = named + (front->next - front->base);
  if (front->follower == front->next) return true;
  if (front->follower == end) return false;
  std::erase(bases, named);
  // Files that were exchanged are called as others begin.
  if (std::ranges::binary_search(bases, front->base)) {
    CAUCE_ASSIGN_OR_RETURN(const auto first, logs.FirstBase(front->base));
    return first && *first != front->base;
  }
  const bool is_alone = !front->follower;
  CAUCE_ASSIGN_OR_RETURN(const bool is_named,
                         IsAttested(logs, bases, named, end, is_alone));
  if (is_named) return false;
  return IsAttested(logs, bases, front->base, front->next, is_alone);
}

// Nothing where the segment at `named` may have its name. Of `all`, `bases` are
// those that are not known to be misnamed.
absl::StatusOr<std::optional<MisnamedSegment>> Judge(
    const PartitionLogs& logs, const std::vector<Offset>& all,
    const std::vector<Offset>& bases, Offset named) {
  const std::optional<Offset> next = Behind(bases, named);
  CAUCE_ASSIGN_OR_RETURN(const auto first, logs.FirstBase(named));
  // Compaction may have left a gap in front, but at the end of the log.
  const bool fits =
      !first || *first == named || (*first > named && next && *first < *next);
  if (fits) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const bool is_wrong, IsNameWrong(logs, all, named));
  if (!is_wrong) return std::nullopt;
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
    CAUCE_ASSIGN_OR_RETURN(auto found, Judge(logs, all, bases, named));
    if (!found) continue;
    // Where the others end and begin does not depend on it.
    std::erase(bases, named);
    misnamed.push_back(*std::move(found));
  }
  return misnamed;
}

}  // namespace cauce
