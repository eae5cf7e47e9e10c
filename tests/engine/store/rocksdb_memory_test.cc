#include "engine/store/rocksdb_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/state_store.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

TEST(RocksDbMemory, IsKeptToByTheTableThatHoldsMost) {
  constexpr int kTables = 20;
  const TempDir scratch;
  const auto backend = Backend({.memory_max = 4 << 20});
  std::vector<std::unique_ptr<StateStore>> stores;
  for (int i = 0; i < kTables; ++i)
    stores.push_back(Open(*backend, scratch / fmt::format("table{}", i)));
  const auto in_memory = [&] {
    int64_t bytes = 0;
    for (const auto& store : stores) bytes += store->use().memory_bytes;
    return bytes;
  };

  // Five times the memory, a table after another, each left with what it has.
  const std::string value(1000, 'x');
  int64_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = fmt::format("{}", i);
    const std::vector<StateChange> changes = {Put(key, value)};
    StateStore& store = *stores[static_cast<size_t>(i / 100 % kTables)];
    ASSERT_THAT(store.Write({.changes = changes, .mark = key}), IsOk());
    if (i % 500 == 0) most = std::max(most, in_memory());
  }

  EXPECT_LE(most, 4 << 20);
  for (const auto& store : stores) EXPECT_EQ(store->use().keys, 1000);
}

TEST(RocksDbMemory, GrowsToTheLargestWishAndNeverShrinks) {
  constexpr int64_t kMib = 1 << 20;
  RocksDbMemory memory({.memory_max = 4 * kMib});
  ASSERT_EQ(memory.table_bytes_max(), kMib);

  memory.GrowTo(16 * kMib);
  EXPECT_EQ(memory.table_bytes_max(), 4 * kMib);
  EXPECT_EQ(memory.cache()->GetCapacity(), 16u * kMib);
  memory.GrowTo(kMib);

  EXPECT_EQ(memory.cache()->GetCapacity(), 16u * kMib);
}

}  // namespace
}  // namespace cauce::test
