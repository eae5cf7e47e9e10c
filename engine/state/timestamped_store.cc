#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/stores.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/state/store_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The table's value: the time in front of what was put.
absl::StatusOr<TimestampedValue> Split(const StoreCore& core,
                                       std::string value) {
  constexpr size_t kTime = sizeof(int64_t);
  if (value.size() < kTime) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("store {}: a value in its table is {} bytes, too few for "
                    "its time: make the table anew (cauce store restore)",
                    core.name(), value.size()));
  }
  const Timestamp time{LoadBig<int64_t>(value.data())};
  value.erase(0, kTime);
  return TimestampedValue{std::move(value), time};
}

// A record that leaves it to the append might get another time than its row.
WantedChange Wanted(const StoreCore& core, std::string_view key,
                    std::optional<std::string_view> value, Timestamp time) {
  if (time == kNoTimestamp) time = Timestamp::From(core.clock().Now());
  return {.key = key, .value = value, .time = time};
}

}  // namespace

absl::StatusOr<std::optional<TimestampedValue>> TimestampedStore::Get(
    std::string_view key) const {
  std::string value;
  CAUCE_ASSIGN_OR_RETURN(const bool found, core_->Get(key, value));
  if (!found) return std::nullopt;
  return Split(*core_, std::move(value));
}

absl::Status TimestampedStore::Put(std::string_view key, std::string_view value,
                                   Timestamp time) {
  const WantedChange change = Wanted(*core_, key, value, time);
  return core_->Change({&change, 1});
}

absl::StatusOr<std::optional<TimestampedValue>> TimestampedStore::PutIfAbsent(
    std::string_view key, std::string_view value, Timestamp time) {
  CAUCE_ASSIGN_OR_RETURN(
      auto found, core_->ChangeIfAbsent(Wanted(*core_, key, value, time)));
  if (!found) return std::nullopt;
  return Split(*core_, *std::move(found));
}

absl::Status TimestampedStore::Delete(std::string_view key) {
  const WantedChange change =
      Wanted(*core_, key, std::nullopt, kNoTimestamp);
  return core_->Change({&change, 1});
}

absl::Status TimestampedStore::Write(
    std::span<const TimestampedChange> changes) {
  std::vector<WantedChange> wanted;
  wanted.reserve(changes.size());
  for (const TimestampedChange& change : changes) {
    wanted.push_back(Wanted(*core_, change.key, change.value, change.time));
  }
  return core_->Change(wanted);
}

StoreIterator TimestampedStore::Range(const KeyRange& range,
                                      KeyOrder order) const {
  return core_->Range(range, order);
}

StoreIterator TimestampedStore::Prefix(std::string_view prefix,
                                       KeyOrder order) const {
  return core_->Prefix(prefix, order);
}

}  // namespace cauce
