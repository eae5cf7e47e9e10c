#include "engine/capi/rows.h"

#include <memory>
#include <string_view>

#include "engine/base/status_macros.h"
#include "engine/capi/error.h"
#include "engine/capi/owned.h"
#include "engine/capi/values.h"
#include "fmt/format.h"

struct cauce_rows : cauce::capi::Handle<cauce::capi::Kind::kRows> {
  explicit cauce_rows(cauce::StoreIterator over) : walk(std::move(over)) {}

  cauce::capi::Turn turn;
  cauce::StoreIterator walk;
  bool begun = false;
  cauce_row_t row = CAUCE_ROW_INIT;
};

namespace cauce::capi {
namespace {

static_assert(sizeof(cauce_row_t) == 72 && sizeof(cauce_scan_t) == 96);

absl::StatusOr<TakenRow> Checked(const cauce_row_t& row) {
  CAUCE_ASSIGN_OR_RETURN(const auto key,
                         TakeBytes("a row's key", row.key, row.key_size));
  if (!key.has_value()) return Misuse("a row's key is null");
  CAUCE_ASSIGN_OR_RETURN(const auto value,
                         TakeBytes("a row's value", row.value, row.value_size));
  return TakenRow{.key = *key,
                  .value = value,
                  .time = Timestamp{row.time},
                  .start = Timestamp{row.start},
                  .end = Timestamp{row.end}};
}

// C has no empty value without bytes to point to.
const char* BytesOf(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

absl::Status GiveOwned(std::string_view value, Timestamp time,
                       cauce_value_t** to) {
  auto owned = std::make_unique<Owned<cauce_value_t>>(Kind::kValue);
  owned->value = owned->arena.Text(value);
  owned->value_size = value.size();
  owned->time = time.ms;
  *to = owned.release();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TakenRow> TakeRow(const cauce_row_t* given) {
  CAUCE_RETURN_IF_ERROR(Given({{"the row", given}}));
  cauce_row_t taken;
  CAUCE_RETURN_IF_ERROR(TakeStruct("cauce_row_t", given, taken));
  return Checked(taken);
}

absl::StatusOr<std::vector<TakenRow>> TakeRows(const cauce_row_t* given,
                                               size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<cauce_row_t> taken,
                         TakeArray("cauce_row_t", given, count));
  std::vector<TakenRow> rows;
  for (const cauce_row_t& each : taken) {
    CAUCE_ASSIGN_OR_RETURN(TakenRow row, Checked(each));
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<TakenScan> TakeScan(const cauce_scan_t* given) {
  CAUCE_RETURN_IF_ERROR(Given({{"the scan", given}}));
  cauce_scan_t scan;
  CAUCE_RETURN_IF_ERROR(TakeStruct("cauce_scan_t", given, scan));
  TakenScan taken;
  CAUCE_ASSIGN_OR_RETURN(const auto from,
                         TakeBytes("a scan's from", scan.from, scan.from_size));
  taken.range.from = from.value_or("");
  CAUCE_ASSIGN_OR_RETURN(taken.range.to,
                         TakeBytes("a scan's to", scan.to, scan.to_size));
  CAUCE_ASSIGN_OR_RETURN(
      taken.prefix,
      TakeBytes("a scan's prefix", scan.prefix, scan.prefix_size));
  CAUCE_ASSIGN_OR_RETURN(taken.key,
                         TakeBytes("a scan's key", scan.key, scan.key_size));
  const int ways = (from || taken.range.to ? 1 : 0) + (taken.prefix ? 1 : 0) +
                   (taken.key ? 1 : 0);
  if (ways > 1)
    return Misuse("a scan has one of a range, a prefix and a key alone");
  taken.times = {.from = Timestamp{scan.time_from},
                 .to = Timestamp{scan.time_to}};
  CAUCE_ASSIGN_OR_RETURN(
      taken.order, TakeEnum("is_reverse", scan.is_reverse, KeyOrder::kReverse));
  return taken;
}

absl::Status GiveValue(std::optional<std::string> value, cauce_value_t** to) {
  *to = nullptr;
  if (!value.has_value()) return absl::OkStatus();
  return GiveOwned(*value, kNoTimestamp, to);
}

absl::Status GiveValue(std::optional<TimestampedValue> value,
                       cauce_value_t** to) {
  *to = nullptr;
  if (!value.has_value()) return absl::OkStatus();
  return GiveOwned(value->value, value->time, to);
}

absl::Status GiveRows(StoreIterator walk, cauce_rows_t** to) {
  *to = new cauce_rows(std::move(walk));
  return absl::OkStatus();
}

}  // namespace cauce::capi

using cauce::capi::BytesOf;
using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_value_free(cauce_value_t* value) {
  return cauce::capi::FreeOwned(value, cauce::capi::Kind::kValue);
}

cauce_reason_t cauce_rows_next(cauce_rows_t* rows, const cauce_row_t** row,
                               cauce_error_t** error) {
  return CallOn(
      rows, Reach::kWaits, error, [&](cauce_rows& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"row", row}}));
        *row = nullptr;
        if (on.begun && on.walk.Valid()) on.walk.Next();
        on.begun = true;
        if (!on.walk.Valid()) return on.walk.status();
        const cauce::StoreRow& at = on.walk.row();
        on.row = {.struct_size = sizeof(cauce_row_t),
                  .key = BytesOf(at.key),
                  .key_size = at.key.size(),
                  .value = BytesOf(at.value),
                  .value_size = at.value.size(),
                  .time = at.time.ms,
                  .start = at.start.ms,
                  .end = at.end.ms,
                  .sequence = at.sequence,
                  .reserved = 0};
        *row = &on.row;
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_rows_free(cauce_rows_t* rows) {
  return cauce::capi::Free(rows);
}
