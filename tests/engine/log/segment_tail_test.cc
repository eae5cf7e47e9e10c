#include "engine/log/segment_tail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/log/tail_memory.h"
#include "tests/testing/allocated_bytes.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int64_t kBlock = TailMemory::kBlockBytes;
constexpr int64_t kAll = SegmentTail::kBytesMax;

// What stands at `position` in every file here.
char ByteAt(int64_t position) {
  return static_cast<char>((position * 31 + position / 251) % 253);
}
std::string BytesAt(int64_t position, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  for (int64_t i = 0; i < count; ++i) {
    bytes[static_cast<size_t>(i)] = ByteAt(position + i);
  }
  return bytes;
}

void Offer(SegmentTail& tail, int64_t position, int64_t count) {
  const std::string bytes = BytesAt(position, count);
  const std::string_view all(bytes);
  const std::string_view parts[] = {all.substr(0, all.size() / 3),
                                    all.substr(all.size() / 3)};
  tail.Offer(position, parts);
}

std::optional<std::string> Read(SegmentTail& tail, int64_t position,
                                int64_t count) {
  std::string bytes(static_cast<size_t>(count), '?');
  if (!tail.Read(position, bytes)) return std::nullopt;
  return bytes;
}

TEST(SegmentTail, KeepsNothingThatNobodyWants) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  Offer(tail, 0, 100);
  EXPECT_EQ(memory.bytes(), 0u);
  EXPECT_EQ(Read(tail, 0, 100), std::nullopt);
}

TEST(SegmentTail, HandsOutWhatWasOfferedSinceItWasWanted) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  Offer(tail, 0, 100);
  tail.Want(100);
  Offer(tail, 100, 3 * kBlock);
  Offer(tail, 100 + 3 * kBlock, 1);
  EXPECT_EQ(Read(tail, 99, 2), std::nullopt);
  EXPECT_EQ(Read(tail, 100, 3 * kBlock + 1), BytesAt(100, 3 * kBlock + 1));
  EXPECT_EQ(Read(tail, 90 + kBlock, 20), BytesAt(90 + kBlock, 20));
  EXPECT_EQ(Read(tail, 100 + 3 * kBlock, 2), std::nullopt);
  EXPECT_EQ(Read(tail, 200, 0), std::nullopt);
}

TEST(SegmentTail, StopsOnceNobodyHasReadForAllItHolds) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  tail.Want(0);
  int64_t position = 0;
  for (; position < kAll; position += kBlock) Offer(tail, position, kBlock);
  EXPECT_GT(memory.bytes(), 0u);
  EXPECT_FALSE(tail.IsWantedAt(position));
  Offer(tail, position, 10);
  EXPECT_EQ(memory.bytes(), 0u);
  EXPECT_EQ(Read(tail, position - 10, 10), std::nullopt);
}

TEST(SegmentTail, GoesOnForAsLongAsSomebodyReadsAndHoldsNoMoreThanItMay) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  tail.Want(0);
  int64_t position = 0;
  while (position < 3 * kAll) {
    Offer(tail, position, 1000);
    ASSERT_EQ(Read(tail, position, 1000), BytesAt(position, 1000));
    position += 1000;
    ASSERT_LE(memory.bytes(), static_cast<size_t>(kAll + kBlock));
  }
  EXPECT_EQ(Read(tail, position - kAll + kBlock, 5),
            BytesAt(position - kAll + kBlock, 5));
  EXPECT_EQ(Read(tail, position - kAll - kBlock, 5), std::nullopt);
}

TEST(SegmentTail, KeepsNothingOfABatchThatIsLargerThanAllItMayHold) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  SegmentTail other(&memory);
  tail.Want(0);
  other.Want(0);
  Offer(other, 0, 100);
  Offer(tail, 0, 5 * kAll);
  EXPECT_EQ(memory.bytes(), static_cast<size_t>(kBlock));
  EXPECT_EQ(Read(tail, 5 * kAll - 10, 10), std::nullopt);
  EXPECT_EQ(Read(other, 0, 100), BytesAt(0, 100));
}

TEST(SegmentTail, BeginsAnewWhereSomethingWentByOrWasCutOff) {
  TailMemory memory(4 * kAll);
  SegmentTail tail(&memory);
  tail.Want(0);
  Offer(tail, 0, 100);
  Offer(tail, 150, 50);
  EXPECT_EQ(Read(tail, 0, 100), std::nullopt);
  EXPECT_EQ(Read(tail, 150, 50), BytesAt(150, 50));
  Offer(tail, 120, 10);
  EXPECT_EQ(Read(tail, 150, 50), std::nullopt);
  EXPECT_EQ(Read(tail, 120, 10), BytesAt(120, 10));
  EXPECT_EQ(memory.bytes(), static_cast<size_t>(kBlock));
}

TEST(SegmentTail, LosesItsOldestBytesToAnother) {
  TailMemory memory(4 * kBlock);
  SegmentTail tail(&memory);
  SegmentTail other(&memory);
  tail.Want(0);
  other.Want(0);
  Offer(tail, 0, 4 * kBlock - 10);
  Offer(other, 0, kBlock + 1);
  EXPECT_EQ(memory.bytes(), static_cast<size_t>(4 * kBlock));
  EXPECT_EQ(Read(tail, 2 * kBlock - 1, 2), std::nullopt);
  EXPECT_EQ(Read(tail, 2 * kBlock, 100), BytesAt(2 * kBlock, 100));
  // Then all of them: it goes on with what comes behind.
  Offer(other, kBlock + 1, 3 * kBlock);
  EXPECT_EQ(Read(tail, 3 * kBlock, 10), std::nullopt);
  Offer(tail, 4 * kBlock - 10, 20);
  EXPECT_EQ(Read(tail, 4 * kBlock - 10, 20), BytesAt(4 * kBlock - 10, 20));
}

TEST(SegmentTail, ForgetsWhatItHasLostWithoutAnotherByte) {
  TailMemory memory(kAll);
  SegmentTail tail(&memory);
  SegmentTail other(&memory);
  tail.Want(0);
  const int64_t before = test::AllocatedBytes();
  Offer(tail, 0, kAll - kBlock);
  other.Want(0);
  Offer(other, 0, kAll - kBlock);
  tail.DropLost();
  EXPECT_EQ(Read(tail, kAll - 3 * kBlock, 1), std::nullopt);
  EXPECT_EQ(Read(tail, kAll - 2 * kBlock, 5), BytesAt(kAll - 2 * kBlock, 5));
  other.Want(kAll - kBlock);
  Offer(other, kAll - kBlock, kBlock);
  tail.DropLost();
  EXPECT_EQ(Read(tail, kAll - 2 * kBlock, 5), std::nullopt);
  other.Drop();
  EXPECT_LT(test::AllocatedBytes() - before, 1024);
  // And goes on.
  Offer(tail, kAll - kBlock, 10);
  EXPECT_EQ(Read(tail, kAll - kBlock, 10), BytesAt(kAll - kBlock, 10));
}

TEST(SegmentTail, GivesAllBackWhenItIsDropped) {
  TailMemory memory(4 * kAll);
  {
    SegmentTail tail(&memory);
    tail.Want(0);
    Offer(tail, 0, 5 * kBlock);
    tail.Drop();
    EXPECT_EQ(memory.bytes(), 0u);
    EXPECT_EQ(Read(tail, 0, 10), std::nullopt);
    Offer(tail, 5 * kBlock, 10);
    EXPECT_EQ(Read(tail, 5 * kBlock, 10), BytesAt(5 * kBlock, 10));
  }
  EXPECT_EQ(memory.bytes(), 0u);
}

TEST(SegmentTail, KeepsNothingWithoutMemory) {
  TailMemory none(0);
  SegmentTail empty(&none);
  empty.Want(0);
  Offer(empty, 0, 100);
  EXPECT_EQ(Read(empty, 0, 100), std::nullopt);
  SegmentTail without(nullptr);
  without.Want(0);
  Offer(without, 0, 100);
  EXPECT_EQ(Read(without, 0, 100), std::nullopt);
}

TEST(SegmentTail, SaysWhatTheFileSaysWhateverIsAsked) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const auto below = [&](int64_t bound) {
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(random);
  };
  TailMemory memory(20 * kBlock);
  SegmentTail tails[] = {SegmentTail(&memory), SegmentTail(&memory)};
  int64_t ends[] = {0, 0};
  for (int step = 0; step < 5000; ++step) {
    const size_t t = static_cast<size_t>(below(2));
    SegmentTail& tail = tails[t];
    int64_t& end = ends[t];
    switch (below(8)) {
      case 0:
        tail.Want(end);
        break;
      case 1:
        if (below(20) == 0) tail.Drop();
        if (below(50) == 0) end = below(end + 1);  // cut off
        break;
      default:
        const int64_t count = 1 + below(below(10) == 0 ? 4 * kBlock : 300);
        Offer(tail, end, count);
        end += count;
    }
    const int64_t from = end - below(std::min(end, 8 * kBlock) + 1);
    const int64_t count = below(end - from + 1);
    const auto read = Read(tail, from, count);
    if (read) {
      ASSERT_EQ(*read, BytesAt(from, count)) << "step " << step;
    }
    ASSERT_LE(memory.bytes(), static_cast<size_t>(20 * kBlock));
  }
}

TEST(SegmentTail, IsReadWhileItIsWrittenAndTakenAway) {
  constexpr int64_t kEnd = 40 * kAll / 16;
  TailMemory memory(8 * kBlock);
  SegmentTail tail(&memory);
  SegmentTail rival(&memory);
  std::atomic<int64_t> written = 0;
  const auto read_on = [&] {
    int64_t position = 0;
    while (position < kEnd) {
      const int64_t end = written.load(std::memory_order_acquire);
      tail.Want(end);
      const int64_t count = std::min<int64_t>(end - position, 3000);
      if (count == 0) std::this_thread::yield();
      const auto read = Read(tail, position, count);
      if (read) {
        EXPECT_EQ(*read, BytesAt(position, count));
      }
      position += count;
    }
  };
  std::thread first(read_on);
  std::thread second(read_on);
  std::thread taking([&] {
    int64_t position = 0;
    while (written.load() < kEnd) {
      rival.Want(position);
      Offer(rival, position, 500);
      position += 500;
    }
  });
  for (int64_t end = 0; end < kEnd; end += 700) {
    Offer(tail, end, 700);
    written.store(end + 700, std::memory_order_release);
  }
  first.join();
  second.join();
  taking.join();
}

}  // namespace
}  // namespace cauce
