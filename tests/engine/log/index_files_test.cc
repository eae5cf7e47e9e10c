#include "engine/log/index_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tests/testing/choices.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::RandomChoices;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

void WriteDurably(FileSystem& files, const std::string& path,
                  std::string_view bytes) {
  const auto file = files.Open(path, OpenMode::kOpenOrCreate);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Write(0, bytes), IsOk());
  ASSERT_THAT((*file)->Sync(), IsOk());
  ASSERT_THAT(files.SyncDirectory("/d"), IsOk());
}

// Nothing where there is none.
std::optional<std::string> ContentOf(FileSystem& files,
                                     const std::string& path) {
  const auto file = files.Open(path, OpenMode::kRead);
  if (!file.ok()) return std::nullopt;
  std::string bytes(static_cast<size_t>(*(*file)->Size()), '\0');
  EXPECT_THAT((*file)->Read(0, bytes), test::IsOkAndHolds(bytes.size()));
  return bytes;
}

class IndexFilesTest : public ::testing::Test {
 protected:
  // Every batch gets an entry in each index, but the first.
  void Add(SegmentIndex& index, int batches) {
    for (int i = 0; i < batches; ++i, ++next_) {
      index.Add({.last = Offset{next_},
                 .max_timestamp = Timestamp{1000 + next_},
                 .bytes = 100,
                 .position = next_ * 100});
    }
  }
  void ExpectWritten(const SegmentIndex& index) {
    EXPECT_EQ(disk_.Read("0.index"), index.EncodeOffsets());
    EXPECT_EQ(disk_.Read("0.timeindex"), index.EncodeTimes());
  }
  std::vector<std::string> ChangesSince(size_t before) {
    const auto all = disk_.files().changes();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }

  test::TestDisk disk_;
  IndexFiles written_{disk_.files(), disk_ / "0.index", disk_ / "0.timeindex"};
  SegmentIndex index_{Offset{0}, 50};
  int64_t next_ = 0;
};

TEST_F(IndexFilesTest, HoldTheWholeIndex) {
  Add(index_, 10);
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
  EXPECT_EQ(disk_.Read("0.index")->size(), 9 * OffsetEntry::kBytes);
  Add(index_, 3);
  index_.Seal();
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
}

TEST_F(IndexFilesTest, OfAnEmptyIndexAreEmpty) {
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ""), 0);
}

TEST_F(IndexFilesTest, TimesAreDurableBeforeAnOffsetIsWritten) {
  Add(index_, 5);
  ASSERT_THAT(written_.Write(index_), IsOk());
  EXPECT_THAT(disk_.files().changes(),
              ::testing::IsSupersetOf({"sync " + (disk_ / "0.timeindex")}));
  const auto changes = disk_.files().changes();
  const auto at = [&](const std::string& change) {
    return std::ranges::find(changes, change) - changes.begin();
  };
  EXPECT_LT(at("sync " + (disk_ / "0.timeindex")),
            at("write " + (disk_ / "0.index")));

  disk_.files().Fail(FileCall::kSync, ".timeindex",
                     MakeError(Reason::kDiskFailed, "no"));
  Add(index_, 5);
  const auto offsets = disk_.Read("0.index");
  EXPECT_THAT(written_.Write(index_), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(disk_.Read("0.index"), offsets);
  disk_.files().Mend();
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
}

TEST_F(IndexFilesTest, TimesThatAFailedSyncMayHaveLostAreWrittenAgain) {
  test::SimClock clock;
  test::FaultyDisk disk(clock);
  IndexFiles written(disk, "/0.index", "/0.timeindex");
  disk.set_plan([](test::DiskCall call, std::string_view, int64_t) {
    return call == test::DiskCall::kSync ? MakeError(Reason::kDiskFailed, "no")
                                         : absl::OkStatus();
  });
  Add(index_, 500);
  ASSERT_THAT(written.Write(index_), HasReason(Reason::kDiskFailed));
  disk.set_plan(nullptr);
  ASSERT_THAT(written.Write(index_), IsOk());
  ASSERT_THAT(disk.SyncDirectory("/"), IsOk());
  disk.CutNow();
  AlikeButOne nothing(AlikeButOne::Answer::kFirst);
  disk.Restart(nothing);
  const auto file = disk.Open("/0.timeindex", OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  std::string bytes(499 * TimeEntry::kBytes, '\0');
  ASSERT_THAT((*file)->Read(0, bytes), test::IsOkAndHolds(bytes.size()));
  EXPECT_EQ(bytes, index_.EncodeTimes());
}

// Their caller was to sync them, and has not: it failed, or is yet to come.
TEST_F(IndexFilesTest, AnOffsetWaitsForTimesThatWereWrittenAndNotSynced) {
  for (const bool is_live : {false, true}) {
    SCOPED_TRACE(is_live);
    Add(index_, 5);
    ASSERT_THAT(written_.WriteTimes(index_), IsOk());
    const size_t before = disk_.files().changes().size();
    ASSERT_THAT(is_live ? written_.WriteLive(index_) : written_.Write(index_),
                IsOk());
    EXPECT_THAT(ChangesSince(before),
                ElementsAre("write " + (disk_ / "0.timeindex"),
                            "sync " + (disk_ / "0.timeindex"),
                            "write " + (disk_ / "0.index")));
  }
  // Once is enough.
  const int syncs = disk_.files().Count(FileCall::kSync, "");
  ASSERT_THAT(written_.Write(index_), IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, ""), syncs);
  ExpectWritten(index_);
}

// A reader takes entries by offset to say that those by time are there.
TEST_F(IndexFilesTest, OffsetsNeverOutliveTimesThatAreMadeAnew) {
  Add(index_, 200);  // more times than a sector holds
  const std::string times = index_.EncodeTimes();
  const std::string offsets = index_.EncodeOffsets();
  const std::optional<std::string> other = std::string(times.size(), 'x');
  for (const auto& before : {std::optional<std::string>(), other}) {
    bool was_cut = true;
    for (int64_t cut = 0; was_cut; ++cut) {
      SCOPED_TRACE(fmt::format("{} before, cut before change {}",
                               before ? "others" : "none", cut));
      test::SimClock clock;
      test::FaultyDisk disk(clock);
      ASSERT_THAT(disk.CreateDirectory("/d"), IsOk());
      ASSERT_THAT(disk.SyncDirectory("/"), IsOk());
      WriteDurably(disk, "/d/0.index", offsets);
      if (before) WriteDurably(disk, "/d/0.timeindex", *before);
      disk.CutBefore(disk.changes() + cut);
      IndexFiles written(disk, "/d/0.index", "/d/0.timeindex");
      const absl::Status made = written.WriteAnew(index_);
      was_cut = disk.is_cut();
      EXPECT_EQ(made.ok(), !was_cut);
      disk.CutNow();
      RandomChoices choices(7);
      for (int i = 0; i < 50; ++i) {
        choices.Turn();
        const auto left = disk.Copy();
        left->Restart(choices);
        const auto found = ContentOf(*left, "/d/0.timeindex");
        const bool has_offsets =
            !ContentOf(*left, "/d/0.index").value_or("").empty();
        // Without its file of times nobody believes one of offsets. What was
        // there before may be there still.
        EXPECT_TRUE(!has_offsets || !found || found == times ||
                    found == before);
      }
    }
  }
}

TEST_F(IndexFilesTest, OfASegmentThatIsWrittenOnlyGrow) {
  Add(index_, 10);
  ASSERT_THAT(written_.WriteLive(index_), IsOk());
  ExpectWritten(index_);
  const size_t before = disk_.files().changes().size();
  ASSERT_THAT(written_.WriteLive(index_), IsOk());
  EXPECT_THAT(ChangesSince(before), IsEmpty());
  Add(index_, 1);
  ASSERT_THAT(written_.WriteLive(index_), IsOk());
  EXPECT_THAT(ChangesSince(before),
              ElementsAre("write " + (disk_ / "0.timeindex"),
                          "sync " + (disk_ / "0.timeindex"),
                          "write " + (disk_ / "0.index")));
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
}

TEST_F(IndexFilesTest, GoOnBehindWhatAnotherProcessWrote) {
  Add(index_, 10);
  disk_.Write("0.index", index_.EncodeOffsets());
  disk_.Write("0.timeindex", index_.EncodeTimes());
  Add(index_, 2);
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
  EXPECT_EQ(disk_.files().Count(FileCall::kRemove, ""), 0);
}

TEST_F(IndexFilesTest, AreNotWrittenOverWhereTheyHoldAnythingElse) {
  Add(index_, 10);
  std::string other = index_.EncodeOffsets();
  ++other[3];
  for (const std::string& wrong :
       {other, index_.EncodeOffsets() + std::string(8, '\0'),
        index_.EncodeOffsets().substr(0, 13), std::string("rubbish")}) {
    disk_.Write("0.index", wrong);
    disk_.Write("0.timeindex", wrong);
    const int removed = disk_.files().Count(FileCall::kRemove, "");
    ASSERT_THAT(written_.WriteAnew(index_), IsOk());
    ExpectWritten(index_);
    // Of a file that is written over, a power loss might leave both.
    EXPECT_EQ(disk_.files().Count(FileCall::kRemove, "") - removed, 2);
  }
}

TEST_F(IndexFilesTest, AreMadeAgainAfterTheyWereRemoved) {
  Add(index_, 10);
  ASSERT_THAT(written_.Write(index_), IsOk());
  ASSERT_THAT(written_.Remove(), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
  ASSERT_THAT(written_.Remove(), IsOk());
  ASSERT_THAT(written_.WriteLive(index_), IsOk());
  ASSERT_THAT(written_.Write(index_), IsOk());
  ExpectWritten(index_);
}

TEST_F(IndexFilesTest, SyncWhatIsThere) {
  ASSERT_THAT(written_.Sync(), IsOk());
  Add(index_, 10);
  ASSERT_THAT(written_.Write(index_), IsOk());
  ASSERT_THAT(written_.Sync(), IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, "0.index"), 1);
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, "0.timeindex"), 1);
}

}  // namespace
}  // namespace cauce
