// What a store of any kind is to show: the last value of each row that its
// changelog tells of, but for rows that are too old by then. It knows nothing
// of segments, marks and tables. A plain value.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/state_store.h"
#include "cauce/stores.h"

namespace cauce::test {

// Which row. Times are in ms, and zero where the kind has none: windows have a
// start alone.
struct RowId {
  std::string key;
  int64_t start = 0;
  int64_t end = 0;
  friend auto operator<=>(const RowId&, const RowId&) = default;
};

struct RowValue {
  std::string value;
  int64_t time = 0;  // of timestamped ones
  friend bool operator==(const RowValue&, const RowValue&) = default;
};

// Which rows somebody asks for, and in which order.
struct RowsAsked {
  std::string from;
  std::optional<std::string> to;
  // Of windows: their start; of sessions: their end, which has no upper bound.
  int64_t earliest = 0;
  int64_t latest = INT64_MAX;
  int64_t latest_start = INT64_MAX;  // of sessions
  KeyOrder order = KeyOrder::kForward;
};

class StoreModel {
 public:
  // `retention_ms` counts for windows and sessions alone.
  StoreModel(StoreKind kind, int64_t retention_ms)
      : kind_(kind), retention_ms_(retention_ms) {}

  // What the changelog got; no value takes the row away.
  void Log(const RowId& id, const std::optional<RowValue>& value);

  // Whether the store passes by a change of a row of that time.
  bool IsLate(const RowId& id) const { return AgeOf(id) < LiveFrom(); }
  std::optional<RowValue> Find(const RowId& id) const;
  // A line for each row, in the order of the store.
  std::vector<std::string> Shown(const RowsAsked& asked = {}) const;
  // The same of one row.
  std::string Line(const RowId& id, const RowValue& value) const;

  StoreKind kind() const { return kind_; }
  bool windowed() const;
  // The largest time that was put; none yet: -1.
  int64_t stream_time() const { return stream_time_; }
  // What a row ages by.
  int64_t AgeOf(const RowId& id) const;
  // What the changelog has in place of a key.
  std::string LogKey(const RowId& id) const;

 private:
  int64_t LiveFrom() const;

  StoreKind kind_;
  int64_t retention_ms_;
  int64_t stream_time_ = -1;
  std::map<RowId, RowValue> rows_;
};

}  // namespace cauce::test
