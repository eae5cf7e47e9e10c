// A changelog with several partitions: a store each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int kPartitions = 3;

StoreOptions At(int32_t partition) {
  return {.partition = {partition}, .partitions = kPartitions};
}

Rows RowsAt(Stores& stores, int32_t partition) {
  auto store = stores.OpenKeyValue("s", At(partition));
  EXPECT_THAT(store, IsOk());
  return store.ok() ? RowsOf(store->All()) : Rows();
}

void FillEach(StoreRig& rig) {
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    auto store = rig.stores->OpenKeyValue("s", At(partition)).value();
    ASSERT_THAT(store.Put("key", fmt::format("{}", partition)), IsOk());
  }
}

TEST(StorePartitions, AreStoresOfTheirOwn) {
  StoreRig rig;
  FillEach(rig);
  EXPECT_EQ(rig.tables.size(), size_t{kPartitions});
  rig.CloseEngine();
  rig.Open();

  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    EXPECT_THAT(RowsAt(*rig.stores, partition),
                ElementsAre(Pair("key", fmt::format("{}", partition))));
  }
}

TEST(StorePartitions, AreListedAndRestoredOneByOne) {
  StoreRig rig;
  FillEach(rig);
  const auto before = rig.stores->List().value();
  ASSERT_THAT(before, SizeIs(kPartitions));
  auto open = rig.stores->OpenKeyValue("s", At(1)).value();

  EXPECT_THAT(rig.stores->Restore("s", PartitionId{1}),
              HasReason(Reason::kLocked));
  const auto restored = rig.stores->Restore("s", PartitionId{2});

  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(restored->changelog.partition, PartitionId{2});
  EXPECT_EQ(restored->table, TableState::kWhole);
  const auto all = rig.stores->List().value();
  ASSERT_THAT(all, SizeIs(kPartitions));
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    EXPECT_EQ(all[partition].changelog.partition, PartitionId{partition});
    EXPECT_EQ(all[partition].table, TableState::kWhole);
    EXPECT_EQ(all[partition].use.keys, 1);
  }
}

TEST(StorePartitions, MayBeOpenInDifferentStoresButEachInOneAlone) {
  StoreRig rig;
  FillEach(rig);
  auto others =
      Stores::Open(*rig.engine, {.backend = rig.tables.NewBackend()}).value();
  auto first = rig.stores->OpenKeyValue("s", At(0)).value();
  auto second = others.OpenKeyValue("s", At(1)).value();

  EXPECT_THAT(others.OpenKeyValue("s", At(0)), HasReason(Reason::kLocked));
  EXPECT_THAT(rig.stores->OpenKeyValue("s", At(1)), HasReason(Reason::kLocked));
  ASSERT_THAT(first.Put("more", "0"), IsOk());
  ASSERT_THAT(second.Put("more", "1"), IsOk());
  EXPECT_THAT(RowsOf(first.All()),
              ElementsAre(Pair("key", "0"), Pair("more", "0")));
  EXPECT_THAT(RowsOf(second.All()),
              ElementsAre(Pair("key", "1"), Pair("more", "1")));

  // And one engine reads beside the other what that writes.
  auto reading =
      Engine::Open("/data", rig.EngineOptionsOf(Access::kReadOnly)).value();
  auto beside =
      Stores::Open(reading, {.backend = rig.tables.NewBackend()}).value();
  EXPECT_THAT(RowsAt(beside, 1),
              ElementsAre(Pair("key", "1"), Pair("more", "1")));
  EXPECT_THAT(RowsAt(beside, 2), ElementsAre(Pair("key", "2")));
}

TEST(StorePartitions, ThatCannotBeAreRefusedAndMakeNothing) {
  StoreRig rig;
  FillEach(rig);
  const int32_t most = std::numeric_limits<int32_t>::max();
  for (const int32_t odd : {-1, kPartitions, most, -most - 1}) {
    SCOPED_TRACE(odd);
    EXPECT_FALSE(rig.stores->OpenKeyValue("s", At(odd)).ok());
    EXPECT_FALSE(rig.stores->Restore("s", PartitionId{odd}).ok());
  }
  for (const int32_t odd : {0, -1, most}) {
    SCOPED_TRACE(odd);
    EXPECT_FALSE(rig.stores->OpenKeyValue("t", {.partitions = odd}).ok());
  }
  // Those that the changelog to be made would not have.
  for (const int32_t odd : {-1, 2, most}) {
    EXPECT_THAT(
        rig.stores->OpenKeyValue("t", {.partition = {odd}, .partitions = 2}),
        HasReason(Reason::kInvalidOption));
  }
  EXPECT_THAT(rig.engine->DescribeTopic("t-changelog"),
              HasReason(Reason::kUnknownTopic));

  EXPECT_THAT(rig.stores->List().value(), SizeIs(kPartitions));
  EXPECT_EQ(rig.tables.size(), size_t{kPartitions});
}

TEST(StorePartitions, HoldWhatTheirMapsHoldWhateverTheirTablesLose) {
  const Seed seed;
  std::mt19937 random(seed.value());
  StoreRig rig;
  std::vector<Rows> models(kPartitions);
  std::vector<std::optional<KeyValueStore>> stores(kPartitions);
  const auto open = [&] {
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      stores[partition].emplace(
          rig.stores->OpenKeyValue("s", At(partition)).value());
    }
  };
  const auto drop = [&] {
    for (auto& store : stores) store.reset();
  };
  open();
  for (int step = 0; step < 1000; ++step) {
    const size_t at = random() % kPartitions;
    const std::string key = fmt::format("{}", random() % 20);
    switch (random() % 30) {
      case 0:
        drop();
        rig.CloseEngine();
        if (random() % 2 == 0) rig.tables.Wipe();
        rig.Open();
        open();
        break;
      case 1:
        rig.tables.Crash(random() % 20);
        drop();
        rig.stores.reset();
        rig.engine.reset();
        rig.Open();
        open();
        break;
      case 2:
        // This one alone.
        stores[at].reset();
        ASSERT_THAT(rig.stores->Restore(
                        "s", PartitionId{static_cast<int32_t>(at)}),
                    IsOk());
        stores[at].emplace(
            rig.stores->OpenKeyValue("s", At(static_cast<int32_t>(at)))
                .value());
        break;
      case 3:
        ASSERT_THAT(stores[at]->Persist(), IsOk());
        break;
      case 4:
      case 5:
        ASSERT_THAT(stores[at]->Delete(key), IsOk());
        models[at].erase(key);
        break;
      default:
        models[at][key] = fmt::format("{}", step);
        ASSERT_THAT(stores[at]->Put(key, models[at][key]), IsOk());
    }
    if (step % 10 == 0) {
      for (size_t i = 0; i < stores.size(); ++i) {
        ASSERT_EQ(RowsOf(stores[i]->All()), models[i]) << step;
      }
    }
  }
}

TEST(StorePartitions, OfAnotherApplicationAreNoneOfThis) {
  StoreRig rig;
  FillEach(rig);
  rig.options.application = "app";
  rig.OpenStores();

  EXPECT_THAT(rig.stores->List().value(), IsEmpty());
  EXPECT_THAT(rig.stores->Restore("s"), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(RowsAt(*rig.stores, 2), IsEmpty());
  const auto all = rig.stores->List().value();
  ASSERT_THAT(all, SizeIs(kPartitions));
  EXPECT_EQ(all[0].changelog.topic, "app-s-changelog");
  // An odd application makes no odd names.
  rig.options.application = "a/b";
  rig.OpenStores();
  EXPECT_THAT(rig.stores->OpenKeyValue("s"),
              HasReason(Reason::kInvalidTopicName));
}

}  // namespace
}  // namespace cauce::test
