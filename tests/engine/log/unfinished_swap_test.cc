#include "engine/log/unfinished_swap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kDirectory[] = "/data/orders-0";
constexpr char kNone[] = "(none)";

std::string PathOf(std::string_view name) {
  return std::string(kDirectory) + '/' + std::string(name);
}

// Batches of one record at these offsets.
std::string Log(const std::vector<int64_t>& offsets) {
  std::string bytes;
  for (const int64_t offset : offsets)
    bytes += test::Batch({"a"}).At(Offset{offset}).bytes();
  return bytes;
}

void WriteDurably(FileSystem& disk, std::string_view name,
                  std::string_view bytes) {
  const auto file = disk.Open(PathOf(name), OpenMode::kOpenOrCreate);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  ASSERT_THAT((*file)->Sync(), IsOk());
  ASSERT_THAT(disk.SyncDirectory(kDirectory), IsOk());
}

std::string ReadIn(FileSystem& disk, std::string_view name) {
  const auto file = disk.Open(PathOf(name), OpenMode::kRead);
  if (!file.ok()) return kNone;
  std::string bytes(static_cast<size_t>((*file)->Size().value()), '\0');
  EXPECT_THAT((*file)->Read(0, bytes), IsOk());
  return bytes;
}

absl::Status EndIn(FileSystem& disk) {
  FilePool pool(disk, 64);
  return EndUnfinishedSwaps({&disk, &pool, kDirectory, Offset{0}, 4096}, {});
}

class UnfinishedSwap : public ::testing::TestWithParam<DiskKind> {
 protected:
  // A log of batches of one record at these offsets.
  void Write(int64_t base, std::string_view suffix,
             const std::vector<int64_t>& offsets) {
    std::string bytes;
    for (const int64_t offset : offsets) {
      bytes += test::Batch({suffix}).At(Offset{offset}).bytes();
    }
    disk_.Write(SegmentFileName(Offset{base}, suffix), bytes);
  }
  std::string File(int64_t base, std::string_view suffix) {
    return disk_.Read(SegmentFileName(Offset{base}, suffix)).value_or("(none)");
  }
  absl::Status TryToEnd(GivesWay gives_way = GivesWay::kGoes) {
    const EventSink events = [this](Severity, std::string_view line) {
      lines_.emplace_back(line);
    };
    return EndUnfinishedSwaps(disk_.Place(), events, gives_way);
  }
  void End(GivesWay gives_way = GivesWay::kGoes) {
    ASSERT_THAT(TryToEnd(gives_way), IsOk());
  }
  // The names without the zeros in front.
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const std::string& name : disk_.Names()) {
      names.push_back(name.substr(name.find_first_not_of('0', 0) - 1));
    }
    return names;
  }

  test::TestDisk disk_{GetParam()};
  std::vector<std::string> lines_;
};

INSTANTIATE_TEST_SUITE_P(Disks, UnfinishedSwap,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(UnfinishedSwap, TakesThePlaceOfAllThatItCovers) {
  Write(0, ".log", {0, 1, 2});
  Write(3, ".log", {3, 4});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  disk_.Write(SegmentFileName(Offset{0}, ".index"), "old");
  disk_.Write(SegmentFileName(Offset{3}, ".timeindex"), "old");
  disk_.Write(SegmentFileName(Offset{0}, ".index.swap"), "new");
  const std::string swap = File(0, ".log.swap");

  End();
  EXPECT_THAT(Names(), ElementsAre("0.index", "0.log", "05.log"));
  EXPECT_EQ(File(0, ".log"), swap);
  EXPECT_EQ(File(0, ".index"), "new");
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("taken the place")));
  // Again it finds nothing to do.
  End();
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_P(UnfinishedSwap, IsThereWhateverOfTheOldOnesIsLeft) {
  for (int left = 0; left < 4; ++left) {
    SCOPED_TRACE(left);
    if ((left & 1) != 0) Write(0, ".log", {0, 1, 2});
    if ((left & 2) != 0) Write(3, ".log", {3, 4});
    Write(5, ".log", {5});
    Write(0, ".log.swap", {2, 4});
    End();
    EXPECT_THAT(Names(), ElementsAre("0.log", "05.log"));
    disk_.Remove(SegmentFileName(Offset{0}, ".log"));
  }
}

// It would be taken for that of a log that is missed.
TEST_P(UnfinishedSwap, LeavesNoIndexOfALogThatWentAlone) {
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  for (const int64_t base : {0, 3, 5}) {
    disk_.Write(SegmentFileName(Offset{base}, ".index"), "old");
    disk_.Write(SegmentFileName(Offset{base}, ".txnindex"), "old");
  }
  disk_.Write(SegmentFileName(Offset{0}, ".txnindex.swap"), "");
  End();
  EXPECT_THAT(Names(),
              ElementsAre("0.log", "05.index", "05.log", "05.txnindex"));
}

// The stop came between that and its log's.
TEST_P(UnfinishedSwap, KeepsAListThatHasItsNameAlready) {
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  disk_.Write(SegmentFileName(Offset{0}, ".txnindex"), "new");
  disk_.Write(SegmentFileName(Offset{3}, ".txnindex"), "old");
  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "0.txnindex", "05.log"));
}

// As of a broker's, which makes none for a log without such transactions.
TEST_P(UnfinishedSwap, TakesTheListOfALogThatIsThereForAnOldOne) {
  Write(0, ".log", {0, 1, 2});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  disk_.Write(SegmentFileName(Offset{0}, ".txnindex"), "old");
  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "05.log"));
}

TEST_P(UnfinishedSwap, GoesItselfWhereItWasNotComplete) {
  Write(0, ".log", {0, 1, 2});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2});
  disk_.Write(SegmentFileName(Offset{0}, ".index.cleaned"), "new");
  const std::string log = File(0, ".log");

  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "05.log"));
  EXPECT_EQ(File(0, ".log"), log);
}

TEST_P(UnfinishedSwap, IsKeptAsideWhereItIsDamagedAndItsSourceIsThere) {
  Write(0, ".log", {0, 1, 2});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {1, 2});
  std::string bytes = File(0, ".log.swap");
  bytes.back() ^= 1;
  disk_.Write(SegmentFileName(Offset{0}, ".log.swap"), bytes);
  const std::string log = File(0, ".log");

  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "0.log.swap.cut", "05.log"));
  EXPECT_EQ(File(0, ".log"), log);
  EXPECT_EQ(File(0, ".log.swap.cut"), bytes);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("damaged")));
}

TEST_P(UnfinishedSwap, IsAllThereIsWhereItIsDamagedAndItsSourceIsGone) {
  Write(5, ".log", {5});
  Write(0, ".log.swap", {1, 2});
  std::string bytes = File(0, ".log.swap");
  bytes.back() ^= 1;
  disk_.Write(SegmentFileName(Offset{0}, ".log.swap"), bytes);

  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "05.log"));
  EXPECT_EQ(File(0, ".log"), bytes);
}

// They are whole, and what was to take their place is not: nothing goes for it.
TEST_P(UnfinishedSwap, GivesItsSourcesTheirNamesBackWhereItIsDamaged) {
  for (const GivesWay gives_way : {GivesWay::kGoes, GivesWay::kStays}) {
    const auto lay = [&] {
      for (const std::string& name : disk_.Names()) disk_.Remove(name);
      Write(0, ".log.deleted", {0, 1, 2});
      Write(3, ".log.deleted", {3, 4});
      Write(4, ".log.deleted", {4});  // of a pass before
      Write(5, ".log", {5});
      Write(0, ".log.swap", {2, 4});
      std::string bytes = File(0, ".log.swap");
      bytes.back() ^= 1;
      disk_.Write(SegmentFileName(Offset{0}, ".log.swap"), bytes);
      disk_.Write(SegmentFileName(Offset{0}, ".index.swap"), "new");
      disk_.Write(SegmentFileName(Offset{0}, ".txnindex"), "new");
      disk_.Write(SegmentFileName(Offset{0}, ".txnindex.deleted"), "old");
    };
    lay();
    const std::string first = File(0, ".log.deleted");
    const std::string second = File(3, ".log.deleted");
    int cuts = 0;
    for (bool was_cut = true; was_cut; ++cuts) {
      SCOPED_TRACE(cuts);
      lay();
      lines_.clear();
      disk_.files().FailAfter(cuts);
      was_cut = !TryToEnd(gives_way).ok();
      disk_.files().Mend();
      End(gives_way);
      EXPECT_EQ(File(0, ".log"), first);
      EXPECT_EQ(File(3, ".log"), second);
      EXPECT_EQ(File(0, ".txnindex"), "old");
      EXPECT_NE(File(0, ".log.swap.cut"), "(none)");
      EXPECT_EQ(File(0, ".log.swap"), "(none)");
      EXPECT_EQ(File(4, ".log"), "(none)");
      EXPECT_NE(File(5, ".log"), "(none)");
    }
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("part of the log again"),
                                    HasSubstr("part of the log again"),
                                    HasSubstr("damaged")));
    EXPECT_GT(cuts, 3);
  }
}

// It ends with a batch, and looks whole; of what lies in front of its end it
// has all.
TEST_P(UnfinishedSwap, GivesItsSourcesTheirNamesBackWhereItWasCutShort) {
  int cuts = 0;
  for (bool was_cut = true; was_cut; ++cuts) {
    SCOPED_TRACE(cuts);
    for (const std::string& name : disk_.Names()) disk_.Remove(name);
    Write(0, ".log.deleted", {0, 1, 2});
    Write(3, ".log.deleted", {3, 4});
    Write(5, ".log", {5});
    Write(0, ".log.swap", {2});
    const std::string swap = File(0, ".log.swap");
    const std::string first = File(0, ".log.deleted");
    const std::string second = File(3, ".log.deleted");
    disk_.files().FailAfter(cuts);
    was_cut = !TryToEnd().ok();
    disk_.files().Mend();
    End();
    EXPECT_THAT(File(0, ".log"), AnyOf(first, swap));
    EXPECT_EQ(File(3, ".log"), second);
    if (was_cut) continue;
    EXPECT_EQ(File(0, ".log"), first);
  }
  EXPECT_GT(cuts, 3);
}

TEST_P(UnfinishedSwap, KeepsRetiredSourcesWhereItIsDamagedAndTheFirstIsToo) {
  Write(0, ".log.deleted", {0, 1, 2});
  Write(3, ".log.deleted", {3, 4});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  for (const std::string_view suffix : {".log.swap", ".log.deleted"}) {
    std::string bytes = File(0, suffix);
    bytes.back() ^= 1;
    disk_.Write(SegmentFileName(Offset{0}, suffix), bytes);
  }
  const std::string swap = File(0, ".log.swap");
  const std::string first = File(0, ".log.deleted");
  const std::string second = File(3, ".log.deleted");

  End();
  EXPECT_EQ(File(0, ".log"), swap);
  EXPECT_EQ(File(0, ".log.deleted.cut"), first);
  EXPECT_EQ(File(3, ".log.deleted.cut"), second);
}

TEST_P(UnfinishedSwap, KeepsALogThatGivesWayToADamagedOne) {
  Write(2, ".log", {2});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {1, 2, 4});
  std::string bytes = File(0, ".log.swap");
  bytes.back() ^= 1;
  disk_.Write(SegmentFileName(Offset{0}, ".log.swap"), bytes);
  const std::string log = File(2, ".log");

  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "02.log.cut", "05.log"));
  EXPECT_EQ(File(2, ".log.cut"), log);
}

// Compaction leaves the last segment alone: who reaches into it is none of its.
TEST_P(UnfinishedSwap, NeverTakesTheLastSegment) {
  Write(0, ".log", {0, 1, 2});
  Write(3, ".log", {3, 4});
  Write(0, ".log.swap", {2, 4});
  const std::string last = File(3, ".log");

  End();
  EXPECT_THAT(Names(), ElementsAre("0.log", "0.log.swap.cut", "03.log"));
  EXPECT_EQ(File(3, ".log"), last);
}

// Of a topic that was never configured here.
TEST_P(UnfinishedSwap, RemovesNothingThatStays) {
  Write(0, ".log", {0, 1, 2});
  Write(3, ".log", {3, 4});
  Write(5, ".log", {5});
  Write(0, ".log.swap", {2, 4});
  Write(3, ".log.deleted", {3});
  disk_.Write(SegmentFileName(Offset{9}, ".log.cleaned"), "not complete");
  const std::string swap = File(0, ".log.swap");
  const std::string first = File(0, ".log");
  const std::string second = File(3, ".log");
  for (int again = 0; again < 2; ++again) {
    End(GivesWay::kStays);
    EXPECT_THAT(Names(),
                ElementsAre("0.log", "0.log.deleted", "03.log.cut",
                            "03.log.deleted", "05.log", "09.log.cleaned"));
    EXPECT_EQ(File(0, ".log"), swap);
    EXPECT_EQ(File(0, ".log.deleted"), first);
    EXPECT_EQ(File(3, ".log.cut"), second);
  }
}

TEST_P(UnfinishedSwap, EndsTheSameWhereverItWasCutShort) {
  for (const GivesWay gives_way : {GivesWay::kGoes, GivesWay::kStays}) {
    const auto lay = [&] {
      for (const std::string& name : disk_.Names()) disk_.Remove(name);
      Write(0, ".log", {0, 1, 2});
      Write(3, ".log", {3, 4});
      Write(5, ".log", {5});
      Write(0, ".log.swap", {2, 4});
      Write(7, ".log.swap", {7});
    };
    lay();
    const std::string swap = File(0, ".log.swap");
    End(gives_way);
    const std::vector<std::string> names = Names();
    int cuts = 0;
    for (bool was_cut = true; was_cut; ++cuts) {
      SCOPED_TRACE(cuts);
      lay();
      disk_.files().FailAfter(cuts);
      was_cut = !TryToEnd(gives_way).ok();
      disk_.files().Mend();
      End(gives_way);
      EXPECT_EQ(Names(), names);
      EXPECT_EQ(File(0, ".log"), swap);
    }
    EXPECT_GT(cuts, 5);
  }
}

// Without the `.cleaned` files it would look complete.
TEST_P(UnfinishedSwap, IsNotTakenForCompleteWhereItsRemovalWasCutShort) {
  const auto lay = [&] {
    for (const std::string& name : disk_.Names()) disk_.Remove(name);
    Write(0, ".log", {0, 1, 2, 3});
    Write(9, ".log", {9});
    disk_.Write(SegmentFileName(Offset{0}, ".log.cleaned"), "not complete");
    Write(2, ".log.swap", {2, 3});
  };
  int cuts = 0;
  for (bool was_cut = true; was_cut; ++cuts) {
    SCOPED_TRACE(cuts);
    lay();
    disk_.files().FailAfter(cuts);
    was_cut = !TryToEnd().ok();
    disk_.files().Mend();
    End();
    EXPECT_THAT(Names(), ElementsAre("0.log", "09.log"));
  }
  EXPECT_GT(cuts, 2);
}

// A compaction's process died behind the names of its swap and in front of
// their sync, and in what the next one does the power goes: that may take them
// back.
TEST(KilledSwap, TakesNothingAwayBeforeItsNamesAreDurable) {
  const std::string first = Log({0, 1, 2});
  const std::string second = Log({3, 4});
  const std::string swap = Log({2, 4});
  int cuts = 0;
  for (bool was_cut = true; was_cut; ++cuts) {
    SCOPED_TRACE(cuts);
    test::SimClock clock;
    test::FaultyDisk disk(clock);
    ASSERT_THAT(disk.CreateDirectories(kDirectory), IsOk());
    WriteDurably(disk, "00000000000000000000.log", first);
    WriteDurably(disk, "00000000000000000003.log", second);
    WriteDurably(disk, "00000000000000000005.log", Log({5}));
    WriteDurably(disk, "00000000000000000000.log.cleaned", swap);
    WriteDurably(disk, "00000000000000000000.index.cleaned", "index");
    for (const std::string_view name : {"index", "log"}) {
      const std::string path = PathOf("00000000000000000000.") +
                               std::string(name);
      ASSERT_THAT(disk.Rename(path + ".cleaned", path + ".swap"), IsOk());
    }
    disk.CutNow();
    disk.RestartProcess();

    disk.CutBefore(disk.changes() + cuts);
    was_cut = !EndIn(disk).ok();
    disk.CutNow();

    test::AllChoices all;
    do {
      const auto after = disk.Copy();
      after->Restart(all);
      ASSERT_THAT(EndIn(*after), IsOk());
      const std::string found = ReadIn(*after, "00000000000000000000.log");
      const std::string behind = ReadIn(*after, "00000000000000000003.log");
      EXPECT_TRUE((found == first && behind == second) ||
                  (found == swap && behind == kNone))
          << found.size() << " and " << behind.size() << " bytes";
    } while (all.Next());
  }
  EXPECT_GT(cuts, 5);
}

TEST_P(UnfinishedSwap, LeavesNothingBehindOfWhatWasNotFinished) {
  Write(0, ".log", {0});
  for (const std::string_view name :
       {".log.cleaned", ".index.cleaned", ".timeindex.cleaned", ".index.swap",
        ".timeindex.swap"}) {
    disk_.Write(SegmentFileName(Offset{7}, name), "x");
  }
  End();
  EXPECT_THAT(Names(), ElementsAre("0.log"));
  EXPECT_THAT(lines_, IsEmpty());
}

}  // namespace
}  // namespace cauce
