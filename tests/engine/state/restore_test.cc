// A table that is made from much: by a loader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/errors.h"
#include "cauce/stores.h"
#include "tests/engine/state/many_records.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

constexpr int kMany = 120'000;
constexpr char kTopic[] = "s-changelog";

TEST(StoreRestore, TellsHowFarItIsUpToItsEnd) {
  StoreRig rig;
  const Rows rows = FillChangelog(*rig.engine, kTopic, kMany, 100);
  std::vector<RestoreProgress> told;
  rig.options.progress = [&](const RestoreProgress& at) { told.push_back(at); };
  rig.OpenStores();

  EXPECT_EQ(AllOf(rig), rows);

  // 12 MB, of which every four are told.
  ASSERT_GE(told.size(), 3u);
  Offset before;
  int64_t bytes = -1;
  for (const RestoreProgress& at : told) {
    EXPECT_EQ(at.store, "s");
    EXPECT_EQ(at.begin, Offset{0});
    EXPECT_EQ(at.end, Offset{kMany});
    EXPECT_GT(at.at, before);
    EXPECT_GT(at.bytes, bytes);
    EXPECT_EQ(at.records, at.at.value);
    before = at.at;
    bytes = at.bytes;
  }
  EXPECT_EQ(told.back().at, told.back().end);
}

TEST(StoreRestore, OfATableThatHasItAllTellsNothingButTheEnd) {
  StoreRig rig;
  const Rows rows = FillChangelog(*rig.engine, kTopic, kMany, 10);
  EXPECT_EQ(AllOf(rig), rows);
  std::vector<RestoreProgress> told;
  rig.options.progress = [&](const RestoreProgress& at) { told.push_back(at); };
  rig.OpenStores();

  EXPECT_EQ(AllOf(rig), rows);

  for (const RestoreProgress& at : told) {
    EXPECT_EQ(at.records, 0);
    EXPECT_EQ(at.at, at.end);
  }
}

TEST(StoreRestore, ThatIsRefusedFailsTheOpeningAndTheNextIsWhole) {
  for (const Reason why : {Reason::kDiskFull, Reason::kDiskFailed}) {
    StoreRig rig;
    const Rows rows = FillChangelog(*rig.engine, kTopic, kMany, 10);
    rig.tables.FailNextLoad(MakeError(why, "not now"));

    EXPECT_THAT(rig.stores->OpenKeyValue("s"), HasReason(why));
    // Nothing is held that the next opening needs, and nothing half done shown.
    EXPECT_EQ(AllOf(rig), rows);
    EXPECT_EQ(AllOf(rig), rows);
  }
}

TEST(StoreRestore, GoesOnWhereATableIsFarBehind) {
  StoreRig rig;
  Rows rows;
  {
    auto store = rig.stores->OpenKeyValue("s").value();
    ASSERT_THAT(store.Put("first", "1"), IsOk());
  }
  auto log = rig.engine->OpenPartition(kTopic, PartitionId{0}).value();
  rows["first"] = "1";
  BatchBuilder builder({}, 1 << 20);
  for (int i = 0; i < kMany; ++i) {
    const std::string key = fmt::format("{}", i % 300);
    const std::string value = fmt::format("{}", i);
    rows[key] = value;
    ASSERT_TRUE(builder.Add({.key = key, .value = value}));
    if (i % 1000 == 999) {
      ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
    }
  }
  std::vector<RestoreProgress> told;
  rig.options.progress = [&](const RestoreProgress& at) { told.push_back(at); };
  rig.OpenStores();

  EXPECT_EQ(AllOf(rig), rows);

  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().begin, Offset{1});
  EXPECT_EQ(told.back().records, kMany);
}

}  // namespace
}  // namespace cauce::test
