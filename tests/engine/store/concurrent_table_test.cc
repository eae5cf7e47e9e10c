#include <gtest/gtest.h>

#include "cauce/state_store.h"
#include "tests/engine/store/whole_writes.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

// RocksDB's are in rocksdb_store_test: its locks are nothing that thread
// sanitizer sees.
TEST(ConcurrentTable, ShowsWholeWritesToThreadsThatReadMeanwhile) {
  const auto store = NewMemoryStateBackend()->Open({});
  ASSERT_THAT(store, IsOk());

  ExpectWholeWritesAreSeen(**store);
}

}  // namespace
}  // namespace cauce::test
