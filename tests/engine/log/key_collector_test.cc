#include "engine/log/key_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOkAndHolds;
using test::OwnedBatch;

const KeyHasher kHasher(KeySecret{1, 2});

OwnedBatch BatchAt(int64_t base, const std::vector<Record>& records) {
  return test::BatchOf(records).At(Offset{base});
}

TEST(KeyCollector, KnowsTheLastRecordOfEachKey) {
  KeyCollector keys(Offset{10}, Offset{20}, KeyMap::kBytesMin, kHasher);
  const OwnedBatch first = BatchAt(
      10, {{.key = "a", .value = "1"}, {.key = "b"}, {.value = "no key"}});
  const OwnedBatch second = BatchAt(15, {{.key = "a", .value = "2"}});

  EXPECT_THAT(keys.Take(first.view()), IsOkAndHolds(true));
  EXPECT_THAT(keys.Take(second.view()), IsOkAndHolds(true));
  EXPECT_TRUE(keys.Finish());
  EXPECT_EQ(keys.records(), 4);
  EXPECT_EQ(keys.map().Find(kHasher("a")), Offset{15});
  EXPECT_EQ(keys.map().Find(kHasher("b")), Offset{11});
  EXPECT_TRUE(keys.map().IsDead(Offset{10}));
  // A tombstone, and one without a key.
  EXPECT_FALSE(keys.map().IsDead(Offset{11}));
  EXPECT_TRUE(keys.map().AnyMarked(Offset{11}, Offset{12}));
  EXPECT_TRUE(keys.map().IsDead(Offset{12}));
}

TEST(KeyCollector, PassesByWhatLiesInFrontOfItsRange) {
  KeyCollector keys(Offset{11}, Offset{20}, KeyMap::kBytesMin, kHasher);
  const OwnedBatch batch =
      BatchAt(10, {{.key = "a", .value = "1"}, {.key = "b", .value = "1"}});

  EXPECT_THAT(keys.Take(batch.view()), IsOkAndHolds(true));
  EXPECT_TRUE(keys.Finish());
  EXPECT_EQ(keys.map().Find(kHasher("a")), std::nullopt);
  EXPECT_EQ(keys.records(), 1);
}

TEST(KeyCollector, TellsTheFirstBatchThatDoesNotFit) {
  constexpr int64_t kMany = 100'000;
  KeyCollector keys(Offset{0}, Offset{kMany}, 64 << 10, kHasher);
  bool fits = true;
  for (int64_t at = 0; fits && at < kMany; at += 2) {
    const std::string one = fmt::format("{}", at);
    const std::string two = fmt::format("{}", at + 1);
    const OwnedBatch batch =
        BatchAt(at, {{.key = one, .value = "v"}, {.key = two, .value = "v"}});
    const auto taken = keys.Take(batch.view());
    ASSERT_THAT(taken, test::IsOk());
    fits = *taken;
  }
  ASSERT_FALSE(fits);
  const int64_t full = keys.full_at().value;
  EXPECT_GT(full, 1000);
  EXPECT_EQ(full % 2, 0);
  EXPECT_EQ(keys.map().Find(kHasher(fmt::format("{}", full + 1))),
            std::nullopt);
  for (int64_t at = 0; at < full; ++at) {
    ASSERT_EQ(keys.map().Find(kHasher(fmt::format("{}", at))), Offset{at});
  }
}

// Else nothing would ever be taken.
TEST(KeyCollector, TellsTheFirstRecordThatDoesNotFitOfItsFirstBatch) {
  KeyCollector keys(Offset{5}, Offset{100}, KeyMap::kBytesMin, kHasher);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back(fmt::format("{}", i));
  std::vector<Record> records;
  for (const std::string& name : names) {
    records.push_back({.key = name, .value = "v"});
  }
  const auto taken = keys.Take(BatchAt(5, records).view());
  ASSERT_THAT(taken, test::IsOk());
  EXPECT_FALSE(*taken && keys.Finish());
  const int64_t full = keys.full_at().value;
  EXPECT_GT(full, 5);
  EXPECT_EQ(keys.map().Find(kHasher(names[static_cast<size_t>(full - 5)])),
            std::nullopt);
  EXPECT_EQ(keys.map().Find(kHasher(names[static_cast<size_t>(full - 6)])),
            Offset{full - 1});
}

TEST(KeyCollector, TellsOfABatchWhoseRecordsCannotBeRead) {
  KeyCollector keys(Offset{0}, Offset{20}, KeyMap::kBytesMin, kHasher);
  const OwnedBatch batch = test::Batch({"value"}).With([](std::string& bytes) {
    bytes.back() = 7;  // as many headers
  });
  EXPECT_THAT(keys.Take(batch.view()), HasReason(Reason::kInvalidRecord));
}

}  // namespace
}  // namespace cauce
