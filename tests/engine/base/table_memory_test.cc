#include "engine/base/table_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace cauce {
namespace {

constexpr size_t kLargePage = 2 << 20;

TEST(TableMemory, HoldsZerosEvenWhereOthersHaveWritten) {
  for (const size_t bytes : {size_t{1}, size_t{64} << 10, kLargePage - 1,
                             kLargePage, 3 * kLargePage + 17}) {
    SCOPED_TRACE(bytes);
    for (int round = 0; round < 3; ++round) {
      const TableMemory memory(bytes);
      const std::span<char> all(static_cast<char*>(memory.data()), bytes);
      EXPECT_TRUE(std::ranges::all_of(all, [](char c) { return c == 0; }));
      std::memset(all.data(), 'x', bytes);
    }
  }
}

TEST(TableMemory, BeginsWhereALargePageDoes) {
  const TableMemory memory(5 * kLargePage / 2);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % kLargePage, 0u);
}

TEST(TableMemory, HasNewOwnersAndMayBeEmpty) {
  TableMemory memory(0);
  memory = TableMemory(kLargePage);
  *static_cast<char*>(memory.data()) = 'x';
  const TableMemory moved = std::move(memory);
  EXPECT_EQ(*static_cast<char*>(moved.data()), 'x');
}

}  // namespace
}  // namespace cauce
