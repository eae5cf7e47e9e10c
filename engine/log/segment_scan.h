// Walks over a whole segment: what recovery and rebuilt indexes stand on.
//
// Verifies every batch and that offsets grow from the segment's base on, and
// builds the indexes on the way. Pure but for reading the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_index.h"

namespace cauce {

struct ScannedSegment {
  std::shared_ptr<SegmentIndex> index;
  // Where the last good batch ends, in the file and in offsets.
  int64_t bytes = 0;
  Offset next;
  // The greatest timestamp of the first batch, for rolling by time.
  Timestamp first_timestamp;
  // Which epochs its batches tell of, and where each is met first.
  std::vector<EpochStart> epochs;
  int64_t file_bytes = 0;  // as far as the scan could have gone
  // OK where the log ends there; else what stands behind it.
  absl::Status damage;
};

// Whether `status` tells of bytes that cannot be a batch, as opposed to bytes
// that could not be read.
bool IsDamage(const absl::Status& status);

// Scans [0, bytes) of `file`, called `name`. Fails only where the file cannot
// be read: damage is a result.
absl::StatusOr<ScannedSegment> ScanSegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    Offset base, int64_t bytes, int64_t index_interval_bytes);

// Reads a segment's two index files. Reason::kCorruptFile, NotFound.
absl::StatusOr<std::unique_ptr<SegmentIndex>> LoadIndexFiles(
    FileSystem& files, const std::string& offset_index_path,
    const std::string& time_index_path, Offset base,
    int64_t index_interval_bytes);

// The same as ScanSegment, beginning at the last entry of `index`, as it was
// loaded from the segment's files, where the batch it leads to confirms it;
// else from the start.
absl::StatusOr<ScannedSegment> ScanSegmentTail(
    const std::shared_ptr<const File>& file, const std::string& name,
    Offset base, int64_t bytes, int64_t index_interval_bytes,
    std::unique_ptr<SegmentIndex> index);

}  // namespace cauce
