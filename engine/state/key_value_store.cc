#include <utility>
#include <vector>

#include "cauce/stores.h"
#include "engine/base/status_macros.h"
#include "engine/state/store_core.h"

namespace cauce {

absl::StatusOr<std::optional<std::string>> KeyValueStore::Get(
    std::string_view key) const {
  std::string value;
  CAUCE_ASSIGN_OR_RETURN(const bool found, core_->Get(key, value));
  if (!found) return std::nullopt;
  return value;
}

absl::StatusOr<bool> KeyValueStore::Get(std::string_view key,
                                        std::string& value) const {
  return core_->Get(key, value);
}

absl::Status KeyValueStore::Put(std::string_view key, std::string_view value) {
  const WantedChange change{.key = key, .value = value};
  return core_->Change({&change, 1});
}

absl::StatusOr<std::optional<std::string>> KeyValueStore::PutIfAbsent(
    std::string_view key, std::string_view value) {
  return core_->ChangeIfAbsent({.key = key, .value = value});
}

absl::Status KeyValueStore::Delete(std::string_view key) {
  const WantedChange change{.key = key, .value = std::nullopt};
  return core_->Change({&change, 1});
}

absl::Status KeyValueStore::Write(std::span<const StateChange> changes) {
  std::vector<WantedChange> wanted;
  wanted.reserve(changes.size());
  for (const StateChange& change : changes) {
    wanted.push_back({.key = change.key, .value = change.value});
  }
  return core_->Change(wanted);
}

StoreIterator KeyValueStore::Range(const KeyRange& range,
                                   KeyOrder order) const {
  return core_->Range(range, order);
}

StoreIterator KeyValueStore::Prefix(std::string_view prefix,
                                    KeyOrder order) const {
  return core_->Prefix(prefix, order);
}

absl::StatusOr<KeyValueSnapshot> KeyValueStore::Snapshot() const {
  CAUCE_ASSIGN_OR_RETURN(auto view, core_->Snapshot());
  return KeyValueSnapshot(core_, std::move(view));
}

KeyValueSnapshot::KeyValueSnapshot(std::shared_ptr<StoreCore> core,
                                   std::shared_ptr<StateView> view)
    : core_(std::move(core)), view_(std::move(view)) {}
KeyValueSnapshot::KeyValueSnapshot(KeyValueSnapshot&&) noexcept = default;
KeyValueSnapshot& KeyValueSnapshot::operator=(KeyValueSnapshot&&) noexcept =
    default;
KeyValueSnapshot::~KeyValueSnapshot() = default;

absl::StatusOr<std::optional<std::string>> KeyValueSnapshot::Get(
    std::string_view key) const {
  CAUCE_RETURN_IF_ERROR(core_->CheckOpen());
  std::string value;
  CAUCE_ASSIGN_OR_RETURN(const bool found, view_->Get(key, value));
  if (!found) return std::nullopt;
  return value;
}

StoreIterator KeyValueSnapshot::Range(const KeyRange& range,
                                      KeyOrder order) const {
  return core_->Range(range, order, view_);
}

StoreIterator KeyValueSnapshot::Prefix(std::string_view prefix,
                                       KeyOrder order) const {
  return core_->Prefix(prefix, order, view_);
}

}  // namespace cauce
