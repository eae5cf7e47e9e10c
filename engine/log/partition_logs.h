// The logs of a partition's segments as a survey reads them: which there are,
// and what lies in each for whoever looks at every byte.
//
// Nothing is changed. For who has the directory to himself; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/named_log.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_survey.h"

namespace cauce {

// What is called like a part of a segment.
struct PartitionListing {
  std::vector<Offset> logs;         // bases, smallest first
  std::vector<Offset> waiting;      // bases of logs that wait for their names
  std::vector<Offset> swaps;        // of compacted logs that do (CompleteSwaps)
  std::set<std::string> indexes;    // names
  std::vector<Offset> indexed;      // bases of those that are files, sorted
  std::vector<Offset> snapshots;    // up to where they tell of producers
  std::vector<Offset> directories;  // bases: called as logs are
  // Of files that are written beside one and then take its place, by name, and
  // whose segment that is.
  std::map<std::string, Offset> unfinished;
  // By their end alone: a broker then takes what stands before it for an
  // offset, and fails.
  std::vector<std::string> lookalikes;
};

class PartitionLogs {
 public:
  // Both are borrowed.
  PartitionLogs(FileSystem& files, const PartitionToCheck& partition)
      : files_(files), partition_(partition) {}

  absl::StatusOr<PartitionListing> List() const;

  std::string PathOf(const NamedLog& log) const;

  absl::StatusOr<std::shared_ptr<const File>> Open(const NamedLog& log) const;

  // Whether its first two batches agree on where they begin, which is not what
  // it is called: one alone may have a damaged offset.
  absl::StatusOr<bool> IsMisnamed(const NamedLog& log) const;

  // What lies in it. `borders` and `progress` as SurveyHints has them.
  absl::StatusOr<SegmentSurvey> Read(
      const NamedLog& log, std::span<const Offset> borders,
      const std::function<void(int64_t bytes)>& progress) const;

  // Splits the runs of each of `surveys`, which are those of `logs` in turn,
  // where others have borders, and where the log was closed: such runs are read
  // again.
  absl::Status SplitWhereTheyMeet(std::span<const NamedLog> logs,
                                  std::span<SegmentSurvey> surveys) const;

 private:
  FileSystem& files_;
  const PartitionToCheck& partition_;
};

}  // namespace cauce
