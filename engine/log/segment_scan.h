// Walks over a whole segment: what recovery and rebuilt indexes stand on.
//
// Verifies every batch, and that each continues the one before from the
// segment's base on, and builds the indexes on the way. Pure but for reading
// the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/epoch_evidence.h"
#include "engine/log/segment_index.h"

namespace cauce {

// What is known of a segment's file before it is scanned.
struct ScanRange {
  Offset base;
  int64_t bytes = 0;  // how far to look
  int64_t index_interval_bytes = 4096;
  // No batch ends above; where the next segment begins or the log ends.
  Offset up_to{INT64_MAX};
  // The log ended here once: see BatchOffsets.
  Offset boundary{INT64_MIN};
  // From here on compaction has left no gap: see BatchOffsets.
  Offset no_gap_from{INT64_MAX};
  // Nor anywhere else: offsets that are left out are missing.
  bool has_no_gaps = false;
  // A batch behind one is believed only where others agree: see BatchOffsets.
  bool doubts_gaps = false;
  // What lies below was synced once.
  Offset durable{INT64_MIN};

  // What a walk from the first batch on expects.
  BatchOffsets Offsets() const;
};

struct ScannedSegment {
  std::shared_ptr<SegmentIndex> index;
  // Where the last good batch ends, in the file and in offsets.
  int64_t bytes = 0;
  Offset next;
  // Where the batches end that end at or below ScanRange::durable.
  int64_t durable_bytes = 0;
  // The greatest timestamp of the first batch, for rolling by time.
  Timestamp first_timestamp;
  // What its batches tell of leader epochs.
  EpochEvidence epochs;
  // Whether any that was looked at comes from a producer.
  bool has_producers = false;
  int64_t file_bytes = 0;  // as far as the scan could have gone
  // The header of the last good batch, and where it stands; empty without one.
  std::string last_header;
  int64_t last_position = 0;
  // An index that was claimed to be the segment's and does not lead where it
  // says: what is worth no more than hints. Null where there was none.
  std::shared_ptr<const SegmentIndex> disbelieved;
  // Why its index files could not be taken at all; OK where they could, or
  // nobody has tried.
  absl::Status unusable;
  bool rebuilt = false;  // `index` comes from the log alone
  // And what its files hold, which can be read, is not what the log makes.
  bool files_are_spoiled = false;
  // OK where the log ends there; else what stands behind it.
  absl::Status damage;
};

// The line for a log called `name` whose index files did not serve and are
// replaced by what `scanned` has found, with the reason: they are `unusable`,
// lead astray, or have no entry where the interval between entries asks for
// some. That is so with no damage at all where the interval was larger when
// they were written; but a file that was cut to nothing looks the same.
std::string MadeAnewLine(const std::string& name,
                         const ScannedSegment& scanned);

// Scans `file`, called `name`, from its start. Fails only where the file cannot
// be read: damage is a result.
absl::StatusOr<ScannedSegment> ScanSegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range);

// Reads a segment's two index files. Reason::kCorruptFile, NotFound.
absl::StatusOr<std::unique_ptr<SegmentIndex>> LoadIndexFiles(
    FileSystem& files, const std::string& offset_index_path,
    const std::string& time_index_path, Offset base,
    int64_t index_interval_bytes);

// The same as ScanSegment, beginning at the last entry of `index`, as it was
// loaded from the segment's files, where the batches confirm that entry and
// the largest timestamp; else from the start.
absl::StatusOr<ScannedSegment> ScanSegmentTail(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range, std::shared_ptr<SegmentIndex> index);

struct TimesBehind {
  // Of the batches that can be read; kNoTimestamp where none has one.
  Timestamp largest;
  bool is_whole = true;  // all of them can be
};

// Reads the batches that index.claimed_behind_times() names.
absl::StatusOr<TimesBehind> LookBehindTimes(
    BatchScanner& scanner, const std::shared_ptr<const File>& file,
    const std::string& name, const ScanRange& range, const SegmentIndex& index);

// Goes on behind the damage that `scanned` stands in front of, with every
// batch that can still be reached, also by the entries of the index that was
// not believed. The first damage stays told.
absl::Status ScanBehindDamage(const std::shared_ptr<const File>& file,
                              const std::string& name, const ScanRange& range,
                              ScannedSegment& scanned);

}  // namespace cauce
