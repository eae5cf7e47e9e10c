#include <string>

#include "cauce/errors.h"
#include "cauce/stores.h"
#include "engine/base/status_macros.h"
#include "engine/state/row_layout.h"
#include "engine/state/store_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status Check(const Store& store, const SessionKey& session) {
  if (session.start.ms >= 0 && session.start <= session.end) {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kInvalidTimestamp,
      fmt::format("store {}: a session from {} to {} is from before 1970, or "
                  "ends before it starts",
                  store.name(), session.start.ms, session.end.ms));
}

absl::Status Change(StoreCore& core, const SessionKey& session,
                    std::optional<std::string_view> value) {
  const std::string row = SessionRowKey(session);
  const WantedChange change{
      .key = row, .value = value, .row_time = session.end};
  return core.Change({&change, 1});
}

}  // namespace

absl::Status SessionStore::Put(const SessionKey& session,
                               std::string_view value) {
  CAUCE_RETURN_IF_ERROR(Check(*this, session));
  return Change(*core_, session, value);
}

absl::Status SessionStore::Remove(const SessionKey& session) {
  CAUCE_RETURN_IF_ERROR(Check(*this, session));
  return Change(*core_, session, std::nullopt);
}

absl::StatusOr<std::optional<std::string>> SessionStore::Fetch(
    const SessionKey& session) const {
  return core_->FetchRow(SessionRowKey(session), session.end);
}

StoreIterator SessionStore::Find(std::string_view key, Timestamp earliest_end,
                                 Timestamp latest_start,
                                 KeyOrder order) const {
  RowFilter filter;
  filter.key = std::string(key);
  filter.from = earliest_end;
  filter.latest_start = latest_start;
  return core_->Find(filter, order);
}

StoreIterator SessionStore::FindRange(const KeyRange& keys,
                                      Timestamp earliest_end,
                                      Timestamp latest_start,
                                      KeyOrder order) const {
  RowFilter filter;
  filter.key_from = std::string(keys.from);
  if (keys.to) filter.key_to = std::string(*keys.to);
  filter.from = earliest_end;
  filter.latest_start = latest_start;
  return core_->Find(filter, order);
}

}  // namespace cauce
