#include "engine/facade/topic_gaps.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/catalog/topic_catalog.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;

class TopicGapsTest : public ::testing::Test {
 protected:
  TopicGapsTest() { EXPECT_THAT(files_.CreateDirectories("/data"), IsOk()); }

  void Save(const TopicConfigOverrides& configs) {
    TopicEntry topic;
    topic.name = "prices";
    topic.id.bytes[0] = 7;
    topic.partitions = 1;
    topic.configs = configs;
    TopicCatalog catalog;
    ASSERT_THAT(catalog.Add(topic), IsOk());
    ASSERT_THAT(catalog.Save(files_, "/data"), IsOk());
    // So long ago that the next one has another time.
    clock_.Advance(absl::Minutes(1));
  }
  bool MayHave(const std::string& topic) {
    return gaps_.MayHave(topic, clock_.Now());
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  test::FailingFileSystem files_{*memory_};
  TopicGaps gaps_{files_, "/data"};
};

TEST_F(TopicGapsTest, AreThereOnceATopicIsCompacted) {
  EXPECT_FALSE(MayHave("prices"));
  Save({});
  EXPECT_FALSE(MayHave("prices"));
  Save({{"cleanup.policy", "compact"}});
  EXPECT_TRUE(MayHave("prices"));
  EXPECT_FALSE(MayHave("orders"));
}

TEST_F(TopicGapsTest, AreReadAnewOnlyWhereTheyWereSavedSince) {
  Save({{"cleanup.policy", "compact"}});
  EXPECT_TRUE(MayHave("prices"));
  const int read = files_.Count(FileCall::kOpen, "cauce.topics");
  EXPECT_TRUE(MayHave("prices"));
  EXPECT_EQ(files_.Count(FileCall::kOpen, "cauce.topics"), read);
}

TEST_F(TopicGapsTest, StayAsTheyWereWhereTheCatalogueCannotBeRead) {
  Save({{"cleanup.policy", "compact"}});
  EXPECT_TRUE(MayHave("prices"));
  Save({{"cleanup.policy", "compact,delete"}});
  for (const auto& name : {kCatalogFile, kCatalogCopyFile}) {
    files_.Fail(FileCall::kOpen, name,
                MakeError(Reason::kDiskFailed, "no answer"));
  }
  EXPECT_TRUE(MayHave("prices"));
}

}  // namespace
}  // namespace cauce
