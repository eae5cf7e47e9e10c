// The two index files of a segment, as its owner writes them.
//
// While a segment is written they only grow at their ends, and a file that
// holds anything but a beginning of the new content is removed and not written
// over: so whatever a stop leaves of one is what was put there, or less, or has
// a hole that shows. Invariant: an entry is in the offset index only where all
// time entries up to it are durable, so that recovery may keep both up to any
// offset whose batches are durable, and a reader may take what lies in front of
// an offset entry to be no later than the time entries say. So where the times
// are made anew, the offsets that were there go first. Not thread-safe: the
// segment locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/segment_index.h"
#include "engine/log/sparse_index.h"

namespace cauce {

class IndexFiles {
 public:
  // `files` is borrowed.
  IndexFiles(FileSystem& files, std::string offsets_path,
             std::string times_path);

  // Makes the files hold all of `index`. What was written here before is taken
  // to be there still.
  absl::Status Write(const SegmentIndex& index);
  // The same for an index that its writer adds to meanwhile: at least what was
  // there when this began.
  absl::Status WriteLive(const SegmentIndex& index);
  // The same, whatever became of the files since.
  absl::Status WriteAnew(const SegmentIndex& index);

  // Makes durable what Write has left to be: the offset index. SyncNotBegun
  // where it finds no descriptor for it.
  absl::Status Sync();

  // Write in two halves, for who syncs more than these files in between: after
  // the first the times are to be made durable. The second does nothing where
  // the first came to nothing. Any other write in between does both, and takes
  // the times for lost.
  absl::Status WriteTimes(const SegmentIndex& index);
  absl::Status WriteOffsets(const SegmentIndex& index);

  // Those that are there.
  absl::Status Remove();

 private:
  template <class Entry>
  struct Target {
    std::string path;
    size_t written = 0;     // entries that are in the file
    bool is_known = false;  // and nothing else is
  };

  absl::Status WriteUpTo(const SegmentIndex& index, size_t offsets,
                         size_t times);
  // Returns whether there was anything to write. `discard` takes away what is
  // there and is not to be gone on with.
  template <class Entry>
  absl::StatusOr<bool> WriteOne(Target<Entry>& target,
                                const SparseIndex<Entry>& entries, Offset base,
                                size_t count,
                                absl::FunctionRef<absl::Status()> discard);
  // The two of them.
  absl::StatusOr<bool> WriteTimesUpTo(const SegmentIndex& index, size_t offsets,
                                      size_t times);
  absl::Status WriteOffsetsUpTo(const SegmentIndex& index, size_t offsets);
  // Whether the file holds some of the first `count` entries, from the first
  // on, and nothing else.
  template <class Entry>
  absl::StatusOr<bool> IsBeginning(const std::string& path,
                                   const SparseIndex<Entry>& entries,
                                   Offset base, size_t count);
  // Takes the times away, which are not to be gone on with, and the offsets
  // beside them, of which there are to be `offsets`.
  absl::Status DiscardTimes(size_t offsets);
  // Removes one; returns how many bytes it had, nothing where there was none.
  absl::StatusOr<std::optional<int64_t>> TakeAway(const std::string& path);

  FileSystem& files_;
  Target<OffsetEntry> offsets_;
  Target<TimeEntry> times_;
  bool times_owe_sync_ = false;  // WriteTimes has left that to its caller
};

}  // namespace cauce
