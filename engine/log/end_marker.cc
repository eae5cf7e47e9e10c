#include "engine/log/end_marker.h"

#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace cauce {
namespace {

// Of the key: version, type. Of the value: version, coordinator epoch.
constexpr size_t kKeyBytes = 4;
constexpr size_t kKeyType = 2;
constexpr size_t kValueBytes = 6;
constexpr size_t kValueEpoch = 2;

}  // namespace

absl::StatusOr<RecordBatch> BuildEndMarker(const TransactionEnd& end,
                                           Timestamp time,
                                           BatchBuilder& builder) {
  BatchFields fields;
  fields.transactional = true;
  fields.control = true;
  fields.producer_id = end.producer_id;
  fields.producer_epoch = end.producer_epoch;
  builder.SetFields(fields);
  char key[kKeyBytes] = {};
  StoreBig<int16_t>(key + kKeyType, static_cast<int16_t>(end.outcome));
  char value[kValueBytes] = {};
  StoreBig<int32_t>(value + kValueEpoch, end.coordinator_epoch);
  builder.Add({.key = std::string_view(key, sizeof key),
               .value = std::string_view(value, sizeof value),
               .timestamp = time});
  return builder.Finish();
}

std::optional<EndMarker> ParseEndMarker(const RecordBatch& batch) {
  if (!batch.is_control() || !HasProducer(batch)) return std::nullopt;
  RecordReader reader;
  RecordView record;
  if (!reader.Open(batch).ok() || !reader.Next(&record)) return std::nullopt;
  const auto type = ParseControlKey(record.key.value_or(""));
  const std::string_view value = record.value.value_or("");
  const bool ends = type.ok() && (*type == ControlType::kAbort ||
                                  *type == ControlType::kCommit);
  if (!ends || value.size() < kValueBytes) return std::nullopt;
  return EndMarker{
      .end = {.producer_id = batch.producer_id(),
              .producer_epoch = batch.producer_epoch(),
              .coordinator_epoch = LoadBig<int32_t>(value.data() + kValueEpoch),
              .outcome = static_cast<TransactionOutcome>(*type)},
      .offset = batch.base_offset(),
      .timestamp = record.timestamp};
}

}  // namespace cauce
