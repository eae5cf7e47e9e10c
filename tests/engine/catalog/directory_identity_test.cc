#include "engine/catalog/directory_identity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;

constexpr std::string_view kPath = "/data/orders-0";

TopicId Id(uint8_t fill) {
  TopicId id;
  std::fill(std::begin(id.bytes), std::end(id.bytes), fill);
  return id;
}

class DirectoryIdentityTest : public ::testing::Test {
 protected:
  DirectoryIdentityTest() {
    EXPECT_THAT(files_.CreateDirectories(kPath), IsOk());
  }

  void Put(uint8_t fill) {
    ASSERT_THAT(WritePartitionMetadata(files_, std::string(kPath), Id(fill)),
                IsOk());
  }
  // As who deletes a topic does, before another of its name is made.
  void MoveAway() {
    ASSERT_THAT(files_.Rename(kPath, "/data/orders-0-delete"), IsOk());
  }
  void MakeAgain() {
    MoveAway();
    ASSERT_THAT(files_.CreateDirectory(kPath), IsOk());
  }
  DirectoryIdentity Look() {
    auto identity =
        DirectoryIdentity::Of(files_, std::string(kPath), clock_.Now());
    EXPECT_THAT(identity, IsOk());
    return *std::move(identity);
  }
  absl::StatusOr<bool> IsStillThere(DirectoryIdentity& identity) {
    return identity.IsStillThere(clock_.Now());
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  test::FailingFileSystem files_{*memory_};
};

TEST_F(DirectoryIdentityTest, IsAnotherTopicsOnceItHasAnotherId) {
  Put(1);
  DirectoryIdentity identity = Look();
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  MakeAgain();
  Put(2);
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

// A system gives the id of a directory that was removed to the next one.
TEST_F(DirectoryIdentityTest, IsAnotherTopicsByItsIdInTheSameDirectoryToo) {
  Put(1);
  DirectoryIdentity identity = Look();
  Put(2);
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

TEST_F(DirectoryIdentityTest, IsAnotherOneWhereNeitherHasAnId) {
  DirectoryIdentity identity = Look();
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  MakeAgain();
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

TEST_F(DirectoryIdentityTest, IsAnotherOneThatHasNoIdYet) {
  Put(1);
  DirectoryIdentity identity = Look();
  MakeAgain();
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

TEST_F(DirectoryIdentityTest, OfACopyThatWasPutBackIsTheSame) {
  Put(1);
  DirectoryIdentity identity = Look();
  MakeAgain();
  Put(1);
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
}

TEST_F(DirectoryIdentityTest, LearnsTheIdAndKeepsItWhereItsFileIsLost) {
  DirectoryIdentity identity = Look();
  Put(1);
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  ASSERT_THAT(files_.RemoveFile(JoinPath(kPath, kPartitionMetadataFile)),
              IsOk());
  clock_.Advance(absl::Seconds(2));
  // Twice: what is known is not what is there.
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  Put(2);
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

TEST_F(DirectoryIdentityTest, IsNotTakenForItsOwnWhereTheFileWasLostBefore) {
  Put(1);
  DirectoryIdentity identity = Look();
  ASSERT_THAT(files_.RemoveFile(JoinPath(kPath, kPartitionMetadataFile)),
              IsOk());
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  MakeAgain();
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(false));
}

TEST_F(DirectoryIdentityTest, IsNotFoundWhereThereIsNoDirectory) {
  DirectoryIdentity identity = Look();
  MoveAway();
  EXPECT_THAT(IsStillThere(identity), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(
      DirectoryIdentity::Of(files_, std::string(kPath), clock_.Now()).status(),
      StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DirectoryIdentityTest, ReadsNoFileAsLongAsItIsTheSame) {
  Put(1);
  clock_.Advance(absl::Seconds(2));
  DirectoryIdentity identity = Look();
  const int before = files_.Count(test::FileCall::kOpen, "");
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  EXPECT_THAT(IsStillThere(identity), IsOkAndHolds(true));
  EXPECT_EQ(files_.Count(test::FileCall::kOpen, ""), before);
}

}  // namespace
}  // namespace cauce
