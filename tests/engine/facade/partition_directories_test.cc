#include "engine/facade/partition_directories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TopicId Id(uint8_t fill) {
  TopicId id;
  std::fill(std::begin(id.bytes), std::end(id.bytes), fill);
  return id;
}

class PartitionDirectoriesTest : public ::testing::Test {
 protected:
  PartitionDirectoriesTest() {
    topic_.name = "orders";
    topic_.id = Id(7);
    topic_.partitions = 3;
    EXPECT_THAT(files_.CreateDirectories("/data"), IsOk());
  }

  absl::Status Check(int32_t partition) {
    return directories_.Check(topic_, PartitionId{partition},
                              [this](Severity, std::string_view line) {
                                events_.emplace_back(line);
                              });
  }
  void Put(std::string_view path, std::string_view bytes) {
    ASSERT_THAT(WriteAndSyncFile(files_, path, bytes), IsOk());
  }
  std::vector<std::string> NamesIn(std::string_view directory) {
    std::vector<std::string> names;
    const std::vector<DirectoryEntry> all = files_.List(directory).value();
    for (const DirectoryEntry& entry : all) names.push_back(entry.name);
    return names;
  }
  // What has changed since there were `before` changes.
  std::vector<std::string> ChangesFrom(size_t before) const {
    const std::vector<std::string> all = files_.changes();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }
  absl::StatusOr<TopicId> IdIn(std::string_view directory) {
    return ReadPartitionMetadata(files_, directory);
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  TopicCatalog catalog_;
  PartitionDirectories directories_{files_, "/data", catalog_};
  TopicEntry topic_;
  std::vector<std::string> events_;
};

TEST_F(PartitionDirectoriesTest, AreMadeWithThreeSyncsHoweverManyThereAre) {
  ASSERT_THAT(directories_.Make(topic_, 0, 100), IsOk());
  EXPECT_EQ(files_.Count(FileCall::kSyncDirectory, ""), 2);
  EXPECT_EQ(files_.Count(FileCall::kSync, ""), 1);
  EXPECT_EQ(files_.changes().back(), "sync /data");
  EXPECT_THAT(IdIn("/data/orders-0"), IsOkAndHolds(topic_.id));
  EXPECT_THAT(files_.List("/data/orders-99"), IsOkAndHolds(IsEmpty()));
}

TEST_F(PartitionDirectoriesTest, AreFurnishedWithWhatIsNotThereOrNotWhole) {
  ASSERT_THAT(directories_.Make(topic_, 0, 3), IsOk());
  Put("/data/orders-1/partition.metadata", "vers");
  Put("/data/orders-1/leader-epoch-checkpoint", std::string(8, '\0'));
  const std::vector<EpochStart> later = {{LeaderEpoch{3}, Offset{0}}};
  Put("/data/orders-2/leader-epoch-checkpoint", FormatEpochCheckpoint(later));
  for (int32_t i = 0; i < 3; ++i) {
    ASSERT_THAT(directories_.Furnish(topic_, PartitionId{i}), IsOk());
    const std::string path = "/data/orders-" + std::to_string(i);
    EXPECT_THAT(IdIn(path), IsOkAndHolds(topic_.id));
    const EpochStart first =
        i == 2 ? later[0] : EpochStart{LeaderEpoch{0}, Offset{0}};
    EXPECT_THAT(ReadEpochCheckpoint(files_, path),
                IsOkAndHolds(ElementsAre(first)));
  }
}

// They may be somebody else's: what they say is not passed over.
TEST_F(PartitionDirectoriesTest, TellWhetherTheyHoldMoreThanTheyWereGiven) {
  const auto holds_no_more = [this] {
    return directories_.HoldsFirstFilesOnly(topic_, PartitionId{1});
  };
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  EXPECT_TRUE(holds_no_more());
  ASSERT_THAT(directories_.Furnish(topic_, PartitionId{1}), IsOk());
  EXPECT_TRUE(holds_no_more());
  // What a kill leaves.
  const std::string path = "/data/orders-1";
  Put(path + "/partition.metadata.tmp", "ve");
  EXPECT_TRUE(holds_no_more());

  // A later epoch, another topic's id, a file of something else.
  const EpochStart epochs[] = {{LeaderEpoch{4}, Offset{0}}};
  ASSERT_THAT(WriteEpochCheckpoint(files_, path, epochs), IsOk());
  EXPECT_FALSE(holds_no_more());
  ASSERT_THAT(files_.RemoveFile(path + "/leader-epoch-checkpoint"), IsOk());
  ASSERT_TRUE(holds_no_more());
  ASSERT_THAT(WritePartitionMetadata(files_, path, Id(8)), IsOk());
  EXPECT_FALSE(holds_no_more());
  ASSERT_THAT(files_.RemoveFile(path + "/partition.metadata"), IsOk());
  ASSERT_TRUE(holds_no_more());
  Put(path + "/00000000000000000005.snapshot", "");
  EXPECT_FALSE(holds_no_more());
}

TEST_F(PartitionDirectoriesTest, AreNeitherTakenNorFurnishedUnread) {
  ASSERT_THAT(directories_.Make(topic_, 0, 1), IsOk());
  files_.Fail(FileCall::kOpen, "partition.metadata",
              MakeError(Reason::kDiskFailed, "cannot be read"));
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 1),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(directories_.Furnish(topic_, PartitionId{0}),
              HasReason(Reason::kDiskFailed));
}

// What a sync that failed has left is read back and yet goes with the power.
TEST_F(PartitionDirectoriesTest, AreFurnishedAnewWithWhatIsReadBackWhole) {
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  ASSERT_THAT(directories_.Furnish(topic_, PartitionId{1}), IsOk());
  const size_t before = files_.changes().size();
  ASSERT_THAT(directories_.Furnish(topic_, PartitionId{1}), IsOk());
  auto changes = files_.changes();
  changes.erase(changes.begin(),
                changes.begin() + static_cast<std::ptrdiff_t>(before));
  EXPECT_THAT(changes, Contains("sync /data/orders-1/partition.metadata"));
  EXPECT_THAT(changes, Contains("sync /data/orders-1/leader-epoch-checkpoint"));
}

// It may be all that tells whose they are.
TEST_F(PartitionDirectoriesTest, AreWholeWhereverFurnishingThemStops) {
  ASSERT_THAT(directories_.Make(topic_, 0, 1), IsOk());
  ASSERT_THAT(directories_.Furnish(topic_, PartitionId{0}), IsOk());
  bool failed = true;
  for (int fail = 0; failed; ++fail) {
    SCOPED_TRACE(fail);
    files_.FailAfter(fail);
    failed = !directories_.Furnish(topic_, PartitionId{0}).ok();
    files_.Mend();
    EXPECT_THAT(IdIn("/data/orders-0"), IsOkAndHolds(topic_.id));
    EXPECT_THAT(ReadEpochCheckpoint(files_, "/data/orders-0"),
                IsOkAndHolds(SizeIs(1)));
  }
}

TEST_F(PartitionDirectoriesTest, ANameIsFreeUntilSomethingElseHasIt) {
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 3), IsOk());

  // A directory of somebody, a partition with records, a file.
  ASSERT_THAT(files_.CreateDirectory("/data/orders-1"), IsOk());
  Put("/data/orders-1/notes", "mine");
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 3),
              HasReason(Reason::kTopicExists));
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 1), IsOk());
  ASSERT_THAT(files_.RemoveFile("/data/orders-1/notes"), IsOk());
  Put("/data/orders-1/00000000000000000000.log", "");
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 3),
              HasReason(Reason::kTopicExists));
  Put("/data/orders-0", "");
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 1),
              HasReason(Reason::kTopicExists));
}

TEST_F(PartitionDirectoriesTest, WhatACreationLeftIsNoHindrance) {
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  Put("/data/orders-1/partition.metadata", "");
  Put("/data/orders-1/leader-epoch-checkpoint.tmp", "0");
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 2), IsOk());
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  EXPECT_THAT(IdIn("/data/orders-0"), IsOkAndHolds(topic_.id));

  TopicEntry other = topic_;
  other.id = Id(8);
  EXPECT_THAT(directories_.CheckFree(other, 0, 2),
              HasReason(Reason::kTopicExists));
}

TEST_F(PartitionDirectoriesTest, GiveTheirNamesAwayWhenTheyAreEmptied) {
  ASSERT_THAT(directories_.Make(topic_, 0, 3), IsOk());
  ASSERT_THAT(directories_.RemoveTree("orders-1"), IsOk());

  const auto emptied = directories_.Empty(topic_);
  ASSERT_THAT(emptied, IsOkAndHolds(SizeIs(2)));
  EXPECT_THAT(directories_.CheckFree(topic_, 0, 3), IsOk());
  for (const std::string& name : *emptied) {
    EXPECT_THAT(files_.List("/data/" + name), IsOkAndHolds(IsEmpty()));
  }
  EXPECT_THAT(directories_.Empty(topic_), IsOkAndHolds(IsEmpty()));
}

TEST_F(PartitionDirectoriesTest, ADirectoryInsideOneIsNotRemoved) {
  ASSERT_THAT(directories_.Make(topic_, 0, 1), IsOk());
  ASSERT_THAT(files_.CreateDirectory("/data/orders-0/precious"), IsOk());
  EXPECT_THAT(directories_.RemoveTree("orders-0"),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(files_.List("/data/orders-0"), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(files_.Info("/data/orders-0/precious").status(), IsOk());
}

TEST_F(PartitionDirectoriesTest, WhatCannotBeRemovedIsToldAndStopsNothing) {
  ASSERT_THAT(directories_.Make(topic_, 0, 3), IsOk());
  Put("/data/orders-0/a", "1");
  Put("/data/orders-0/b", "2");
  Put("/data/orders-1/a", "3");
  files_.Fail(FileCall::kRemove, "orders-0/a",
              absl::PermissionDeniedError("not this one"));
  const std::string first[] = {"orders-0"};
  EXPECT_THAT(directories_.EmptyTrees(first),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(NamesIn("/data/orders-0"),
              UnorderedElementsAre("a", "partition.metadata"));

  files_.Fail(FileCall::kList, "orders-2",
              MakeError(Reason::kDiskFailed, "unreadable"));
  const std::string all[] = {"orders-0", "orders-1", "orders-2", "orders-9"};
  directories_.RemoveTrees(all, [this](Severity, std::string_view line) {
    events_.emplace_back(line);
  });
  EXPECT_THAT(events_,
              ElementsAre(HasSubstr("not this one"), HasSubstr("unreadable")));
  EXPECT_THAT(files_.Info("/data/orders-1").status(),
              StatusIs(absl::StatusCode::kNotFound));
}

// Else who finds what a stop has left could not tell it from a broker's.
TEST_F(PartitionDirectoriesTest, SayWhoseTheyAreUntilAllElseIsGoneForGood) {
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  Put("/data/orders-0/a", "1");
  Put("/data/orders-0/z", "2");
  Put("/data/orders-1/a", "3");
  const std::string names[] = {"orders-0", "orders-1"};
  size_t before = files_.changes().size();
  ASSERT_THAT(directories_.EmptyTrees(names), IsOk());
  EXPECT_THAT(
      ChangesFrom(before),
      ElementsAre("remove /data/orders-0/a", "remove /data/orders-0/z",
                  "remove /data/orders-1/a", "sync /data/orders-0",
                  "remove /data/orders-0/partition.metadata",
                  "sync /data/orders-1"));

  Put("/data/orders-1/a", "3");
  Put("/data/orders-1/partition.metadata", FormatPartitionMetadata(topic_.id));
  before = files_.changes().size();
  ASSERT_THAT(directories_.RemoveTree("orders-1"), IsOk());
  EXPECT_THAT(
      ChangesFrom(before),
      ElementsAre("remove /data/orders-1/a", "sync /data/orders-1",
                  "remove /data/orders-1/partition.metadata",
                  "remove /data/orders-1"));
  // An empty one has nothing to wait for.
  before = files_.changes().size();
  ASSERT_THAT(directories_.RemoveTree("orders-0"), IsOk());
  EXPECT_THAT(ChangesFrom(before), ElementsAre("remove /data/orders-0"));
}

TEST_F(PartitionDirectoriesTest, SayWhoseTheyAreWhereWhatWentMayComeBack) {
  ASSERT_THAT(directories_.Make(topic_, 0, 1), IsOk());
  Put("/data/orders-0/a", "1");
  files_.Fail(FileCall::kSyncDirectory, "/orders-0",
              MakeError(Reason::kDiskFailed, "no"));
  const std::string names[] = {"orders-0"};
  EXPECT_THAT(directories_.EmptyTrees(names), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(NamesIn("/data/orders-0"), ElementsAre("partition.metadata"));
}

TEST_F(PartitionDirectoriesTest, OneThatKeepsItsNameKeepsNoOtherItsOwn) {
  ASSERT_THAT(directories_.Make(topic_, 0, 3), IsOk());
  files_.Fail(FileCall::kRename, "/orders-1",
              absl::PermissionDeniedError("immutable"));
  EXPECT_THAT(directories_.Empty(topic_),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(files_.Info("/data/orders-1"), IsOk());
  for (const char* const freed : {"/data/orders-0", "/data/orders-2"}) {
    EXPECT_THAT(files_.Info(freed).status(),
                StatusIs(absl::StatusCode::kNotFound));
  }
}

TEST_F(PartitionDirectoriesTest, WhatTheCatalogueKnowsIsMended) {
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  ASSERT_THAT(files_.RemoveFile("/data/orders-0/partition.metadata"), IsOk());
  Put("/data/orders-1/partition.metadata", "version: x");

  ASSERT_THAT(Check(0), IsOk());
  EXPECT_THAT(IdIn("/data/orders-0"), IsOkAndHolds(topic_.id));
  EXPECT_THAT(events_, IsEmpty());

  ASSERT_THAT(Check(1), IsOk());
  EXPECT_THAT(IdIn("/data/orders-1"), IsOkAndHolds(topic_.id));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1/partition.metadata")));
}

TEST_F(PartitionDirectoriesTest, AnotherTopicsIsRefusedAndStaysAsItIs) {
  ASSERT_THAT(directories_.Make(topic_, 0, 2), IsOk());
  Put("/data/orders-1/partition.metadata", FormatPartitionMetadata(Id(9)));
  const size_t changes = files_.changes().size();
  for (const absl::Status& refused :
       {Check(1), directories_.Furnish(topic_, PartitionId{1}),
        directories_.CheckOwner(topic_, PartitionId{1})}) {
    EXPECT_THAT(refused, HasReason(Reason::kCorruptFile));
    for (const std::string& part :
         {std::string("/data/orders-1/partition.metadata"), TopicIdText(Id(7)),
          TopicIdText(Id(9))}) {
      EXPECT_THAT(std::string(refused.message()), HasSubstr(part));
    }
  }
  EXPECT_EQ(files_.changes().size(), changes);
  EXPECT_THAT(directories_.CheckOwner(topic_, PartitionId{0}), IsOk());

  // Where no id is known the name decides.
  topic_.id = TopicId();
  EXPECT_THAT(directories_.CheckOwner(topic_, PartitionId{1}), IsOk());
}

TEST_F(PartitionDirectoriesTest, WhatSomebodyElseMadeIsOnlyTold) {
  ASSERT_THAT(directories_.Make(topic_, 0, 3), IsOk());
  const std::string newer = "version: 1\ntopic_id: 8PHy8_T19vf4-fr7_P3-_w";
  Put("/data/orders-0/partition.metadata", newer);
  ASSERT_THAT(Check(0), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-0")));
  EXPECT_THAT(ReadWholeFile(files_, "/data/orders-0/partition.metadata", 999),
              IsOkAndHolds(newer));

  // An imported topic may have no ids at all.
  topic_.imported = true;
  events_.clear();
  ASSERT_THAT(Check(2), IsOk());
  EXPECT_THAT(IdIn("/data/orders-2"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(events_, IsEmpty());
}

}  // namespace
}  // namespace cauce
