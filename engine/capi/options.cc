#include "engine/capi/options.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/capi/error.h"
#include "engine/capi/option_text.h"
#include "engine/catalog/nearest_name.h"
#include "engine/catalog/quoted.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::capi {
namespace {

// How one option is set, by the name of its field.
template <typename Options>
struct Setter {
  std::string_view field;
  bool (*set)(std::string_view text, Unit unit, Options& options);
};

template <auto kMember, typename Options>
bool Set(std::string_view text, Unit unit, Options& options) {
  return ReadText(text, unit, options.*kMember);
}
template <auto kMember>
bool SetOfEngine(std::string_view text, Unit unit, ClientOptions& options) {
  return ReadText(text, unit, options.engine.*kMember);
}

#define CAUCE_SETTER(Options, field) {#field, &Set<&Options::field, Options>}
#define CAUCE_ENGINE_SETTER(field) {#field, &SetOfEngine<&EngineOptions::field>}

constexpr Setter<ClientOptions> kClientSetters[] = {
    CAUCE_SETTER(ClientOptions, threads),
    CAUCE_ENGINE_SETTER(access),
    CAUCE_ENGINE_SETTER(create_if_missing),
    CAUCE_ENGINE_SETTER(open_files_max),
    CAUCE_ENGINE_SETTER(tail_bytes_max),
    CAUCE_ENGINE_SETTER(free_bytes_min),
    CAUCE_ENGINE_SETTER(checkpoint_interval),
    CAUCE_ENGINE_SETTER(retention_check_interval),
    CAUCE_ENGINE_SETTER(producer_expiration),
    CAUCE_ENGINE_SETTER(compaction_check_interval),
    CAUCE_ENGINE_SETTER(compaction_memory_max),
    CAUCE_ENGINE_SETTER(compaction_bytes_per_second_max),
    CAUCE_ENGINE_SETTER(offsets_topic_partitions),
    CAUCE_ENGINE_SETTER(transaction_topic_partitions),
    CAUCE_ENGINE_SETTER(offsets_retention),
    CAUCE_ENGINE_SETTER(offsets_retention_check_interval),
    CAUCE_ENGINE_SETTER(offset_metadata_bytes_max),
    CAUCE_ENGINE_SETTER(group_initial_rebalance_delay),
    CAUCE_ENGINE_SETTER(group_size_max),
    CAUCE_ENGINE_SETTER(transaction_timeout_max),
    CAUCE_ENGINE_SETTER(transactional_id_expiration),
};

constexpr Setter<ProducerOptions> kProducerSetters[] = {
    CAUCE_SETTER(ProducerOptions, acks),
    CAUCE_SETTER(ProducerOptions, idempotence),
    CAUCE_SETTER(ProducerOptions, compression),
    CAUCE_SETTER(ProducerOptions, compression_level),
    CAUCE_SETTER(ProducerOptions, keyless),
    CAUCE_SETTER(ProducerOptions, batch_bytes),
    CAUCE_SETTER(ProducerOptions, linger),
    CAUCE_SETTER(ProducerOptions, buffer_bytes_max),
    CAUCE_SETTER(ProducerOptions, block_max),
    CAUCE_SETTER(ProducerOptions, record_bytes_max),
    CAUCE_SETTER(ProducerOptions, delivery_timeout),
    CAUCE_SETTER(ProducerOptions, retry_backoff),
    CAUCE_SETTER(ProducerOptions, retry_backoff_max),
    CAUCE_SETTER(ProducerOptions, metadata_age_max),
    CAUCE_SETTER(ProducerOptions, transactional_id),
    CAUCE_SETTER(ProducerOptions, transaction_timeout),
};

constexpr Setter<ConsumerOptions> kConsumerSetters[] = {
    CAUCE_SETTER(ConsumerOptions, group),
    CAUCE_SETTER(ConsumerOptions, instance),
    CAUCE_SETTER(ConsumerOptions, assignments),
    CAUCE_SETTER(ConsumerOptions, auto_commit),
    CAUCE_SETTER(ConsumerOptions, auto_commit_interval),
    CAUCE_SETTER(ConsumerOptions, poll_interval_max),
    CAUCE_SETTER(ConsumerOptions, metadata_age_max),
    CAUCE_SETTER(ConsumerOptions, call_timeout),
    CAUCE_SETTER(ConsumerOptions, reset),
    CAUCE_SETTER(ConsumerOptions, isolation),
    CAUCE_SETTER(ConsumerOptions, poll_records_max),
    CAUCE_SETTER(ConsumerOptions, fetch_bytes),
    CAUCE_SETTER(ConsumerOptions, wants_event_descriptor),
};

constexpr Setter<CursorOptions> kCursorSetters[] = {
    CAUCE_SETTER(CursorOptions, up_to),
    CAUCE_SETTER(CursorOptions, isolation),
    CAUCE_SETTER(CursorOptions, read_bytes),
    CAUCE_SETTER(CursorOptions, decompressed_bytes_max),
};

template <auto kMember>
bool SetOfRocksDb(std::string_view text, Unit unit, StoresOptions& options) {
  return ReadText(text, unit, options.rocksdb.*kMember);
}

constexpr Setter<StoresOptions> kStoresSetters[] = {
    CAUCE_SETTER(StoresOptions, directory),
    CAUCE_SETTER(StoresOptions, application),
    CAUCE_SETTER(StoresOptions, read_only_bytes_max),
    {"memory_max", &SetOfRocksDb<&RocksDbOptions::memory_max>},
    {"load_bytes_max", &SetOfRocksDb<&RocksDbOptions::load_bytes_max>},
    {"threads", &SetOfRocksDb<&RocksDbOptions::threads>},
    {"open_files_max", &SetOfRocksDb<&RocksDbOptions::open_files_max>},
};

template <auto kMember>
bool SetOfStore(std::string_view text, Unit unit, WindowOptions& options) {
  return ReadText(text, unit, options.store.*kMember);
}

constexpr Setter<WindowOptions> kStoreSetters[] = {
    {"partition",
     [](std::string_view text, Unit unit, WindowOptions& options) {
       return ReadText(text, unit, options.store.partition.value);
     }},
    {"ack", &SetOfStore<&StoreOptions::ack>},
    {"partitions", &SetOfStore<&StoreOptions::partitions>},
    CAUCE_SETTER(WindowOptions, retention),
    CAUCE_SETTER(WindowOptions, retain_duplicates),
};

constexpr Setter<BackupOptions> kBackupSetters[] = {
    CAUCE_SETTER(BackupOptions, group_offsets),
    CAUCE_SETTER(BackupOptions, on_damage),
};

constexpr Setter<RestoreOptions> kRestoreSetters[] = {
    CAUCE_SETTER(RestoreOptions, name),
    CAUCE_SETTER(RestoreOptions, group_offsets),
};

#undef CAUCE_SETTER
#undef CAUCE_ENGINE_SETTER

std::vector<OptionKey> WithoutSeams(std::vector<OptionKey> keys) {
  std::erase_if(keys, [](const OptionKey& key) {
    return key.type == "seam" || key.type == "options" ||
           key.type == "configs";
  });
  return keys;
}

// Of options with others among them: one list, as nobody sees the difference.
std::vector<OptionKey> Joined(std::vector<OptionKey> outer,
                              std::vector<OptionKey> inner) {
  std::vector<OptionKey> keys = WithoutSeams(std::move(outer));
  for (OptionKey& key : WithoutSeams(std::move(inner)))
    keys.push_back(std::move(key));
  return keys;
}

std::string UnknownName(std::string_view name,
                        const std::vector<OptionKey>& keys) {
  std::vector<std::string_view> names;
  for (const OptionKey& key : keys) {
    names.push_back(key.field);
    if (!key.kafka_name.empty()) names.push_back(key.kafka_name);
  }
  const std::string_view nearest = NearestName(name, names);
  return nearest.empty() ? fmt::format("there is no option {}", Quoted(name))
                         : fmt::format("there is no option {}, did you mean {}",
                                       Quoted(name), nearest);
}

// Sets one; returns what is wrong, nothing where that is nothing.
template <typename Options>
std::string SetOne(const cauce_config_t& pair,
                   std::span<const Setter<Options>> setters,
                   const std::vector<OptionKey>& keys, Options& options) {
  const std::string_view name = pair.name;
  const auto key = std::ranges::find_if(keys, [name](const OptionKey& each) {
    return each.field == name ||
           (!each.kafka_name.empty() && each.kafka_name == name);
  });
  if (key == keys.end()) return UnknownName(name, keys);
  const auto setter =
      std::ranges::find(setters, key->field, &Setter<Options>::field);
  if (setter == setters.end()) return UnknownName(name, keys);
  // A field's own duration has its unit in its text.
  const Unit unit =
      name == key->field ? absl::ZeroDuration() : UnitOf(key->kafka_name);
  if (setter->set(pair.value, unit, options)) return "";
  return fmt::format("{} is {}, it takes {}{}", name, Quoted(pair.value),
                     key->valid,
                     key->type != "duration"          ? ""
                     : unit == absl::ZeroDuration()   ? ", as in \"5ms\""
                     : unit == absl::Milliseconds(1) ? ", in milliseconds"
                                                      : ", in minutes");
}

template <typename Options>
absl::StatusOr<Options> SetAll(Pairs pairs,
                               std::span<const Setter<Options>> setters,
                               const std::vector<OptionKey>& keys) {
  Options options;
  std::vector<std::string> wrong;
  for (const cauce_config_t& pair : pairs) {
    if (pair.name == nullptr || pair.value == nullptr)
      return Misuse("an option's name or value is null");
    std::string finding = SetOne(pair, setters, keys, options);
    if (!finding.empty()) wrong.push_back(std::move(finding));
  }
  if (wrong.empty()) return options;
  return MakeError(Reason::kInvalidOption,
                   fmt::format("{}", fmt::join(wrong, "; ")));
}

}  // namespace

std::vector<OptionKey> SettableClientKeys() {
  return Joined(ClientOptionKeys(), EngineOptionKeys());
}
std::vector<OptionKey> SettableProducerKeys() {
  return WithoutSeams(ProducerOptionKeys());
}
std::vector<OptionKey> SettableConsumerKeys() {
  return WithoutSeams(ConsumerOptionKeys());
}
std::vector<OptionKey> SettableCursorKeys() {
  return WithoutSeams(CursorOptionKeys());
}
std::vector<OptionKey> SettableStoresKeys() {
  return Joined(StoresOptionKeys(), RocksDbOptionKeys());
}
std::vector<OptionKey> SettableStoreKeys() {
  return Joined(StoreOptionKeys(), WindowOptionKeys());
}
std::vector<OptionKey> SettableBackupKeys() {
  return WithoutSeams(BackupOptionKeys());
}
std::vector<OptionKey> SettableRestoreKeys() {
  return WithoutSeams(RestoreOptionKeys());
}

absl::StatusOr<StoresOptions> StoresOptionsOf(Pairs pairs) {
  return SetAll<StoresOptions>(pairs, kStoresSetters, SettableStoresKeys());
}
absl::StatusOr<WindowOptions> StoreOptionsOf(Pairs pairs) {
  return SetAll<WindowOptions>(pairs, kStoreSetters, SettableStoreKeys());
}
absl::StatusOr<ClientOptions> ClientOptionsOf(Pairs pairs) {
  return SetAll<ClientOptions>(pairs, kClientSetters, SettableClientKeys());
}
absl::StatusOr<ProducerOptions> ProducerOptionsOf(Pairs pairs) {
  return SetAll<ProducerOptions>(pairs, kProducerSetters,
                                 SettableProducerKeys());
}
absl::StatusOr<ConsumerOptions> ConsumerOptionsOf(Pairs pairs) {
  return SetAll<ConsumerOptions>(pairs, kConsumerSetters,
                                 SettableConsumerKeys());
}
absl::StatusOr<CursorOptions> CursorOptionsOf(Pairs pairs) {
  return SetAll<CursorOptions>(pairs, kCursorSetters, SettableCursorKeys());
}
absl::StatusOr<BackupOptions> BackupOptionsOf(Pairs pairs) {
  return SetAll<BackupOptions>(pairs, kBackupSetters, SettableBackupKeys());
}
absl::StatusOr<RestoreOptions> RestoreOptionsOf(Pairs pairs) {
  return SetAll<RestoreOptions>(pairs, kRestoreSetters, SettableRestoreKeys());
}

}  // namespace cauce::capi
