#include "engine/log/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/recovery_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

class RecoveryTest : public test::RecoveryFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, RecoveryTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(RecoveryTest, MakesTheFirstSegmentOfAnEmptyDirectory) {
  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log->sealed, IsEmpty());
  EXPECT_EQ(log->log_start, Offset{0});
  EXPECT_EQ(EndOf(*log), Offset{0});
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(0)));
  // Its name is durable with its first record.
  EXPECT_TRUE(log->names_unsynced);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_P(RecoveryTest, BeginsAnEmptyDirectoryAtTheLogStart) {
  const auto log = Recover({.log_start = Offset{42}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->log_start, Offset{42});
  EXPECT_EQ(EndOf(*log), Offset{42});
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(42)));
  // Offsets below were given out: they must not come back.
  EXPECT_EQ(disk_.files().Count(FileCall::kSyncDirectory, disk_.directory()),
            1);
}

TEST_P(RecoveryTest, FindsEverySegmentAfterAnUncleanStop) {
  WriteSegment(0, 5, 1);
  WriteSegment(10, 3, 1);
  WriteSegment(16, 2, 4);

  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log->sealed, SizeIs(2));
  EXPECT_EQ(BatchesOf(*log), EveryOther(0, 20));
  EXPECT_EQ(log->log_start, Offset{0});
  EXPECT_EQ(EndOf(*log), Offset{20});
  EXPECT_THAT(log->epochs.believed(),
              ElementsAre(EpochStart{LeaderEpoch{1}, Offset{0}},
                          EpochStart{LeaderEpoch{4}, Offset{16}}));
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(disk_.Names("index"),
              IsSupersetOf({
                  SegmentFileName(Offset{0}, kOffsetIndexSuffix),
                  SegmentFileName(Offset{0}, kTimeIndexSuffix),
                  SegmentFileName(Offset{10}, kOffsetIndexSuffix),
                  SegmentFileName(Offset{10}, kTimeIndexSuffix),
              }));
}

TEST_P(RecoveryTest, MakesWhatItFoundDurable) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  ASSERT_THAT(Recover(), IsOk());
  EXPECT_GE(disk_.files().Count(FileCall::kSync, Log(0)), 1);
  EXPECT_GE(disk_.files().Count(FileCall::kSync, Log(10)), 1);
}

TEST_P(RecoveryTest, LooksOnlyAtTheEndAfterACleanStop) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  // Damage that a scan would find.
  std::string damaged = *disk_.Read(Log(0));
  damaged[100] ^= 1;
  disk_.Write(Log(0), damaged);

  const auto log = Recover({.clean_stop = true, .recovery_point = Offset{16}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->sealed[0]->next(), Offset{10});
  EXPECT_EQ(EndOf(*log), Offset{16});
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ""), 0);
}

TEST_P(RecoveryTest, DoesNotScanSegmentsBelowTheRecoveryPoint) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  std::string damaged = *disk_.Read(Log(0));
  damaged[100] ^= 1;
  disk_.Write(Log(0), damaged);

  const auto log = Recover({.recovery_point = Offset{10}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{16});
  EXPECT_THAT(events_, IsEmpty());
}

TEST_P(RecoveryTest, SyncsEachSegmentAboveTheRecoveryPointOnceAndNoOther) {
  for (int64_t base = 0; base < 1000; base += 2) WriteSegment(base, 1);
  std::vector<std::pair<int64_t, int64_t>> progress;
  RecoveryHints hints{.recovery_point = Offset{600}};
  hints.progress = [&](Offset start, Offset end, int64_t bytes) {
    EXPECT_EQ(start, Offset{0});
    progress.emplace_back(end.value, bytes);
  };

  ASSERT_THAT(Recover(hints), IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ".log"), 200);
  // Of those that are sealed.
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ".timeindex"), 199);
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ".index"), 0);
  EXPECT_EQ(disk_.files().Count(FileCall::kSyncDirectory, ""), 1);
  // All but the active one.
  ASSERT_THAT(progress, SizeIs(199));
  const auto bytes = static_cast<int64_t>(BatchAt(0).size());
  EXPECT_EQ(progress.front(), std::make_pair(int64_t{602}, bytes));
  EXPECT_EQ(progress.back(), std::make_pair(int64_t{998}, bytes));
}

TEST_P(RecoveryTest, TellsOfNoProgressBehindWhatIsOwedOfProducers) {
  test::TestProducer producer(7);
  for (const bool has_list : {false, true}) {
    for (int64_t base = 0; base < 8; base += 2) WriteSegment(base, 1);
    if (has_list) {
      disk_.Write(SegmentFileName(Offset{2}, kTxnIndexSuffix), "");
    } else {
      disk_.Write(Log(2), producer.Plain({"a", "b"}).At(Offset{2}).bytes());
    }
    std::vector<Offset> progress;
    RecoveryHints hints;
    hints.progress = [&](Offset, Offset end, int64_t) {
      progress.push_back(end);
    };

    ASSERT_THAT(Recover(hints), IsOk());
    // It was found before anything was scanned.
    if (has_list) {
      EXPECT_THAT(progress, IsEmpty());
    } else {
      EXPECT_THAT(progress, ElementsAre(Offset{2}));
    }
  }
}

TEST_P(RecoveryTest, WritesBackWhatLiesAboveTheRecoveryPoint) {
  const std::string first = WriteSegment(0, 5);
  WriteSegment(10, 5);
  WriteSegment(20, 5);
  const auto writes = [this](int64_t base) {
    return disk_.files().Count(FileCall::kWrite, Log(base));
  };
  const std::vector<int> before = {writes(0), writes(10), writes(20)};
  ASSERT_THAT(Recover({.recovery_point = Offset{14}}), IsOk());
  EXPECT_EQ(writes(0), before[0]);
  EXPECT_EQ(writes(10), before[1] + 1);
  EXPECT_EQ(writes(20), before[2] + 1);
  ASSERT_THAT(Recover({.clean_stop = true, .recovery_point = Offset{30}}),
              IsOk());
  EXPECT_EQ(writes(20), before[2] + 1);
}

TEST_P(RecoveryTest, WritesBackWhatStandsBehindDamage) {
  std::string bytes = WriteSegment(0, 10);
  bytes[bytes.size() / 10 * 3 + 70] ^= 1;
  disk_.Write(Log(0), bytes);
  const int before = disk_.files().Count(FileCall::kWrite, Log(0));
  ASSERT_THAT(Recover({.recovery_point = Offset{20}}), IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kWrite, Log(0)), before + 1);
  EXPECT_EQ(disk_.Read(Log(0)), bytes);
}

TEST_P(RecoveryTest, SyncsTheEndAlsoWhereItIsTheRecoveryPoint) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  // A cut to 16 that was stopped before its own sync looks the same.
  const auto log = Recover({.recovery_point = Offset{16}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ""), 1);
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, Log(10)), 1);
  EXPECT_EQ(disk_.files().Count(FileCall::kSyncDirectory, ""), 1);
  EXPECT_FALSE(log->names_unsynced);
}

TEST_P(RecoveryTest, SyncsNothingAfterACleanStop) {
  WriteSegment(0, 5);
  const auto log = Recover({.clean_stop = true, .recovery_point = Offset{10}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ""), 0);
  EXPECT_EQ(disk_.files().Count(FileCall::kSyncDirectory, ""), 0);
  // Whoever appends next sees to the names: somebody else may have made them.
  EXPECT_TRUE(log->names_unsynced);
}

// ---- Leftovers, and files of others

TEST_P(RecoveryTest, RemovesWhatAStopLeftOver) {
  WriteSegment(10, 3);
  for (const std::string_view name :
       {"00000000000000000000.log.deleted",
        "00000000000000000000.index.deleted",
        "00000000000000000000.timeindex.deleted",
        "00000000000000000010.log.cleaned", "00000000000000000000.index",
        "00000000000000000000.timeindex"}) {
    disk_.Write(name, "left over");
  }
  ASSERT_THAT(Recover({.clean_stop = true}), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(10)));
}

// Stopped while it put a cleaned segment in place, it has the records nowhere
// else.
TEST_P(RecoveryTest, EndsWhatABrokerReplacesAndRemovesNothingOfIt) {
  const std::string swap = BatchAt(2);
  WriteSegment(0, 2);
  WriteSegment(10, 3);
  disk_.Write(Log(0) + ".swap", swap);
  disk_.Write(Log(4) + ".deleted", "a broker's");
  disk_.Write(Log(20) + ".cleaned", "a broker's");
  ASSERT_THAT(Recover({.clean_stop = true, .is_brokers = true}), IsOk());
  EXPECT_EQ(disk_.Read(Log(0)), swap);
  EXPECT_THAT(disk_.Names(".log.deleted"),
              ElementsAre(Log(0) + ".deleted", Log(4) + ".deleted"));
  EXPECT_THAT(disk_.Names(".cleaned"), SizeIs(1));
  // Once the topic has configs they are done with.
  ASSERT_THAT(Recover({.clean_stop = true}), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(0), Log(10)));
}

TEST_P(RecoveryTest, LeavesTheFilesOfOthersAlone) {
  WriteSegment(0, 3);
  const std::vector<std::string> others = {
      "00000000000000000000.log.cut", "leader-epoch-checkpoint",
      "notes.deleted.txt", "partition.metadata"};
  for (const std::string& name : others) disk_.Write(name, name);
  ASSERT_THAT(
      disk_.files().CreateDirectories(disk_ / "00000000000000000009.log"),
      IsOk());

  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{6});
  for (const std::string& name : others) EXPECT_EQ(disk_.Read(name), name);
}

// ---- The log start

TEST_P(RecoveryTest, TakesTheSavedLogStart) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  const auto log = Recover({.log_start = Offset{3}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->log_start, Offset{3});
  EXPECT_EQ(BatchesOf(*log), EveryOther(0, 16));
}

TEST_P(RecoveryTest, BeginsWhereItsFirstSegmentDoes) {
  WriteSegment(10, 3);
  const auto log = Recover({.log_start = Offset{3}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->log_start, Offset{10});
}

TEST_P(RecoveryTest, GivesNoOffsetBelowTheLogStartAgain) {
  for (const bool clean_stop : {false, true}) {
    for (const auto& name : disk_.Names()) disk_.Remove(name);
    WriteSegment(0, 3);
    const auto log =
        Recover({.clean_stop = clean_stop, .log_start = Offset{42}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(log->log_start, Offset{42});
    EXPECT_EQ(EndOf(*log), Offset{42});
    EXPECT_EQ(log->writer->segment()->base(), Offset{42});
  }
}

TEST_P(RecoveryTest, GoesOnAtTheLogStartWhereDamageEndsBelowIt) {
  std::string bytes = WriteSegment(0, 5);
  bytes[bytes.size() - 1] ^= 1;
  disk_.Write(Log(0), bytes);

  const auto log =
      Recover({.recovery_point = Offset{10}, .log_start = Offset{42}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->log_start, Offset{42});
  EXPECT_EQ(EndOf(*log), Offset{42});
  EXPECT_EQ(disk_.Read(Log(0)), bytes);
}

TEST_P(RecoveryTest, ZerosBelowTheLogStartAreNoDamage) {
  // A truncation to 5, where the log starts, had cut the batch of 4 and 5; the
  // power went before the file's new end was durable.
  for (const bool has_next : {false, true}) {
    SCOPED_TRACE(has_next);
    for (const auto& name : disk_.Names()) disk_.Remove(name);
    const std::string whole = WriteSegment(0, 2);
    disk_.Write(Log(0), whole + std::string(BatchAt(4).size(), '\0'));
    if (has_next) disk_.Write(Log(5), "");
    const auto log = Recover(
        {.recovery_point = Offset{has_next ? 4 : 5}, .log_start = Offset{5}});
    ASSERT_THAT(log, IsOk());
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_EQ(EndOf(*log), Offset{5});
    EXPECT_EQ(disk_.Read(Log(0)), whole);
    EXPECT_GE(disk_.files().Count(FileCall::kSync, Log(0)), 1);
  }
}

// ---- Again

TEST_P(RecoveryTest, FindsTheSameWhenItRunsAgain) {
  const std::string first = WriteSegment(0, 5);
  const std::string second = WriteSegment(10, 3);
  WriteSegment(16, 3);
  const size_t one = second.size() / 3;
  std::string damaged_first = first;
  damaged_first[100] ^= 1;
  const std::vector<std::pair<std::string, std::string>> disks = {
      {Log(10), second},                                // nothing is wrong
      {Log(10), second.substr(0, one + 20)},            // torn
      {Log(10), second.substr(0, one)},                 // too short
      {Log(16), second},                                // out of its place
      {Log(0), damaged_first},                          // damaged
      {Log(16), BatchAt(16) + std::string(999, '\0')},  // prepared ahead
  };
  for (const auto& [name, bytes] : disks) {
    for (const int64_t recovery_point : {0, 8, 12}) {
      SCOPED_TRACE(name + " at " + std::to_string(recovery_point));
      for (const auto& old : disk_.Names()) disk_.Remove(old);
      WriteSegment(0, 5);
      WriteSegment(10, 3);
      WriteSegment(16, 3);
      disk_.Write(name, bytes);
      const RecoveryHints hints{.recovery_point = Offset{recovery_point}};

      auto once = Recover(hints);
      ASSERT_THAT(once, IsOk());
      const Offset end = EndOf(*once);
      const auto batches = BatchesOf(*once);
      const auto contents = Contents();
      once->writer = nullptr;
      const auto again = Recover(hints);
      ASSERT_THAT(again, IsOk());
      EXPECT_EQ(EndOf(*again), end);
      EXPECT_EQ(BatchesOf(*again), batches);
      EXPECT_EQ(Contents(), contents);
    }
  }
}

TEST_P(RecoveryTest, FindsTheSameWhenAFailureCutItShort) {
  for (int good = 0; good < 12; ++good) {
    for (const FileCall call :
         {FileCall::kWrite, FileCall::kSync, FileCall::kTruncate,
          FileCall::kRename, FileCall::kRemove, FileCall::kSyncDirectory}) {
      for (const auto& old : disk_.Names()) disk_.Remove(old);
      WriteSegment(0, 5);
      const std::string second = WriteSegment(10, 3);
      WriteSegment(16, 3);
      WriteSegment(22, 3);
      disk_.Write(Log(10), second.substr(0, second.size() / 3 + 20));
      disk_.Write("00000000000000000000.log.deleted", "left over");

      disk_.files().Fail(call, "", MakeError(Reason::kDiskFailed, "no"), good);
      const bool done = Recover().ok();
      disk_.files().Mend();
      const auto log = Recover();
      ASSERT_THAT(log, IsOk());
      // What was set aside once must not come back, and nothing else goes.
      ASSERT_EQ(BatchesOf(*log), EveryOther(0, 12)) << done;
      ASSERT_EQ(EndOf(*log), Offset{12});
    }
  }
}

}  // namespace
}  // namespace cauce
