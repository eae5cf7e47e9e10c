// Where recovery finds the end of a log: what it cuts, and what it keeps as
// damage and goes on behind.
#include "engine/log/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/cut_files.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/engine/log/recovery_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/old_message.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RecoveryTest : public test::RecoveryFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, RecoveryTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

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

// The log went on in the next segment, and a power loss brought it back.
TEST_P(RecoveryTest, CutsWhatAFailedWriteLeftBehindASegmentThatWasDurable) {
  const std::string whole = WriteSegment(0, 5);
  const std::string half = BatchAt(10).substr(0, 70);
  disk_.Write(Log(0), whole + half);
  WriteSegment(10, 3);
  for (const size_t cuts : {1, 0}) {
    const auto log = Recover({.recovery_point = Offset{10}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(BatchesOf(*log), EveryOther(0, 16));
    EXPECT_EQ(EndOf(*log), Offset{16});
    EXPECT_EQ(disk_.Read(Log(0)), whole);
    EXPECT_EQ(disk_.Read(Log(10) + ".cut"), half);
    // By the first one, and by no other.
    EXPECT_EQ(disk_.files().Count(FileCall::kSync, Log(0)), 1);
    EXPECT_THAT(events_, SizeIs(cuts * 2));
  }
}

TEST_P(RecoveryTest, CutsZerosBehindASegmentThatWasDurable) {
  const std::string whole = WriteSegment(0, 5);
  disk_.Write(Log(0), whole + std::string(100, '\0'));
  WriteSegment(10, 3);
  ASSERT_THAT(Recover({.recovery_point = Offset{10}}), IsOk());
  EXPECT_EQ(disk_.Read(Log(0)), whole);
  EXPECT_THAT(events_, IsEmpty());
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

// In a topic with gaps only the close knows which file had the rest.
TEST_P(RecoveryTest, NamesTheFileThatIsGoneWhereThatInFrontOfItIsWhole) {
  const auto bytes = static_cast<int64_t>(WriteSegment(0, 2).size());
  KnownLog known{.segments = {{Offset{0}, bytes}, {Offset{6}, 100}},
                 .end = Offset{8}};
  const RecoveryHints hints{
      .clean_stop = true, .known = &known, .recovery_point = Offset{8}};
  const auto gone = Recover(hints);
  ASSERT_THAT(gone, IsOk());
  EXPECT_THAT(gone->missing, ElementsAre(OffsetRange{Offset{6}, Offset{8}}));

  // It had more.
  for (const std::string& name : disk_.Names()) {
    if (name != Log(0)) disk_.Remove(name);
  }
  known.segments[0].bytes = bytes + 1;
  const auto both = Recover(hints);
  ASSERT_THAT(both, IsOk());
  EXPECT_THAT(both->missing, ElementsAre(OffsetRange{Offset{0}, Offset{8}}));
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

TEST_P(RecoveryTest, TakesTheGapsOfABrokersCleanerAlsoAboveTheRecoveryPoint) {
  disk_.Write(Log(0), BatchAt(0) + BatchAt(6));
  WriteSegment(20, 2);
  disk_.Write(Log(30), BatchAt(34));
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    const auto log = Recover({.is_brokers = true});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(BatchesOf(*log), (std::vector<int64_t>{0, 6, 20, 22, 34}));
    EXPECT_THAT(disk_.Names(".cut"), IsEmpty());
    EXPECT_THAT(events_, IsEmpty());
  }
}

// Once the tail is cut nothing in the file tells of it.
TEST_P(RecoveryTest, CutsABrokersSegmentOnceNothingFollowsIt) {
  const std::string torn = BatchAt(0) + BatchAt(2).substr(0, 40);
  disk_.Write(Log(0), torn);
  WriteSegment(20, 2);
  WriteSegment(30, 2);
  for (const int64_t stays : {30, 20}) {
    SCOPED_TRACE(stays);
    disk_.files().Fail(FileCall::kRename, Log(stays),
                       MakeError(Reason::kDiskFailed, "a bad sector"));
    EXPECT_THAT(Recover({.is_brokers = true}), HasReason(Reason::kDiskFailed));
    EXPECT_EQ(disk_.Read(Log(0)), torn);
    EXPECT_THAT(disk_.Names(), Contains(Log(20)));
    disk_.files().Mend();
  }
  const auto log = Recover({.is_brokers = true});

  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(BatchesOf(*log), (std::vector<int64_t>{0}));
  EXPECT_EQ(disk_.Read(Log(0)), BatchAt(0));
}

TEST_P(RecoveryTest, CutsABrokersSegmentWhoseTailIsTornOrZeros) {
  for (const std::string& tail :
       {BatchAt(2).substr(0, 40), std::string(9, 0)}) {
    WriteSegment(20, 2);
    disk_.Write(Log(0), BatchAt(0) + tail);

    const auto log = Recover({.is_brokers = true});

    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(BatchesOf(*log), (std::vector<int64_t>{0}));
    EXPECT_THAT(disk_.Names(".cut"), Contains(Log(20) + ".cut"));
    for (const std::string& name : disk_.Names()) disk_.Remove(name);
  }
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

// ---- What is whole, and not as expected

// What another release wrote, whole, at `base`.
std::vector<std::pair<std::string, std::string>> OtherFormats(int64_t base) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const char magic : {'\0', '\1'}) {
    all.emplace_back(fmt::format("magic {}", int{magic}),
                     test::OldMessage(Offset{base}, magic));
  }
  all.emplace_back("codec 7", test::Batch({"one"})
                                  .At(Offset{base})
                                  .With([](std::string& bytes) {
                                    bytes[layout::kAttributes + 1] = 7;
                                  })
                                  .bytes());
  return all;
}

TEST_P(RecoveryTest, RefusesWhatAnotherReleaseWroteInTheLastSegment) {
  for (const auto& [name, bytes] : OtherFormats(10)) {
    SCOPED_TRACE(name);
    disk_.Write(Log(0), WriteSegment(0, 5) + bytes + std::string(100, '\0'));
    const auto before = Contents();
    const auto log = Recover();
    EXPECT_THAT(log, HasReason(Reason::kUnsupportedFormat));
    EXPECT_THAT(log.status().ToString(),
                HasSubstr(fmt::format("{} at position", Log(0))));
    EXPECT_EQ(Contents(), before);
  }
}

TEST_P(RecoveryTest, RefusesWhatAnotherReleaseWroteInASealedSegment) {
  for (const auto& [name, bytes] : OtherFormats(10)) {
    SCOPED_TRACE(name);
    disk_.Write(Log(0), WriteSegment(0, 5) + bytes);
    WriteSegment(11, 2);
    const auto before = Contents();
    EXPECT_THAT(Recover(), HasReason(Reason::kUnsupportedFormat));
    EXPECT_EQ(Contents(), before);
  }
}

TEST_P(RecoveryTest, CutsWhatAnotherReleaseWroteByHalf) {
  for (const auto& [name, bytes] : OtherFormats(10)) {
    SCOPED_TRACE(name);
    disk_.Write(Log(0), WriteSegment(0, 5) + bytes.substr(0, bytes.size() - 1));
    const auto log = Recover();
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(EndOf(*log), Offset{10});
  }
}

// Of an offset that went astray nothing else tells, where no batch follows.
TEST_P(RecoveryTest, TakesNoGapAtTheEndOfALogThatHasNone) {
  const std::string bytes = WriteSegment(0, 3) + BatchAt(6 + (1 << 20));
  disk_.Write(Log(0), bytes);
  may_have_gaps_ = false;
  {
    const auto log = Recover();
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(EndOf(*log), Offset{6});
    EXPECT_EQ(BatchesOf(*log), EveryOther(0, 6));
  }
  disk_.Write(Log(0), bytes);
  may_have_gaps_ = true;
  const auto compacted = Recover();
  ASSERT_THAT(compacted, IsOk());
  EXPECT_EQ(EndOf(*compacted), Offset{8 + (1 << 20)});
}

// A repair takes damaged batches out of what was durable: a gap that those
// behind it agree with is one, and none below the recovery point is doubted.
TEST_P(RecoveryTest, TakesAGapThatARepairLeftInALogThatHasNoOthers) {
  may_have_gaps_ = false;
  disk_.Write(Log(0), WriteSegment(0, 3) + BatchAt(10) + BatchAt(12));
  {
    const auto log = Recover();
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(EndOf(*log), Offset{14});
  }
  disk_.Write(Log(0), WriteSegment(0, 3) + BatchAt(10));
  const auto log = Recover({.recovery_point = Offset{12}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{12});
}

TEST_P(RecoveryTest, AForeignFileInTheMiddleOfASegmentHidesAndCutsNothing) {
  const std::string whole = WriteSegment(0, 5);
  WriteSegment(10, 2);
  // In the middle of a batch, between two, and where the point is.
  for (const int64_t base : {1, 4, 6, 12}) {
    for (const std::string& bytes :
         {std::string("abc"), std::string(), std::string(100, '\0'),
          std::string(4096, 'x'), whole}) {
      disk_.Write(Log(base), bytes);
      for (const bool clean_stop : {true, false}) {
        for (const int64_t point : {0, 4, 10, 14}) {
          SCOPED_TRACE(fmt::format("{} bytes at {}, point {}", bytes.size(),
                                   base, point));
          const auto log = Recover(
              {.clean_stop = clean_stop, .recovery_point = Offset{point}});
          ASSERT_THAT(log, IsOk());
          EXPECT_EQ(BatchesOf(*log), EveryOther(0, 14));
          EXPECT_EQ(EndOf(*log), Offset{14});
          EXPECT_THAT(events_, ElementsAre(HasSubstr(disk_ / Log(base))));
          EXPECT_EQ(disk_.Read(Log(0)), whole);
          EXPECT_EQ(disk_.Read(Log(base)), bytes);
          EXPECT_THAT(disk_.Names(".cut"), IsEmpty());
          for (const std::string& name : disk_.Names("index")) {
            disk_.Remove(name);
          }
        }
      }
      disk_.Remove(Log(base));
    }
  }
}

// It may be foreign, and then what stands behind its name is no tail.
TEST_P(RecoveryTest, AFileThatCannotBeReadRefusesTheLogBeforeAnythingIsCut) {
  for (const int64_t base : {1, 4}) {
    WriteSegment(0, 5);
    WriteSegment(10, 2);
    disk_.Write(Log(base), "abc");
    const auto before = Contents();
    disk_.files().Fail(FileCall::kOpen, Log(base),
                       MakeError(Reason::kDiskFailed, "no"));
    for (const int64_t point : {0, 1, 4}) {
      EXPECT_THAT(Recover({.recovery_point = Offset{point}}),
                  HasReason(Reason::kDiskFailed));
    }
    // With the file that would be cut.
    EXPECT_THAT(Recover().status().ToString(), HasSubstr(disk_ / Log(0)));
    disk_.files().Mend();
    EXPECT_EQ(Contents(), before);
    disk_.Remove(Log(base));
  }
}

TEST_P(RecoveryTest, SaysWhatToDoAboutWhatIsNoFileInTheLastPlace) {
  WriteSegment(0, 5);
  WriteSegment(10, 2);
  disk_.files().Fail(FileCall::kOpen, Log(10),
                     absl::FailedPreconditionError("10.log: no regular file"));
  for (const bool clean : {true, false}) {
    const auto log =
        Recover({.clean_stop = clean, .recovery_point = Offset{14}});
    EXPECT_THAT(std::string(log.status().message()),
                AllOf(HasSubstr("no regular file"),
                      HasSubstr("cauce log repair put it aside")));
  }
}

// The log would go on at its name, and be full there.
TEST_P(RecoveryTest, AFileAboveTheEndOfAClosedLogMovesNoEnd) {
  WriteSegment(0, 5);
  disk_.Write(Log(INT64_MAX - 2), "abc");
  const auto log = Recover({.clean_stop = true, .recovery_point = Offset{10}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{10});
  EXPECT_EQ(disk_.Read(Log(INT64_MAX - 2) + ".cut"), "abc");
  EXPECT_THAT(events_, ElementsAre(HasSubstr(disk_ / Log(INT64_MAX - 2))));
}

// An end that was saved too low says nothing of what lies above.
TEST_P(RecoveryTest, TheEmptySegmentThatAClosedLogEndsInStays) {
  WriteSegment(0, 5);
  disk_.Write(Log(14), "");
  for (const int64_t point : {14, 0}) {
    const auto log =
        Recover({.clean_stop = true, .recovery_point = Offset{point}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(EndOf(*log), Offset{14});
    EXPECT_THAT(disk_.Names(".cut"), IsEmpty());
  }
}

// As after an append that found no room, and whose cutting back the power took
// back, once the log had gone on in the next segment.
TEST_P(RecoveryTest, KeepsAsideWhatStandsBehindTheNameOfTheNextSegment) {
  const std::string whole = WriteSegment(0, 5);
  const std::string kept = WriteSegment(0, 2);
  const std::string rest = whole.substr(kept.size());
  disk_.Write(Log(0), whole);
  WriteSegment(4, 1);
  for (const size_t cuts : {1, 0}) {
    const auto log = Recover({.recovery_point = Offset{2}});
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(BatchesOf(*log), EveryOther(0, 6));
    EXPECT_EQ(EndOf(*log), Offset{6});
    EXPECT_EQ(disk_.Read(Log(0)), kept);
    EXPECT_EQ(disk_.Read(Log(4) + ".cut"), rest);
    EXPECT_THAT(events_, SizeIs(cuts * 2));
  }
}

}  // namespace
}  // namespace cauce
