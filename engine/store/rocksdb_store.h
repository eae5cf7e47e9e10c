// Tables in RocksDB beside others that are bounded together with them. Any
// thread.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "cauce/state_store.h"
#include "engine/store/rocksdb_share.h"

namespace cauce {

// As the one in cauce/state_store.h; `share`, which is never null, has admitted
// the options.
absl::StatusOr<std::shared_ptr<StateBackend>> NewRocksDbStateBackend(
    const RocksDbOptions& options, std::shared_ptr<RocksDbShare> share);

}  // namespace cauce
