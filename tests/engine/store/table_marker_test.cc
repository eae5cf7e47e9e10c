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

using ::testing::HasSubstr;
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
       {"000012.sst", "000012.sst.trash", "1000012.sst", "000013.log",
        "000014.dbtmp", "CURRENT", "IDENTITY", "LOCK", "LOG",
        "LOG.old.1700000000000000", "MANIFEST-000005", "OPTIONS-000007",
        "OPTIONS-000007.dbtmp", "cauce.table", "cauce.table.tmp",
        "cauce.load.3"}) {
    EXPECT_TRUE(IsTableFile(name)) << name;
  }
  for (const char* const name :
       {"", "letter.txt", "CURRENT.old", "00000000000000000000.index",
        "00000000000000000000.log", ".log", "notes.log", "2024.log",
        "notes.sst", ".sst", "notes.dbtmp", "000012", "000012.trash",
        "MANIFEST-OF-CARGO", "MANIFEST-", "OPTIONS-notes", "LOG.old.notes",
        "cauce.table.notes", "partition.metadata", "cauce"}) {
    EXPECT_FALSE(IsTableFile(name)) << name;
  }
}

TEST_F(TableMarker, IsRemovedFirstOrLast) {
  Make("CURRENT", "");
  Make("000004.log", "");
  ASSERT_THAT(WriteTableMarker(*files_, "/t", MarkerState::kInWork), IsOk());
  EXPECT_THAT(ClearTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->List("/t"), IsOkAndHolds(IsEmpty()));

  Make("CURRENT", "");
  EXPECT_THAT(RemoveTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->Info("/t"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RemoveTable(*files_, "/t"), IsOk());
}

class TableRemoval : public TableMarker {
 protected:
  void ExpectRefusals(const std::string& because_of) {
    const auto before = files_->List("/t").value().size();
    for (const absl::Status& refused :
         {ClearTable(*files_, "/t"), RemoveTable(*files_, "/t")}) {
      EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
      EXPECT_THAT(refused.message(), HasSubstr("/t: " + because_of + " lies"));
    }
    EXPECT_EQ(files_->List("/t").value().size(), before);
  }

  void Mark() {
    ASSERT_THAT(WriteTableMarker(*files_, "/t", MarkerState::kWhole), IsOk());
  }
};

TEST_F(TableRemoval, LeavesAllAsItIsBesideFilesThatNoTableHas) {
  Make("CURRENT", "");
  Make("00000000000000000000.log", "records");
  ExpectRefusals("00000000000000000000.log");
  Mark();
  ExpectRefusals("00000000000000000000.log");
}

TEST_F(TableRemoval, LeavesAllAsItIsBesideADirectory) {
  Make("CURRENT", "");
  Mark();
  ASSERT_THAT(files_->CreateDirectory("/t/000007.sst"), IsOk());
  ExpectRefusals("000007.sst");
}

// It has the names that a table's files have, and no marker.
TEST_F(TableRemoval, LeavesAnotherDatabaseOfRocksDbsAsItIs) {
  for (const char* const name : {"LOCK", "LOG", "LOG.old.1700000000000000"}) {
    Make("CURRENT", "MANIFEST-000005\n");
    Make(name, "");
    ExpectRefusals(name);
    ASSERT_THAT(files_->RemoveFile(std::string("/t/") + name), IsOk());
  }
  Make("20241124.log", "what was written on that day");
  ExpectRefusals("20241124.log");
}

// As a tool of RocksDB's leaves it that has looked into the table.
TEST_F(TableRemoval, TakesAllThatRocksDbMayHaveWhereThereIsAMarker) {
  for (const char* const name : {"LOCK", "LOG", "LOG.old.1700000000000000"}) {
    Make(name, "");
  }
  Make("000004.log", "changes");
  Mark();
  EXPECT_THAT(ClearTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->List("/t"), IsOkAndHolds(IsEmpty()));
}

TEST_F(TableRemoval, TakesWhatACrashHasLeftOfARemoval) {
  for (const char* const name : {"CURRENT", "000004.log", "000009.sst"}) {
    Make(name, name == std::string("000004.log") ? "" : "bytes");
  }
  EXPECT_THAT(RemoveTable(*files_, "/t"), IsOk());
  EXPECT_THAT(files_->Info("/t"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce::test
