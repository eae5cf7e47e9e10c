// Stores whose tables RocksDB keeps, on the real disk, as a program gets them
// that says nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TableState StateOf(Engine& engine) {
  return Stores::Open(engine).value().List().value().at(0).table;
}

TEST(DefaultBackend, KeepsTablesAndMakesAnewWhatIsSpoiled) {
  const TempDir dir;
  const std::string data = dir / "data";
  const std::string table = data + "/cauce.stores/s-changelog-0";
  {
    auto engine = Engine::Open(data).value();
    auto stores = Stores::Open(engine).value();
    auto store = stores.OpenKeyValue("s").value();
    ASSERT_THAT(store.Put("a", "1"), IsOk());
    ASSERT_THAT(store.Put("b", "2"), IsOk());
  }
  ASSERT_TRUE(std::filesystem::is_directory(table));
  for (const bool wipe : {false, true}) {
    {
      auto engine = Engine::Open(data).value();
      EXPECT_EQ(StateOf(engine), TableState::kWhole);
    }
    if (wipe) {
      std::filesystem::remove_all(table);
    } else {
      std::ofstream(table + "/CURRENT", std::ios::trunc) << "nothing\n";
    }
    auto engine = Engine::Open(data).value();
    EXPECT_EQ(StateOf(engine),
              wipe ? TableState::kMissing : TableState::kDamaged);
    auto stores = Stores::Open(engine).value();
    auto store = stores.OpenKeyValue("s").value();
    EXPECT_THAT(store.Get("a"), IsOkAndHolds(Optional(Eq("1"))));
    EXPECT_THAT(store.Get("b"), IsOkAndHolds(Optional(Eq("2"))));
  }
}

// The largest file of the table gets another bit, in the first of its blocks.
void SpoilABlock(const std::filesystem::path& table) {
  std::filesystem::path largest;
  uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(table)) {
    if (entry.path().extension() != ".sst") continue;
    if (entry.file_size() <= bytes) continue;
    largest = entry.path();
    bytes = entry.file_size();
  }
  ASSERT_GT(bytes, 1000);
  std::fstream file(largest);
  file.seekg(100);
  const char spoiled = static_cast<char>(file.get() ^ 0x10);
  file.seekp(100);
  file.put(spoiled);
}

TEST(DefaultBackend, MakesAnewWhatWasFoundToBeDamagedByReading) {
  const TempDir dir;
  auto engine = Engine::Open(dir / "data").value();
  auto stores = Stores::Open(engine).value();
  constexpr int kKeys = 1000;
  {
    auto store = stores.OpenKeyValue("s").value();
    const std::string value(100, 'x');
    std::vector<StateChange> changes;
    std::vector<std::string> keys;
    for (int i = 0; i < kKeys; ++i) keys.push_back(fmt::format("{}", i));
    for (const std::string& key : keys) changes.push_back({key, value});
    ASSERT_THAT(store.Write(changes), IsOk());
  }
  SpoilABlock(dir / "data/cauce.stores/s-changelog-0");
  const auto walk = [](KeyValueStore& store, int& rows) {
    auto at = store.All();
    for (rows = 0; at.Valid(); at.Next()) ++rows;
    return at.status();
  };

  int rows = 0;
  {
    auto store = stores.OpenKeyValue("s").value();
    EXPECT_THAT(walk(store, rows), HasReason(Reason::kCorruptFile));
    EXPECT_LT(rows, kKeys);
  }

  auto store = stores.OpenKeyValue("s").value();
  EXPECT_THAT(walk(store, rows), IsOk());
  EXPECT_EQ(rows, kKeys);
}

int ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

TEST(DefaultBackend, IsSharedByAllStoresOfAnEngine) {
  const TempDir dir;
  auto engine = Engine::Open(dir / "data").value();
  auto stores = Stores::Open(engine, {.rocksdb = {.threads = 3}}).value();
  auto others = Stores::Open(engine, {.rocksdb = {.threads = 3}}).value();
  const int before = ThreadsOfThisProcess();
  auto store = stores.OpenKeyValue("s").value();
  const int with_one = ThreadsOfThisProcess();
  EXPECT_GE(with_one, before + 3);

  auto other = others.OpenKeyValue("other").value();

  EXPECT_EQ(ThreadsOfThisProcess(), with_one);
  EXPECT_THAT(store.Close(), IsOk());
  EXPECT_THAT(other.Close(), IsOk());
  EXPECT_EQ(ThreadsOfThisProcess(), before);
}

void MakeStore(Stores& stores, const std::string& name,
               const std::string& value) {
  auto store = stores.OpenKeyValue(name).value();
  for (const auto* key : {"a", "b", "c"}) {
    ASSERT_THAT(store.Put(key, value), IsOk());
  }
}

TEST(DefaultBackend, RemovesTablesOfTopicsThatAreGone) {
  const TempDir dir;
  const std::string data = dir / "data";
  const std::filesystem::path tables = data + "/cauce.stores";
  {
    auto engine = Engine::Open(data).value();
    auto stores = Stores::Open(engine).value();
    MakeStore(stores, "gone", "1");
    MakeStore(stores, "mine", "1");
    MakeStore(stores, "stays", "1");
    for (const auto* topic : {"gone-changelog", "mine-changelog"}) {
      ASSERT_THAT(engine.DeleteTopic(topic), IsOk());
    }
  }
  std::ofstream(tables / "mine-changelog-0/letter.txt") << "dear";
  std::filesystem::create_directory(tables / "notes");
  std::ofstream(tables / "b-0") << "a file";
  const auto is_there = [&](const char* name) {
    return std::filesystem::exists(tables / name);
  };
  {
    auto reading = Engine::Open(data, {.access = Access::kReadOnly}).value();
    auto stores = Stores::Open(reading).value();
    ASSERT_THAT(stores.OpenKeyValue("stays"), IsOk());
    EXPECT_TRUE(is_there("gone-changelog-0"));
  }

  auto engine = Engine::Open(data).value();
  auto stores = Stores::Open(engine).value();
  auto store = stores.OpenKeyValue("stays").value();

  EXPECT_FALSE(is_there("gone-changelog-0"));
  EXPECT_TRUE(is_there("stays-changelog-0"));
  EXPECT_TRUE(is_there("mine-changelog-0/CURRENT"));
  EXPECT_TRUE(is_there("mine-changelog-0/letter.txt"));
  EXPECT_TRUE(is_there("notes"));
  EXPECT_TRUE(is_there("b-0"));
  EXPECT_THAT(store.Get("a"), IsOkAndHolds(Optional(Eq("1"))));
}

TEST(DefaultBackend, GivesATopicThatWasMadeAgainNothingOfTheOldOne) {
  const TempDir dir;
  auto engine = Engine::Open(dir / "data").value();
  auto stores = Stores::Open(engine).value();
  MakeStore(stores, "s", "old");
  ASSERT_THAT(engine.DeleteTopic("s-changelog"), IsOk());
  ASSERT_THAT(engine.CreateTopic(
                  "s-changelog", {.configs = {{"cleanup.policy", "compact"}}}),
              IsOk());
  // As many records, so that the old offset would fit.
  auto log = engine.OpenPartition("s-changelog", PartitionId{0}).value();
  for (int i = 0; i < 3; ++i) {
    const Record record{.key = "a", .value = "new"};
    ASSERT_THAT(log.Append({&record, 1}), IsOk());
  }

  auto store = stores.OpenKeyValue("s").value();

  EXPECT_THAT(store.Get("a"), IsOkAndHolds(Optional(Eq("new"))));
  EXPECT_THAT(store.Get("b"), IsOkAndHolds(Eq(std::nullopt)));
}

TEST(DefaultBackend, IsReadBesideItsWriter) {
  const TempDir dir;
  const std::string data = dir / "data";
  auto engine = Engine::Open(data).value();
  auto stores = Stores::Open(engine).value();
  auto store = stores.OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  ASSERT_THAT(store.Persist(), IsOk());
  ASSERT_THAT(store.Put("a", "2"), IsOk());

  auto reading = Engine::Open(data, {.access = Access::kReadOnly}).value();
  auto beside = Stores::Open(reading).value();
  auto seen = beside.OpenKeyValue("s");

  ASSERT_THAT(seen, IsOk());
  EXPECT_THAT(seen->Get("a"), IsOkAndHolds(Optional(Eq("2"))));
}

TEST(DefaultBackend, LoadsWhatIsMuch) {
  const TempDir dir;
  auto engine = Engine::Open(dir / "data").value();
  ASSERT_THAT(engine.CreateTopic(
                  "s-changelog", {.configs = {{"cleanup.policy", "compact"}}}),
              IsOk());
  auto log = engine.OpenPartition("s-changelog", PartitionId{0}).value();
  BatchBuilder builder({}, 1 << 20);
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = fmt::format("{}", i % 5000);
    const std::string value = fmt::format("{}", i);
    ASSERT_TRUE(builder.Add({.key = key, .value = value}));
    if (i % 10'000 == 9'999) {
      ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
    }
  }

  auto stores = Stores::Open(engine).value();
  auto store = stores.OpenKeyValue("s").value();

  int rows = 0;
  for (auto at = store.All(); at.Valid(); at.Next()) ++rows;
  EXPECT_EQ(rows, 5000);
  EXPECT_THAT(store.Get("4999"), IsOkAndHolds(Optional(Eq("199999"))));
}

TEST(DefaultBackend, RefusesOptionsThatCannotBe) {
  auto engine = Engine::Open(":memory:").value();
  EXPECT_THAT(Stores::Open(engine, {.rocksdb = {.threads = 0}}),
              HasReason(Reason::kInvalidOption));
}

}  // namespace
}  // namespace cauce::test
