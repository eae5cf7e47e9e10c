#include "engine/state/store_table.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"

namespace cauce {
namespace {

// A loader sorts files of their own, which is worth it from about a thousand
// batches on; fewer records are written as they come.
constexpr int64_t kLoadedRecordsMin = 100'000;
// What is written in one step.
constexpr int64_t kWriteBytes = 1 << 20;
constexpr int64_t kWriteRecords = 10'000;
// What an interrupted restore reads again at most: some 2 s of it.
constexpr int64_t kFinishBytes = 1 << 30;
constexpr int64_t kTellBytes = 4 << 20;

}  // namespace

StateChange RowMaker::Make(const ChangelogRecord& record) {
  StateChange change{record.key, record.value};
  if (layout_.windowed()) {
    key_.clear();
    layout_.AppendTableKey(key_, record.row_time, record.key);
    change.key = key_;
  } else if (layout_.kind() == StoreKind::kTimestamped && record.value) {
    value_.clear();
    AppendBig<int64_t>(value_, record.time.ms);
    value_ += *record.value;
    change.value = value_;
  }
  return change;
}

// Rows that wait to be written, with the memory of their bytes.
class StoreTable::Pending {
 public:
  void Add(const StateChange& change) {
    const std::string_view key = bytes_.emplace_back(change.key);
    std::optional<std::string_view> value;
    if (change.value) value = bytes_.emplace_back(*change.value);
    changes_.push_back({key, value});
    size_ += static_cast<int64_t>(key.size() + (value ? value->size() : 0));
  }
  void Clear() {
    bytes_.clear();
    changes_.clear();
    size_ = 0;
  }
  bool IsFull() const {
    return size_ >= kWriteBytes ||
           static_cast<int64_t>(changes_.size()) >= kWriteRecords;
  }
  std::span<const StateChange> changes() const { return changes_; }

 private:
  std::deque<std::string> bytes_;
  std::vector<StateChange> changes_;
  int64_t size_ = 0;
};

absl::Status StoreTable::Apply(std::span<const ChangelogRecord> records,
                               const Goal& goal) {
  StoreMark mark = mark_;
  mark.applied = goal.end;
  mark.written = WrittenAt(goal);
  for (const ChangelogRecord& record : records) {
    mark.stream_time = std::max(mark.stream_time, record.row_time);
  }
  const ChangelogRecord& last = records.back();
  mark.last_record =
      last.offset + 1 == goal.end ? RecordChecksum(last.key, last.value) : 0;
  if (!layout_.windowed() && layout_.kind() != StoreKind::kTimestamped) {
    std::vector<StateChange> changes;
    changes.reserve(records.size());
    for (const auto& [offset, key, value, time, row_time] : records) {
      changes.push_back({key, value});
    }
    return Write(changes, mark);
  }
  RowMaker rows(layout_);
  Pending pending;
  const int64_t first_live =
      layout_.windowed() ? layout_.FirstLiveSegment(mark.stream_time) : 0;
  for (const ChangelogRecord& record : records) {
    // Its segment went with a later record of the same append.
    if (layout_.windowed() && layout_.SegmentOf(record.row_time) < first_live) {
      continue;
    }
    pending.Add(rows.Make(record));
  }
  return Write(pending.changes(), mark);
}

absl::Status StoreTable::Write(std::span<const StateChange> changes,
                               const StoreMark& mark) {
  std::vector<std::string> bounds;
  std::vector<KeyRange> erased;
  if (layout_.windowed()) {
    const int64_t before = layout_.FirstLiveSegment(mark_.stream_time);
    const int64_t first_live = layout_.FirstLiveSegment(mark.stream_time);
    if (before < first_live) {
      bounds = {SegmentBegin(before), SegmentBegin(first_live)};
      erased.push_back({bounds[0], bounds[1]});
    }
  }
  CAUCE_RETURN_IF_ERROR(
      table_->Write({erased, changes, EncodeStoreMark(mark)}));
  Publish(mark);
  return absl::OkStatus();
}

void StoreTable::Publish(const StoreMark& mark) {
  mark_ = mark;
  stream_time_.store(mark.stream_time.ms, std::memory_order_release);
  applied_.store(mark.applied.value, std::memory_order_release);
}

Timestamp StoreTable::WrittenAt(const Goal& goal) const {
  return goal.seen.has_value() ? goal.seen : mark_.written;
}

absl::Status StoreTable::CatchUp(const Partition& changelog, const Goal& goal,
                                 AtGap at_gap, Progress progress) {
  const int64_t lacking = goal.end - applied();
  if (lacking >= kLoadedRecordsMin) {
    CAUCE_RETURN_IF_ERROR(CatchUpByLoader(changelog, goal, at_gap, progress));
  } else if (lacking > 0) {
    CAUCE_RETURN_IF_ERROR(CatchUpByWrites(changelog, goal, at_gap, progress));
  } else if (lacking == 0) {
    mark_.written = WrittenAt(goal);
    // Who reads beside this one shows what this one does.
    if (found_retention_ms_ != mark_.retention_ms) {
      CAUCE_RETURN_IF_ERROR(Write({}, mark_));
    }
  }
  return EraseExpired();
}

absl::Status StoreTable::EraseExpired() {
  if (!layout_.windowed()) return absl::OkStatus();
  const int64_t first_live = layout_.FirstLiveSegment(mark_.stream_time);
  if (first_live == 0) return absl::OkStatus();
  const std::string begin = SegmentBegin(0);
  const std::string end = SegmentBegin(first_live);
  const KeyRange expired{begin, end};
  // An erased range stays in the table's files until they are merged: one that
  // erases nothing, for each opening, would only be in everybody's way.
  const auto row = table_->Iterate(expired);
  if (!row->Valid()) return row->status();
  return table_->Write({{&expired, 1}, {}, EncodeStoreMark(mark_)});
}

absl::Status StoreTable::CatchUpByWrites(const Partition& changelog,
                                         const Goal& goal, AtGap at_gap,
                                         Progress progress) {
  const Offset end = goal.end;
  RowMaker rows(layout_);
  Pending pending;
  StoreMark mark = mark_;
  int64_t records = 0;
  int64_t bytes = 0;
  mark.last_record = 0;
  CAUCE_RETURN_IF_ERROR(ReadChangelog(
      changelog, layout_, mark_.applied, end, at_gap,
      [&](const ChangelogRecord& record) -> absl::Status {
        ++records;
        bytes += static_cast<int64_t>(record.key.size() +
                                      record.value.value_or("").size());
        mark.applied = record.offset + 1;
        mark.stream_time = std::max(mark.stream_time, record.row_time);
        pending.Add(rows.Make(record));
        const bool full = pending.IsFull();
        if (full || mark.applied == end) {
          mark.last_record = RecordChecksum(record.key, record.value);
        }
        if (!full) return absl::OkStatus();
        if (mark.applied == end) mark.written = WrittenAt(goal);
        CAUCE_RETURN_IF_ERROR(Write(pending.changes(), mark));
        pending.Clear();
        mark.last_record = 0;
        progress(mark.applied, records, bytes);
        return absl::OkStatus();
      }));
  // What is left may be nothing but markers and gaps.
  if (mark.applied != end) mark.last_record = 0;
  mark.applied = end;
  mark.written = WrittenAt(goal);
  if (mark_.applied != end) {
    CAUCE_RETURN_IF_ERROR(Write(pending.changes(), mark));
  }
  progress(end, records, bytes);
  return absl::OkStatus();
}

absl::Status StoreTable::CatchUpByLoader(const Partition& changelog,
                                         const Goal& goal, AtGap at_gap,
                                         Progress progress) {
  const Offset end = goal.end;
  CAUCE_ASSIGN_OR_RETURN(const auto loader, table_->Load());
  RowMaker rows(layout_);
  StoreMark mark = mark_;
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t told = 0;
  int64_t finished = 0;
  mark.last_record = 0;
  CAUCE_RETURN_IF_ERROR(ReadChangelog(
      changelog, layout_, mark_.applied, end, at_gap,
      [&](const ChangelogRecord& record) -> absl::Status {
        ++records;
        bytes += static_cast<int64_t>(record.key.size() +
                                      record.value.value_or("").size());
        mark.applied = record.offset + 1;
        mark.stream_time = std::max(mark.stream_time, record.row_time);
        CAUCE_RETURN_IF_ERROR(loader->Add(rows.Make(record)));
        if (mark.applied == end) {
          mark.last_record = RecordChecksum(record.key, record.value);
        }
        if (bytes - told >= kTellBytes) {
          told = bytes;
          progress(mark.applied, records, bytes);
        }
        if (bytes - finished < kFinishBytes) return absl::OkStatus();
        finished = bytes;
        StoreMark so_far = mark;
        so_far.last_record = RecordChecksum(record.key, record.value);
        CAUCE_RETURN_IF_ERROR(loader->Finish(EncodeStoreMark(so_far)));
        Publish(so_far);
        return absl::OkStatus();
      }));
  if (mark.applied != end) mark.last_record = 0;
  mark.applied = end;
  mark.written = WrittenAt(goal);
  CAUCE_RETURN_IF_ERROR(loader->Finish(EncodeStoreMark(mark)));
  Publish(mark);
  progress(end, records, bytes);
  return absl::OkStatus();
}

}  // namespace cauce
