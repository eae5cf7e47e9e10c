// State stores over a changelog that lost something, or is another's by now:
// what is lost is told, and never shown as if it had not been there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Rows = std::map<std::string, std::string>;

constexpr char kTopic[] = "s-changelog";
constexpr char kTable[] = "/data/cauce.stores/s-changelog-0";

class StoreChangelogDamage : public ::testing::Test {
 protected:
  Engine OpenEngine(Access access = Access::kReadWrite) {
    return Engine::Open("/data", {.access = access,
                                  .file_system = disk_.get(),
                                  .clock = &clock_})
        .value();
  }

  // Three segments with two keys each, closed well.
  void Fill() {
    auto engine = OpenEngine();
    {
      auto stores = Stores::Open(engine).value();
      auto store =
          stores.OpenKeyValue("s", {.configs = {{"segment.ms", "1000"}}})
              .value();
      for (const std::string key : {"a", "b", "c", "d", "e", "f"}) {
        ASSERT_THAT(store.Put(key, key), IsOk());
        rows_[key] = key;
        if (key == "b" || key == "d") clock_.Advance(absl::Minutes(1));
      }
    }
    ASSERT_THAT(engine.Close(), IsOk());
  }

  std::vector<std::string> Segments() {
    std::vector<std::string> logs;
    const std::string directory = fmt::format("/data/{}-0", kTopic);
    const auto entries = disk_->List(directory).value();
    for (const DirectoryEntry& entry : entries) {
      if (entry.name.ends_with(".log")) {
        logs.push_back(fmt::format("{}/{}", directory, entry.name));
      }
    }
    std::ranges::sort(logs);
    EXPECT_EQ(logs.size(), 3u);
    return logs;
  }

  void WipeTable() {
    const auto entries = disk_->List(kTable).value();
    for (const DirectoryEntry& entry : entries) {
      ASSERT_THAT(disk_->RemoveFile(fmt::format("{}/{}", kTable, entry.name)),
                  IsOk());
    }
    ASSERT_THAT(disk_->RemoveDirectory(kTable), IsOk());
  }

  absl::StatusOr<Rows> Opened(Access access = Access::kReadWrite) {
    auto engine = OpenEngine(access);
    auto stores = Stores::Open(engine).value();
    auto store = stores.OpenKeyValue("s");
    if (!store.ok()) return store.status();
    Rows rows;
    for (auto at = store->All(); at.Valid(); at.Next()) {
      rows.emplace(at.row().key, at.row().value);
    }
    return rows;
  }

  SimClock clock_;
  std::unique_ptr<FileSystem> disk_ = NewMemoryFileSystem(&clock_);
  Rows rows_;
};

TEST_F(StoreChangelogDamage, ASegmentThatIsGoneCostsATableThatHasItNothing) {
  Fill();
  const auto segments = Segments();
  for (const std::string& gone : {segments[1], segments[0]}) {
    SCOPED_TRACE(gone);
    ASSERT_THAT(disk_->RemoveFile(gone), IsOk());
    EXPECT_THAT(Opened(), IsOkAndHolds(rows_));
  }
}

// Of the first one the saved start of the changelog tells. It lies below the
// first file by right in one case only: where a disk was so full that segments
// went and their new start could not be saved, and the power failed before it
// was.
TEST_F(StoreChangelogDamage, ASegmentThatIsGoneIsToldByWhoLacksItsRecords) {
  for (const size_t gone : {0, 1, 2}) {
    SCOPED_TRACE(gone);
    disk_ = NewMemoryFileSystem(&clock_);
    Fill();
    WipeTable();
    ASSERT_THAT(disk_->RemoveFile(Segments()[gone]), IsOk());

    EXPECT_THAT(Opened(Access::kReadOnly), HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(Opened(), HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(Opened(), HasReason(Reason::kCorruptBatch));
  }
}

TEST_F(StoreChangelogDamage, AFirstSegmentThatIsGoneCostsNoTableThatHasIt) {
  Fill();
  ASSERT_THAT(disk_->RemoveFile(Segments()[0]), IsOk());
  {
    auto engine = OpenEngine();
    auto stores = Stores::Open(engine).value();

    EXPECT_THAT(stores.Restore("s"), HasReason(Reason::kCorruptBatch));
  }
  EXPECT_THAT(Opened(), IsOkAndHolds(rows_));
}

TEST_F(StoreChangelogDamage, AFirstSegmentThatIsGoneIsGivenUpByADeletion) {
  Fill();
  WipeTable();
  ASSERT_THAT(disk_->RemoveFile(Segments()[0]), IsOk());
  ASSERT_THAT(Opened(), HasReason(Reason::kCorruptBatch));
  {
    auto engine = OpenEngine();
    auto log = engine.OpenPartition(kTopic, PartitionId{0}).value();
    EXPECT_EQ(log.lost().front, (OffsetRange{{0}, {2}}));
    ASSERT_THAT(log.DeleteRecordsBefore({2}), IsOk());
  }
  rows_.erase("a");
  rows_.erase("b");

  EXPECT_THAT(Opened(), IsOkAndHolds(rows_));
}

TEST_F(StoreChangelogDamage, ASegmentThatIsCutIsToldByWhoLacksItsRecords) {
  for (const size_t cut : {0, 1, 2}) {
    for (const bool wiped : {false, true}) {
      SCOPED_TRACE(fmt::format("segment {}{}", cut, wiped ? ", wiped" : ""));
      disk_ = NewMemoryFileSystem(&clock_);
      Fill();
      if (wiped) WipeTable();
      {
        const std::string path = Segments()[cut];
        auto file = disk_->Open(path, OpenMode::kReadWrite).value();
        ASSERT_THAT(file->Truncate(disk_->Info(path)->bytes * 3 / 4), IsOk());
      }
      for (int opening = 0; opening < 2; ++opening) {
        if (wiped) {
          EXPECT_THAT(Opened(), HasReason(Reason::kCorruptBatch));
        } else {
          EXPECT_THAT(Opened(), IsOkAndHolds(rows_));
        }
      }
    }
  }
}

TEST_F(StoreChangelogDamage, AnOldTableShowsNothingOfATopicThatIsMadeAgain) {
  Fill();
  {
    // As many records, and more: only the topic's id tells.
    auto engine = OpenEngine();
    ASSERT_THAT(engine.DeleteTopic(kTopic), IsOk());
    ASSERT_THAT(engine.CreateTopic(
                    kTopic, {.configs = {{"cleanup.policy", "compact"}}}),
                IsOk());
    auto log = engine.OpenPartition(kTopic, PartitionId{0}).value();
    for (int i = 0; i < 8; ++i) {
      const Record record{.key = "new", .value = "1"};
      ASSERT_THAT(log.Append({&record, 1}), IsOk());
    }
    ASSERT_THAT(engine.Close(), IsOk());
  }

  const auto rows = Opened();

  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(*rows, ElementsAre(Pair("new", "1")));
}

}  // namespace
}  // namespace cauce::test
