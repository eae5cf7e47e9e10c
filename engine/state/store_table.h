// A store's table together with the mark that says what it reflects: takes the
// records of the changelog, in their order.
//
// Rows and mark change in one write, so that the table is at every moment what
// the changelog was up to one offset. For one thread at a time; readers take
// view(), applied() and stream_time() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cauce/partition.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/state/changelog_reader.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_mark.h"

namespace cauce {

class StoreTable {
 public:
  // Where a catch-up ends, and a moment by the clock: whatever stands there or
  // behind it was appended later. Marks in front of the end keep the time that
  // the table had, as does the one at the end where there is no such moment: a
  // deletion behind a mark may be as old as that, and compacted away before the
  // next opening.
  struct Goal {
    Offset end;
    Timestamp seen;
  };

  // `mark` is what the table has, or what it begins with where it is empty.
  StoreTable(std::unique_ptr<StateStore> table, const RowLayout& layout,
             const StoreMark& mark)
      : table_(std::move(table)),
        layout_(layout),
        mark_(mark),
        found_retention_ms_(mark.retention_ms),
        applied_(mark.applied.value),
        stream_time_(mark.stream_time.ms) {
    // With the first write: the same one may erase what has expired by it.
    mark_.retention_ms = layout.retention_ms();
  }

  StateStore& table() const { return *table_; }
  const RowLayout& layout() const { return layout_; }
  // For the one thread.
  const StoreMark& mark() const { return mark_; }
  Offset applied() const { return {applied_.load(std::memory_order_acquire)}; }
  Timestamp stream_time() const {
    return {stream_time_.load(std::memory_order_acquire)};
  }

  // Takes the records of an append, which end in front of the goal's end.
  absl::Status Apply(std::span<const ChangelogRecord> records,
                     const Goal& goal);

  // Reads what it lacks in front of the goal's end; much of it by a loader.
  // Told now and then of the records and their bytes. Where it fails the table
  // is as the changelog was at some offset in between, and may be caught up
  // with again.
  using Progress = absl::FunctionRef<void(Offset at, int64_t records,
                                          int64_t bytes)>;
  // Whether a gap of the changelog may be passed, asked at each.
  using AtGap = absl::FunctionRef<Gaps()>;
  absl::Status CatchUp(const Partition& changelog, const Goal& goal,
                       AtGap at_gap, Progress progress);

 private:
  class Pending;
  absl::Status CatchUpByWrites(const Partition& changelog, const Goal& goal,
                               AtGap at_gap, Progress progress);
  absl::Status CatchUpByLoader(const Partition& changelog, const Goal& goal,
                               AtGap at_gap, Progress progress);
  // Of what a loader brought, or an older opening has left. Rows that were
  // loaded may have expired by the end of the changelog.
  absl::Status EraseExpired();
  // Writes rows with the mark; removes the segments that have expired since
  // the stream time was `before`.
  absl::Status Write(std::span<const StateChange> changes,
                     const StoreMark& mark);
  // What the mark at the goal's end says.
  Timestamp WrittenAt(const Goal& goal) const;
  void Publish(const StoreMark& mark);

  const std::unique_ptr<StateStore> table_;
  const RowLayout layout_;
  StoreMark mark_;
  const int64_t found_retention_ms_;
  std::atomic<int64_t> applied_;
  std::atomic<int64_t> stream_time_;
};

// How a record becomes a row. Pure but for its memory, whose bytes live until
// the next call.
class RowMaker {
 public:
  explicit RowMaker(const RowLayout& layout) : layout_(layout) {}
  StateChange Make(const ChangelogRecord& record);

 private:
  const RowLayout layout_;
  std::string key_;
  std::string value_;
};

}  // namespace cauce
