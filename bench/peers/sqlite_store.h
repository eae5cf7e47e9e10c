// SQLite: a table by number, with a write-ahead log. It has no checksums.
// See record_store.h.
#pragma once

#include "bench/peers/record_store.h"

namespace cauce::bench {

StoreKind SqliteStore();

}  // namespace cauce::bench
