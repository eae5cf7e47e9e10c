// Says at each gap of a changelog that somebody meets who reads it, whether
// compaction may have dropped a deletion there that the table has not seen.
//
// What was appended behind the table's mark stays for delete.retention.ms, by
// the clock as it is at the gap: a reading may take longer than that. Behind it
// a gap may be passed only where the reading would have met the same records at
// its beginning: no segment was replaced since. For one thread; keeps the log.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/facade/engine_core.h"
#include "engine/log/log.h"
#include "engine/log/segment_set.h"
#include "engine/state/changelog_reader.h"
#include "engine/state/store_mark.h"

namespace cauce {

// The table that a reading brings up to the changelog's end.
struct WatchedTable {
  StoreMark mark;
  // It is empty, so that what was dropped in front of the reading, a record
  // with its deletion, is no loss.
  bool is_new = false;
  absl::Duration delete_retention;
};

class GapWatch {
 public:
  // In front of the reading. `clock` is borrowed.
  static absl::StatusOr<GapWatch> Begin(EngineCore& engine,
                                        const TopicPartition& changelog,
                                        const WatchedTable& table,
                                        Clock& clock);

  Gaps AtGap();
  // Whether there was any.
  bool has_met_any() const { return has_met_any_; }

 private:
  GapWatch(std::shared_ptr<Log> log, const WatchedTable& table, Clock& clock);
  bool IsAnyReplaced();

  std::shared_ptr<Log> log_;
  WatchedTable table_;
  Clock* clock_;
  std::shared_ptr<const SegmentSet> begun_with_;
  // Below it what was dropped was dropped before: of a table that was found
  // nobody knows what.
  bool vouches_for_before_ = false;
  // What the segments were compared with last, and whether any was replaced.
  std::shared_ptr<const SegmentSet> compared_;
  bool is_any_replaced_ = false;
  bool has_met_any_ = false;
};

}  // namespace cauce
