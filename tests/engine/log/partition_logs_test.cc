#include "engine/log/partition_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::Optional;

class PartitionLogsTest : public ::testing::Test {
 protected:
  PartitionLogsTest() { CAUCE_CHECK(files_->CreateDirectories("/p").ok()); }

  void Put(std::string_view name, std::string_view bytes = "") {
    const auto file =
        files_->Open("/p/" + std::string(name), OpenMode::kCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const PartitionToCheck partition_{.directory = "/p",
                                    .bounds = {.durable = Offset{6}}};
  const PartitionLogs logs_{*files_, partition_};
};

TEST_F(PartitionLogsTest, ListWhatIsCalledLikeAPartOfASegment) {
  for (const std::string_view name :
       {"00000000000000000009.log", "00000000000000000000.log",
        "00000000000000000009.index", "00000000000000000004.timeindex",
        "application.log", "notes.txt", "leader-epoch-checkpoint",
        "00000000000000000000.log.cut"}) {
    Put(name);
  }
  for (const std::string_view name :
       {"/p/00000000000000000005.log", "/p/00000000000000000005.index"}) {
    ASSERT_THAT(files_->CreateDirectory(name), IsOk());
  }
  const auto listing = logs_.List();
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(listing->logs, ElementsAre(Offset{0}, Offset{9}));
  // A directory in an index's place goes out of the way as an index does.
  EXPECT_THAT(listing->indexes, ElementsAre("00000000000000000004.timeindex",
                                            "00000000000000000005.index",
                                            "00000000000000000009.index"));
  EXPECT_THAT(listing->directories, ElementsAre(Offset{5}));
  EXPECT_THAT(listing->lookalikes, ElementsAre("application.log"));
}

TEST_F(PartitionLogsTest, HoldTheLastOfThemToWhereTheLogWasDurable) {
  EXPECT_EQ(logs_.RangeOf(Offset{2}, Offset{5}).up_to, Offset{5});
  EXPECT_EQ(logs_.RangeOf(Offset{2}, std::nullopt).boundary, Offset{6});
}

TEST_F(PartitionLogsTest, TellWhereAFirstBatchThatIsWholeBegins) {
  Put("00000000000000000000.log",
      test::Batch({"a"}).At(Offset{3}).bytes() + "torn");
  Put("00000000000000000009.log", "rubbish");
  EXPECT_THAT(logs_.FirstBase(Offset{0}), IsOkAndHolds(Optional(Offset{3})));
  EXPECT_THAT(logs_.FirstBase(Offset{9}), IsOkAndHolds(std::nullopt));
  const auto read =
      logs_.Read(Offset{0}, logs_.RangeOf(Offset{0}, std::nullopt));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->first, Offset{3});
  EXPECT_EQ(read->next, Offset{4});
  EXPECT_EQ(read->unreadable.size(), 1u);
}

}  // namespace
}  // namespace cauce
