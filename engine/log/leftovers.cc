#include "engine/log/leftovers.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/cut_files.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// Whether the snapshot at `at` may tell of what is lost, or be torn. One that
// was saved before a clean stop is not looked at before somebody needs it.
bool IsInDoubt(const SegmentPlace& place, Offset at, const LastStop& stop) {
  if (stop.was_clean || at != stop.recovery_point) {
    return at > stop.recovery_point;
  }
  const auto read = ReadSnapshot(*place.files, place.directory, at);
  return ReasonOf(read.status()) == Reason::kCorruptFile;
}

// Keeps those that `stays` is true of.
template <typename Stays>
absl::Status RemoveSnapshotsBut(const SegmentPlace& place,
                                std::vector<Offset>& snapshots, Stays stays) {
  std::vector<Offset> kept;
  for (const Offset at : snapshots) {
    if (stays(at)) {
      kept.push_back(at);
      continue;
    }
    CAUCE_RETURN_IF_ERROR(RemoveSnapshot(*place.files, place.directory, at));
  }
  snapshots = std::move(kept);
  return absl::OkStatus();
}

absl::Status RemoveStraySnapshots(const SegmentPlace& place,
                                  const std::vector<Offset>& bases,
                                  const LastStop& stop,
                                  std::vector<Offset>& snapshots) {
  CAUCE_RETURN_IF_ERROR(RemoveSnapshotsBut(place, snapshots, [&](Offset at) {
    return !IsInDoubt(place, at, stop);
  }));
  if (snapshots.empty()) return absl::OkStatus();
  const Offset newest = snapshots.back();
  return RemoveSnapshotsBut(place, snapshots, [&](Offset at) {
    return at == newest || std::ranges::binary_search(bases, at);
  });
}

}  // namespace

absl::StatusOr<Leftovers> RemoveLeftovers(const SegmentPlace& place,
                                          const std::vector<Offset>& bases,
                                          const LastStop& stop) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  Leftovers left;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (entry.is_directory || !file) continue;
    const bool is_done_with =
        entry.name.ends_with(kDeletedSuffix) && !stop.is_brokers;
    const bool on_its_way_out =
        is_done_with || entry.name.ends_with(kUnfinishedCutSuffix);
    const bool is_list = file->suffix == kTxnIndexSuffix;
    const bool is_index = file->suffix == kOffsetIndexSuffix ||
                          file->suffix == kTimeIndexSuffix || is_list;
    const bool has_log = std::ranges::binary_search(bases, file->base);
    const bool is_missed =
        file->base >= stop.log_start && file->base < stop.recovery_point;
    if (on_its_way_out || (is_index && !has_log && !is_missed)) {
      CAUCE_RETURN_IF_ERROR(place.files->RemoveFile(place.PathOf(entry.name)));
    } else if (is_index && !is_list && !has_log) {
      left.orphans.push_back(file->base);
    } else if (is_list) {
      // By name they are in the order of their offsets.
      left.lists.push_back(file->base);
    } else if (file->suffix == kSnapshotSuffix) {
      left.snapshots.push_back(file->base);
    }
  }
  // Of two kinds of index.
  const auto twice = std::ranges::unique(left.orphans);
  left.orphans.erase(twice.begin(), twice.end());
  CAUCE_RETURN_IF_ERROR(
      RemoveStraySnapshots(place, bases, stop, left.snapshots));
  return left;
}

}  // namespace cauce
