// The power goes at every write of a store and its changelog.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "cauce/cursor.h"
#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

// Puts key after key until the power goes; tells what was acknowledged.
Rows PutUntilCut(StoreRig& rig, int first) {
  Rows acknowledged;
  auto store = rig.stores->OpenKeyValue("s");
  if (!store.ok()) return acknowledged;
  for (int i = first; i < first + 12; ++i) {
    const std::string key = fmt::format("{}", i);
    if (i % 4 == 3 && !store->Persist().ok()) break;
    if (!store->Put(key, key).ok()) break;
    acknowledged.emplace(key, key);
  }
  return acknowledged;
}

TEST(StorePowerLoss, NothingAcknowledgedIsLostAndNoRowIsNotInTheLog) {
  Seed seed;
  std::mt19937 random(seed.value());
  bool was_cut = true;
  int cuts = 0;
  for (int64_t cut = 0; was_cut; ++cut) {
    SCOPED_TRACE(fmt::format("cut before change {}", cut));
    SimClock clock;
    FaultyDisk disk(clock);
    auto rig = std::make_unique<StoreRig>(&disk);
    ASSERT_THAT(rig->stores->OpenKeyValue("s"), IsOk());
    disk.CutBefore(disk.changes() + cut);
    const Rows acknowledged = PutUntilCut(*rig, 0);
    was_cut = disk.is_cut();
    disk.CutNow();
    rig->Crash(random() % 6);
    RandomChoices choices(random());
    disk.Restart(choices);

    rig->Open();
    auto store = rig->stores->OpenKeyValue("s");
    ASSERT_THAT(store, IsOk());
    const Rows found = RowsOf(store->All());
    for (const auto& [key, value] : acknowledged) {
      ASSERT_TRUE(found.contains(key)) << key;
    }
    // And no more than the log holds.
    Rows logged;
    const auto log =
        rig->engine->OpenPartition("s-changelog", PartitionId{0}).value();
    Cursor cursor = log.Read(log.log_start());
    RecordView record;
    while (cursor.Next(&record).value()) {
      logged[std::string(*record.key)] = *record.value;
    }
    ASSERT_EQ(found, logged);
    ASSERT_THAT(store->Put("after", "1"), IsOk());
    ++cuts;
  }
  EXPECT_GT(cuts, 12);
}

}  // namespace
}  // namespace cauce::test
