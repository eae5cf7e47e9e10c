// LevelDB: what is appended is in its log and its memory, and is merged into
// sorted files as it grows. Append() is thread-safe.
// See record_store.h.
#pragma once

#include "bench/peers/record_store.h"

namespace cauce::bench {

StoreKind LevelDbStore();

}  // namespace cauce::bench
