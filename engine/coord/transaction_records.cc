#include "engine/coord/transaction_records.h"

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/base/wire.h"
#include "engine/coord/versioned_record.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr RecordSchema kValue = {.name = "TransactionLogValue",
                                 .version_max = kTransactionLogValueVersionMax,
                                 .flexible_since = 1};

constexpr auto kInt16 = [](auto& c, auto& number) { c.Int16(number); };
constexpr auto kProducerId = [](auto& c, auto& id) { c.Int64(id.value); };

bool IsKnown(TransactionStatus status) {
  return status >= TransactionStatus::kEmpty &&
         status <= TransactionStatus::kPrepareEpochFence;
}

}  // namespace

template <class Codec, WirePart<TransactionLogKey> Part>
void Describe(Codec& c, Part& key, int) {
  c.String(key.transactional_id);
}

template <class Codec, WirePart<TransactionLogValue> Part>
void Describe(Codec& c, Part& value, int version) {
  c.Int64(value.producer_id.value);
  c.Int16(value.producer_epoch);
  c.Milliseconds(value.transaction_timeout);
  c.Int8(value.status);
  c.NullableArray(value.partitions, EachPart{version});
  c.Int64(value.last_update_timestamp.ms);
  c.Int64(value.start_timestamp.ms);
  c.Tags([&](auto& tags) {
    tags.Field(0, value.previous_producer_id, {}, kProducerId);
    tags.Field(1, value.next_producer_id, {}, kProducerId);
    tags.Field(2, value.client_transaction_version, 0, kInt16);
    tags.Field(3, value.next_producer_epoch, -1, kInt16);
  });
}

std::string EncodeTransactionLogKey(const TransactionLogKey& key) {
  return EncodeKey(kTransactionLogKind, key);
}

std::string EncodeTransactionLogValue(const TransactionLogValue& value,
                                      int version) {
  return EncodeVersioned(kValue, value, version);
}

absl::StatusOr<TransactionStateKey> DecodeTransactionStateKey(
    std::string_view key) {
  CAUCE_ASSIGN_OR_RETURN(const int16_t kind, KindOfStateKey(key));
  if (kind != kTransactionLogKind) return UnknownStateKey{kind};
  return DecodeKey<TransactionLogKey>("TransactionLogKey", key);
}

absl::StatusOr<TransactionLogValue> DecodeTransactionLogValue(
    std::string_view value) {
  CAUCE_ASSIGN_OR_RETURN(TransactionLogValue read,
                         DecodeVersioned<TransactionLogValue>(kValue, value));
  if (!IsKnown(read.status)) {
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("{}: a transaction's status is {}, and 0 to {} are known",
                    kValue.name, static_cast<int>(read.status),
                    static_cast<int>(TransactionStatus::kPrepareEpochFence)));
  }
  return read;
}

}  // namespace cauce
