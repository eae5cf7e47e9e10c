// Stores whose tables RocksDB keeps, on the real disk, as a program gets them
// that says nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
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

void MakeStore(Stores& stores, const std::string& name,
               const std::string& value) {
  auto store = stores.OpenKeyValue(name).value();
  for (const auto* key : {"a", "b", "c"}) {
    ASSERT_THAT(store.Put(key, value), IsOk());
  }
}

absl::StatusOr<Stores> OpenStores(Engine& engine,
                                  const std::string& directory) {
  StoresOptions options;
  options.directory = directory;
  return Stores::Open(engine, options);
}

TEST(DefaultBackend, TablesDoNotLieAmongLogsNorInATable) {
  const TempDir dir;
  const std::string data = dir / "data";
  auto engine = Engine::Open(data).value();
  auto other = Engine::Open(dir / "other").value();
  ASSERT_THAT(other.CreateTopic("s-changelog"), IsOk());
  std::filesystem::create_symlink(data, dir / "link");
  ASSERT_THAT(OpenStores(engine, "").value().OpenKeyValue("s"), IsOk());
  for (const std::string& directory :
       {data, data + "/", dir / "other", dir / "other/s-changelog-0",
        dir / "link", data + "/cauce.stores/s-changelog-0"}) {
    EXPECT_THAT(OpenStores(engine, directory).status(),
                HasReason(Reason::kInvalidOption))
        << directory;
  }
}

TEST(DefaultBackend, TablesMayLieElsewhereInTheDataDirectory) {
  const TempDir dir;
  const std::string tables = dir / "data/mine";
  for (const char* const read : {"", "1"}) {
    auto engine = Engine::Open(dir / "data").value();
    auto stores = OpenStores(engine, tables).value();
    auto store = stores.OpenKeyValue("s").value();
    EXPECT_EQ(store.Get("a").value().value_or(""), read);
    ASSERT_THAT(store.Put("a", "1"), IsOk());
  }
  EXPECT_TRUE(std::filesystem::is_directory(tables + "/s-changelog-0"));
}

// Each was emptied for a table that was to be made anew, of the only copy of
// what was in it.
TEST(DefaultBackend, WhatNoTableHasIsNeverRemoved) {
  using Files = std::vector<std::pair<std::string, std::string>>;
  const std::vector<Files> cases = {
      {{"notes.txt", "precious"}},
      {{"00000000000000000000.log", "records"}},
      {{"20241124.log", "what happened on that day"}},
      {{"CURRENT", "MANIFEST-000005\n"}, {"LOCK", ""}, {"000012.sst", "rows"}},
      {{"inner/notes.txt", "precious"}},
  };
  for (const Files& files : cases) {
    SCOPED_TRACE(files.front().first);
    const TempDir dir;
    const std::filesystem::path place = dir / "data/cauce.stores/s-changelog-0";
    for (const auto& [name, bytes] : files) {
      std::filesystem::create_directories((place / name).parent_path());
      std::ofstream(place / name) << bytes;
    }
    auto engine = Engine::Open(dir / "data").value();
    auto stores = Stores::Open(engine).value();

    EXPECT_THAT(stores.OpenKeyValue("s").status(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(stores.Restore("s", PartitionId{0}).status(),
                StatusIs(absl::StatusCode::kFailedPrecondition));

    for (const auto& [name, bytes] : files) {
      EXPECT_EQ(std::filesystem::file_size(place / name), bytes.size());
    }
    EXPECT_FALSE(std::filesystem::exists(place / "cauce.table"));
    std::filesystem::remove_all(place);
    EXPECT_THAT(stores.OpenKeyValue("s"), IsOk());
  }
}

TEST(DefaultBackend, WhatALinkInATablesPlaceLeadsToIsNeverRemoved) {
  const TempDir dir;
  const std::filesystem::path precious = dir / "precious";
  std::filesystem::create_directories(precious);
  std::ofstream(precious / "000012.sst") << "rows";
  std::filesystem::create_directories(dir / "mine");
  std::filesystem::create_directory_symlink(precious,
                                            dir / "mine/s-changelog-0");
  auto engine = Engine::Open(dir / "data").value();
  auto stores = OpenStores(engine, dir / "mine").value();

  EXPECT_FALSE(stores.OpenKeyValue("s").ok());
  EXPECT_FALSE(stores.Restore("s", PartitionId{0}).ok());

  EXPECT_EQ(std::filesystem::file_size(precious / "000012.sst"), 4u);
}

TEST(DefaultBackend, TablesBehindALinkAreMadeAnewAndRemovedAsOthersAre) {
  const TempDir dir;
  const std::string table = dir / "disk/s-changelog-0";
  std::filesystem::create_directories(dir / "data");
  std::filesystem::create_directories(dir / "disk");
  std::filesystem::create_directory_symlink(dir / "disk",
                                            dir / "data/cauce.stores");
  {
    auto engine = Engine::Open(dir / "data").value();
    auto stores = Stores::Open(engine).value();
    MakeStore(stores, "s", "1");

    for (int times = 0; times < 2; ++times) {
      EXPECT_THAT(stores.Restore("s", PartitionId{0}), IsOk());
    }

    EXPECT_THAT(stores.OpenKeyValue("s").value().Get("a"),
                IsOkAndHolds(Optional(Eq("1"))));
    EXPECT_TRUE(std::filesystem::exists(table + "/CURRENT"));
    ASSERT_THAT(engine.DeleteTopic("s-changelog"), IsOk());
  }
  auto engine = Engine::Open(dir / "data").value();
  EXPECT_THAT(Stores::Open(engine).value().OpenKeyValue("other"), IsOk());
  EXPECT_FALSE(std::filesystem::exists(table));
}

TEST(DefaultBackend, AFileInATablesPlaceStays) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "mine");
  std::ofstream(dir / "mine/s-changelog-0") << "precious";
  std::ofstream(dir / "file") << "precious";
  auto engine = Engine::Open(dir / "data").value();

  for (const char* const directory : {"mine", "file"}) {
    auto stores = OpenStores(engine, dir / directory).value();
    EXPECT_FALSE(stores.OpenKeyValue("s").ok());
    EXPECT_FALSE(stores.Restore("s", PartitionId{0}).ok());
  }

  EXPECT_EQ(std::filesystem::file_size(dir / "mine/s-changelog-0"), 8u);
  EXPECT_EQ(std::filesystem::file_size(dir / "file"), 8u);
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
