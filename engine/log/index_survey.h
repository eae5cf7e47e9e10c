// The index files of a partition that a survey comes upon: which of them stay,
// and which segments need new ones.
//
// Nothing is changed. For who has the directory to himself.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "engine/log/partition_check.h"
#include "engine/log/stray_files.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

class IndexSurvey {
 public:
  // `names` are those of the index files that are there, in `directory`.
  // `files` and `strays` are borrowed.
  IndexSurvey(FileSystem& files, std::string directory,
              std::set<std::string> names, StrayFiles& strays)
      : files_(files),
        directory_(std::move(directory)),
        names_(std::move(names)),
        strays_(strays) {}

  // `findings` are of the indexes of `segment`: they go. It is noted whether it
  // needs new ones.
  absl::Status Check(std::span<const Finding> findings,
                     SurveyedSegment& segment);

  // Those that lead into none of `segments` by their names go, and what is no
  // file where new ones are to be written. What retention has left of a segment
  // stays: the next opening for writing removes it.
  absl::Status TakeOrphans(const PartitionToCheck::Bounds& bounds,
                           std::span<const SurveyedSegment> segments);

 private:
  FileSystem& files_;
  const std::string directory_;
  std::set<std::string> names_;
  StrayFiles& strays_;
};

}  // namespace cauce
