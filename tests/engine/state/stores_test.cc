#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Stores, ListTellsHowTablesAre) {
  StoreRig rig;
  Fill(rig);
  { ASSERT_THAT(rig.stores->OpenTimestamped("t"), IsOk()); }
  ASSERT_THAT(rig.engine->CreateTopic("u-changelog"), IsOk());

  auto all = rig.stores->List().value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "s");
  EXPECT_EQ(all[0].table, TableState::kWhole);
  EXPECT_EQ(all[0].use.keys, 3);
  EXPECT_EQ(all[1].kind, StoreKind::kTimestamped);
  EXPECT_EQ(all[1].table, TableState::kMissing);

  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "b", .value = "other"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());
  all = rig.stores->List().value();
  EXPECT_EQ(all[0].table, TableState::kBehind);
  EXPECT_EQ(all[0].end - all[0].applied, 1);
  rig.tables.Damage(MakeError(Reason::kCorruptFile, "spoiled"));
  all = rig.stores->List().value();
  EXPECT_EQ(all[0].table, TableState::kDamaged);
  EXPECT_EQ(all[0].why, "spoiled");

  const auto restored = rig.stores->Restore("s").value();
  EXPECT_EQ(restored.table, TableState::kWhole);
  EXPECT_EQ(restored.use.keys, 4 - 1);
}

TEST(Stores, AStoreWithoutANameIsRefused) {
  for (const char* const application : {"", "shop"}) {
    StoreRig rig;
    rig.options.application = application;
    rig.OpenStores();

    EXPECT_THAT(rig.stores->OpenKeyValue(""),
                HasReason(Reason::kInvalidOption));
    EXPECT_THAT(rig.stores->OpenTimestamped(""),
                HasReason(Reason::kInvalidOption));
    EXPECT_THAT(rig.engine->ListTopics(), IsOkAndHolds(IsEmpty()));
  }
}

TEST(Stores, ReadsBesideAWriter) {
  for (const bool wiped : {false, true}) {
    StoreRig rig;
    auto store = rig.stores->OpenKeyValue("s").value();
    ASSERT_THAT(store.Put("a", "1"), IsOk());
    ASSERT_THAT(store.Put("b", "1"), IsOk());
    ASSERT_THAT(store.Put("d", "1"), IsOk());
    ASSERT_THAT(store.Persist(), IsOk());
    ASSERT_THAT(store.Put("b", "2"), IsOk());
    ASSERT_THAT(store.Delete("d"), IsOk());
    ASSERT_THAT(store.Put("c", "3"), IsOk());
    auto tables = rig.tables.NewBackend();
    if (wiped) rig.tables.Wipe();

    auto reading =
        Engine::Open("/data", rig.EngineOptionsOf(Access::kReadOnly)).value();
    auto stores = Stores::Open(reading, {.backend = tables}).value();
    auto beside = stores.OpenKeyValue("s").value();

    EXPECT_THAT(RowsOf(beside.All()),
                ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3")));
    EXPECT_THAT(ValuesOf(beside.All(KeyOrder::kReverse)),
                ElementsAre("3", "2", "1"));
    EXPECT_THAT(ValuesOf(beside.Range({.from = "b", .to = "c"})),
                ElementsAre("2"));
    EXPECT_THAT(beside.Get("d"), IsOkAndHolds(Eq(std::nullopt)));
    EXPECT_THAT(beside.Get("b"), IsOkAndHolds(Eq("2")));
    EXPECT_THAT(beside.Put("e", "1"), HasReason(Reason::kReadOnly));
    EXPECT_THAT(beside.Persist(), HasReason(Reason::kReadOnly));
    EXPECT_THAT(stores.Restore("s"), HasReason(Reason::kReadOnly));
    EXPECT_THAT(stores.OpenKeyValue("none"), HasReason(Reason::kUnknownTopic));
    auto snapshot = beside.Snapshot().value();
    EXPECT_THAT(snapshot.Get("c"), IsOkAndHolds(Eq("3")));

    auto few = Stores::Open(reading, {.backend = tables,
                                      .read_only_bytes_max = 10})
                   .value();
    EXPECT_THAT(few.OpenKeyValue("s"),
                StatusIs(absl::StatusCode::kResourceExhausted));
  }
}

TEST(Stores, AStoreThatOutlivesItsEngineLosesNothingButTime) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenKeyValue("s").value();
    ASSERT_THAT(store.Put("a", "1"), IsOk());
    ASSERT_THAT(store.Persist(), IsOk());
    ASSERT_THAT(store.Put("b", "2"), IsOk());
    rig.CloseEngine();
  }
  // Its table did not get what was written since; the log has it.
  rig.Crash(100);
  rig.Open();
  const auto described = rig.stores->List().value().at(0);
  EXPECT_EQ(described.table, TableState::kBehind);
  EXPECT_EQ(described.applied, Offset{1});

  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(Stores, ATopicThatWasMadeAgainBeginsEmpty) {
  StoreRig rig;
  Fill(rig);
  ASSERT_THAT(rig.engine->DeleteTopic("s-changelog"), IsOk());

  EXPECT_THAT(AllOf(rig), IsEmpty());
}

TEST(Stores, HoldsWhatAMapHoldsWhateverTablesLose) {
  Seed seed;
  std::mt19937 random(seed.value());
  StoreRig rig;
  Rows model;
  std::optional<KeyValueStore> store = rig.stores->OpenKeyValue("s").value();
  for (int step = 0; step < 3000; ++step) {
    const std::string key = fmt::format("{}", random() % 50);
    const std::string value = fmt::format("{}-{}", step, random());
    switch (random() % 40) {
      case 0:
        store.reset();
        rig.CloseEngine();
        if (random() % 2 == 0) rig.tables.Wipe();
        rig.Open();
        store = rig.stores->OpenKeyValue("s").value();
        break;
      case 1:
        // The process dies: its handles write nothing more.
        rig.tables.Crash(random() % 20);
        store.reset();
        rig.stores.reset();
        rig.engine.reset();
        rig.Open();
        store = rig.stores->OpenKeyValue("s").value();
        break;
      case 2:
        ASSERT_THAT(store->Persist(), IsOk());
        break;
      case 3: {
        const StateChange changes[] = {{"0", value}, {key, {}}, {"1", value}};
        ASSERT_THAT(store->Write(changes), IsOk());
        model["0"] = value;
        model.erase(key);
        model["1"] = value;
        break;
      }
      case 4: {
        const auto at = model.find(key);
        const auto found = store->PutIfAbsent(key, value);
        ASSERT_THAT(found, IsOk());
        ASSERT_EQ(found->has_value(), at != model.end());
        model.emplace(key, value);
        break;
      }
      case 5:
      case 6:
      case 7:
        ASSERT_THAT(store->Delete(key), IsOk());
        model.erase(key);
        break;
      default:
        ASSERT_THAT(store->Put(key, value), IsOk());
        model[key] = value;
    }
    if (step % 10 == 0) {
      ASSERT_EQ(RowsOf(store->All()), model) << step;
    }
  }
  EXPECT_EQ(RowsOf(store->All()), model);
}

TEST(Stores, AnEngineTakesTheFolderOfTablesForNoTopic) {
  auto files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/data/cauce.stores/s-changelog-0"),
              IsOk());
  ASSERT_THAT(files->Open("/data/cauce.stores/s-changelog-0/000007.log",
                          OpenMode::kCreate),
              IsOk());
  for (int opening = 0; opening < 2; ++opening) {
    auto engine = Engine::Open("/data", {.file_system = files.get()}).value();
    EXPECT_EQ(engine.ListTopics().value().size(), 0u);
    EXPECT_THAT(engine.RunUpkeep(), IsOk());
    EXPECT_THAT(engine.Close(), IsOk());
  }
  EXPECT_THAT(files->Info("/data/cauce.stores/s-changelog-0/000007.log"),
              IsOk());
}

}  // namespace
}  // namespace cauce::test
