// Carries out the steps of a repair. Each is done or not done after a stop at
// any moment, and may then be done again; what it did is durable when it
// returns.
//
// For who has the directory to himself, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/aborted_walk.h"
#include "engine/log/gap_batch.h"
#include "engine/log/segment_scan.h"

namespace cauce {

class RepairWork {
 public:
  // Of the partition in `directory`, of which `steps` are all that is to be
  // done. `files` is borrowed.
  RepairWork(FileSystem& files, std::string directory,
             int64_t index_interval_bytes,
             std::span<const RepairStep> steps = {});

  // Makes what stands in the logs and their indexes durable, and all names: a
  // process that was killed may have left it to memory, or somebody who copied
  // a file.
  absl::Status SyncFiles() const;

  // The same, of a log of which only what lies below `durable` is known to be
  // on the disk: a sync that failed may have left the rest to memory, as clean,
  // so it is written again. Whole segments: a name may be wrong by now.
  absl::Status WriteAgain(Offset durable) const;

  // Any action but kWriteAnew.
  absl::Status Do(const RepairStep& step) const;

  // Writes the epoch checkpoint anew from the batches, which are whole.
  absl::Status WriteEpochs() const;

 private:
  absl::Status Rename(const RepairStep& step) const;
  absl::Status RemoveBytes(const RepairStep& step) const;
  // Writes what is to stay of the log beside it.
  absl::Status WriteCleaned(const std::shared_ptr<const File>& log,
                            int64_t size, const RepairStep& step) const;
  // But those that a step of their own sets aside.
  absl::Status RemoveIndexes(const std::string& log) const;
  absl::Status Begin(const std::string& log) const;
  absl::Status Fill(const RepairStep& step) const;
  absl::Status WriteIndexes(const std::string& log) const;
  absl::Status SyncNames() const;

  // What may stand between the batches around [base, next).
  absl::StatusOr<GapStamp> StampBetween(Offset base, Offset next) const;
  // Of the last batch of those of the segments `bases`, smallest first, that
  // are in front of `base`.
  absl::StatusOr<std::optional<GapStamp>> StampBefore(
      std::span<const Offset> bases, Offset base) const;
  // Of a segment's first batch and of its last; nothing where it has none.
  absl::StatusOr<std::optional<GapStamp>> FirstStamp(Offset base) const;
  absl::StatusOr<std::optional<GapStamp>> LastStamp(Offset base) const;

  absl::Status SyncFile(const std::string& path) const;
  absl::Status WriteFileAgain(const std::string& path) const;
  // Whether there is nothing at `path` to make durable, which `opened` says of
  // it opened for writing: a link or a pipe holds nothing, and what may not
  // even be read is no log, of which nothing would be planned, but an index
  // that goes.
  bool IsPassedOver(const std::string& path, const absl::Status& opened) const;
  // The names of its logs and their indexes.
  absl::StatusOr<std::vector<std::string>> SegmentFiles() const;
  // The bases of its segments, smallest first.
  absl::StatusOr<std::vector<Offset>> Bases() const;
  // Without those that steps take from their places.
  absl::StatusOr<std::vector<Offset>> StayingBases() const;
  // Fails where it is damaged.
  absl::StatusOr<ScannedSegment> Scan(Offset base) const;
  // Up to where it is.
  absl::StatusOr<ScannedSegment> ScanFront(Offset base) const;
  std::string LogPath(Offset base) const;

  FileSystem& files_;
  const std::string directory_;
  const int64_t index_interval_bytes_;
  // Of the indexes that were written last; copies go on with each other's.
  const std::shared_ptr<AbortedWalk> aborted_;
  // The paths of what steps take from its place, some of them later.
  const std::shared_ptr<const std::set<std::string>> moved_;
};

}  // namespace cauce
