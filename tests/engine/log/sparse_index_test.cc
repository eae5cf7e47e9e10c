#include "engine/log/sparse_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

constexpr Offset kBase{1000};

std::string Bytes(std::initializer_list<int> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// Entries at every third offset from the base on, some of them further apart.
std::vector<OffsetEntry> GrowingEntries(size_t count, std::mt19937& random) {
  std::vector<OffsetEntry> entries;
  Offset offset = kBase;
  int64_t position = 0;
  for (size_t i = 0; i < count; ++i) {
    offset = offset + 1 + static_cast<int64_t>(random() % 5);
    position += 61 + static_cast<int64_t>(random() % 9000);
    entries.push_back({offset, position});
  }
  return entries;
}

TEST(SparseIndex, WritesOffsetEntriesAsKafkaDoes) {
  OffsetIndex index;
  index.Append({kBase + 5, 4200});
  index.Append({kBase + 300, 70'000});

  EXPECT_EQ(index.Encode(kBase), Bytes({0, 0, 0, 5, 0, 0, 0x10, 0x68,  //
                                        0, 0, 1, 0x2c, 0, 1, 0x11, 0x70}));
}

TEST(SparseIndex, WritesTimeEntriesAsKafkaDoes) {
  TimeIndex index;
  index.Append({{1'700'000'000'000}, kBase + 2});

  EXPECT_EQ(index.Encode(kBase), Bytes({0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0,  //
                                        0, 0, 0, 2}));
}

TEST(SparseIndex, FindsWhatALinearSearchFindsAmongThousandsOfEntries) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::vector<OffsetEntry> entries = GrowingEntries(5000, random);
  OffsetIndex index;
  for (const OffsetEntry& entry : entries) index.Append(entry);

  size_t below = 0;  // how many entries are at or below the offset
  const Offset end = entries.back().offset + 3;
  for (Offset at = kBase; at < end; at = at + 1) {
    while (below < entries.size() && entries[below].offset <= at) ++below;
    const auto found = index.FindAtOrBelow(at.value);
    ASSERT_EQ(found.has_value(), below > 0) << at.value;
    if (found) {
      ASSERT_EQ(found->position, entries[below - 1].position);
    }
  }
}

TEST(SparseIndex, HasNothingToFindWhileItIsEmpty) {
  const OffsetIndex index;

  EXPECT_TRUE(index.empty());
  EXPECT_EQ(index.last(), std::nullopt);
  EXPECT_EQ(index.FindAtOrBelow(INT64_MAX), std::nullopt);
  EXPECT_EQ(index.Encode(kBase), "");
}

TEST(SparseIndex, ReadsBackWhatItWrote) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  OffsetIndex written;
  for (const OffsetEntry& entry : GrowingEntries(1500, random)) {
    written.Append(entry);
  }

  OffsetIndex read;
  ASSERT_THAT(read.DecodeFrom(kBase, written.Encode(kBase)), IsOk());
  ASSERT_EQ(read.size(), written.size());
  EXPECT_EQ(read.Encode(kBase), written.Encode(kBase));
}

TEST(SparseIndex, EndsAtTheZerosThatKafkaPreallocates) {
  OffsetIndex written;
  written.Append({kBase + 7, 4097});
  const std::string bytes = written.Encode(kBase) + std::string(8 * 100, '\0');

  OffsetIndex read;
  ASSERT_THAT(read.DecodeFrom(kBase, bytes), IsOk());
  EXPECT_EQ(read.size(), 1u);

  OffsetIndex empty;
  ASSERT_THAT(empty.DecodeFrom(kBase, std::string(8 * 100, '\0')), IsOk());
  EXPECT_TRUE(empty.empty());
}

TEST(SparseIndex, EndsAtTheZerosOfATimeIndexToo) {
  TimeIndex written;
  written.Append({{5}, kBase});
  const std::string bytes = written.Encode(kBase) + std::string(12 * 9, '\0');

  TimeIndex read;
  ASSERT_THAT(read.DecodeFrom(kBase, bytes), IsOk());
  EXPECT_EQ(read.size(), 1u);
}

TEST(SparseIndex, RefusesBytesThatAreNoWholeEntry) {
  OffsetIndex written;
  written.Append({kBase + 7, 4097});

  OffsetIndex read;
  EXPECT_THAT(read.DecodeFrom(kBase, written.Encode(kBase) + "abc"),
              HasReason(Reason::kCorruptFile));
  EXPECT_EQ(read.size(), 1u);
}

TEST(SparseIndex, RefusesOffsetsAndPositionsThatDoNotGrow) {
  char same_offset[16];
  OffsetEntry{kBase + 7, 4097}.Encode(kBase, same_offset);
  OffsetEntry{kBase + 7, 9000}.Encode(kBase, same_offset + 8);
  char same_position[16];
  OffsetEntry{kBase + 7, 4097}.Encode(kBase, same_position);
  OffsetEntry{kBase + 8, 4097}.Encode(kBase, same_position + 8);

  for (const auto* bytes : {&same_offset, &same_position}) {
    OffsetIndex read;
    EXPECT_THAT(read.DecodeFrom(kBase, {*bytes, sizeof *bytes}),
                HasReason(Reason::kCorruptFile));
    EXPECT_EQ(read.size(), 1u);
  }
}

TEST(SparseIndex, RefusesEntriesBelowItsBaseAndWithoutATime) {
  const std::string below("\xff\xff\xff\xff\0\0\0\1", 8);
  const std::string nowhere("\0\0\0\1\xff\xff\xff\xff", 8);
  const std::string no_time("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\1", 12);
  OffsetIndex offsets;
  TimeIndex times;

  EXPECT_THAT(offsets.DecodeFrom(kBase, below),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(offsets.DecodeFrom(kBase, nowhere),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(times.DecodeFrom(kBase, no_time),
              HasReason(Reason::kCorruptFile));
}

TEST(SparseIndex, RefusesOffsetsBehindTheHighest) {
  constexpr Offset kHigh{INT64_MAX - 1};
  OffsetIndex offsets;
  TimeIndex times;
  EXPECT_THAT(offsets.DecodeFrom(kHigh, std::string(8, '\1')),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(times.DecodeFrom(kHigh, std::string(12, '\1')),
              HasReason(Reason::kCorruptFile));
}

TEST(SparseIndex, DecodesAnyBytesWithoutHarm) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3);
    OffsetIndex offsets;
    TimeIndex times;
    const bool offsets_fit = offsets.DecodeFrom(kBase, bytes).ok();
    const bool times_fit = times.DecodeFrom(kBase, bytes).ok();
    ASSERT_TRUE(!offsets_fit || offsets.size() <= bytes.size() / 8);
    ASSERT_TRUE(!times_fit || times.size() <= bytes.size() / 12);
  }
}

TEST(SparseIndex, ShowsReadersOnlyWholeEntriesWhileItGrows) {
  constexpr int64_t kEntries = 200'000;
  OffsetIndex index;
  std::thread writer([&index] {
    for (int64_t i = 1; i <= kEntries; ++i) index.Append({{i}, i * 10});
  });

  int64_t seen = 0;
  while (seen < kEntries) {
    const auto last = index.last();
    if (!last) continue;
    ASSERT_EQ(last->position, last->offset.value * 10);
    ASSERT_GE(last->offset.value, seen);
    seen = last->offset.value;
    const auto middle = index.FindAtOrBelow(seen / 2 + 1);
    ASSERT_TRUE(middle.has_value());
    ASSERT_EQ(middle->offset.value, seen / 2 + 1);
    ASSERT_EQ(middle->position, middle->offset.value * 10);
  }
  writer.join();
}

}  // namespace
}  // namespace cauce
