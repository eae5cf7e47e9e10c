// The logs of a partition's segments as a survey reads them: which there are,
// and what can be read of each by whoever looks at every byte.
//
// Nothing is changed. For who has the directory to himself; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_survey.h"

namespace cauce {

// What is called like a part of a segment.
struct PartitionListing {
  std::vector<Offset> logs;         // bases, smallest first
  std::vector<Offset> waiting;      // bases of logs that wait for their names
  std::set<std::string> indexes;    // names
  std::vector<Offset> directories;  // bases: called as logs are
  // By their end alone: a broker then takes what stands before it for an
  // offset, and fails.
  std::vector<std::string> lookalikes;
};

// How a log begins: its first two batches as they say themselves.
struct LogFront {
  Offset base;
  Offset next;                     // behind the first one
  std::optional<Offset> follower;  // where the second begins, if it is whole
  bool is_alone = false;           // nothing follows the first one
};

class PartitionLogs {
 public:
  // Both are borrowed.
  PartitionLogs(FileSystem& files, const PartitionToCheck& partition)
      : files_(files), partition_(partition) {}

  absl::StatusOr<PartitionListing> List() const;

  std::string PathOf(Offset named) const;

  const PartitionToCheck& partition() const { return partition_; }

  // What may stand in a segment at `base`; `next` is where the one behind it
  // begins, if there is one.
  ScanRange RangeOf(Offset base, std::optional<Offset> next) const;

  // The same of one that has no neighbours, and may end anywhere.
  ScanRange RangeOfAll(Offset base) const;

  // `range` but for its bytes, which are all there are.
  absl::StatusOr<SegmentSurvey> Read(Offset named, ScanRange range) const;

  // Nothing where the file does not begin with a whole batch.
  absl::StatusOr<std::optional<LogFront>> Front(Offset named) const;

  // Where the batch at `position` says it begins, if that is whole.
  absl::StatusOr<std::optional<Offset>> BaseAt(Offset named,
                                               int64_t position) const;

  // The same at the file's front.
  absl::StatusOr<std::optional<Offset>> FirstBase(Offset named) const;

  // The same of the log that waits for a name: of all of it, which may end
  // anywhere; nothing where its first batch is not whole.
  absl::StatusOr<std::optional<SegmentSurvey>> ReadWaiting(Offset base) const;

 private:
  absl::StatusOr<SegmentSurvey> ReadFile(const std::string& path,
                                         ScanRange range) const;
  absl::StatusOr<std::optional<LogFront>> FrontOf(const std::string& path,
                                                  int64_t position = 0) const;

  FileSystem& files_;
  const PartitionToCheck& partition_;
};

}  // namespace cauce
