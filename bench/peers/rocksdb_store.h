// RocksDB: what is appended is in its write-ahead log and its memory; settled,
// in sorted files. Append() is thread-safe: those that wait at a time share
// syncs. Has a Sync(). See record_store.h.
#pragma once

#include "bench/peers/record_store.h"

namespace cauce::bench {

StoreKind RocksDbStore();

}  // namespace cauce::bench
