#include "engine/log/key_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int64_t kMuch = 16 << 20;
constexpr int64_t kLittle = 64 << 10;

KeyHash HashOf(std::string_view key) { return KeyHasher({1, 2})(key); }
KeyHash HashOf(int64_t key) { return HashOf(std::to_string(key)); }

TEST(KeyMap, KnowsTheLastOffsetOfEachKey) {
  KeyMap map(Offset{100}, Offset{200}, kMuch);
  ASSERT_TRUE(map.Put(HashOf("a"), Offset{100}));
  ASSERT_TRUE(map.Put(HashOf("b"), Offset{101}));
  ASSERT_TRUE(map.Put(HashOf("a"), Offset{199}));

  EXPECT_EQ(map.Find(HashOf("a")), Offset{199});
  EXPECT_EQ(map.Find(HashOf("b")), Offset{101});
  EXPECT_EQ(map.Find(HashOf("c")), std::nullopt);
  EXPECT_EQ(map.size(), 2u);
}

TEST(KeyMap, CallsARecordDeadOnceItsKeyIsWrittenAgain) {
  KeyMap map(Offset{100}, Offset{200}, kMuch);
  ASSERT_TRUE(map.Put(HashOf("a"), Offset{100}));
  ASSERT_TRUE(map.Put(HashOf("b"), Offset{163}));
  EXPECT_FALSE(map.IsDead(Offset{100}));

  ASSERT_TRUE(map.Put(HashOf("a"), Offset{164}));
  EXPECT_TRUE(map.IsDead(Offset{100}));
  EXPECT_FALSE(map.IsDead(Offset{163}));
  EXPECT_FALSE(map.IsDead(Offset{164}));
}

TEST(KeyMap, FindsMarksInExactlyTheRangeThatIsAskedFor) {
  for (const int64_t marked : {0, 1, 63, 64, 65, 127, 128, 499}) {
    for (const bool tombstone : {false, true}) {
      KeyMap map(Offset{1000}, Offset{1500}, kMuch);
      const Offset at{1000 + marked};
      if (tombstone) {
        map.MarkTombstone(at);
      } else {
        map.MarkDead(at);
      }
      SCOPED_TRACE(marked);
      EXPECT_TRUE(map.AnyMarked(at, at + 1));
      EXPECT_TRUE(map.AnyMarked(Offset{1000}, Offset{1500}));
      EXPECT_FALSE(map.AnyMarked(Offset{1000}, at));
      EXPECT_FALSE(map.AnyMarked(at + 1, Offset{1500}));
      EXPECT_FALSE(map.AnyMarked(at, at));
      EXPECT_EQ(map.CountDead(at, at + 1), tombstone ? 0 : 1);
      EXPECT_EQ(map.CountDead(Offset{1000}, Offset{1500}), tombstone ? 0 : 1);
      EXPECT_EQ(map.CountDead(Offset{1000}, at), 0);
      EXPECT_EQ(map.CountDead(at + 1, Offset{1500}), 0);
    }
  }
}

TEST(KeyMap, RefusesAKeyThatHasNoRoomAndStillTakesThoseItHas) {
  KeyMap map(Offset{0}, Offset{1 << 20}, kLittle);
  int64_t keys = 0;
  while (map.Put(HashOf(keys), Offset{keys})) ++keys;

  EXPECT_EQ(map.size(), map.keys_max());
  EXPECT_EQ(static_cast<size_t>(keys), map.keys_max());
  EXPECT_FALSE(map.Put(HashOf("another"), Offset{keys}));
  EXPECT_TRUE(map.Put(HashOf(int64_t{0}), Offset{keys}));
  EXPECT_EQ(map.Find(HashOf(int64_t{0})), Offset{keys});
  EXPECT_EQ(map.Find(HashOf("another")), std::nullopt);
}

TEST(KeyMap, TakesNoMoreMemoryThanItMayNorThanItsRecordsNeed) {
  for (const int64_t bytes : {KeyMap::kBytesMin, kLittle, kMuch}) {
    const KeyMap large(Offset{0}, Offset{int64_t{1} << 40}, bytes);
    EXPECT_LE(large.bytes(), bytes);
    // Three quarters of it go into keys, filled to nine tenths.
    EXPECT_GE(static_cast<int64_t>(large.keys_max()), bytes / 16 * 6 / 10);
    // A longer range is mapped in part.
    EXPECT_LT(large.limit(), Offset{int64_t{1} << 40});
    EXPECT_GT(large.limit(), Offset{0});
  }
  const KeyMap small(Offset{5}, Offset{15}, kMuch);
  EXPECT_LE(small.bytes(), 16 * 16);
  EXPECT_EQ(small.limit(), Offset{15});
  EXPECT_GE(small.keys_max(), 10u);
}

TEST(KeyMap, TakesAKeyForEveryOffsetOfASmallRange) {
  for (int64_t offsets = 0; offsets < 40; ++offsets) {
    KeyMap map(Offset{7}, Offset{7 + offsets}, kMuch);
    for (int64_t i = 0; i < offsets; ++i) {
      ASSERT_TRUE(map.Put(HashOf(i), Offset{7 + i})) << i << " of " << offsets;
    }
    EXPECT_EQ(map.Find(HashOf("another")), std::nullopt);
  }
}

TEST(KeyMap, TellsWhatAMapTells) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  // Nearly as many keys as there is room for.
  KeyMap map(Offset{50}, Offset{50 + 40'000}, kLittle);
  std::map<int64_t, int64_t> model;
  std::set<int64_t> dead;
  for (int64_t i = 0; i < 40'000; ++i) {
    const auto key = static_cast<int64_t>(random() % 2500);
    ASSERT_TRUE(map.Put(HashOf(key), Offset{50 + i}));
    if (const auto known = model.find(key); known != model.end()) {
      dead.insert(known->second);
    }
    model[key] = 50 + i;
  }
  for (const auto& [key, offset] : model) {
    ASSERT_EQ(map.Find(HashOf(key)), Offset{offset}) << key;
  }
  for (int64_t i = 50; i < 50 + 40'000; ++i) {
    ASSERT_EQ(map.IsDead(Offset{i}), dead.contains(i)) << i;
  }
  for (int64_t key = 2500; key < 5000; ++key) {
    ASSERT_EQ(map.Find(HashOf(key)), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace cauce
