#include "engine/log/misnamed_segments.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "engine/base/status_macros.h"

namespace cauce {
namespace {

// Files that exchanged their names are few; more are not looked at.
constexpr int kCircleMax = 64;

std::optional<Offset> Behind(const std::vector<Offset>& bases, Offset base) {
  const auto behind = std::ranges::upper_bound(bases, base);
  if (behind == bases.end()) return std::nullopt;
  return *behind;
}

// Where a segment may belong, or its first batch.
struct Place {
  Offset base;
  Offset end;
  bool ends_segment = false;  // nothing of it would come behind
};

// The other segments, of which `bases` are those that are not known to be
// misnamed.
class Neighbours {
 public:
  Neighbours(const PartitionLogs& logs, std::vector<Offset> bases,
             Offset without)
      : logs_(logs), bases_(std::move(bases)) {
    std::erase(bases_, without);
  }

  // Whether none of them has batches there.
  absl::StatusOr<bool> LeaveFree(const Place& place) {
    const auto behind = std::ranges::lower_bound(bases_, place.base);
    if (behind != bases_.end() && *behind < place.end) {
      CAUCE_ASSIGN_OR_RETURN(const auto first, logs_.FirstBase(*behind));
      if (!first || (*first >= place.base && *first < place.end)) return false;
    }
    if (behind == bases_.begin()) return true;
    const Offset before = *std::prev(behind);
    CAUCE_ASSIGN_OR_RETURN(const Extent up_to_base, Read(before, place.base));
    CAUCE_ASSIGN_OR_RETURN(const Extent all, ReadBefore(place.base));
    return all.whole_bytes == up_to_base.whole_bytes;
  }

  // How many sides of the place meet it: the segment before it, or the log's
  // saved start, and where the segment would end with it the one behind, or the
  // log's saved end.
  absl::StatusOr<int> CountSides(const Place& place) {
    CAUCE_ASSIGN_OR_RETURN(const bool meets_base, MeetsBase(place));
    const bool meets_end = place.ends_segment && MeetsEnd(place.end);
    return (meets_base ? 1 : 0) + (meets_end ? 1 : 0);
  }

 private:
  // What can be read of a segment.
  struct Extent {
    int64_t whole_bytes;
    Offset next;
  };

  absl::StatusOr<bool> MeetsBase(const Place& place) {
    const PartitionToCheck& partition = logs_.partition();
    if (bases_.empty() || bases_.front() >= place.base) {
      const Offset start = partition.bounds.log_start;
      return partition.start_is_known && start >= place.base &&
             start < place.end;
    }
    CAUCE_ASSIGN_OR_RETURN(const Extent before, ReadBefore(place.base));
    return before.next == place.base;
  }

  bool MeetsEnd(Offset end) const {
    if (std::ranges::binary_search(bases_, end)) return true;
    const bool is_last = bases_.empty() || bases_.back() < end;
    return is_last && end == logs_.partition().bounds.durable;
  }

  // The segment that begins before `base`, which there is: all of it, since it
  // may reach across.
  absl::StatusOr<Extent> ReadBefore(Offset base) {
    const auto behind = std::ranges::lower_bound(bases_, base);
    const Offset before = *std::prev(behind);
    std::optional<Offset> next;
    if (behind != bases_.end()) next = *behind;
    return Read(before, next);
  }

  absl::StatusOr<Extent> Read(Offset named, std::optional<Offset> next) {
    const auto known = read_.find({named, next});
    if (known != read_.end()) return known->second;
    CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey read,
                           logs_.Read(named, logs_.RangeOf(named, next)));
    const Extent extent{read.whole_bytes, read.next};
    read_.emplace(std::pair(named, next), extent);
    return extent;
  }

  const PartitionLogs& logs_;
  std::vector<Offset> bases_;
  // By name and where the one behind begins. The same places are asked about
  // again: two of them, and so four reads at most.
  std::map<std::pair<Offset, std::optional<Offset>>, Extent> read_;
};

// Whether files have each other's names: the one at `named` begins as another
// of `all` is called, that one as a third, and so on to one that begins as this
// is called. Several damaged offsets do not come to that.
absl::StatusOr<bool> IsInACircle(const PartitionLogs& logs,
                                 const std::vector<Offset>& all, Offset named,
                                 Offset first) {
  for (int files = 1; files < kCircleMax && first != named; ++files) {
    if (!std::ranges::binary_search(all, first)) return false;
    CAUCE_ASSIGN_OR_RETURN(const auto next, logs.FirstBase(first));
    if (!next || *next == first) return false;
    first = *next;
  }
  return first == named;
}

// Whether the name of the segment at `named` is wrong, rather than the base
// offset of its first batch, with which it disagrees.
absl::StatusOr<bool> IsNameWrong(const PartitionLogs& logs,
                                 const std::vector<Offset>& all,
                                 Neighbours& neighbours, const LogFront& front,
                                 Offset named) {
  const Place as_named{named, named + (front.next - front.base),
                       front.is_alone};
  const Place as_read{front.base, front.next, front.is_alone};
  if (front.follower == as_read.end) return true;
  if (front.follower == as_named.end) return false;
  CAUCE_ASSIGN_OR_RETURN(const bool is_circle,
                         IsInACircle(logs, all, named, front.base));
  if (is_circle) return true;
  CAUCE_ASSIGN_OR_RETURN(const bool may_move, neighbours.LeaveFree(as_read));
  if (!may_move) return false;
  CAUCE_ASSIGN_OR_RETURN(const int for_batch, neighbours.CountSides(as_read));
  CAUCE_ASSIGN_OR_RETURN(const bool may_stay, neighbours.LeaveFree(as_named));
  if (!may_stay) return for_batch > 0;
  CAUCE_ASSIGN_OR_RETURN(const int for_name, neighbours.CountSides(as_named));
  return for_batch > for_name;
}

// Nothing where the segment at `named` may have its name. Of `all` files
// `bases` are those that are not known to be misnamed.
absl::StatusOr<std::optional<MisnamedSegment>> Judge(
    const PartitionLogs& logs, const std::vector<Offset>& all,
    const std::vector<Offset>& bases, Offset named) {
  const std::optional<Offset> next = Behind(bases, named);
  CAUCE_ASSIGN_OR_RETURN(const auto front, logs.Front(named));
  if (!front) return std::nullopt;
  const Offset first = front->base;
  // Compaction may have left a gap in front, but at the end of the log.
  const bool fits = first == named || (first > named && next && first < *next);
  if (fits) return std::nullopt;
  Neighbours neighbours(logs, bases, named);
  CAUCE_ASSIGN_OR_RETURN(const bool is_wrong,
                         IsNameWrong(logs, all, neighbours, *front, named));
  if (!is_wrong) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const SegmentSurvey as_named,
                         logs.Read(named, logs.RangeOf(named, next)));
  CAUCE_ASSIGN_OR_RETURN(SegmentSurvey moved,
                         logs.Read(named, logs.RangeOfAll(first)));
  const bool is_foreign =
      !as_named.other_format.empty() || !moved.other_format.empty();
  if (is_foreign) return std::nullopt;
  if (as_named.whole_bytes > 0) {
    CAUCE_ASSIGN_OR_RETURN(const bool is_free,
                           neighbours.LeaveFree({first, moved.next}));
    // A first batch that is not what it says is no reason: the others then fit
    // the name.
    const bool belongs_there =
        is_free && moved.whole_bytes > as_named.whole_bytes;
    if (!belongs_there) return std::nullopt;
  }
  return MisnamedSegment{named, first, std::move(moved)};
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
