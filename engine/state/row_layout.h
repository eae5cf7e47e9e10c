// How a store's rows lie in its table, and which keys its changelog has.
//
//   kind         key in the changelog            key in the table
//   key-value    key                             the same
//   timestamped  key                             the same
//   window       key, int64 start, int32 number  int64 segment, the same
//   session      key, int64 end, int64 start     int64 segment, the same
//
// The changelog's are Kafka Streams'. A row's segment is its time (the start of
// a window, the end of a session) divided by the interval, so that what expires
// is one range of the table. A timestamped value in the table has its time, an
// int64, in front. Integers are big-endian. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/stores.h"
#include "cauce/types.h"

namespace cauce {

inline bool IsWindowed(StoreKind kind) {
  return kind == StoreKind::kWindow || kind == StoreKind::kSession;
}

// The key of a windowed row in the changelog.
struct RowKey {
  std::string_view key;
  Timestamp start;
  Timestamp end;         // of a session
  int32_t sequence = 0;  // of a window
};

std::string WindowRowKey(std::string_view key, Timestamp start,
                         int32_t sequence);
std::string SessionRowKey(const SessionKey& session);

// Of what stands behind a row's segment. Nothing where it is no such key.
std::optional<RowKey> ParseRowKey(StoreKind kind, std::string_view log_key);

// How rows of a kind age.
class RowLayout {
 public:
  // Kafka's: half the retention, at least a minute. 0 for other kinds.
  static int64_t SegmentMs(StoreKind kind, absl::Duration retention);

  // `retention_ms` is above zero for windows and sessions; others have none.
  RowLayout(StoreKind kind, int64_t segment_ms, int64_t retention_ms)
      : kind_(kind),
        segment_ms_(segment_ms),
        retention_ms_(IsWindowed(kind) ? retention_ms : 0) {}

  StoreKind kind() const { return kind_; }
  bool windowed() const { return IsWindowed(kind_); }
  int64_t segment_ms() const { return segment_ms_; }
  int64_t retention_ms() const { return retention_ms_; }

  // The time that a windowed row ages by; nothing for what is no key of one.
  std::optional<Timestamp> TimeOf(std::string_view log_key) const;

  // The first time that is not too old.
  Timestamp LiveFrom(Timestamp stream_time) const;
  int64_t SegmentOf(Timestamp time) const { return time.ms / segment_ms_; }
  // The first segment that holds anything that is not.
  int64_t FirstLiveSegment(Timestamp stream_time) const {
    return SegmentOf(LiveFrom(stream_time));
  }

  // Puts the table's key of a row behind what `to` holds.
  void AppendTableKey(std::string& to, Timestamp time,
                      std::string_view log_key) const;

 private:
  StoreKind kind_;
  int64_t segment_ms_;
  int64_t retention_ms_;
};

// The first table key of a segment.
std::string SegmentBegin(int64_t segment);

// Keys of a table, [from, to); without `to` all behind.
struct TableRange {
  std::string from;
  std::optional<std::string> to;
  KeyRange view() const {
    return {from, to ? std::optional<std::string_view>(*to) : std::nullopt};
  }
};

// Which rows somebody asks for.
struct RowFilter {
  std::optional<std::string> key;  // this one alone; else those of
  std::string key_from;            // [key_from, key_to)
  std::optional<std::string> key_to;
  // The time that rows age by, of windowed ones: both ends are in it.
  Timestamp from{0};
  Timestamp to{INT64_MAX};
  Timestamp latest_start{INT64_MAX};  // of sessions

  bool Takes(StoreKind kind, const RowKey& row) const;
};

// Where in the table rows that a windowed filter takes can be, in the order of
// the table; others may lie among them. `last` is the stream time.
std::vector<TableRange> RangesOf(const RowLayout& layout,
                                 const RowFilter& filter, Timestamp last);

}  // namespace cauce
