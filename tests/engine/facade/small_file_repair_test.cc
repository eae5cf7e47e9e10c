#include "engine/facade/small_file_repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/partition_metadata.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kAll = SmallFileRepair::Scope::kAllPartitions;
constexpr auto kSome = SmallFileRepair::Scope::kSomePartitions;

class SmallFiles : public ::testing::Test {
 protected:
  SmallFiles() {
    CAUCE_CHECK(files_->CreateDirectories("/d/a-0").ok());
    TopicCatalog catalog;
    CAUCE_CHECK(catalog.Add({.name = "a", .id = {.bytes = {7}}}).ok());
    CAUCE_CHECK(catalog.Save(*files_, "/d").ok());
  }

  void Put(const std::string& name, std::string_view bytes) {
    const auto file = files_->Open("/d/" + name, OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  bool IsThere(const std::string& name) {
    return files_->Info("/d/" + name).ok();
  }

  void Run(const RepairTasks& tasks) {
    for (const RepairTask& task : tasks) EXPECT_THAT(task.run(), IsOk());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  SmallFileRepair small_{*files_, "/d"};
};

TEST_F(SmallFiles, AreLeftAloneWhereTheyAreWhole) {
  Put("recovery-point-offset-checkpoint", "0\n1\na 0 5\n");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  ASSERT_THAT(small_.LookAt({"a", PartitionId{0}}, "/d/a-0"), IsOk());
  EXPECT_THAT(small_.first(), IsEmpty());
  EXPECT_THAT(small_.last(), IsEmpty());
  EXPECT_EQ(small_.BoundsOf({"a", PartitionId{0}}).durable, Offset{5});
}

TEST_F(SmallFiles, GoAsideWhereTheyCannotBeRead) {
  Put("meta.properties", "rubbish");
  Put("recovery-point-offset-checkpoint", "rubbish");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  ASSERT_THAT(small_.first(), SizeIs(2));
  EXPECT_TRUE(small_.is_lost("recovery-point-offset-checkpoint"));
  EXPECT_TRUE(IsThere("meta.properties"));

  Run(small_.first());
  EXPECT_FALSE(IsThere("meta.properties"));
  EXPECT_TRUE(IsThere("meta.properties.cut"));
  // It stays until another takes its place.
  EXPECT_TRUE(IsThere("recovery-point-offset-checkpoint"));
  EXPECT_TRUE(IsThere("recovery-point-offset-checkpoint.cut"));
}

// Written anew, a checkpoint would forget the partitions that nobody looked at.
TEST_F(SmallFiles, OfAllTopicsAreLeftToWhoLooksAtAll) {
  Put("meta.properties", "rubbish");
  Put("replication-offset-checkpoint", "rubbish");
  ASSERT_THAT(small_.Look(kSome), IsOk());
  EXPECT_THAT(small_.first(), IsEmpty());
  EXPECT_THAT(small_.left(), SizeIs(2));
  EXPECT_FALSE(small_.keeps_logs());

  for (const std::string name :
       {"log-start-offset-checkpoint", "recovery-point-offset-checkpoint"}) {
    Put(name, "rubbish");
    SmallFileRepair some(*files_, "/d");
    ASSERT_THAT(some.Look(kSome), IsOk());
    EXPECT_THAT(some.first(), IsEmpty());
    EXPECT_TRUE(some.keeps_logs());
  }
}

TEST_F(SmallFiles, OfLogStartsAreMendedFromTheOtherWhateverIsLookedAt) {
  const OffsetCheckpoint starts{{{"a", PartitionId{0}}, Offset{5}}};
  for (const std::string_view damaged : {kLogStartFile, kLogStartCopyFile}) {
    Put("log-start-offset-checkpoint", FormatOffsetCheckpoint(starts));
    Put("cauce.log-starts", FormatLogStartCopy(starts));
    Put(std::string(damaged), "rubbish");
    SmallFileRepair some(*files_, "/d");
    ASSERT_THAT(some.Look(kSome), IsOk());
    EXPECT_FALSE(some.keeps_logs());
    EXPECT_THAT(some.left(), IsEmpty());
    EXPECT_EQ(some.log_starts(), starts);
    EXPECT_THAT(some.WhyStartsAnew(), HasSubstr("cauce.log-starts"));
    ASSERT_THAT(some.first(), SizeIs(1));
    Run(some.first());
    EXPECT_TRUE(IsThere(std::string(damaged) + ".cut"));
  }
}

// Else a repair that was cut short would end otherwise when it is run again.
TEST_F(SmallFiles, OfLogStartsGetTheCopyThatIsMissingAndThenStayAsTheyAre) {
  const OffsetCheckpoint starts{{{"a", PartitionId{0}}, Offset{5}}};
  Put("log-start-offset-checkpoint", FormatOffsetCheckpoint(starts));
  ASSERT_THAT(small_.Look(kAll), IsOk());
  EXPECT_THAT(small_.first(), IsEmpty());
  EXPECT_THAT(small_.WhyStartsAnew(), HasSubstr("cauce.log-starts"));
  Put("cauce.log-starts", FormatLogStartCopy(starts));
  SmallFileRepair both(*files_, "/d");
  ASSERT_THAT(both.Look(kAll), IsOk());
  EXPECT_EQ(both.WhyStartsAnew(), "");
  EXPECT_THAT(both.first(), IsEmpty());
}

TEST_F(SmallFiles, OfLogStartsNameTheSameLogsWhicheverLeftOneOut) {
  const OffsetCheckpoint starts{{{"a", PartitionId{0}}, Offset{5}}};
  const auto why = [this] {
    SmallFileRepair some(*files_, "/d");
    EXPECT_THAT(some.Look(kAll), IsOk());
    EXPECT_THAT(some.first(), IsEmpty());
    return some.WhyStartsAnew();
  };
  ASSERT_THAT(files_->CreateDirectories("/d/a-0"), IsOk());
  for (const bool is_original : {true, false}) {
    SCOPED_TRACE(is_original);
    Put("log-start-offset-checkpoint",
        FormatOffsetCheckpoint(is_original ? OffsetCheckpoint() : starts));
    Put("cauce.log-starts",
        FormatLogStartCopy(is_original ? starts : OffsetCheckpoint()));
    EXPECT_THAT(why(), HasSubstr("none of its segments is seen"));
    // As a broker leaves them behind of a log that begins with its segment.
    Put("a-0/00000000000000000005.log", "");
    EXPECT_EQ(why(),
              "one of log-start-offset-checkpoint and cauce.log-starts leaves "
              "out a log that starts with its oldest segment: both are to name "
              "it");
    ASSERT_THAT(files_->RemoveFile("/d/a-0/00000000000000000005.log"), IsOk());
  }
}

TEST_F(SmallFiles, AreTakenFromTheirOtherCopy) {
  Put("cauce.topics", "rubbish");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  ASSERT_THAT(small_.first(), SizeIs(1));
  Run(small_.first());
  const auto catalog = TopicCatalog::Load(*files_, "/d");
  ASSERT_THAT(catalog, IsOk());
  EXPECT_EQ(catalog->damage(), "");
  EXPECT_NE(catalog->Find("a"), nullptr);
}

TEST_F(SmallFiles, GoAsideBothWhereNoCopyIsWhole) {
  Put("cauce.topics", "rubbish");
  Put("cauce.topics.copy", "rubbish");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Run(small_.first());
  EXPECT_FALSE(IsThere("cauce.topics"));
  EXPECT_TRUE(IsThere("cauce.topics.copy.cut"));
  EXPECT_THAT(small_.catalog().topics(), IsEmpty());
}

TEST_F(SmallFiles, OfAPartitionAreWrittenFromWhatIsKnown) {
  Put("a-0/partition.metadata", "rubbish");
  Put("a-0/leader-epoch-checkpoint", "rubbish");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  ASSERT_THAT(small_.LookAt({"a", PartitionId{0}}, "/d/a-0"), IsOk());
  EXPECT_THAT(small_.first(), SizeIs(2));
  ASSERT_THAT(small_.last(), SizeIs(2));
  Run(small_.first());
  Run(small_.last());
  const auto id = ReadPartitionMetadata(*files_, "/d/a-0");
  ASSERT_THAT(id, IsOk());
  EXPECT_EQ(*id, (TopicId{.bytes = {7}}));
  EXPECT_THAT(ReadEpochCheckpoint(*files_, "/d/a-0"), IsOk());
}

TEST_F(SmallFiles, OfANewerReleaseAreRefused) {
  Put("meta.properties", "version=9\n");
  EXPECT_THAT(small_.Look(kAll), HasReason(Reason::kUnsupportedFormat));
}

}  // namespace
}  // namespace cauce
