// Rows of a state store, as a C program writes and gets them. Any thread, but
// for a walk, which is for one at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/cauce.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/capi/call.h"

namespace cauce::capi {

// A row that was given: views of its bytes.
struct TakenRow {
  std::string_view key;
  std::optional<std::string_view> value;
  Timestamp time;
  Timestamp start;
  Timestamp end;
};
absl::StatusOr<TakenRow> TakeRow(const cauce_row_t* given);
absl::StatusOr<std::vector<TakenRow>> TakeRows(const cauce_row_t* given,
                                               size_t count);

// Which rows: views of what was given.
struct TakenScan {
  KeyRange range;
  std::optional<std::string_view> prefix;
  std::optional<std::string_view> key;
  TimeRange times;
  KeyOrder order = KeyOrder::kForward;
};
absl::StatusOr<TakenScan> TakeScan(const cauce_scan_t* given);

// Null where there is none.
absl::Status GiveValue(std::optional<std::string> value, cauce_value_t** to);
absl::Status GiveValue(std::optional<TimestampedValue> value,
                       cauce_value_t** to);

absl::Status GiveRows(StoreIterator walk, cauce_rows_t** to);

}  // namespace cauce::capi
