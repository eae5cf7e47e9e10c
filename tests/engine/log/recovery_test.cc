#include "engine/log/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/cut_files.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Timestamp kNow{1'700'000'000'000};

class RecoveryTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  // Puts a segment of `count` batches of two records at `base` on the disk, as
  // a writer leaves it that never closed: without indexes.
  std::string WriteSegment(int64_t base, int count, int32_t epoch = 0) {
    std::string bytes;
    for (int64_t i = 0; i < count; ++i) {
      bytes += BatchAt(base + 2 * i, epoch);
    }
    disk_.Write(Log(base), bytes);
    return bytes;
  }

  static std::string BatchAt(int64_t base, int32_t epoch = 0) {
    return Batch({"one", "two"}, {kNow.ms + base})
        .At(Offset{base}, LeaderEpoch{epoch})
        .bytes();
  }
  static std::string Log(int64_t base) {
    return SegmentFileName(Offset{base}, kLogSuffix);
  }

  absl::StatusOr<RecoveredLog> Recover(RecoveryHints hints = {}) {
    events_.clear();
    hints.now = kNow;
    hints.events = [this](Severity, std::string_view line) {
      events_.emplace_back(line);
    };
    return RecoverLog(disk_.Place(), hints);
  }

  // The base offsets of the batches that can be read.
  static std::vector<int64_t> BatchesOf(const RecoveredLog& log) {
    std::vector<int64_t> bases;
    auto all = log.sealed;
    all.push_back(log.writer->segment());
    for (const auto& segment : all) {
      BatchScanner scanner;
      auto batch = segment->Seek(scanner, Offset{0});
      while (batch.ok() && *batch) {
        bases.push_back((*batch)->base_offset().value);
        batch = scanner.Next();
      }
    }
    return bases;
  }

  static std::vector<int64_t> EveryOther(int64_t base, int64_t next) {
    std::vector<int64_t> all;
    for (; base < next; base += 2) all.push_back(base);
    return all;
  }

  static Offset EndOf(const RecoveredLog& log) {
    return log.writer->segment()->next();
  }

  // What the directory holds, by name.
  std::vector<std::pair<std::string, std::string>> Contents() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& name : disk_.Names()) {
      all.emplace_back(name, disk_.Read(name).value_or("(a directory)"));
    }
    return all;
  }

  test::TestDisk disk_{GetParam()};
  std::vector<std::string> events_;
};

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
  EXPECT_EQ(disk_.files().Count(FileCall::kSyncDirectory, disk_.directory()),
            1);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_P(RecoveryTest, BeginsAnEmptyDirectoryAtTheLogStart) {
  const auto log = Recover({.log_start = Offset{42}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->log_start, Offset{42});
  EXPECT_EQ(EndOf(*log), Offset{42});
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(42)));
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

// ---- Torn tails

TEST_P(RecoveryTest, CutsATornTailAtEveryByteOfTheLastBatch) {
  const std::string whole = WriteSegment(0, 3);
  const std::string last = BatchAt(6);
  for (size_t bytes = 1; bytes < last.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    for (const auto& name : disk_.Names()) disk_.Remove(name);
    disk_.Write(Log(0), whole + last.substr(0, bytes));

    const auto log = Recover({.recovery_point = Offset{4}});
    ASSERT_THAT(log, IsOk());
    ASSERT_EQ(EndOf(*log), Offset{6});
    ASSERT_EQ(disk_.Read(Log(0)), whole);
    // What was cut off is kept; zeros alone are the end of a log, not a cut.
    const auto kept = disk_.Read(Log(6) + ".cut");
    const std::string cut = last.substr(0, bytes);
    const size_t worth = cut.find_last_not_of('\0') + 1;
    ASSERT_EQ(kept.has_value(), worth > 0);
    if (kept) {
      ASSERT_EQ(*kept, cut.substr(0, worth));
      ASSERT_THAT(events_, Not(IsEmpty()));
    } else {
      ASSERT_THAT(events_, IsEmpty());
    }
  }
}

TEST_P(RecoveryTest, CutsATornTailThatZerosFollow) {
  const std::string whole = WriteSegment(0, 3);
  disk_.Write(Log(0),
              whole + BatchAt(6).substr(0, 80) + std::string(3 << 20, '\0'));
  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{6});
  EXPECT_EQ(disk_.Read(Log(0)), whole);
  EXPECT_EQ(disk_.Read(Log(6) + ".cut"), BatchAt(6).substr(0, 80));
}

TEST_P(RecoveryTest, OpensHoweverManyCutsWereKeptBefore) {
  const std::string whole = WriteSegment(0, 3);
  for (int i = 0; i < kCutFilesMax; ++i) {
    disk_.Write(Log(6) + (i == 0 ? ".cut" : ".cut." + std::to_string(i)),
                "older");
  }
  disk_.Write(Log(0), whole + BatchAt(6).substr(0, 80));
  ASSERT_THAT(Recover(), IsOk());
  EXPECT_EQ(disk_.Read(Log(0)), whole);
  EXPECT_EQ(disk_.Read(Log(6) + ".cut.999"), BatchAt(6).substr(0, 80));
}

TEST_P(RecoveryTest, KeepsTheSameCutOnce) {
  const std::string whole = WriteSegment(0, 3);
  for (int i = 0; i < 3; ++i) {
    // As a recovery leaves it that is stopped before it cuts.
    disk_.Write(Log(0), whole + BatchAt(6).substr(0, 80));
    ASSERT_THAT(Recover(), IsOk());
    EXPECT_EQ(EndOf(*Recover()), Offset{6});
  }
  EXPECT_THAT(disk_.Names(".cut"), ElementsAre(Log(6) + ".cut"));
  EXPECT_THAT(disk_.Names(), Not(Contains(HasSubstr(".cut."))));
}

TEST_P(RecoveryTest, TakesZerosForTheEnd) {
  const std::string whole = WriteSegment(0, 3);
  disk_.Write(Log(0), whole + std::string(100'000, '\0'));
  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{6});
  EXPECT_EQ(disk_.Read(Log(0)), whole);
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(disk_.Names(".cut"), IsEmpty());
}

TEST_P(RecoveryTest, ZerosBelowTheRecoveryPointAreDamageAndNotTheEnd) {
  for (const bool clean_stop : {false, true}) {
    SCOPED_TRACE(clean_stop);
    std::string bytes = WriteSegment(0, 10);
    const size_t batch = bytes.size() / 10;
    bytes.replace(6 * batch, 4 * batch, 4 * batch, '\0');
    disk_.Write(Log(0), bytes);

    const auto log =
        Recover({.clean_stop = clean_stop, .recovery_point = Offset{20}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(EndOf(*log), Offset{20});
    EXPECT_EQ(disk_.Read(Log(0)), bytes);
    EXPECT_THAT(events_, Contains(HasSubstr("up to offset 20 were durable")));
    disk_.Remove(Log(20));
  }
}

TEST_P(RecoveryTest, AFileThatIsTooShortGivesNoOffsetAgain) {
  const std::string bytes = WriteSegment(0, 10);
  disk_.Write(Log(0), bytes.substr(0, bytes.size() / 2));
  const auto log = Recover({.clean_stop = true, .recovery_point = Offset{20}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{20});
  EXPECT_THAT(events_, Contains(HasSubstr("up to offset 20 were durable")));
}

TEST_P(RecoveryTest, ALogWhoseSegmentsAreGoneGoesOnBehindThem) {
  const auto log = Recover({.clean_stop = true, .recovery_point = Offset{20}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{20});
  EXPECT_EQ(log->log_start, Offset{20});
  EXPECT_THAT(events_, Contains(HasSubstr("there is no segment")));
}

TEST_P(RecoveryTest, SyncsTheNamesThatAStoppedProcessHadMade) {
  WriteSegment(0, 3);
  ASSERT_THAT(Recover(), IsOk());
  EXPECT_GE(disk_.files().Count(FileCall::kSyncDirectory, disk_.directory()),
            1);
}

TEST_P(RecoveryTest, CutsASealedSegmentWhoseTailNeverReachedTheDisk) {
  const std::string first = WriteSegment(0, 5);
  WriteSegment(10, 3);
  WriteSegment(16, 3);
  // The second of the batches of [10, 16) is torn.
  const std::string second = *disk_.Read(Log(10));
  const size_t one = second.size() / 3;
  disk_.Write(Log(10), second.substr(0, one + 20));

  const auto log = Recover({.recovery_point = Offset{10}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{12});
  EXPECT_EQ(BatchesOf(*log), EveryOther(0, 12));
  // What followed is no longer part of the log, but still there.
  EXPECT_THAT(disk_.Names(".log"), ElementsAre(Log(0), Log(10)));
  EXPECT_EQ(disk_.Read(Log(12) + ".cut"), second.substr(one, 20));
  EXPECT_THAT(disk_.Names(".cut"),
              ElementsAre(Log(12) + ".cut", Log(16) + ".cut"));
  EXPECT_THAT(events_, Contains(HasSubstr(Log(10))));
}

TEST_P(RecoveryTest, CutsASealedSegmentThatEndsTooEarly) {
  WriteSegment(0, 5);
  const std::string second = WriteSegment(10, 3);
  WriteSegment(16, 3);
  disk_.Write(Log(10), second.substr(0, second.size() / 3));

  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{12});
  EXPECT_THAT(disk_.Names(".cut"), ElementsAre(Log(16) + ".cut"));
}

// Only a sealed segment may have a gap across the recovery point: as the last
// one it would be read otherwise.
TEST_P(RecoveryTest, CutsNothingThatTheNextRecoveryWouldNotFind) {
  disk_.Write(Log(0), BatchAt(0) + BatchAt(8));
  WriteSegment(20, 2);
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    const auto log = Recover({.recovery_point = Offset{6}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(BatchesOf(*log), (std::vector<int64_t>{0, 8, 20, 22}));
    EXPECT_EQ(EndOf(*log), Offset{24});
    EXPECT_THAT(disk_.Names(".cut"), IsEmpty());
    EXPECT_THAT(events_, Not(IsEmpty()));
  }
}

TEST_P(RecoveryTest, TakesTheGapsOfCompactionBelowTheRecoveryPointAsTheyAre) {
  disk_.Write(Log(0), BatchAt(0) + BatchAt(6));
  WriteSegment(20, 2);
  const auto log = Recover({.recovery_point = Offset{20}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(BatchesOf(*log), (std::vector<int64_t>{0, 6, 20, 22}));
  EXPECT_THAT(events_, IsEmpty());
}

// ---- Damage

TEST_P(RecoveryTest, KeepsDamageBelowTheRecoveryPointAndGoesOnBehindIt) {
  std::string bytes = WriteSegment(0, 10);
  const size_t one = bytes.size() / 10;
  bytes[one * 3 + 70] ^= 1;
  disk_.Write(Log(0), bytes);

  const auto log = Recover({.recovery_point = Offset{20}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{20});
  EXPECT_EQ(disk_.Read(Log(0)), bytes) << "the file is kept";
  EXPECT_THAT(events_, ElementsAre(HasSubstr(Log(0))));
  ASSERT_THAT(log->sealed, SizeIs(1));
  EXPECT_EQ(log->writer->segment()->base(), Offset{20});

  // Those behind the damage can be read.
  BatchScanner scanner;
  EXPECT_THAT(log->sealed[0]->Seek(scanner, Offset{6}),
              HasReason(Reason::kCorruptBatch));
  const auto behind =
      log->sealed[0]->SeekBehind(scanner, scanner.position(), Offset{6});
  ASSERT_THAT(behind, IsOk());
  ASSERT_TRUE(behind->has_value());
  EXPECT_EQ((*behind)->base_offset(), Offset{8});
}

TEST_P(RecoveryTest, NeverGivesOffsetsAgainThatStandBehindDamage) {
  std::string bytes = WriteSegment(0, 10);
  const size_t one = bytes.size() / 10;
  bytes[one * 3 + 70] ^= 1;
  bytes[one * 7 + 70] ^= 1;
  disk_.Write(Log(0), bytes);

  // Offset 20 was written, though only those below 8 are known to be durable.
  const auto log = Recover({.recovery_point = Offset{8}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log->writer->segment()->base(), Offset{20});
  EXPECT_GE(disk_.files().Count(FileCall::kSync, Log(0)), 1);
  const auto clean = Recover({.clean_stop = true});
  ASSERT_THAT(clean, IsOk());
  EXPECT_EQ(EndOf(*clean), Offset{20});
}

TEST_P(RecoveryTest, KeepsADamagedSealedSegmentBelowTheRecoveryPoint) {
  std::string bytes = WriteSegment(0, 5);
  bytes[100] ^= 1;
  disk_.Write(Log(0), bytes);
  WriteSegment(10, 3);

  // The point lies within the first segment, behind the damage.
  const auto log = Recover({.recovery_point = Offset{6}});
  ASSERT_THAT(log, IsOk());
  ASSERT_THAT(log->sealed, SizeIs(1));
  EXPECT_EQ(log->sealed[0]->next(), Offset{10});
  EXPECT_EQ(EndOf(*log), Offset{16});
  EXPECT_EQ(disk_.Read(Log(0)), bytes);
  EXPECT_THAT(events_, SizeIs(1));
}

TEST_P(RecoveryTest, TellsAFailedReadFromDamage) {
  WriteSegment(0, 3);
  disk_.files().Fail(FileCall::kRead, ".log",
                     MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(Recover(), HasReason(Reason::kDiskFailed));
  disk_.files().Mend();
  EXPECT_THAT(disk_.Names(), ElementsAre(Log(0)));
}

// ---- Indexes

TEST_P(RecoveryTest, RebuildsIndexesAfterAnUncleanStop) {
  for (const int64_t base : {0, 200}) {
    std::string bytes;
    for (int64_t i = 0; i < 200; ++i) {
      bytes += test::BatchOfBytes(500, {kNow.ms + base + i})
                   .At(Offset{base + i})
                   .bytes();
    }
    disk_.Write(Log(base), bytes);
    disk_.Write(SegmentFileName(Offset{base}, kOffsetIndexSuffix), "rubbish");
  }
  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  for (const auto& segment : {log->sealed[0], log->writer->segment()}) {
    const auto index = segment->Index();
    ASSERT_THAT(index, IsOk());
    EXPECT_GT((*index)->offsets().size(), 10u);
    EXPECT_EQ(disk_.Read(SegmentFileName(segment->base(), kOffsetIndexSuffix)),
              (*index)->EncodeOffsets());
    EXPECT_EQ(disk_.Read(SegmentFileName(segment->base(), kTimeIndexSuffix)),
              (*index)->EncodeTimes());
  }
}

TEST_P(RecoveryTest, FindsTheEndWithoutIndexesAfterACleanStop) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  const auto log = Recover({.clean_stop = true});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(BatchesOf(*log), EveryOther(0, 16));
}

// A segment with an index entry for nearly each of its batches.
class IndexedRecovery : public RecoveryTest {
 protected:
  static constexpr int kBatches = 400;

  void SetUp() override {
    for (int64_t i = 0; i < kBatches; ++i) {
      const std::string batch =
          test::BatchOfBytes(5000, {kNow.ms + i}).At(Offset{i}).bytes();
      bytes_ += batch;
      batch_bytes_ = batch.size();
    }
    disk_.Write(Log(0), bytes_);
    ASSERT_THAT(Recover(), IsOk());
    offsets_ = *disk_.Read(kOffsets);
    times_ = *disk_.Read(kTimes);
    ASSERT_GT(offsets_.size(), 300 * OffsetEntry::kBytes);
  }
  // Where the entry of batch `at` stands; the first batch has none.
  static size_t EntryOf(size_t at) { return (at - 1) * OffsetEntry::kBytes; }
  void ExpectIndexesMade() {
    EXPECT_EQ(disk_.Read(kOffsets), offsets_);
    EXPECT_EQ(disk_.Read(kTimes), times_);
  }

  const std::string kOffsets = SegmentFileName(Offset{0}, kOffsetIndexSuffix);
  const std::string kTimes = SegmentFileName(Offset{0}, kTimeIndexSuffix);
  std::string bytes_;
  size_t batch_bytes_ = 0;
  std::string offsets_;
  std::string times_;
};

INSTANTIATE_TEST_SUITE_P(Disks, IndexedRecovery,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(IndexedRecovery, ReadsTheActiveSegmentFromTheRecoveryPointOn) {
  // Damage that a scan from the start would find.
  std::string damaged = bytes_;
  damaged[20 * batch_bytes_ + 100] ^= 1;
  disk_.Write(Log(0), damaged);
  const auto reads = [this] {
    return disk_.files().Count(FileCall::kRead, ".log");
  };
  const int before = reads();
  const auto log = Recover({.recovery_point = Offset{390}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{kBatches});
  EXPECT_THAT(events_, IsEmpty());
  // Two megabytes are eight pieces.
  EXPECT_LE(reads() - before, 6);
  ExpectIndexesMade();
}

TEST_P(IndexedRecovery, KeepsTheIndexAsFarAsTheRecoveryPoint) {
  // Entries that say what the batches above it do not; the last one is true.
  std::string stale = offsets_;
  for (size_t at = 350; at + 1 < kBatches; ++at) ++stale[EntryOf(at) + 7];
  for (const std::string& there :
       {offsets_.substr(0, EntryOf(200)), stale, offsets_.substr(0, 1001)}) {
    disk_.Write(kOffsets, there);
    disk_.Write(kTimes, times_);
    ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
    ExpectIndexesMade();
  }
}

TEST_P(IndexedRecovery, TakesNoTimesThatStandBehindTheOffsetsItKeeps) {
  disk_.Write(kOffsets, offsets_.substr(0, EntryOf(200)));
  // Of another log, once: from entry 250 on.
  std::string times = times_;
  for (size_t at = 250; at < kBatches; ++at) {
    ++times[(at - 1) * TimeEntry::kBytes + 7];
  }
  disk_.Write(kTimes, times);
  ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
  ExpectIndexesMade();
}

TEST_P(IndexedRecovery, BelievesNoIndexWhoseLastEntryLies) {
  std::string lies = offsets_;
  ++lies[EntryOf(299) + 7];
  disk_.Write(kOffsets, lies);
  ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
  ExpectIndexesMade();
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

TEST_P(RecoveryTest, LeavesTheFilesOfOthersAlone) {
  WriteSegment(0, 3);
  const std::vector<std::string> others = {
      "00000000000000000000.log.cut", "leader-epoch-checkpoint",
      "notes.deleted.txt", "partition.metadata",
      "00000000000000000004.snapshot"};
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
