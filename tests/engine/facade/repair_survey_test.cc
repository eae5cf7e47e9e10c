#include "engine/facade/repair_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/known_directory.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Stop;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RepairSurveyTest : public ::testing::Test {
 protected:
  // The partition's newest log goes on with what is no batch.
  void Spoil(std::string_view partition) {
    std::string newest;
    for (const auto& [name, bytes] : known_.image) {
      const bool is_log = name.starts_with(partition) && name.ends_with(".log");
      if (is_log) newest = name;
    }
    known_.image[newest] += "rubbish";
  }

  void Put() { test::Put(known_.image, *files_); }

  std::unique_ptr<RepairSurvey> SurveyOf(FileSystem& files) {
    return std::make_unique<RepairSurvey>(files, directory_, options_,
                                          summary_);
  }

  const std::string directory_{test::kKnownDirectory};
  test::KnownDirectory known_ = test::MakeKnownDirectory(Stop::kClean, 3);
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  RepairOptions options_;
  RepairSummary summary_;
};

TEST_F(RepairSurveyTest, PlansForEachPartitionAndChangesNothing) {
  Spoil("/orders-1/");
  Put();
  const auto survey = SurveyOf(*files_);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(survey->partitions(), SizeIs(2));
  EXPECT_THAT(survey->partitions()[0].plan.steps, IsEmpty());
  EXPECT_THAT(survey->partitions()[1].plan.steps, Not(IsEmpty()));
  EXPECT_TRUE(survey->clean_stop());
  EXPECT_FALSE(survey->leaves_broken());
  EXPECT_EQ(summary_.partitions, 2);
  EXPECT_TRUE(test::ImageOf(*files_) == known_.image);
}

TEST_F(RepairSurveyTest, TellsOfAllItReads) {
  Put();
  std::vector<VerifyProgress> told;
  options_.progress = [&](const VerifyProgress& far) { told.push_back(far); };
  const auto survey = SurveyOf(*files_);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(told, Not(IsEmpty()));
  // Also while nothing of it is checked yet.
  EXPECT_EQ(told.front().so_far.batches, 0);
  EXPECT_EQ(told.back().file_bytes, told.back().file_bytes_total);
}

TEST_F(RepairSurveyTest, LeavesAPartitionThatMayNotBeRead) {
  Put();
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kList, "/orders-0",
               absl::PermissionDeniedError("forbidden"));
  const auto survey = SurveyOf(failing);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(survey->partitions(), SizeIs(1));
  EXPECT_EQ(survey->partitions()[0].directory, directory_ + "/orders-1");
  EXPECT_TRUE(survey->leaves_broken());
  EXPECT_EQ(summary_.left, 1);
}

TEST_F(RepairSurveyTest, BeginsAMissingPartitionWhereItEnded) {
  std::erase_if(known_.image, [](const auto& file) {
    return file.first.starts_with("/orders-1/");
  });
  Put();
  const auto survey = SurveyOf(*files_);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(survey->partitions(), SizeIs(2));
  const PartitionRepair& missing = survey->partitions()[1];
  EXPECT_THAT(missing.make, SizeIs(1));
  EXPECT_EQ(missing.plan.end.value, known_.records.rbegin()->first.second + 1);
  EXPECT_EQ(missing.plan.log_start, missing.plan.end);
}

// Else they would be given to other records.
TEST_F(RepairSurveyTest, BeginsAMissingPartitionWhereTheLastCloseNotedItsEnd) {
  std::erase_if(known_.image, [](const auto& file) {
    return file.first.starts_with("/orders-1/");
  });
  known_.image.erase("/recovery-point-offset-checkpoint");
  Put();
  const auto survey = SurveyOf(*files_);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(survey->partitions(), SizeIs(2));
  const PartitionRepair& missing = survey->partitions()[1];
  const Offset end{known_.records.rbegin()->first.second + 1};
  EXPECT_EQ(missing.plan.end, end);
  EXPECT_EQ(missing.plan.log_start, end);
  ASSERT_THAT(missing.make, SizeIs(1));
  EXPECT_EQ(missing.make[0].step.lost, (OffsetRange{Offset{3}, end}));
  EXPECT_FALSE(missing.make[0].step.is_more_lost);
}

TEST_F(RepairSurveyTest, KnowsNotHowMuchAMissingPartitionHeldAfterAKill) {
  known_ = test::MakeKnownDirectory(Stop::kKilled, 3);
  std::erase_if(known_.image, [](const auto& file) {
    return file.first.starts_with("/orders-1/");
  });
  Put();
  const auto survey = SurveyOf(*files_);

  ASSERT_THAT(survey->Look(), IsOk());

  ASSERT_THAT(survey->partitions(), SizeIs(2));
  ASSERT_THAT(survey->partitions()[1].make, SizeIs(1));
  EXPECT_TRUE(survey->partitions()[1].make[0].step.is_more_lost);
}

TEST_F(RepairSurveyTest, IsOfWhatIsAskedForAlone) {
  Spoil("/orders-0/");
  Put();
  options_.topic = "orders";
  options_.partition = PartitionId{1};
  const auto some = SurveyOf(*files_);
  ASSERT_THAT(some->Look(), IsOk());
  EXPECT_FALSE(some->wants_all());
  ASSERT_THAT(some->partitions(), SizeIs(1));
  EXPECT_THAT(some->partitions()[0].plan.steps, IsEmpty());

  options_.partition = PartitionId{2};
  EXPECT_THAT(SurveyOf(*files_)->Look(), HasReason(Reason::kUnknownPartition));
}

}  // namespace
}  // namespace cauce
