#include "cauce/errors.h"
#include "cauce/stores.h"
#include "engine/base/status_macros.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_core.h"
#include "fmt/format.h"

namespace cauce {

absl::Status WindowStore::Put(std::string_view key,
                              std::optional<std::string_view> value,
                              Timestamp start) {
  if (start.ms < 0) {
    return MakeError(
        Reason::kInvalidTimestamp,
        fmt::format("store {}: a window that starts at {} is from before 1970",
                    name(), start.ms));
  }
  const std::string row = WindowRowKey(key, start, 0);
  const WantedChange change{.key = row, .value = value, .row_time = start};
  return core_->Change({&change, 1});
}

absl::StatusOr<std::optional<std::string>> WindowStore::Fetch(
    std::string_view key, Timestamp start) const {
  return core_->FetchRow(WindowRowKey(key, start, 0), start);
}

StoreIterator WindowStore::Fetch(std::string_view key, const TimeRange& starts,
                                 KeyOrder order) const {
  RowFilter filter;
  filter.key = std::string(key);
  filter.from = starts.from;
  filter.to = starts.to;
  return core_->Find(filter, order);
}

StoreIterator WindowStore::FetchRange(const KeyRange& keys,
                                      const TimeRange& starts,
                                      KeyOrder order) const {
  RowFilter filter;
  filter.key_from = std::string(keys.from);
  if (keys.to) filter.key_to = std::string(*keys.to);
  filter.from = starts.from;
  filter.to = starts.to;
  return core_->Find(filter, order);
}

}  // namespace cauce
