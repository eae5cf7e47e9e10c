#include "engine/store/table_marker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::IsEmpty;

class TableMarker : public ::testing::Test {
 protected:
  TableMarker() { EXPECT_THAT(files_->CreateDirectories("/t"), IsOk()); }

  void Make(const std::string& name, const std::string& text) {
    const auto file = files_->Open("/t/" + name, OpenMode::kOpenOrCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Truncate(0), IsOk());
    ASSERT_THAT((*file)->Write(0, text), IsOk());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(TableMarker, SaysWhatWasWritten) {
  for (const MarkerState state : {MarkerState::kInWork, MarkerState::kWhole}) {
    ASSERT_THAT(WriteTableMarker(*files_, "/t", state), IsOk());
    EXPECT_THAT(ReadTableMarker(*files_, "/t"), IsOkAndHolds(state));
  }
}

TEST_F(TableMarker, HasTheseBytesForEver) {
  const auto written = [&](MarkerState state) {
    EXPECT_THAT(WriteTableMarker(*files_, "/t", state), IsOk());
    const auto file = files_->Open("/t/cauce.table", OpenMode::kRead).value();
    std::string bytes(64, '\0');
    bytes.resize(file->Read(0, bytes).value());
    return bytes;
  };
  EXPECT_EQ(written(MarkerState::kInWork), "cauce table 1 in work\n");
  EXPECT_EQ(written(MarkerState::kWhole), "cauce table 1 whole\n");
}

TEST_F(TableMarker, IsNoneWithoutFilesOrDirectory) {
  EXPECT_THAT(ReadTableMarker(*files_, "/none"),
              IsOkAndHolds(MarkerState::kNone));
  EXPECT_THAT(ReadTableMarker(*files_, "/t"), IsOkAndHolds(MarkerState::kNone));
  Make("cauce.table.tmp", "cauce ta");
  EXPECT_THAT(ReadTableMarker(*files_, "/t"), IsOkAndHolds(MarkerState::kNone));
}

TEST_F(TableMarker, IsMissedWhereThereAreFiles) {
  Make("CURRENT", "");

  EXPECT_THAT(ReadTableMarker(*files_, "/t"), HasReason(Reason::kCorruptFile));
}

TEST_F(TableMarker, IsTakenAtItsWordAlone) {
  for (const char* const text :
       {"", "cauce table", "cauce table 1", "cauce table 1 whole",
        "cauce table 1 Whole\n", "cauce table 0 whole\n", "cauce table x\n",
        "cauce table 1 whole\n\n", "cauce table -1 whole\n"}) {
    Make("cauce.table", text);
    EXPECT_THAT(ReadTableMarker(*files_, "/t"), HasReason(Reason::kCorruptFile))
        << text;
  }
  Make("cauce.table", "cauce table 2 whatever comes\n");
  EXPECT_THAT(ReadTableMarker(*files_, "/t"),
              HasReason(Reason::kUnsupportedFormat));
}

TEST_F(TableMarker, TellsOfDamageThatWasFound) {
  ASSERT_THAT(WriteTableMarker(*files_, "/t", MarkerState::kWhole), IsOk());

  EXPECT_THAT(MarkDamaged(*files_, "/t"), IsOk());

  EXPECT_THAT(ReadTableMarker(*files_, "/t"), HasReason(Reason::kCorruptFile));
}

TEST_F(TableMarker, IsGoneWhereThereIsNoRoomToTellOfDamage) {
  Make("CURRENT", "");
  FailingFileSystem full(*files_);
  ASSERT_THAT(WriteTableMarker(full, "/t", MarkerState::kWhole), IsOk());
  full.Fail(FileCall::kWrite, "", MakeError(Reason::kDiskFull, "full"));

  EXPECT_THAT(MarkDamaged(full, "/t"), IsOk());

  EXPECT_THAT(ReadTableMarker(full, "/t"), HasReason(Reason::kCorruptFile));
}

TEST_F(TableMarker, IsKnownInAnyStateAndOfAnyRelease) {
  EXPECT_THAT(HasTableMarker(*files_, "/t"), IsOkAndHolds(false));
  for (const char* const text :
       {"cauce table 1 in work\n", "cauce table 2 whatever comes\n"}) {
    Make("cauce.table", text);
    EXPECT_THAT(HasTableMarker(*files_, "/t"), IsOkAndHolds(true)) << text;
  }
  for (const char* const text : {"", "cauce", "another table 1 whole\n"}) {
    Make("cauce.table", text);
    EXPECT_THAT(HasTableMarker(*files_, "/t"), IsOkAndHolds(false)) << text;
  }
}

TEST(TableFile, IsKnownByItsName) {
  for (const char* const name :
       {"000012.sst", "000013.log", "CURRENT", "IDENTITY", "LOCK", "LOG",
        "LOG.old.1700000000", "MANIFEST-000005", "OPTIONS-000007",
        "OPTIONS-000007.dbtmp", "cauce.table", "cauce.table.tmp",
        "cauce.load.3"}) {
    EXPECT_TRUE(IsTableFile(name)) << name;
  }
  for (const char* const name :
       {"", "letter.txt", "CURRENT.old", "00000000000000000000.index",
        "partition.metadata", "cauce"}) {
    EXPECT_FALSE(IsTableFile(name)) << name;
  }
}

TEST_F(TableMarker, IsRemovedFirstOrLast) {
  Make("a", "");
  Make("b", "");
  ASSERT_THAT(WriteTableMarker(*files_, "/t", MarkerState::kInWork), IsOk());
  EXPECT_THAT(ClearTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->List("/t"), IsOkAndHolds(IsEmpty()));

  Make("a", "");
  EXPECT_THAT(RemoveTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->Info("/t"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RemoveTable(*files_, "/t"), IsOk());
}

}  // namespace
}  // namespace cauce::test
