#include "engine/state/row_layout.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace cauce {
namespace {

constexpr size_t kWindowSuffix = 8 + 4;   // start, number
constexpr size_t kSessionSuffix = 8 + 8;  // end, start
constexpr int64_t kSegmentMsMin = 60'000;
// More segments than this are walked over as one range: a retention has four at
// most, but for one that is shorter than two minutes, or was made shorter.
constexpr int64_t kRangesMax = 16;

// Behind every row of a segment whose key is below `to`. Such a row may lie
// behind `to` itself where its key is the beginning of that, by its times.
std::string EndOfKeysBelow(std::string_view to, int64_t time_max) {
  std::string end(to);
  for (size_t size = 0; size < to.size(); ++size) {
    std::string row(to.substr(0, size));
    AppendBig<int64_t>(row, time_max);
    row.append(9, '\xff');  // behind all numbers and starts
    end = std::max(end, row);
  }
  return end;
}

}  // namespace

std::string WindowRowKey(std::string_view key, Timestamp start,
                         int32_t sequence) {
  std::string row(key);
  AppendBig<int64_t>(row, start.ms);
  AppendBig<int32_t>(row, sequence);
  return row;
}

std::string SessionRowKey(const SessionKey& session) {
  std::string row(session.key);
  AppendBig<int64_t>(row, session.end.ms);
  AppendBig<int64_t>(row, session.start.ms);
  return row;
}

std::optional<RowKey> ParseRowKey(StoreKind kind, std::string_view log_key) {
  const bool session = kind == StoreKind::kSession;
  const size_t suffix = session ? kSessionSuffix : kWindowSuffix;
  if (log_key.size() < suffix) return std::nullopt;
  const char* const times = log_key.data() + log_key.size() - suffix;
  RowKey row{.key = log_key.substr(0, log_key.size() - suffix)};
  if (session) {
    row.end.ms = LoadBig<int64_t>(times);
    row.start.ms = LoadBig<int64_t>(times + 8);
    if (row.end < row.start) return std::nullopt;
  } else {
    row.start.ms = LoadBig<int64_t>(times);
    row.sequence = LoadBig<int32_t>(times + 8);
    if (row.sequence < 0) return std::nullopt;
  }
  if (row.start.ms < 0) return std::nullopt;
  return row;
}

int64_t RowLayout::SegmentMs(StoreKind kind, absl::Duration retention) {
  if (!IsWindowed(kind)) return 0;
  return std::max(absl::ToInt64Milliseconds(retention) / 2, kSegmentMsMin);
}

std::optional<Timestamp> RowLayout::TimeOf(std::string_view log_key) const {
  const auto row = ParseRowKey(kind_, log_key);
  if (!row) return std::nullopt;
  return kind_ == StoreKind::kSession ? row->end : row->start;
}

Timestamp RowLayout::LiveFrom(Timestamp stream_time) const {
  return {std::max<int64_t>(stream_time.ms - retention_ms_, 0)};
}

void RowLayout::AppendTableKey(std::string& to, Timestamp time,
                               std::string_view log_key) const {
  AppendBig<int64_t>(to, SegmentOf(time));
  to += log_key;
}

std::string SegmentBegin(int64_t segment) {
  std::string begin;
  AppendBig<int64_t>(begin, segment);
  return begin;
}

bool RowFilter::Takes(StoreKind kind, const RowKey& row) const {
  if (key) {
    if (row.key != *key) return false;
  } else if (row.key < key_from || (key_to && row.key >= *key_to)) {
    return false;
  }
  const Timestamp time = kind == StoreKind::kSession ? row.end : row.start;
  return time >= from && time <= to &&
         (kind != StoreKind::kSession || row.start <= latest_start);
}

std::vector<TableRange> RangesOf(const RowLayout& layout,
                                 const RowFilter& filter, Timestamp last) {
  const Timestamp to = std::min(filter.to, last);
  const Timestamp from =
      std::max(filter.from, layout.LiveFrom(last));
  if (to < from) return {};
  const int64_t first_segment = layout.SegmentOf(from);
  const int64_t last_segment = layout.SegmentOf(to);
  if (last_segment - first_segment >= kRangesMax) {
    return {{SegmentBegin(first_segment), SegmentBegin(last_segment + 1)}};
  }
  std::vector<TableRange> ranges;
  for (int64_t segment = first_segment; segment <= last_segment; ++segment) {
    TableRange range;
    range.from = SegmentBegin(segment);
    if (filter.key) {
      std::string end = range.from + *filter.key;
      AppendBig<int64_t>(end, to.ms);
      end.append(9, '\xff');
      range.to = std::move(end);
      range.from += *filter.key;
      AppendBig<int64_t>(range.from, from.ms);
    } else {
      range.to = filter.key_to
                     ? range.from + EndOfKeysBelow(*filter.key_to, to.ms)
                     : SegmentBegin(segment + 1);
      range.from += filter.key_from;
    }
    if (*range.to > range.from) ranges.push_back(std::move(range));
  }
  return ranges;
}

}  // namespace cauce
