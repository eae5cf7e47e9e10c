#include "engine/facade/new_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cauce/errors.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/io/free_space.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;

class NewPartitionsTest : public ::testing::Test {
 protected:
  static constexpr int32_t kPartitions = 2000;
  static constexpr int64_t kFreeBytesMin = 64 << 20;

  NewPartitionsTest() {
    topic_.name = "orders";
    topic_.id.bytes[0] = 7;
    topic_.partitions = kPartitions;
    EXPECT_THAT(files_.CreateDirectories("/data"), IsOk());
    EXPECT_THAT(directories_.Make(topic_, 0, kPartitions), IsOk());
    // As it is of every other one.
    EXPECT_THAT(files_.RemoveFile("/data/orders-0/partition.metadata"), IsOk());
    files_.offer_whole_sync(64, "elsewhere");
    whole_ = *files_.OpenWholeSync("/data/.lock");
  }

  void Furnish(int32_t partition) {
    ASSERT_THAT(partitions_.Furnish(topic_, PartitionId{partition},
                                    whole_.get()),
                IsOk());
    ExpectFurnished(partition);
  }

  void ExpectFurnished(int32_t partition) {
    const std::string path =
        directories_.PathOf({topic_.name, PartitionId{partition}});
    ASSERT_THAT(ReadPartitionMetadata(files_, path), IsOkAndHolds(topic_.id));
    ASSERT_THAT(
        ReadEpochCheckpoint(files_, path),
        IsOkAndHolds(ElementsAre(EpochStart{LeaderEpoch{0}, Offset{0}})));
  }

  bool IsAsMade(int32_t partition) {
    const auto entries = files_.List(
        directories_.PathOf({topic_.name, PartitionId{partition}}));
    return entries.ok() && entries->empty();
  }

  int Syncs() const {
    return files_.Count(FileCall::kSync, "") +
           files_.Count(FileCall::kSyncWhole, "");
  }
  int Lists() const { return files_.Count(FileCall::kList, ""); }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  TopicCatalog catalog_;
  PartitionDirectories directories_{files_, "/data", catalog_};
  test::SimClock clock_;
  FreeSpace space_{files_, "/data", kFreeBytesMin, clock_, nullptr};
  NewPartitions partitions_{files_, directories_, &space_};
  std::unique_ptr<WholeSync> whole_;
  TopicEntry topic_;
};

TEST_F(NewPartitionsTest, OfWhichAllAreOpenedShareTheirSyncs) {
  const int before = Syncs();
  for (int32_t p = 0; p < kPartitions; ++p) Furnish(p);
  EXPECT_LE(Syncs() - before, 100);
}

TEST_F(NewPartitionsTest, OfWhichFewAreOpenedAreFurnishedAlone) {
  for (int32_t p = 0; p < 30; ++p) Furnish(p);
  EXPECT_EQ(files_.Count(FileCall::kSyncWhole, ""), 0);
  EXPECT_TRUE(IsAsMade(30));
}

TEST_F(NewPartitionsTest, AreFurnishedInVainNoMoreOftenThanOpened) {
  int opened = 0;
  for (int32_t p = 0; p < kPartitions; p += 20) {
    Furnish(p);
    ++opened;
    int furnished = 0;
    for (int32_t q = 0; q < kPartitions; ++q) furnished += IsAsMade(q) ? 0 : 1;
    ASSERT_LE(furnished, 2 * opened);
  }
  EXPECT_GT(files_.Count(FileCall::kSyncWhole, ""), 0);
}

TEST_F(NewPartitionsTest, AreFurnishedUpToTheFirstThatSomebodyHasBegunToOpen) {
  // Kept though they are not the first ones.
  const EpochStart epochs[] = {{LeaderEpoch{0}, Offset{0}},
                               {LeaderEpoch{4}, Offset{0}}};
  ASSERT_THAT(WriteEpochCheckpoint(files_, "/data/orders-100", epochs), IsOk());
  for (int32_t p = 0; p < 66; ++p) Furnish(p);
  ASSERT_FALSE(IsAsMade(99));
  EXPECT_TRUE(IsAsMade(101));
  EXPECT_THAT(ReadEpochCheckpoint(files_, "/data/orders-100"),
              IsOkAndHolds(ElementsAre(epochs[0], epochs[1])));
}

TEST_F(NewPartitionsTest, OfWhichTheLastAreOpenedFirstAreLookedAtTwice) {
  for (int32_t p = kPartitions - 1; p >= 0; --p) Furnish(p);
  EXPECT_LE(Lists(), 2 * kPartitions);
}

TEST_F(NewPartitionsTest, OpenedHereAndThereCostFewLooksEach) {
  // Each once: the step and their number have no divisor in common.
  for (int32_t i = 0; i < kPartitions; ++i) Furnish(i * 777 % kPartitions);
  // Whose 32 followers are new furnishes as many as it looked at.
  EXPECT_LE(Lists(), (1 + 32) * kPartitions);
}

TEST_F(NewPartitionsTest, AreFurnishedAloneOnceASyncOfAllHasFailed) {
  files_.Fail(FileCall::kSyncWhole, "",
              MakeError(Reason::kDiskFailed, "syncfs"));
  for (int32_t p = 0; p < 200; ++p) Furnish(p);
  EXPECT_TRUE(IsAsMade(201));
  // What was written for that one in vain, and two files each.
  EXPECT_EQ(files_.Count(FileCall::kSyncWhole, ""), 1);
  EXPECT_LE(files_.Count(FileCall::kWrite, ""), 2 * 33 + 2 * 200);
}

TEST_F(NewPartitionsTest, AreFurnishedAloneWhereTheDiskIsNearlyFull) {
  // What 32 partitions take is worth a sync of all, and does not fit.
  files_.set_free_bytes(kFreeBytesMin + 32 * 2 * 4096 - 1);
  for (int32_t p = 0; p < 40; ++p) Furnish(p);
  EXPECT_TRUE(IsAsMade(40));
  // The disk has refused what it said that it has.
  files_.set_free_bytes(std::nullopt);
  space_.NoteFull();
  for (int32_t p = 40; p < 80; ++p) Furnish(p);
  EXPECT_TRUE(IsAsMade(80));
  EXPECT_EQ(files_.Count(FileCall::kSyncWhole, ""), 0);

  space_.NoteFreed();
  Furnish(80);
  EXPECT_FALSE(IsAsMade(81));
}

TEST_F(NewPartitionsTest, AreFurnishedOneAfterTheOtherWhoeverOpensThem) {
  std::vector<std::thread> threads;
  for (int32_t first = 0; first < 4; ++first) {
    threads.emplace_back([this, first] {
      for (int32_t p = first; p < kPartitions; p += 4) Furnish(p);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(NewPartitionsTest, AreFurnishedAnewWhereTheirTopicIsAnother) {
  for (int32_t p = 0; p < 33; ++p) Furnish(p);
  ASSERT_FALSE(IsAsMade(45));
  ASSERT_THAT(directories_.Empty(topic_), IsOk());
  topic_.id.bytes[0] = 8;
  ASSERT_THAT(directories_.Make(topic_, 0, kPartitions), IsOk());

  Furnish(45);
}

TEST_F(NewPartitionsTest, OfABrokersTopicAreNotFurnishedAhead) {
  topic_.imported = true;
  for (int32_t p = 0; p < 40; ++p) {
    ASSERT_THAT(partitions_.Furnish(topic_, PartitionId{p}, whole_.get()),
                IsOk());
  }
  EXPECT_TRUE(IsAsMade(40));
}

}  // namespace
}  // namespace cauce
