#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cauce/cauce.h"
#include "cauce/stores.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/options.h"
#include "engine/capi/rows.h"
#include "engine/capi/stores.h"
#include "engine/capi/values.h"
#include "fmt/format.h"

namespace cauce::capi {
namespace {

using AnyStore =
    std::variant<KeyValueStore, TimestampedStore, WindowStore, SessionStore>;

absl::Status NotOf(const Store& store, std::string_view what) {
  return Misuse(fmt::format("{} is a {} store, which has no {}", store.name(),
                            StoreKindName(store.kind()), what));
}

SessionKey SessionOf(const TakenRow& row) {
  return {.key = row.key, .start = row.start, .end = row.end};
}

absl::Status Put(KeyValueStore& store, const TakenRow& row) {
  return row.value ? store.Put(row.key, *row.value) : store.Delete(row.key);
}
absl::Status Put(TimestampedStore& store, const TakenRow& row) {
  return row.value ? store.Put(row.key, *row.value, row.time)
                   : store.Delete(row.key);
}
absl::Status Put(WindowStore& store, const TakenRow& row) {
  return store.Put(row.key, row.value, row.start);
}
absl::Status Put(SessionStore& store, const TakenRow& row) {
  return row.value ? store.Put(SessionOf(row), *row.value)
                   : store.Remove(SessionOf(row));
}

absl::Status Write(KeyValueStore& store, const std::vector<TakenRow>& rows) {
  std::vector<StateChange> changes;
  for (const TakenRow& row : rows) changes.push_back({row.key, row.value});
  return store.Write(changes);
}
absl::Status Write(TimestampedStore& store, const std::vector<TakenRow>& rows) {
  std::vector<TimestampedChange> changes;
  for (const TakenRow& row : rows)
    changes.push_back({row.key, row.value, row.time});
  return store.Write(changes);
}
absl::Status Write(Store& store, const std::vector<TakenRow>&) {
  return NotOf(store, "way to write several rows at once");
}

absl::Status Get(const KeyValueStore& store, const TakenRow& row,
                 cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found, store.Get(row.key));
  return GiveValue(std::move(found), to);
}
absl::Status Get(const TimestampedStore& store, const TakenRow& row,
                 cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found, store.Get(row.key));
  return GiveValue(std::move(found), to);
}
absl::Status Get(const WindowStore& store, const TakenRow& row,
                 cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found, store.Fetch(row.key, row.start));
  return GiveValue(std::move(found), to);
}
absl::Status Get(const SessionStore& store, const TakenRow& row,
                 cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found, store.Fetch(SessionOf(row)));
  return GiveValue(std::move(found), to);
}

absl::Status PutIfAbsent(KeyValueStore& store, const TakenRow& row,
                         cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found, store.PutIfAbsent(row.key, *row.value));
  return GiveValue(std::move(found), to);
}
absl::Status PutIfAbsent(TimestampedStore& store, const TakenRow& row,
                         cauce_value_t** to) {
  CAUCE_ASSIGN_OR_RETURN(auto found,
                         store.PutIfAbsent(row.key, *row.value, row.time));
  return GiveValue(std::move(found), to);
}
absl::Status PutIfAbsent(Store& store, const TakenRow&, cauce_value_t**) {
  return NotOf(store, "way to put a row where there is none");
}

// Of stores, and of snapshots, whose rows have keys alone.
template <typename Keyed>
absl::Status ScanKeys(const Keyed& keyed, const TakenScan& scan,
                      cauce_rows_t** to) {
  if (scan.key) return Misuse("a scan of one key is of windows and sessions");
  return GiveRows(scan.prefix ? keyed.Prefix(*scan.prefix, scan.order)
                              : keyed.Range(scan.range, scan.order),
                  to);
}
absl::Status Scan(const KeyValueStore& store, const TakenScan& scan,
                  cauce_rows_t** to) {
  return ScanKeys(store, scan, to);
}
absl::Status Scan(const TimestampedStore& store, const TakenScan& scan,
                  cauce_rows_t** to) {
  return ScanKeys(store, scan, to);
}
absl::Status Scan(const WindowStore& store, const TakenScan& scan,
                  cauce_rows_t** to) {
  if (scan.prefix) return NotOf(store, "scan by prefix");
  return GiveRows(
      scan.key ? store.Fetch(*scan.key, scan.times, scan.order)
               : store.FetchRange(scan.range, scan.times, scan.order),
      to);
}
absl::Status Scan(const SessionStore& store, const TakenScan& scan,
                  cauce_rows_t** to) {
  if (scan.prefix) return NotOf(store, "scan by prefix");
  const auto& [earliest_end, latest_start] = scan.times;
  return GiveRows(scan.key ? store.Find(*scan.key, earliest_end, latest_start,
                                        scan.order)
                           : store.FindRange(scan.range, earliest_end,
                                             latest_start, scan.order),
                  to);
}

template <typename Opened>
absl::StatusOr<AnyStore> Any(absl::StatusOr<Opened> opened) {
  if (!opened.ok()) return opened.status();
  return AnyStore(*std::move(opened));
}

absl::StatusOr<AnyStore> Open(Stores& stores, StoreKind kind, const char* name,
                              const WindowOptions& options) {
  switch (kind) {
    case StoreKind::kKeyValue:
      return Any(stores.OpenKeyValue(name, options.store));
    case StoreKind::kTimestamped:
      return Any(stores.OpenTimestamped(name, options.store));
    case StoreKind::kWindow:
      return Any(stores.OpenWindow(name, options));
    case StoreKind::kSession:
      return Any(stores.OpenSession(name, options));
  }
  return Misuse("the kind of store is none");
}

absl::StatusOr<WindowOptions> TakeOptions(const cauce_config_t* options,
                                          size_t option_count,
                                          const cauce_config_t* configs,
                                          size_t config_count) {
  CAUCE_ASSIGN_OR_RETURN(const auto pairs, TakePairs(options, option_count));
  CAUCE_ASSIGN_OR_RETURN(WindowOptions taken, StoreOptionsOf(pairs));
  CAUCE_ASSIGN_OR_RETURN(const auto more, TakePairs(configs, config_count));
  for (const cauce_config_t& each : more) {
    if (each.name == nullptr || each.value == nullptr)
      return Misuse("a config's name or value is null");
    if (!taken.store.configs.emplace(each.name, each.value).second)
      return Misuse(fmt::format("the config {} is there twice", each.name));
  }
  return taken;
}

}  // namespace
}  // namespace cauce::capi

struct cauce_store : cauce::capi::Handle<cauce::capi::Kind::kStore> {
  explicit cauce_store(cauce::capi::AnyStore opened)
      : store(std::move(opened)) {}
  cauce::capi::AnyStore store;
};

struct cauce_snapshot : cauce::capi::Handle<cauce::capi::Kind::kSnapshot> {
  explicit cauce_snapshot(cauce::KeyValueSnapshot taken)
      : snapshot(std::move(taken)) {}
  cauce::KeyValueSnapshot snapshot;
};

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_store_open(cauce_stores_t* stores, cauce_store_kind_t kind,
                                const char* name, const cauce_config_t* options,
                                size_t option_count,
                                const cauce_config_t* configs,
                                size_t config_count, cauce_store_t** store,
                                cauce_error_t** error) {
  return CallOn(
      stores, Reach::kWaits, error, [&](cauce_stores& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"the name", name}, {"store", store}}));
        *store = nullptr;
        CAUCE_ASSIGN_OR_RETURN(
            const cauce::StoreKind taken_kind,
            cauce::capi::TakeEnum("the kind of store", kind,
                                  cauce::StoreKind::kSession));
        CAUCE_ASSIGN_OR_RETURN(
            const cauce::WindowOptions taken,
            cauce::capi::TakeOptions(options, option_count, configs,
                                     config_count));
        CAUCE_ASSIGN_OR_RETURN(
            cauce::capi::AnyStore opened,
            cauce::capi::Open(on.stores, taken_kind, name, taken));
        *store = new cauce_store(std::move(opened));
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_store_close(cauce_store_t* store, cauce_error_t** error) {
  return CallOn(store, Reach::kEnds, error, [](cauce_store& on) {
    return std::visit([](auto& each) { return each.Close(); }, on.store);
  });
}

cauce_reason_t cauce_store_free(cauce_store_t* store) {
  return cauce::capi::Free(store);
}

cauce_reason_t cauce_store_persist(cauce_store_t* store,
                                   cauce_error_t** error) {
  return CallOn(store, Reach::kWaits, error, [](cauce_store& on) {
    return std::visit([](auto& each) { return each.Persist(); }, on.store);
  });
}

cauce_reason_t cauce_store_put(cauce_store_t* store, const cauce_row_t* row,
                               cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const auto taken, cauce::capi::TakeRow(row));
        return std::visit(
            [&](auto& each) { return cauce::capi::Put(each, taken); },
            on.store);
      });
}

cauce_reason_t cauce_store_write(cauce_store_t* store, const cauce_row_t* rows,
                                 size_t count, cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeRows(rows, count));
        return std::visit(
            [&](auto& each) { return cauce::capi::Write(each, taken); },
            on.store);
      });
}

cauce_reason_t cauce_store_get(cauce_store_t* store, const cauce_row_t* row,
                               cauce_value_t** value, cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"value", value}}));
        *value = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken, cauce::capi::TakeRow(row));
        return std::visit(
            [&](auto& each) { return cauce::capi::Get(each, taken, value); },
            on.store);
      });
}

cauce_reason_t cauce_store_put_if_absent(cauce_store_t* store,
                                         const cauce_row_t* row,
                                         cauce_value_t** existing,
                                         cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"existing", existing}}));
        *existing = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken, cauce::capi::TakeRow(row));
        if (!taken.value)
          return cauce::capi::Misuse("the value to put is null");
        return std::visit(
            [&](auto& each) {
              return cauce::capi::PutIfAbsent(each, taken, existing);
            },
            on.store);
      });
}

cauce_reason_t cauce_store_scan(cauce_store_t* store, const cauce_scan_t* scan,
                                cauce_rows_t** rows, cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"rows", rows}}));
        *rows = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken, cauce::capi::TakeScan(scan));
        return std::visit(
            [&](auto& each) { return cauce::capi::Scan(each, taken, rows); },
            on.store);
      });
}

cauce_reason_t cauce_store_snapshot(cauce_store_t* store,
                                    cauce_snapshot_t** snapshot,
                                    cauce_error_t** error) {
  return CallOn(
      store, Reach::kWaits, error, [&](cauce_store& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"snapshot", snapshot}}));
        *snapshot = nullptr;
        auto* const keyed = std::get_if<cauce::KeyValueStore>(&on.store);
        if (keyed == nullptr) {
          return std::visit(
              [](auto& each) {
                return cauce::capi::NotOf(each, "snapshots");
              },
              on.store);
        }
        CAUCE_ASSIGN_OR_RETURN(cauce::KeyValueSnapshot taken,
                               keyed->Snapshot());
        *snapshot = new cauce_snapshot(std::move(taken));
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_snapshot_free(cauce_snapshot_t* snapshot) {
  return cauce::capi::Free(snapshot);
}

cauce_reason_t cauce_snapshot_get(cauce_snapshot_t* snapshot, const void* key,
                                  size_t key_size, cauce_value_t** value,
                                  cauce_error_t** error) {
  return CallOn(
      snapshot, Reach::kWaits, error, [&](cauce_snapshot& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"key", key}, {"value", value}}));
        *value = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeBytes("a key", key, key_size));
        CAUCE_ASSIGN_OR_RETURN(auto found, on.snapshot.Get(*taken));
        return cauce::capi::GiveValue(std::move(found), value);
      });
}

cauce_reason_t cauce_snapshot_scan(cauce_snapshot_t* snapshot,
                                   const cauce_scan_t* scan,
                                   cauce_rows_t** rows, cauce_error_t** error) {
  return CallOn(
      snapshot, Reach::kWaits, error, [&](cauce_snapshot& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"rows", rows}}));
        *rows = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken, cauce::capi::TakeScan(scan));
        return cauce::capi::ScanKeys(on.snapshot, taken, rows);
      });
}
