// The transactions that were aborted in each segment of a partition, for who
// asks for one segment after another.
//
// What was aborted in one may have begun in any in front of it, so the logs are
// read from the first on: each once, where the segments come in the order of
// their bases, and from the first on again for one that does not. Damage, an
// offset out of order too, hides what stands behind it in its log. Changes
// nothing. Not thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_table.h"

namespace cauce {

class AbortedWalk {
 public:
  // `files` is borrowed.
  AbortedWalk(FileSystem& files, std::string_view directory)
      : files_(files), directory_(directory) {}

  // Those of the segment at `base`, of those at `bases`, smallest first. The
  // logs in front of it have not changed since the last call.
  absl::StatusOr<AbortedIndex> FindIn(Offset base,
                                      std::span<const Offset> bases);

 private:
  // Takes all of the log at `base`, behind which the one at `next` follows.
  absl::Status Take(Offset base, Offset next, AbortedIndex& aborted);

  FileSystem& files_;
  const std::string directory_;
  ProducerTable producers_;
  Offset taken_to_{0};  // the logs with smaller bases were
};

}  // namespace cauce
