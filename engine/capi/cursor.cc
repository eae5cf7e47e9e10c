#include <memory>
#include <utility>

#include "cauce/cauce.h"
#include "cauce/cursor.h"
#include "cauce/partition.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/options.h"
#include "engine/capi/partition.h"
#include "engine/capi/record_out.h"
#include "engine/capi/values.h"

struct cauce_cursor : cauce::capi::Handle<cauce::capi::Kind::kCursor> {
  cauce_cursor(std::shared_ptr<cauce::Partition> of, cauce::Cursor reads)
      : partition(std::move(of)), cursor(std::move(reads)) {}

  cauce::capi::Turn turn;
  const std::shared_ptr<cauce::Partition> partition;
  cauce::Cursor cursor;
  cauce::capi::RecordsOut out;
};

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_cursor_open(cauce_partition_t* partition, int64_t from,
                                 const cauce_config_t* options,
                                 size_t option_count, cauce_cursor_t** cursor,
                                 cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"cursor", cursor}}));
        *cursor = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                               cauce::capi::TakePairs(options, option_count));
        CAUCE_ASSIGN_OR_RETURN(const cauce::CursorOptions taken,
                               cauce::capi::CursorOptionsOf(pairs));
        *cursor = new cauce_cursor(
            on.partition, on.partition->Read(cauce::Offset{from}, taken));
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_cursor_free(cauce_cursor_t* cursor) {
  return cauce::capi::Free(cursor);
}

cauce_reason_t cauce_cursor_next(cauce_cursor_t* cursor,
                                 const cauce_record_t** record,
                                 cauce_error_t** error) {
  return CallOn(
      cursor, Reach::kWaits, error, [&](cauce_cursor& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"record", record}}));
        *record = nullptr;
        cauce::RecordView view;
        CAUCE_ASSIGN_OR_RETURN(const bool found, on.cursor.Next(&view));
        if (!found) return absl::OkStatus();
        on.out.Clear();
        // A cursor does not tell whose clock its records' times are from.
        on.out.Add(view, on.partition->name(),
                   cauce::TimestampType::kCreateTime);
        *record = *on.out.items();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_cursor_position(cauce_cursor_t* cursor, int64_t* offset,
                                     cauce_error_t** error) {
  return CallOn(cursor, Reach::kWaits, error,
                [&](cauce_cursor& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"offset", offset}}));
                  *offset = on.cursor.position().value;
                  return absl::OkStatus();
                });
}

cauce_reason_t cauce_cursor_seek(cauce_cursor_t* cursor, int64_t offset,
                                 cauce_error_t** error) {
  return CallOn(cursor, Reach::kWaits, error, [&](cauce_cursor& on) {
    on.cursor.Seek(cauce::Offset{offset});
    return absl::OkStatus();
  });
}

cauce_reason_t cauce_cursor_skip_damage(cauce_cursor_t* cursor,
                                        int64_t* offset,
                                        cauce_error_t** error) {
  return CallOn(cursor, Reach::kWaits, error,
                [&](cauce_cursor& on) -> absl::Status {
                  CAUCE_ASSIGN_OR_RETURN(const cauce::Offset next,
                                         on.cursor.SkipDamage());
                  if (offset != nullptr) *offset = next.value;
                  return absl::OkStatus();
                });
}
