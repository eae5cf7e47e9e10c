#include "engine/log/leftovers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
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

// The bases of logs that were deleted from the front of those of `bases`. Where
// there is no room to save the start the files alone tell of it: what is left
// of such a segment, when a stop came before its indexes were gone, is not
// missed.
std::vector<Offset> DeletedFromFront(const std::vector<DirectoryEntry>& entries,
                                     const std::vector<Offset>& bases) {
  std::vector<Offset> deleted;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_deleted_log =
        !entry.is_directory && file && file->suffix == kDeletedLogSuffix;
    if (is_deleted_log && !bases.empty() && file->base < bases.front()) {
      deleted.push_back(file->base);
    }
  }
  return deleted;
}

}  // namespace

absl::StatusOr<Leftovers> RemoveLeftovers(const SegmentPlace& place,
                                          const std::vector<Offset>& bases,
                                          const LastStop& stop) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  std::vector<Offset> deleted;
  if (!stop.is_brokers) deleted = DeletedFromFront(entries, bases);
  Leftovers left;
  bool is_told_by_log = false;         // that an index is not missed
  std::vector<std::string> told_last;  // what tells of that
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
    const bool was_deleted = std::ranges::count(deleted, file->base) > 0;
    const bool is_missed = !was_deleted && file->base >= stop.log_start &&
                           file->base < stop.recovery_point;
    is_told_by_log |= is_index && was_deleted;
    if (was_deleted && file->suffix == kDeletedLogSuffix) {
      told_last.push_back(place.PathOf(entry.name));
    } else if (on_its_way_out || (is_index && !has_log && !is_missed)) {
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
  // For good, or another stop might leave the index alone.
  if (is_told_by_log) {
    CAUCE_RETURN_IF_ERROR(place.files->SyncDirectory(place.directory));
  }
  for (const std::string& path : told_last) {
    CAUCE_RETURN_IF_ERROR(place.files->RemoveFile(path));
  }
  // Of two kinds of index.
  const auto twice = std::ranges::unique(left.orphans);
  left.orphans.erase(twice.begin(), twice.end());
  CAUCE_RETURN_IF_ERROR(
      RemoveStraySnapshots(place, bases, stop, left.snapshots));
  return left;
}

absl::StatusOr<bool> IsOnItsWayOut(FileSystem& files,
                                   std::string_view directory, Offset base,
                                   Offset first) {
  if (base >= first) return false;
  const auto deleted = files.Info(
      JoinPath(directory, SegmentFileName(base, kDeletedLogSuffix)));
  const bool is_none = absl::IsNotFound(deleted.status()) ||
                       absl::IsFailedPrecondition(deleted.status());
  if (is_none) return false;
  CAUCE_RETURN_IF_ERROR(deleted.status());
  return true;
}

}  // namespace cauce
