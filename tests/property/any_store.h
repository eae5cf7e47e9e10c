// A store of any kind behind the same few words, which say rows as the model
// does. For one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/stores.h"
#include "tests/property/store_model.h"

namespace cauce::test {

class AnyStore {
 public:
  static absl::StatusOr<AnyStore> Open(Stores& stores, StoreKind kind,
                                       std::string_view name,
                                       const WindowOptions& options);

  // No value takes the row away.
  absl::Status Put(const RowId& id, const std::optional<RowValue>& value);
  absl::StatusOr<std::optional<RowValue>> Find(const RowId& id) const;
  StoreIterator Walk(const RowsAsked& asked) const;

  // Of key-value and timestamped stores alone.
  absl::StatusOr<std::optional<RowValue>> PutIfAbsent(const RowId& id,
                                                      const RowValue& value);
  // One step, in the order of the rows.
  struct Change {
    RowId id;
    std::optional<RowValue> value;
  };
  absl::Status Write(const std::vector<Change>& changes);
  // Of key-value stores alone.
  absl::StatusOr<KeyValueSnapshot> Snapshot() const;

  Timestamp stream_time() const;
  absl::Status Persist();
  absl::Status Close();

 private:
  using Kinds =
      std::variant<KeyValueStore, TimestampedStore, WindowStore, SessionStore>;
  explicit AnyStore(Kinds store) : store_(std::move(store)) {}
  Kinds store_;
};

// The lines of what an iterator goes over, as StoreModel::Shown tells them; the
// error of its end is the last one.
std::vector<std::string> LinesOf(const StoreModel& model, StoreIterator at);

}  // namespace cauce::test
