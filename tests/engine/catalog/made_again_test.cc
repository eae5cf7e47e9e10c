#include "engine/catalog/made_again.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TopicId Id(uint8_t first) {
  TopicId id;
  id.bytes[0] = first;
  return id;
}

class MadeAgain : public ::testing::Test {
 protected:
  void Know(const std::string& topic, uint8_t id, bool imported = true) {
    TopicEntry entry;
    entry.name = topic;
    entry.id = Id(id);
    entry.partitions = 2;
    entry.imported = imported;
    ASSERT_THAT(catalog_.Add(entry), IsOk());
  }
  void Put(const std::string& topic, int32_t partition, uint8_t id) {
    const TopicPartition name{topic, PartitionId{partition}};
    const std::string path = "/data/" + name.ToString();
    CAUCE_CHECK(files_->CreateDirectories(path).ok());
    CAUCE_CHECK(WritePartitionMetadata(*files_, path, Id(id)).ok());
    there_.push_back(name);
  }
  std::vector<FoundTopic> Find() {
    return FindMadeAgain(*files_, "/data", catalog_, there_);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  TopicCatalog catalog_;
  std::vector<TopicPartition> there_;
};

TEST_F(MadeAgain, IsATopicWhoseDirectoriesAllSayTheSameOtherId) {
  Know("orders", 1);
  Know("payments", 2);
  Put("orders", 0, 9);
  Put("orders", 1, 9);
  Put("orders", 2, 9);
  Put("payments", 0, 2);
  EXPECT_THAT(Find(), ElementsAre(FoundTopic{"orders", 3}));
}

TEST_F(MadeAgain, IsNotOneWhoseDirectoriesDoNotAgree) {
  Know("orders", 1);
  Put("orders", 0, 9);
  Put("orders", 1, 1);
  EXPECT_THAT(Find(), IsEmpty());
  Put("orders", 1, 8);
  EXPECT_THAT(Find(), IsEmpty());
  ASSERT_THAT(files_->RemoveFile("/data/orders-1/partition.metadata"), IsOk());
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(MadeAgain, IsNotOneOfWhichNothingIsThere) {
  Know("orders", 1);
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(MadeAgain, AreNotTwoWhoseDirectoriesWereExchanged) {
  Know("orders", 1);
  Know("payments", 2);
  Put("orders", 0, 2);
  Put("payments", 0, 1);
  EXPECT_THAT(Find(), IsEmpty());
}

// Of the other nothing is there any more, or its new owner is not known.
TEST_F(MadeAgain, IsNotOneOfWhichEitherIdIsAnotherTopicsToo) {
  Know("orders", 1);
  Know("copied", 1);
  Know("payments", 2);
  Put("orders", 0, 9);
  Put("copied", 0, 1);
  EXPECT_THAT(Find(), IsEmpty());
}

// Its id is what was given to it, and not a memory.
TEST_F(MadeAgain, IsNotATopicOfOurOwnNorOneWithoutAnId) {
  Know("orders", 1, /*imported=*/false);
  Know("payments", 0);
  Put("orders", 0, 9);
  Put("payments", 0, 8);
  Put("unknown", 0, 7);
  EXPECT_THAT(Find(), IsEmpty());
}

}  // namespace
}  // namespace cauce
