#include "engine/log/repair_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/gap_batch.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::IsOk;
using test::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;

class Work : public ::testing::Test {
 protected:
  Work() { CAUCE_CHECK(files_->CreateDirectories("/p").ok()); }

  void Put(const std::string& path, std::string_view bytes) {
    const auto file = files_->Open(path, OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }
  std::string Get(const std::string& path) {
    const auto file = files_->Open(path, OpenMode::kRead);
    CAUCE_CHECK(file.ok());
    std::string bytes(static_cast<size_t>(*(*file)->Size()), ' ');
    CAUCE_CHECK((*file)->Read(0, bytes).ok());
    return bytes;
  }
  bool IsThere(const std::string& path) { return files_->Info(path).ok(); }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const RepairWork work_{*files_, "/p", 1};
  const std::string log_ = "/p/00000000000000000000.log";
};

TEST_F(Work, TakesNoNameThatIsTaken) {
  Put(log_, "one");
  Put("/p/other", "two");
  for (const RepairAction action :
       {RepairAction::kSetAside, RepairAction::kRename}) {
    EXPECT_THAT(
        work_.Do({.action = action, .file = log_, .renamed_to = "/p/other"}),
        StatusIs(absl::StatusCode::kAlreadyExists));
  }
  EXPECT_EQ(Get(log_), "one");
  EXPECT_EQ(Get("/p/other"), "two");
}

TEST_F(Work, KeepsWhatItTakesOutOfTheMiddle) {
  Put(log_, "0123456789");
  Put("/p/00000000000000000000.index", "of the old log");
  ASSERT_THAT(work_.Do({.action = RepairAction::kRemoveBytes,
                        .file = log_,
                        .removed = {{.position = 2,
                                     .bytes = 3,
                                     .kept_bytes = 3,
                                     .kept_as = "/p/kept"},
                                    {.position = 8, .bytes = 2}}}),
              IsOk());
  EXPECT_EQ(Get(log_), "01567");
  EXPECT_EQ(Get("/p/kept"), "234");
  EXPECT_FALSE(IsThere("/p/00000000000000000000.index"));
  EXPECT_FALSE(IsThere(log_ + ".cut.tmp"));
}

// It says of a swap beside it that it was not complete.
TEST_F(Work, LeavesWhatACleanerHasLeft) {
  Put(log_, "0123456789");
  Put(log_ + ".cleaned", "a cleaner's");
  ASSERT_THAT(work_.Do({.action = RepairAction::kRemoveBytes,
                        .file = log_,
                        .removed = {{.position = 2, .bytes = 3}}}),
              IsOk());
  EXPECT_EQ(Get(log_), "0156789");
  EXPECT_EQ(Get(log_ + ".cleaned"), "a cleaner's");
}

TEST_F(Work, CutsZerosOffAndLeavesTheIndexes) {
  Put(log_, std::string_view("0123\0\0", 6));
  Put("/p/00000000000000000000.index", "right");
  ASSERT_THAT(work_.Do({.action = RepairAction::kRemoveBytes,
                        .file = log_,
                        .removed = {{.position = 4, .bytes = 2}}}),
              IsOk());
  EXPECT_EQ(Get(log_), "0123");
  EXPECT_EQ(Get("/p/00000000000000000000.index"), "right");
}

TEST_F(Work, WritesIndexesAndEpochsFromTheBatches) {
  Put(log_, Batch({"a"}).At(Offset{0}, LeaderEpoch{1}).bytes() +
                Batch({"b"}).At(Offset{1}, LeaderEpoch{1}).bytes() +
                Batch({"c"}).At(Offset{2}, LeaderEpoch{4}).bytes() +
                Batch({"d"}).At(Offset{3}, LeaderEpoch{4}).bytes());
  ASSERT_THAT(work_.Do({.action = RepairAction::kWriteIndexes, .file = log_}),
              IsOk());
  ASSERT_THAT(work_.WriteEpochs(), IsOk());

  EXPECT_EQ(Get("/p/00000000000000000000.index").size(), 24u);
  EXPECT_EQ(Get("/p/00000000000000000000.timeindex").size(), 12u);
  const auto epochs = ReadEpochCheckpoint(*files_, "/p");
  ASSERT_THAT(epochs, IsOk());
  EXPECT_THAT(*epochs, ElementsAre(EpochStart{LeaderEpoch{1}, Offset{0}},
                                   EpochStart{LeaderEpoch{4}, Offset{2}}));
}

TEST_F(Work, FillsAGapWithABatchThatStandsBetweenItsNeighbours) {
  const Timestamp time{1'600'000'000'000};
  Put(log_, Batch({"a"}).At(Offset{0}, LeaderEpoch{3}).bytes() +
                Batch({"b"}, time).At(Offset{1}, LeaderEpoch{4}).bytes());
  const std::string behind = "/p/00000000000000000009.log";
  const std::string gap = "/p/00000000000000000002.log";
  const RepairStep step{.action = RepairAction::kFillGap,
                        .file = gap,
                        .filled = {Offset{2}, Offset{9}}};
  // What is behind it; of the one in front no epoch is higher than that.
  for (const int32_t epoch : {7, 3}) {
    Put(behind, Batch({"c"}).At(Offset{9}, LeaderEpoch{epoch}).bytes());
    ASSERT_THAT(work_.Do(step), IsOk());
    const std::string bytes = Get(gap);
    EXPECT_EQ(bytes, GapBatch(Offset{2}, Offset{9},
                              {LeaderEpoch{epoch == 7 ? 4 : 3}, time}));
    EXPECT_EQ(Get("/p/00000000000000000002.index"), "");
    EXPECT_TRUE(IsThere("/p/00000000000000000002.timeindex"));
    ASSERT_THAT(files_->RemoveFile(gap), IsOk());
    // A file of a segment that has lost all it held is filled too.
    Put(gap, "");
  }
}

TEST_F(Work, FillsGapsWithinASegment) {
  const auto at = [](int64_t base, int32_t epoch) {
    return Batch({"a"}).At(Offset{base}, LeaderEpoch{epoch}).bytes();
  };
  const Timestamp time{1'700'000'000'000};
  const std::string log = "/p/00000000000000000004.log";
  Put(log_, at(0, 1));
  const auto size = static_cast<int64_t>(at(6, 2).size());
  Put(log, at(6, 2) + "bad" + at(9, 3) + at(12, 4));
  ASSERT_THAT(
      work_.Do({.action = RepairAction::kRemoveBytes,
                .file = log,
                .removed = {{.position = 0, .filled = {Offset{4}, Offset{6}}},
                            {.position = size,
                             .bytes = 3,
                             .kept_bytes = 3,
                             .kept_as = "/p/kept",
                             .filled = {Offset{7}, Offset{9}}},
                            {.position = 2 * size + 3,
                             .filled = {Offset{10}, Offset{12}}}}}),
      IsOk());
  const auto gap = [&](int64_t base, int64_t next, int32_t epoch) {
    return GapBatch(Offset{base}, Offset{next}, {LeaderEpoch{epoch}, time});
  };
  EXPECT_EQ(Get(log), gap(4, 6, 1) + at(6, 2) + gap(7, 9, 2) + at(9, 3) +
                          gap(10, 12, 3) + at(12, 4));
  EXPECT_EQ(Get("/p/kept"), "bad");
}

// Its time and its epoch are of no batch of the log.
TEST_F(Work, FillsAGapByNothingThatGoesFromItsPlace) {
  const Timestamp time{1'600'000'000'000};
  const std::string log = "/p/00000000000000000004.log";
  const std::string stray = "/p/00000000000000000003.log";
  const std::string misnamed = "/p/00000000000000000002.log";
  const std::string rest = Batch({"c"}).At(Offset{6}, LeaderEpoch{7}).bytes();
  Put(log_, Batch({"a"}, time).At(Offset{0}, LeaderEpoch{3}).bytes());
  Put(misnamed, Batch({"d"}).At(Offset{70}, LeaderEpoch{5}).bytes());
  Put(stray, Batch({"b"}).At(Offset{3}, LeaderEpoch{5}).bytes());
  Put(log, rest);
  const std::vector<RepairStep> steps = {
      {.action = RepairAction::kRemoveBytes,
       .file = log,
       .removed = {{.position = 0, .filled = {Offset{4}, Offset{6}}}}},
      {.action = RepairAction::kSetAside,
       .file = stray,
       .renamed_to = "/p/kept"},
      {.action = RepairAction::kRename,
       .file = misnamed,
       .renamed_to = "/p/00000000000000000070.log"}};
  const RepairWork work(*files_, "/p", 1, steps);

  ASSERT_THAT(work.Do(steps[0]), IsOk());

  EXPECT_EQ(Get(log),
            GapBatch(Offset{4}, Offset{6}, {LeaderEpoch{3}, time}) + rest);
}

// Of a name that the log loses, it is a sign until then.
TEST_F(Work, LeavesAnIndexThatAStepSetsAside) {
  const std::string index = "/p/00000000000000000000.index";
  Put(log_, "0123456789");
  Put(index, "of the old log");
  const std::vector<RepairStep> steps = {
      {.action = RepairAction::kRemoveBytes,
       .file = log_,
       .removed = {{.position = 2,
                    .bytes = 3,
                    .kept_bytes = 3,
                    .kept_as = "/p/kept"}}},
      {.action = RepairAction::kSetAside,
       .file = index,
       .renamed_to = index + ".cut"}};
  const RepairWork work(*files_, "/p", 1, steps);
  for (const RepairStep& step : steps) ASSERT_THAT(work.Do(step), IsOk());
  EXPECT_EQ(Get(log_), "0156789");
  EXPECT_EQ(Get(index + ".cut"), "of the old log");
}

TEST_F(Work, FillsNoGapWhereSomethingIs) {
  Put(log_, "records");
  EXPECT_THAT(work_.Do({.action = RepairAction::kFillGap,
                        .file = log_,
                        .filled = {Offset{0}, Offset{9}}}),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Get(log_), "records");
}

// Whoever looked at it could not read it either: it goes, and another is made.
TEST_F(Work, MakesALogDurableBesideAnIndexThatMayNotBeRead) {
  const std::string index = "/p/00000000000000000000.index";
  Put(log_, Batch({"a"}).At(Offset{0}).bytes());
  Put(index, "entries");
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, index,
               absl::PermissionDeniedError("forbidden"));
  const RepairWork work(failing, "/p", 1);
  EXPECT_THAT(work.WriteAgain(Offset{0}), IsOk());
  EXPECT_THAT(failing.changes(), Contains("write " + log_));
  EXPECT_THAT(failing.changes(), Contains("sync " + log_));
}

TEST_F(Work, SyncsWhatMayOnlyBeReadAndDoesNotPassForHavingWrittenIt) {
  Put(log_, Batch({"a"}).At(Offset{0}).bytes());
  test::FailingFileSystem failing(*files_);
  const RepairWork work(failing, "/p", 1);
  // As it is opened for writing.
  const absl::Status forbidden = absl::PermissionDeniedError("forbidden");
  failing.Fail(test::FileCall::kOpen, log_, forbidden, 0, 1);
  EXPECT_THAT(work.SyncFiles(), IsOk());
  EXPECT_THAT(failing.changes(), Contains("sync " + log_));
  failing.Mend();
  failing.Fail(test::FileCall::kOpen, log_, forbidden, 0, 1);
  EXPECT_THAT(work.WriteAgain(Offset{0}),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(Work, BeginsASegmentOnce) {
  const RepairStep step{.action = RepairAction::kBeginSegment, .file = log_};
  ASSERT_THAT(work_.Do(step), IsOk());
  ASSERT_THAT(work_.Do(step), IsOk());
  EXPECT_EQ(Get(log_), "");
  EXPECT_THAT(work_.SyncFiles(), IsOk());
}

}  // namespace
}  // namespace cauce
