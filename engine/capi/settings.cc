#include "engine/capi/settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/options.h"
#include "engine/capi/owned.h"
#include "engine/capi/values.h"

namespace cauce::capi {
namespace {

std::string_view ValidOf(std::string_view name) {
  const auto keys = TopicConfigKeys();
  const auto key = std::ranges::find(keys, name, &TopicConfigKey::name);
  return key == keys.end() ? "" : key->valid;
}

std::vector<OptionKey> KeysOf(cauce_options_t kind) {
  switch (kind) {
    case CAUCE_PRODUCER_OPTIONS:
      return SettableProducerKeys();
    case CAUCE_CONSUMER_OPTIONS:
      return SettableConsumerKeys();
    case CAUCE_CURSOR_OPTIONS:
      return SettableCursorKeys();
    case CAUCE_STORES_OPTIONS:
      return SettableStoresKeys();
    case CAUCE_STORE_OPTIONS:
      return SettableStoreKeys();
    case CAUCE_BACKUP_OPTIONS:
      return SettableBackupKeys();
    case CAUCE_RESTORE_OPTIONS:
      return SettableRestoreKeys();
    default:
      return SettableClientKeys();
  }
}

}  // namespace

absl::Status GiveOptions(const std::vector<OptionKey>& keys,
                         cauce_settings_t** to) {
  OwnedList<cauce_settings_t> list(Kind::kSettings);
  Arena& arena = list.arena();
  for (const OptionKey& key : keys) {
    list.Add({.name = arena.Text(key.field),
              .kafka_name = arena.Text(key.kafka_name),
              .type = arena.Text(key.type),
              .value = arena.Text(key.default_text),
              .valid = arena.Text(key.valid),
              .doc = arena.Text(key.doc),
              .is_default = 1});
  }
  return std::move(list).Give(to);
}

absl::Status GiveConfigs(const std::vector<TopicConfigEntry>& entries,
                         cauce_settings_t** to) {
  OwnedList<cauce_settings_t> list(Kind::kSettings);
  Arena& arena = list.arena();
  for (const TopicConfigEntry& entry : entries) {
    const char* const name = arena.Text(entry.name);
    list.Add({.name = name,
              .kafka_name = name,
              .type = arena.Text(ConfigTypeName(entry.type)),
              .value = arena.Text(entry.value),
              .valid = arena.Text(ValidOf(entry.name)),
              .doc = arena.Text(entry.doc),
              .is_default = entry.is_default ? 1 : 0});
  }
  return std::move(list).Give(to);
}

}  // namespace cauce::capi

using cauce::capi::Reach;

cauce_reason_t cauce_options_describe(cauce_options_t kind,
                                      cauce_settings_t** settings,
                                      cauce_error_t** error) {
  return cauce::capi::Call(Reach::kLooks, error, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(cauce::capi::Given({{"settings", settings}}));
    *settings = nullptr;
    constexpr cauce_options_t kLast = CAUCE_RESTORE_OPTIONS;
    CAUCE_ASSIGN_OR_RETURN(
        const cauce_options_t checked,
        cauce::capi::TakeEnum("the kind of options", kind, kLast));
    return cauce::capi::GiveOptions(cauce::capi::KeysOf(checked), settings);
  });
}

cauce_reason_t cauce_settings_free(cauce_settings_t* settings) {
  return cauce::capi::FreeOwned(settings, cauce::capi::Kind::kSettings);
}
