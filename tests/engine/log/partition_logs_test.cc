#include "engine/log/partition_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::SizeIs;

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

TEST_F(PartitionLogsTest, ListThoseThatWaitByTheirNames) {
  for (const std::string_view name : {"00000000000000000009.log.waiting",
                                      "00000000000000000004.log.waiting"}) {
    Put(name);
  }
  const auto listing = logs_.List();
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(listing->waiting, ElementsAre(Offset{4}, Offset{9}));
  EXPECT_EQ(logs_.PathOf({.named = Offset{4}, .is_waiting = true}),
            "/p/00000000000000000004.log.waiting");
}

TEST_F(PartitionLogsTest, ReadWhatLiesInThem) {
  Put("00000000000000000000.log",
      test::Batch({"a"}).At(Offset{3}).bytes() + "torn");
  const auto read = logs_.Read({.named = Offset{0}}, {}, nullptr);
  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(read->runs, SizeIs(1));
  EXPECT_EQ(read->runs[0].base, Offset{3});
  EXPECT_THAT(read->damaged, SizeIs(1));
}

TEST_F(PartitionLogsTest, AreSplitWhereTheyMeet) {
  const auto one = [](int64_t base) {
    return test::Batch({"a"}).At(Offset{base}).bytes();
  };
  Put("00000000000000000000.log", one(0) + one(1) + one(2) + one(3));
  Put("00000000000000000001.log", one(1));
  const std::vector<NamedLog> logs = {{Offset{0}}, {Offset{1}}};
  std::vector<SegmentSurvey> surveys;
  for (const NamedLog& log : logs) {
    const auto read = logs_.Read(log, {}, nullptr);
    ASSERT_THAT(read, IsOk());
    surveys.push_back(*read);
  }
  ASSERT_THAT(surveys[0].runs, SizeIs(1));
  ASSERT_THAT(logs_.SplitWhereTheyMeet(logs, surveys), IsOk());
  ASSERT_THAT(surveys[0].runs, SizeIs(3));
  EXPECT_EQ(surveys[0].runs[1].base, Offset{1});
  EXPECT_EQ(surveys[0].runs[1].next, Offset{2});
  EXPECT_THAT(surveys[1].runs, SizeIs(1));
}

}  // namespace
}  // namespace cauce
