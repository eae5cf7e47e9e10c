#include "engine/log/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "engine/log/producer_snapshot.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr LastStop kStop{.recovery_point = Offset{20}};

TEST(RemoveLeftovers, TakesWhatIsOnItsWayOutAndIndexesWithoutALog) {
  test::TestDisk disk;
  for (const char* name :
       {"00000000000000000000.log", "00000000000000000000.txnindex",
        "00000000000000000000.log.deleted",
        "00000000000000000005.log.5.cut.tmp", "00000000000000000030.txnindex",
        "00000000000000000030.index", "00000000000000000010.txnindex",
        "somebody.else"}) {
    disk.Write(name, "");
  }
  const auto left = RemoveLeftovers(disk.Place(), {Offset{0}}, kStop);

  ASSERT_THAT(left, IsOk());
  // What was durable and not deleted is missed, and what tells of it stays.
  EXPECT_THAT(
      disk.Names(),
      ElementsAre("00000000000000000000.log", "00000000000000000000.txnindex",
                  "00000000000000000010.txnindex", "somebody.else"));
  EXPECT_THAT(left->lists, ElementsAre(Offset{0}, Offset{10}));
}

// Found by a long program on a disk whose calls fail.
TEST(RemoveLeftovers, MissesNoLogThatWasDeletedWhereTheStartCouldNotBeSaved) {
  test::TestDisk disk;
  for (const char* name :
       {"00000000000000000000.index", "00000000000000000000.log.deleted",
        "00000000000000000000.timeindex", "00000000000000000000.txnindex",
        "00000000000000000006.log", "00000000000000000009.index",
        "00000000000000000009.log.deleted"}) {
    disk.Write(name, "");
  }
  const size_t written = disk.files().changes().size();
  const auto left = RemoveLeftovers(disk.Place(), {Offset{6}}, kStop);

  ASSERT_THAT(left, IsOk());
  EXPECT_THAT(disk.Names(), ElementsAre("00000000000000000006.log",
                                        "00000000000000000009.index"));
  EXPECT_THAT(left->orphans, ElementsAre(Offset{9}));
  EXPECT_THAT(left->lists, IsEmpty());
  // Another stop finds what tells of the indexes as long as they are there.
  std::vector<std::string> changes = disk.files().changes();
  changes.erase(changes.begin(),
                changes.begin() + static_cast<std::ptrdiff_t>(written));
  EXPECT_THAT(changes,
              ElementsAre(EndsWith("0.index"), EndsWith("0.timeindex"),
                          EndsWith("0.txnindex"), EndsWith("9.log.deleted"),
                          StartsWith("sync "), EndsWith("0.log.deleted")));
}

TEST(RemoveLeftovers, KeepsTheSnapshotsOfSegmentsAndTheNewest) {
  test::TestDisk disk;
  for (const char* name :
       {"00000000000000000005.snapshot", "00000000000000000010.snapshot",
        "00000000000000000012.snapshot", "00000000000000000015.snapshot"}) {
    disk.Write(name, "");
  }
  const auto left =
      RemoveLeftovers(disk.Place(), {Offset{0}, Offset{10}}, kStop);

  ASSERT_THAT(left, IsOk());
  EXPECT_THAT(left->snapshots, ElementsAre(Offset{10}, Offset{15}));
  EXPECT_THAT(disk.Names(), ElementsAre("00000000000000000010.snapshot",
                                        "00000000000000000015.snapshot"));
  EXPECT_THAT(left->lists, IsEmpty());
}

TEST(RemoveLeftovers, TakesSnapshotsAboveTheRecoveryPointFirst) {
  test::TestDisk disk;
  for (const char* name :
       {"00000000000000000015.snapshot", "00000000000000000030.snapshot",
        "00000000000000000040.snapshot"}) {
    disk.Write(name, EncodeProducers({}));
  }
  const auto left =
      RemoveLeftovers(disk.Place(), {Offset{0}, Offset{30}}, kStop);

  ASSERT_THAT(left, IsOk());
  EXPECT_THAT(left->snapshots, ElementsAre(Offset{15}));
  EXPECT_THAT(disk.Names(), ElementsAre("00000000000000000015.snapshot"));
}

TEST(RemoveLeftovers, TakesASnapshotAtTheRecoveryPointIfItIsTorn) {
  const std::string whole = EncodeProducers({});
  for (const std::string& bytes : {whole, whole.substr(0, 3)}) {
    for (const bool was_clean : {false, true}) {
      test::TestDisk disk;
      disk.Write("00000000000000000020.snapshot", bytes);
      LastStop stop = kStop;
      stop.was_clean = was_clean;
      const auto left = RemoveLeftovers(disk.Place(), {Offset{0}}, stop);

      ASSERT_THAT(left, IsOk());
      const bool stays = was_clean || bytes == whole;
      EXPECT_THAT(left->snapshots, SizeIs(stays ? 1 : 0));
      EXPECT_THAT(disk.Names(), SizeIs(stays ? 1 : 0));
    }
  }
}

}  // namespace
}  // namespace cauce
