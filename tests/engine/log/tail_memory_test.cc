#include "engine/log/tail_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/testing/allocated_bytes.h"

namespace cauce {
namespace {

constexpr size_t kBlock = TailMemory::kBlockBytes;

TEST(TailMemory, TakesFromTheOldestWhatIsNotThereAnyMore) {
  TailMemory memory(3 * kBlock);
  std::vector<TailMemory::Ref> blocks;
  for (int i = 0; i < 5; ++i) blocks.emplace_back(memory.Take());
  EXPECT_EQ(memory.bytes(), 3 * kBlock);
  EXPECT_EQ(blocks[0].lock(), nullptr);
  EXPECT_EQ(blocks[1].lock(), nullptr);
  for (int i = 2; i < 5; ++i) EXPECT_NE(blocks[i].lock(), nullptr) << i;
}

TEST(TailMemory, TakesNoBlockAwayWhileOneWasGivenBack) {
  TailMemory memory(2 * kBlock);
  const TailMemory::Ref first = memory.Take();
  const TailMemory::Ref second = memory.Take();
  memory.GiveBack(second);
  EXPECT_EQ(second.lock(), nullptr);
  EXPECT_EQ(memory.bytes(), kBlock);
  const TailMemory::Ref third = memory.Take();
  EXPECT_NE(first.lock(), nullptr);
  EXPECT_NE(third.lock(), nullptr);
}

TEST(TailMemory, GivesBackNothingForABlockThatWasTakenAway) {
  TailMemory memory(kBlock);
  const TailMemory::Ref first = memory.Take();
  const TailMemory::Ref second = memory.Take();
  memory.GiveBack(first);
  EXPECT_EQ(memory.bytes(), kBlock);
  EXPECT_NE(second.lock(), nullptr);
}

TEST(TailMemory, IsFreedThoughWhoHadItDoesNotAsk) {
  constexpr int kTaken = 100;
  TailMemory memory(3 * kBlock);
  std::vector<TailMemory::Ref> blocks;
  blocks.reserve(kTaken);
  const int64_t before = test::AllocatedBytes();
  for (int i = 0; i < kTaken; ++i) blocks.emplace_back(memory.Take());
  // Of each that is gone a word stays with who had it.
  EXPECT_LE(test::AllocatedBytes() - before, 4 * int64_t{kBlock});
}

TEST(TailMemory, LeavesABlockToWhoReadsIt) {
  TailMemory memory(kBlock);
  const auto read = memory.Take();
  read->bytes.fill('a');
  memory.Take()->bytes.fill('b');
  EXPECT_THAT(read->bytes, ::testing::Each('a'));
  EXPECT_EQ(memory.bytes(), kBlock);
}

TEST(TailMemory, HasNoneWithLessThanABlock) {
  TailMemory memory(kBlock - 1);
  EXPECT_EQ(memory.Take(), nullptr);
  EXPECT_EQ(memory.bytes(), 0u);
}

}  // namespace
}  // namespace cauce
