// LMDB: a tree of pages that is written over, in order (MDB_APPEND). It has no
// checksums, and reads from a mapping.
// See record_store.h.
#pragma once

#include "bench/peers/record_store.h"

namespace cauce::bench {

StoreKind LmdbStore();

}  // namespace cauce::bench
