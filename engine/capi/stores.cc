#include "engine/capi/stores.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/engine.h"
#include "engine/base/status_macros.h"
#include "engine/capi/client.h"
#include "engine/capi/options.h"
#include "engine/capi/owned.h"
#include "engine/capi/values.h"

namespace cauce::capi {
namespace {

static_assert(static_cast<int>(StoreKind::kKeyValue) == CAUCE_KEY_VALUE_STORE &&
              static_cast<int>(StoreKind::kTimestamped) ==
                  CAUCE_TIMESTAMPED_STORE &&
              static_cast<int>(StoreKind::kWindow) == CAUCE_WINDOW_STORE &&
              static_cast<int>(StoreKind::kSession) == CAUCE_SESSION_STORE);

std::function<void(const RestoreProgress&)> ProgressOf(
    cauce_restore_callback_t on_restore, void* user) {
  if (on_restore == nullptr) return nullptr;
  return [on_restore, user](const RestoreProgress& progress) {
    const cauce_restore_t told = {.store = progress.store.c_str(),
                                  .topic = progress.changelog.topic.c_str(),
                                  .partition =
                                      progress.changelog.partition.value,
                                  .reserved = 0,
                                  .begin = progress.begin.value,
                                  .at = progress.at.value,
                                  .end = progress.end.value,
                                  .records = progress.records,
                                  .bytes = progress.bytes};
    const CallbackScope scope("a callback of a restore", Reach::kLooks);
    on_restore(user, &told);
  };
}

cauce_store_description_t DescriptionOf(const StoreDescription& store,
                                        Arena& arena) {
  return {.name = arena.Text(store.name),
          .kind = static_cast<cauce_store_kind_t>(store.kind),
          .partition = store.changelog.partition.value,
          .topic = arena.Text(store.changelog.topic),
          .table = arena.Text(TableStateName(store.table)),
          .begin = store.begin.value,
          .end = store.end.value,
          .applied = store.applied.value,
          .keys = store.use.keys,
          .disk_bytes = store.use.disk_bytes,
          .memory_bytes = store.use.memory_bytes,
          .why = arena.Text(store.why)};
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Kind;
using cauce::capi::Reach;

cauce_reason_t cauce_stores_open(cauce_client_t* client,
                                 const cauce_config_t* options,
                                 size_t option_count,
                                 cauce_restore_callback_t on_restore,
                                 void* user, cauce_stores_t** stores,
                                 cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"stores", stores}}));
        *stores = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                               cauce::capi::TakePairs(options, option_count));
        CAUCE_ASSIGN_OR_RETURN(cauce::StoresOptions taken,
                               cauce::capi::StoresOptionsOf(pairs));
        taken.progress = cauce::capi::ProgressOf(on_restore, user);
        CAUCE_ASSIGN_OR_RETURN(cauce::Engine* const engine,
                               cauce::capi::EngineOf(on));
        CAUCE_ASSIGN_OR_RETURN(cauce::Stores opened,
                               cauce::Stores::Open(*engine, taken));
        *stores = new cauce_stores(std::move(opened));
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_stores_free(cauce_stores_t* stores) {
  return cauce::capi::Free(stores);
}

cauce_reason_t cauce_stores_list(cauce_stores_t* stores,
                                 cauce_store_descriptions_t** descriptions,
                                 cauce_error_t** error) {
  return CallOn(
      stores, Reach::kWaits, error, [&](cauce_stores& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"descriptions", descriptions}}));
        *descriptions = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto found, on.stores.List());
        cauce::capi::OwnedList<cauce_store_descriptions_t> list(
            Kind::kStoreDescriptions);
        for (const cauce::StoreDescription& each : found)
          list.Add(cauce::capi::DescriptionOf(each, list.arena()));
        return std::move(list).Give(descriptions);
      });
}

cauce_reason_t cauce_store_descriptions_free(
    cauce_store_descriptions_t* descriptions) {
  return cauce::capi::FreeOwned(descriptions, Kind::kStoreDescriptions);
}

cauce_reason_t cauce_stores_restore(cauce_stores_t* stores, const char* name,
                                    int32_t partition, cauce_error_t** error) {
  return CallOn(stores, Reach::kWaits, error,
                [&](cauce_stores& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"the name", name}}));
                  return on.stores
                      .Restore(name, cauce::PartitionId{partition})
                      .status();
                });
}
