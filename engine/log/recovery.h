// Finds out what a partition's directory holds, and makes it whole.
//
// After a clean stop the files are believed and only the end of the active
// segment is looked at; where it is known what there was, a segment that is
// gone from between others is missed, or one that is short, and where nothing
// has another name since, the directory is not even listed, nor a short active
// segment that nobody has written read. After any other
// stop every segment that reaches above the recovery point is scanned, the one
// the point lies in from there on (of one that ends there what stands behind
// its end is cut off), and its indexes are made whole: at or above the recovery
// point the log ends at the first bad batch, the rest was never acknowledged as
// durable; below it a bad batch is damage, which is reported where it is met,
// and kept, and the log goes on behind it. What is whole there and of a format
// of another release is no bad batch: such a log is refused as it is. What
// recovery returns is durable, but for names after a clean stop, of which it
// tells: what lies above the recovery point is written back, since a sync that
// failed may have left it in memory alone. It syncs once each file above the
// recovery point, the time indexes of those that are sealed, the active one,
// and the directory. Running it again finds the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/epoch_evidence.h"
#include "engine/log/leftovers.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"
#include "engine/log/segment_writer.h"

namespace cauce {

struct RecoveryHints {
  bool clean_stop = false;
  // As LogOptions has them: without a clean stop, of a close before that.
  const KnownLog* known = nullptr;
  bool is_unchanged = false;
  bool is_end_unchanged = false;
  // The first offset not known to be durable, as last saved.
  Offset recovery_point{0};
  // What lies below is gone, as last saved.
  Offset log_start{0};
  // A broker wrote it: one cleans also what lies above the point it has saved,
  // so that a sealed segment may end in a gap there.
  bool is_brokers = false;
  // The time, for segments that are made.
  Timestamp now;
  // May be null. Told of each segment that was made durable: the log is whole
  // from `start` up to the segment's end, and that took `bytes` to find out. A
  // recovery that is cut short need not begin before it again. Ends where what
  // is recovered tells of producers, or may: their files are made whole later.
  std::function<void(Offset start, Offset end, int64_t bytes)> progress;
  // Whether who recovers syncs all of the file system afterwards: then the
  // newest segment and names are left to that, where nothing has to be durable
  // before. See RecoveredLog::owes_sync.
  bool is_synced_later = false;
  // Gets a line for everything that was not as a clean stop leaves it.
  EventSink events;
};

struct RecoveredLog {
  // Oldest first, without the one `writer` appends to.
  SegmentSet::List sealed;
  std::unique_ptr<SegmentWriter> writer;
  Offset log_start;
  // Until `writer` is settled the recovery point stays at or below: the segment
  // that ends there has a tail for which there is no room elsewhere, and which
  // the next recovery has to find.
  Offset unsettled_from{INT64_MAX};
  // The names of the segments are not known to be durable.
  bool names_unsynced = true;
  // Nothing counts as durable, nor is the offset index written, before a sync
  // of all the file system.
  bool owes_sync = false;
  // What the scanned batches tell of leader epochs.
  EpochEvidence epochs;
  // Whether any of them comes from a producer.
  bool has_producers = false;
  Leftovers leftovers;
  // In front of segments: their files are gone, or too short, and nobody did
  // that. Of each file by itself.
  std::vector<OffsetRange> missing;
  // Whether something was told that the next opening has to look for too.
  bool is_odd = false;
};

// `place` is that of any segment; its base is not looked at. Of what lies above
// the recovery point it says whether there may be gaps.
// Reason::kUnsupportedFormat.
absl::StatusOr<RecoveredLog> RecoverLog(const SegmentPlace& place,
                                        const RecoveryHints& hints);

}  // namespace cauce
