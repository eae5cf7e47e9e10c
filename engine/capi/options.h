// Options as pairs of strings, by the names of cauce/option_keys.h or by
// Kafka's.
//
// Each reads every pair, and tells of all that are wrong at once:
// Reason::kInvalidOption, with the values that an option takes or the likely
// name for one that is unknown. Ranges are the business of who takes the
// options. Any thread.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/backup.h"
#include "cauce/cauce.h"
#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/option_keys.h"
#include "cauce/producer.h"
#include "cauce/read.h"
#include "cauce/stores.h"

namespace cauce::capi {

using Pairs = std::span<const cauce_config_t>;

absl::StatusOr<ClientOptions> ClientOptionsOf(Pairs pairs);
absl::StatusOr<ProducerOptions> ProducerOptionsOf(Pairs pairs);
absl::StatusOr<ConsumerOptions> ConsumerOptionsOf(Pairs pairs);
absl::StatusOr<CursorOptions> CursorOptionsOf(Pairs pairs);
absl::StatusOr<StoresOptions> StoresOptionsOf(Pairs pairs);
// Of every kind of store.
absl::StatusOr<WindowOptions> StoreOptionsOf(Pairs pairs);
absl::StatusOr<BackupOptions> BackupOptionsOf(Pairs pairs);
absl::StatusOr<RestoreOptions> RestoreOptionsOf(Pairs pairs);

// Those that can be set so: without the seams. A client's with its engine's,
// those of stores with RocksDB's.
std::vector<OptionKey> SettableClientKeys();
std::vector<OptionKey> SettableProducerKeys();
std::vector<OptionKey> SettableConsumerKeys();
std::vector<OptionKey> SettableCursorKeys();
std::vector<OptionKey> SettableStoresKeys();
std::vector<OptionKey> SettableStoreKeys();
std::vector<OptionKey> SettableBackupKeys();
std::vector<OptionKey> SettableRestoreKeys();

}  // namespace cauce::capi
