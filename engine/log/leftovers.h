// What a stop may have left over in a partition's directory, and what of that
// tells of producers. For the partition's one writer.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/segment.h"

namespace cauce {

// Files that stay.
struct Leftovers {
  std::vector<Offset> snapshots;  // smallest first
  std::vector<Offset> lists;      // the bases of `.txnindex` files, as well
  std::vector<Offset> orphans;    // of indexes whose logs are missing, as well
};

// What is known of the stop, as RecoveryHints have it.
struct LastStop {
  bool was_clean = false;
  // Of a broker's topic without configs here: its files on their way out stay.
  bool is_brokers = false;
  Offset recovery_point{0};
  Offset log_start{0};
};

// Removes files on their way out, and indexes without a log; `bases` are those
// of the logs. An index of what was durable and was not deleted stays: its log
// is missing, and it helps to mend that. In front of all logs it goes where its
// own is on its way out, which goes behind it: retention has no room at times
// to save the start.
//
// A snapshot above the recovery point goes: a power loss may have torn it, or
// have taken the batches that it tells of. Before anything is recovered, since
// that moves the point. So does one right at it that was torn. Of those that
// begin no segment the newest stays, as with Kafka. That they are gone is
// durable once the directory is synced; no point above them may be noted
// before.
absl::StatusOr<Leftovers> RemoveLeftovers(const SegmentPlace& place,
                                          const std::vector<Offset>& bases,
                                          const LastStop& stop);

// Whether the segment at `base`, whose log is not there, is on its way out in
// front of the log, which begins at `first`: nobody misses it. Of a broker's
// topic too, where all of it stays until that gets configs.
absl::StatusOr<bool> IsOnItsWayOut(FileSystem& files,
                                   std::string_view directory, Offset base,
                                   Offset first);

}  // namespace cauce
