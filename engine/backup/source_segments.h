// Which files make up the log of a partition that is only read: those of its
// segments, and compacted ones that are taking the place of several, beside the
// writer that does so, or behind one that was stopped at it.
//
// As whoever opens it for reading sees it: in between, what a compacted log was
// made from has no name of a log any more, and it has none yet. Reads only; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

struct SourceSegment {
  Offset base;
  bool is_swap = false;  // its log is called `.log.swap` as yet

  std::string_view log_suffix() const;

  friend bool operator==(const SourceSegment&, const SourceSegment&) = default;
};

// Those in `directory`, by their bases; what a compacted one replaces is not
// among them. FailedPrecondition where one is damaged whose sources come back
// once the directory is opened for writing. NotFound without a Reason where
// files went, or have other names, meanwhile.
absl::StatusOr<std::vector<SourceSegment>> ListSourceSegments(
    FileSystem& files, const std::string& directory);

}  // namespace cauce
