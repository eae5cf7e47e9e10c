#include "engine/log/partition_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Segments at 0, 4 and 8, of two batches of two records each.
class PartitionCheckSuite : public ::testing::Test {
 protected:
  PartitionCheckSuite() {
    const test::OwnedBatch batch = test::Batch({"a", "b"});
    for (const int64_t base : {0, 4, 8}) {
      disk_.Write(
          SegmentFileName(Offset{base}, kLogSuffix),
          batch.At(Offset{base}).bytes() + batch.At(Offset{base + 2}).bytes());
      disk_.Write(SegmentFileName(Offset{base}, kOffsetIndexSuffix), "");
      disk_.Write(SegmentFileName(Offset{base}, kTimeIndexSuffix), "");
    }
    partition_.directory = disk_.directory();
    partition_.bounds.durable = Offset{12};
    now_ = partition_.bounds;
    partition_.bounds_now = [this] { return now_; };
  }

  absl::Status Check() {
    findings_.clear();
    summary_ = {};
    const SegmentCheck::Found found = [this](const Finding& finding) {
      findings_.push_back(finding);
    };
    return PartitionCheck(disk_.files(), partition_, summary_, found, nullptr)
        .Run();
  }

  static auto Is(Gravity gravity, int64_t offset) {
    return AllOf(Field("gravity", &Finding::gravity, gravity),
                 Field("offset", &Finding::offset, Offset{offset}));
  }

  test::TestDisk disk_;
  PartitionToCheck partition_;
  PartitionToCheck::Bounds now_;
  std::vector<Finding> findings_;
  VerifySummary summary_;
};

// No opening ends it where nobody has configured the topic.
TEST_F(PartitionCheckSuite, ChecksAPartitionBesideASwapThatWasNotComplete) {
  disk_.Write(SegmentFileName(Offset{2}, kSwapLogSuffix),
              test::Batch({"a", "b"}).At(Offset{2}).bytes());
  EXPECT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 2)));
  disk_.Write(SegmentFileName(Offset{0}, kCleanedLogSuffix), "not whole");
  EXPECT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
  EXPECT_EQ(summary_.segments, 3);
}

// A stop in the middle of a swap says nothing of them.
TEST_F(PartitionCheckSuite, FindsDamageInSegmentsBesideASwap) {
  disk_.Write(SegmentFileName(Offset{4}, kSwapLogSuffix),
              test::Batch({"a", "b"}).At(Offset{4}).bytes());
  EXPECT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
  for (const int64_t damaged : {0, 4, 8}) {
    SCOPED_TRACE(damaged);
    const std::string name = SegmentFileName(Offset{damaged}, kLogSuffix);
    const std::string whole = *disk_.Read(name);
    std::string broken = whole;
    broken[70] = static_cast<char>(broken[70] ^ 1);
    disk_.Write(name, broken);
    EXPECT_THAT(Check(), IsOk());
    // What the swap takes the place of nobody reads any more.
    if (damaged == 4) {
      EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
    } else {
      EXPECT_THAT(findings_, Contains(Is(Gravity::kNote, 4)));
      EXPECT_THAT(findings_, Contains(Is(Gravity::kDamage, damaged)));
    }
    disk_.Write(name, whole);
  }
}

// The next opening sets it aside: its sources stay segments of the log.
TEST_F(PartitionCheckSuite, FindsDamageInTheSourcesOfASwapThatIsRefused) {
  const std::string swap = SegmentFileName(Offset{4}, kSwapLogSuffix);
  const std::string first = test::Batch({"a", "b"}).At(Offset{4}).bytes();
  const std::string both = first + test::Batch({"c"}).At(Offset{7}).bytes();
  std::string flipped = both;
  flipped[70] ^= 1;
  const std::string beyond = test::Batch({"a", "b"}).At(Offset{9}).bytes();
  const std::string source = SegmentFileName(Offset{4}, kLogSuffix);
  const std::string whole = *disk_.Read(source);
  std::string broken = whole;
  broken[first.size() + 70] ^= 1;
  for (const std::string& refused :
       {std::string(), first, flipped, first + "rubbish",
        first + std::string(100, '\0'), first + beyond}) {
    SCOPED_TRACE(refused.size());
    disk_.Write(swap, refused);
    disk_.Write(source, whole);
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
    EXPECT_EQ(summary_.segments, 3);
    disk_.Write(source, broken);
    ASSERT_THAT(Check(), IsOk());
    // One that ends where its source is damaged says as much as that one does.
    const bool is_taken = refused == first;
    EXPECT_EQ(summary_.damages, is_taken ? 0 : 1);
  }
}

// No other file has these records under a log's name.
TEST_F(PartitionCheckSuite, FindsDamageInASwapOfWhichTheSourceIsGone) {
  const std::string source = SegmentFileName(Offset{4}, kLogSuffix);
  const std::string swap = SegmentFileName(Offset{4}, kSwapLogSuffix);
  const std::string whole = *disk_.Read(source);
  disk_.Remove(source);
  const auto batch = static_cast<int64_t>(whole.size() / 2);
  disk_.Write(swap, whole);
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
  std::string broken = whole;
  broken[static_cast<size_t>(batch) + 70] ^= 1;
  for (const auto& [bytes, position, offset] :
       {std::tuple(broken, batch, 6),
        std::tuple(whole + std::string(100, '\0'), 2 * batch, 8),
        std::tuple(std::string(), int64_t{0}, 4)}) {
    SCOPED_TRACE(bytes.size());
    disk_.Write(swap, bytes);
    ASSERT_THAT(Check(), IsOk());
    ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4),
                                       Is(Gravity::kDamage, offset)));
    EXPECT_THAT(findings_[1].file, HasSubstr(swap));
    EXPECT_EQ(findings_[1].position, position);
  }
}

// A power loss keeps their names and cuts what was to take their place.
TEST_F(PartitionCheckSuite, FindsWhatAShortSwapLacksOfItsDeletedSources) {
  const std::string swap = SegmentFileName(Offset{4}, kSwapLogSuffix);
  const std::string deleted = SegmentFileName(Offset{4}, kDeletedLogSuffix);
  const std::string source = SegmentFileName(Offset{4}, kLogSuffix);
  const std::string whole = *disk_.Read(source);
  const std::string first = whole.substr(0, whole.size() / 2);
  disk_.Remove(source);
  disk_.Write(swap, first);
  disk_.Write(deleted, whole);
  // It gets its name back, and nothing is lost.
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
  // Of two the second goes on behind it, and the first is gone.
  const std::string second = SegmentFileName(Offset{6}, kDeletedLogSuffix);
  disk_.Write(second, test::Batch({"c", "d"}).At(Offset{6}).bytes());
  disk_.Remove(deleted);
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4),
                                     Is(Gravity::kDamage, 6)));
  EXPECT_THAT(findings_[1].file, HasSubstr(swap));
  // What is taken back is looked at as well.
  disk_.Write(deleted, first);
  disk_.Write(second, test::Batch({"c", "d"}).At(Offset{6}).bytes() + "torn");
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4),
                                     Is(Gravity::kDamage, 8)));
  EXPECT_THAT(findings_[1].file, HasSubstr(second));
  // One that has all of them needs none.
  disk_.Write(swap, whole);
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 4)));
}

TEST_F(PartitionCheckSuite, SaysThatASwapCannotBeReadForWantOfAFile) {
  const std::string swap = SegmentFileName(Offset{4}, kSwapLogSuffix);
  disk_.Write(swap, *disk_.Read(SegmentFileName(Offset{4}, kLogSuffix)));
  disk_.files().Fail(FileCall::kOpen, swap,
                     absl::ResourceExhaustedError("too many open files"));
  EXPECT_TRUE(absl::IsResourceExhausted(Check()));
}

// A checkpoint that is lost says that nothing was durable.
TEST_F(PartitionCheckSuite, FindsAGapInAClosedLogWhateverWasSavedAsDurable) {
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    disk_.Remove(SegmentFileName(Offset{4}, suffix));
  }
  bool opened = false;
  partition_.clean_stop = true;
  partition_.may_have_gaps = false;
  partition_.opened_since = [&] { return opened; };
  for (const int64_t durable : {12, 4, 0}) {
    SCOPED_TRACE(durable);
    partition_.bounds.durable = Offset{durable};
    now_ = partition_.bounds;
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 4)));
  }
  // Whoever has opened it may be cutting it.
  opened = true;
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
}

// Whoever opened the directory before a repair would have it put aside.
TEST_F(PartitionCheckSuite, SaysToRepairFirstWhereTheLastSegmentIsMisnamed) {
  const std::string last = SegmentFileName(Offset{8}, kLogSuffix);
  const std::string bytes = *disk_.Read(last);
  disk_.Remove(last);
  for (const int64_t name : {9, 12, 9999}) {
    disk_.Write(SegmentFileName(Offset{name}, kLogSuffix), bytes);
    for (const bool clean : {true, false}) {
      for (const bool may_have_gaps : {true, false}) {
        // Where it was durable, and where nothing was.
        for (const int64_t durable : {12, 0}) {
          SCOPED_TRACE(fmt::format("{} clean {} gaps {} durable {}", name,
                                   clean, may_have_gaps, durable));
          partition_.clean_stop = clean;
          partition_.may_have_gaps = may_have_gaps;
          partition_.bounds.durable = Offset{durable};
          now_ = partition_.bounds;
          ASSERT_THAT(Check(), IsOk());
          EXPECT_THAT(findings_,
                      Contains(AllOf(Is(Gravity::kDamage, name),
                                     Field("advice", &Finding::advice,
                                           HasSubstr("log repair before")))));
          EXPECT_THAT(findings_,
                      Contains(AllOf(Field("file", &Finding::file,
                                           HasSubstr("08.index")),
                                     Field("advice", &Finding::advice,
                                           HasSubstr("log repair before")))));
          EXPECT_THAT(findings_,
                      Each(Field("advice", &Finding::advice,
                                 Not(HasSubstr("nothing: ")))));
        }
      }
    }
    disk_.Remove(SegmentFileName(Offset{name}, kLogSuffix));
  }
}

TEST_F(PartitionCheckSuite, FindsNothingWrongWithAWholePartition) {
  for (const bool clean : {true, false}) {
    partition_.clean_stop = clean;
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_, IsEmpty());
    EXPECT_EQ(summary_.segments, 3);
    EXPECT_EQ(summary_.batches, 6);
  }
}

TEST_F(PartitionCheckSuite, MissesALogWhoseIndexIsStillThere) {
  disk_.Remove(SegmentFileName(Offset{4}, kLogSuffix));
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 4)));
  EXPECT_EQ(summary_.damages, 1);

  disk_.Remove(SegmentFileName(Offset{4}, kOffsetIndexSuffix));
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 4)));
}

// As a stop leaves it where there was no room to save the start.
TEST_F(PartitionCheckSuite, MissesNoLogThatRetentionHasTaken) {
  for (const int64_t base : {0, 4}) {
    const std::string name = SegmentFileName(Offset{base}, kLogSuffix);
    disk_.Write(name + ".deleted", *disk_.Read(name));
    disk_.Remove(name);
    ASSERT_THAT(Check(), IsOk());
    EXPECT_EQ(summary_.damages, 0);
    EXPECT_THAT(findings_, Contains(AllOf(Is(Gravity::kNote, base),
                                          Field("advice", &Finding::advice,
                                                HasSubstr("was deleted")))));
  }
  // In the midst of a log nobody deletes.
  disk_.Write(SegmentFileName(Offset{0}, kLogSuffix),
              test::Batch({"a", "b", "c", "d"}).At(Offset{0}).bytes());
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 4)));
}

TEST_F(PartitionCheckSuite, MissesTheLastLogTwice) {
  // Its index says which it was, the recovery point how far it went.
  disk_.Remove(SegmentFileName(Offset{8}, kLogSuffix));
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kDamage, 8), Is(Gravity::kDamage, 8)));
}

// Another log's, say, is in the place of the last one: its index leads astray.
TEST_F(PartitionCheckSuite, MissesTheEndWhereAnIndexIsWrongToo) {
  const test::OwnedBatch batch = test::Batch({"a"});
  disk_.Write(
      SegmentFileName(Offset{8}, kLogSuffix),
      batch.At(Offset{8}).bytes() + batch.At(Offset{9}).bytes());
  // Offset 9, relative to the base, within the first batch.
  const std::string index = SegmentFileName(Offset{8}, kOffsetIndexSuffix);
  disk_.Write(index, std::string("\0\0\0\1\0\0\0\20", 8));
  partition_.clean_stop = true;
  partition_.opened_since = [] { return false; };

  ASSERT_THAT(Check(), IsOk());

  EXPECT_THAT(findings_,
              ElementsAre(AllOf(Is(Gravity::kDamage, 10),
                                Field("what", &Finding::what,
                                      HasSubstr("were durable"))),
                          AllOf(Field("file", &Finding::file,
                                      HasSubstr(".index")),
                                Field("advice", &Finding::advice,
                                      AllOf(HasSubstr("keep it"),
                                            Not(HasSubstr("delete")))))));
}

// It would be read for days.
TEST_F(PartitionCheckSuite, ReadsNoIndexThatIsLargerThanAnyToItsEnd) {
  const std::string name = SegmentFileName(Offset{8}, kTimeIndexSuffix);
  const auto file = disk_.files().Open(disk_.directory() + "/" + name,
                                       OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Truncate(int64_t{1} << 50), IsOk());

  ASSERT_THAT(Check(), IsOk());

  EXPECT_THAT(findings_,
              ElementsAre(AllOf(Field("file", &Finding::file, HasSubstr(name)),
                                Field("what", &Finding::what,
                                      HasSubstr("1125899906842624 bytes")))));
}

TEST_F(PartitionCheckSuite, NotesWhatADeletionOrACutLeft) {
  disk_.Remove(SegmentFileName(Offset{0}, kLogSuffix));
  partition_.bounds.log_start = now_.log_start = Offset{4};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 0)));

  disk_.Remove(SegmentFileName(Offset{8}, kLogSuffix));
  partition_.bounds.durable = now_.durable = Offset{8};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_,
              ElementsAre(Is(Gravity::kNote, 0), Is(Gravity::kNote, 8)));
  EXPECT_EQ(summary_.damages, 0);
}

// No recovery point is saved with every sync: what lies above it may have been
// acknowledged, and recovery cuts it off behind what it takes for torn.
TEST_F(PartitionCheckSuite, CallsNoEndTornInFrontOfWholeBatches) {
  partition_.clean_stop = false;
  partition_.may_have_gaps = false;
  partition_.bounds.durable = now_.durable = Offset{2};
  const std::string second = SegmentFileName(Offset{4}, kLogSuffix);
  const std::string whole = *disk_.Read(second);
  for (const size_t bytes : {whole.size() - 5, whole.size() / 2}) {
    disk_.Write(second, whole.substr(0, bytes));
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_,
                ElementsAre(AllOf(Is(Gravity::kDamage, 6),
                                  Field(&Finding::advice, kRepairFirst))));
  }
  disk_.Write(second, whole);

  const std::string last = SegmentFileName(Offset{8}, kLogSuffix);
  disk_.Write(last, whole.substr(0, whole.size() / 2 - 5));
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 8)));
  // With nothing behind it that is whole any end may be torn.
  disk_.Write(second, whole.substr(0, whole.size() - 5));
  ASSERT_THAT(Check(), IsOk());
  EXPECT_EQ(summary_.damages, 0);
}

// A writer at work saves its bounds, and then cuts or deletes.
TEST_F(PartitionCheckSuite, BelievesTheBoundsAsTheyAreByNow) {
  disk_.Remove(SegmentFileName(Offset{0}, kLogSuffix));
  now_.log_start = Offset{4};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 0)));

  disk_.Remove(SegmentFileName(Offset{8}, kLogSuffix));
  now_.durable = Offset{8};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_EQ(summary_.damages, 0);
}

TEST_F(PartitionCheckSuite, MissesTheFirstSegmentWhereTheStartIsKnown) {
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    disk_.Remove(SegmentFileName(Offset{0}, suffix));
  }
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());

  partition_.start_is_known = true;
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 0)));
  EXPECT_THAT(findings_[0].what, HasSubstr("begins at offset 4"));

  // Retention at work.
  now_.log_start = Offset{5};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(PartitionCheckSuite, FindsAStartBehindTheEnd) {
  now_.log_start = partition_.bounds.log_start = Offset{12};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());

  now_.log_start = partition_.bounds.log_start = Offset{700};
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kNote, 12)));
  partition_.clean_stop = true;
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 12)));
  EXPECT_THAT(findings_[0].what, HasSubstr("ends at offset 12"));
  EXPECT_THAT(findings_[0].what, HasSubstr("at offset 700"));
}

TEST_F(PartitionCheckSuite, FindsADirectoryThatIsCalledAsALogIs) {
  const std::string name = SegmentFileName(Offset{12}, kLogSuffix);
  ASSERT_THAT(disk_.real_files().CreateDirectories(disk_ / name), IsOk());
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 12)));
}

// What is missing there is told with it, and counted once.
TEST_F(PartitionCheckSuite, FindsADirectoryInTheMiddleOrAtTheEndOnce) {
  partition_.clean_stop = true;
  partition_.may_have_gaps = false;
  partition_.bounds.durable = Offset{12};
  for (const int64_t base : {4, 8}) {
    SCOPED_TRACE(base);
    const std::string name = SegmentFileName(Offset{base}, kLogSuffix);
    FileSystem& files = disk_.real_files();
    ASSERT_THAT(files.Rename(disk_ / name, disk_ / "away"), IsOk());
    ASSERT_THAT(files.CreateDirectories(disk_ / name), IsOk());
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, base)));
    EXPECT_EQ(findings_[0].file, disk_ / name);
    EXPECT_THAT(findings_[0].what, HasSubstr("a directory stands"));
    EXPECT_EQ(summary_.damages, 1);
    ASSERT_THAT(files.RemoveDirectory(disk_ / name), IsOk());
    ASSERT_THAT(files.Rename(disk_ / "away", disk_ / name), IsOk());
  }
}

TEST_F(PartitionCheckSuite, HasNothingToSayOfAPartitionThatIsGone) {
  partition_.directory = disk_ / "elsewhere";
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(PartitionCheckSuite, FindsAFileThatIsOnlyNamedLikeASegmentAndNoMore) {
  disk_.Write(SegmentFileName(Offset{5}, kLogSuffix), "abc");
  for (const bool clean : {true, false}) {
    partition_.clean_stop = clean;
    ASSERT_THAT(Check(), IsOk());
    EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 5)));
    EXPECT_EQ(summary_.batches, 6);
  }
}

TEST_F(PartitionCheckSuite, FindsAFileAboveTheEndOfALogThatWasClosed) {
  disk_.Write(SegmentFileName(Offset{50}, kLogSuffix), "");
  partition_.clean_stop = true;
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 50)));
  EXPECT_EQ(summary_.segments, 3);
}

// Whoever moved it away would lose them.
TEST_F(PartitionCheckSuite, SaysThatAFileAboveTheEndIsASegmentByAnotherName) {
  const std::string second = SegmentFileName(Offset{4}, kLogSuffix);
  disk_.Write(SegmentFileName(Offset{50}, kLogSuffix), *disk_.Read(second));
  for (const auto suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    disk_.Remove(SegmentFileName(Offset{4}, suffix));
  }
  partition_.clean_stop = true;
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 50)));
  EXPECT_THAT(findings_[0].what, HasSubstr("begins at offset 4"));
  EXPECT_THAT(findings_[0].advice, HasSubstr("run cauce log repair"));

  // Killed, it is in front of what an opening would cut off.
  partition_.clean_stop = false;
  ASSERT_THAT(Check(), IsOk());
  ASSERT_THAT(findings_, ElementsAre(Is(Gravity::kDamage, 50)));
  EXPECT_THAT(findings_[0].what, Not(HasSubstr("no whole batch")));
  EXPECT_EQ(findings_[0].advice, kRepairFirst);
}

// A read that fails once, wherever it does, is no damage of the files around
// it: taken for a segment, a stray file would make records be missing.
TEST_F(PartitionCheckSuite, SaysWhereAFailedReadHidesWhetherAFileIsASegment) {
  struct Stray {
    int64_t base;
    int64_t host;
  };
  partition_.clean_stop = true;
  partition_.may_have_gaps = false;
  for (const Stray& stray : {Stray{5, 4}, Stray{50, 8}}) {
    const std::string name = SegmentFileName(Offset{stray.base}, kLogSuffix);
    disk_.Write(name, stray.base == 5 ? "abc" : "");
    for (const int64_t unread : {stray.base, stray.host}) {
      const std::string file = SegmentFileName(Offset{unread}, kLogSuffix);
      int hidden = 0;
      const int before = disk_.files().Count(FileCall::kOpen, file);
      ASSERT_THAT(Check(), IsOk());
      const int opens = disk_.files().Count(FileCall::kOpen, file) - before;
      for (int good = 0; good < opens; ++good) {
        SCOPED_TRACE(fmt::format("{}: opening {} of {}", name, good, file));
        disk_.files().Fail(FileCall::kOpen, file,
                           MakeError(Reason::kDiskFailed, "bad sector"), good,
                           1);
        ASSERT_THAT(Check(), IsOk());
        EXPECT_THAT(findings_, Not(IsEmpty()));
        for (const Finding& finding : findings_) {
          EXPECT_THAT(
              finding,
              AnyOf(Field("file", &Finding::file, disk_ / name),
                    Field("what", &Finding::what, HasSubstr("bad sector"))));
        }
        hidden += static_cast<int>(
            std::ranges::count_if(findings_, [&](const Finding& finding) {
              return finding.file == disk_ / name &&
                     finding.what.ends_with("bad sector");
            }));
        disk_.files().Mend();
      }
      EXPECT_GT(hidden, 0) << name << " " << file;
    }
    disk_.Remove(name);
  }
}

TEST_F(PartitionCheckSuite, SaysOfAnIndexAboveTheEndWhatBecameOfItsSegment) {
  const std::string last = SegmentFileName(Offset{8}, kLogSuffix);
  const std::string bytes = *disk_.Read(last);
  disk_.Remove(last);
  partition_.bounds.durable = Offset{8};
  now_ = partition_.bounds;
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(AllOf(Is(Gravity::kNote, 8),
                                           Field("advice", &Finding::advice,
                                                 HasSubstr("was deleted")))));
  disk_.Write(last + ".cut", bytes);
  ASSERT_THAT(Check(), IsOk());
  EXPECT_THAT(findings_, ElementsAre(AllOf(Is(Gravity::kNote, 8),
                                           Field("advice", &Finding::advice,
                                                 HasSubstr("08.log.cut")))));
}

}  // namespace
}  // namespace cauce
