// A pass of compaction over a log: finds out which keys were written again, and
// writes the segments anew without what was written over.
//
// Goes on in pieces, so that whoever runs it decides when: first over the
// headers, for producers and transactions; then over the dirty part, into a map
// of keys; then over all segments below its end, group by group. Each group
// becomes one new log, whole and durable before it takes the place of the old
// ones: so a pass may end anywhere and has done what it has done. Where the map
// is full the pass ends in front of the key that does not fit, and the next one
// goes on there. A damaged segment is left as it is, and what it may still bear
// on stays. Source: Apache Kafka, Cleaner. Not thread-safe; reads files that
// nobody changes, under no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/compaction.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/batch_compactor.h"
#include "engine/log/batch_judge.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/cleaned_segment.h"
#include "engine/log/compaction_plan.h"
#include "engine/log/key_collector.h"
#include "engine/log/key_hash.h"
#include "engine/log/producer_scan.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"
#include "engine/log/transaction_sweep.h"

namespace cauce {

struct CompactionTask {
  // Oldest first. Those below `end` are compacted; the others are looked at for
  // producers and transactions, up to `known_end`.
  SegmentSet::List segments;
  Offset first_dirty;
  Offset end;
  Offset known_end;
  // What nobody has deleted, and whose files are gone from between those. Each
  // stays a gap between segments, and who comes there is told; what it may
  // still bear on stays, since it may be put back.
  std::vector<OffsetRange> missing;
  SegmentPlace place;  // of any segment
  MergeLimits limits;
  // What is older than this, by tombstones and markers, may go; and how long
  // those stay that are met for the first time.
  absl::Time now;
  absl::Duration delete_retention;
  // For keys, at least KeyMap::kBytesMin.
  int64_t memory_bytes_max = 0;
  KeySecret secret;
  // Who has written nothing for so long is not active any more.
  absl::Duration producer_expiration = absl::Hours(24);
};

class Compaction {
 public:
  // Puts `cleaned`, which is finished, in the place of `sources`. False where
  // these are no longer part of the log.
  using Replace = std::function<absl::StatusOr<bool>(
      const SegmentSet::List& sources, CleanedSegment& cleaned)>;

  Compaction(CompactionTask task, Replace replace);
  ~Compaction();

  // Reads and writes about `bytes`, one batch at least; returns whether the
  // pass is over. After an error it is, too: nothing is left behind of what
  // was not finished.
  absl::StatusOr<bool> Work(int64_t bytes);

  // Once it is over without an error: where the next one begins.
  Offset first_dirty_after() const { return first_dirty_after_; }
  // Its segments were no longer part of the log: another pass is to look at
  // what is there by now.
  bool gave_up() const { return gave_up_; }
  // Why a segment was left as it is: the first of them; OK where none was.
  const absl::Status& damage() const { return damage_; }
  const CompactionTotals& totals() const { return totals_; }
  // Read and written, headers that were looked at among them.
  int64_t worked_bytes() const { return worked_bytes_; }
  // Between 0 and 1; never less than before.
  double progress() const;

 private:
  enum class Phase { kScan, kMap, kRewrite, kOver };
  absl::Status WorkOnce();
  void CountWork(int64_t bytes);
  absl::Status ScanOne();
  // What is to be read of a log that is compacted up to `end`.
  int64_t BytesToRead(Offset end) const;
  void EndScan();
  absl::Status MapSome();
  // False once the map is full.
  absl::StatusOr<bool> MapBatch(const RecordBatch& batch);
  void EndMap(Offset filter_end);
  absl::Status RewriteSome();
  absl::Status BeginGroup();
  // Whether some of what the segment had is missing. It stays a file of its
  // own: by its name, and that it is short, that is known.
  bool IsShort(const Segment& segment) const;
  // What is missing of the segment, or in front of the next one.
  const OffsetRange* MissingBehind(const Segment& segment) const;
  // Whether the segment behind this one may be added to what is being written,
  // once that has `more_bytes` more.
  bool MayGoOn(int64_t more_bytes) const;
  // How much will be left of it, as far as that is known by now.
  int64_t ExpectedBytes(const Segment& segment) const;
  // Of the list of aborted transactions whose markers lie in [from, end).
  int64_t ListBytes(Offset from, Offset end) const;
  absl::Status RewriteBatch(const RecordBatch& batch, bool is_last);
  // Its marker stays: whoever reads what is committed is to be told.
  void ListIfAborted(const RecordBatch& marker);
  absl::Status EndGroup();
  // Says of the offsets up to `next` that there is nothing.
  absl::Status CoverGapUpTo(Offset next);
  // A segment of the group is damaged: it is left, the group is begun again
  // without it.
  absl::Status LeaveDamaged(const absl::Status& damage);
  // Somebody has cut the log, and the file that is read here, or has deleted
  // its beginning: another pass looks at what is there by then.
  absl::Status GiveUp();
  absl::Status EndPass();

  // Starts a walk over `segment`.
  absl::Status Enter(Segment& segment);
  // The next batch of the walk; zeros in the place of one are damage.
  absl::StatusOr<std::optional<RecordBatch>> NextBatch();
  std::string PlaceOfBatch() const;
  const Segment& segment() const { return *task_.segments[at_]; }

  CompactionTask task_;
  const Replace replace_;
  Phase phase_ = Phase::kScan;
  CompactionTotals totals_;
  int64_t work_ = 0;  // what is left of this call's bytes
  int64_t worked_bytes_ = 0;
  int64_t done_bytes_ = 0;  // of all that is to be read
  int64_t all_bytes_ = 1;
  bool gave_up_ = false;
  Offset first_dirty_after_;
  absl::Status damage_;

  // Where the walk is: a segment, and whether it was entered.
  size_t at_ = 0;
  bool is_inside_ = false;
  BatchScanner scanner_;
  BatchCompactor compactor_;

  std::optional<ProducerScan> scan_;
  ProducerView producers_;
  // The same ones in the order of their first offsets.
  std::vector<AbortedTransaction> aborted_by_first_;
  const KeyHasher hasher_;
  std::optional<KeyCollector> keys_;
  // What the map leaves out.
  std::optional<TransactionSweep> mapped_;

  // What lies at or above it stays.
  Offset filter_end_;
  size_t filtered_ = 0;  // segments that begin below
  // Damaged ones: what has expired stays for what those may hold.
  std::set<size_t> left_;
  // As it is now, and as it was when the group began.
  std::optional<BatchJudge> judge_;
  std::optional<BatchJudge> judge_before_;
  size_t group_ = 0;  // its first segment
  int64_t group_source_bytes_ = 0;
  // Whether the next segment is of the group too, once that is known.
  std::optional<bool> goes_on_;
  bool group_changed_ = false;
  CompactionTotals group_totals_;
  std::unique_ptr<CleanedSegment> cleaned_;
  LeaderEpoch last_epoch_;
  Timestamp last_time_;
};

}  // namespace cauce
