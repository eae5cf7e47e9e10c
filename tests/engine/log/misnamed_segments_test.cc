#include "engine/log/misnamed_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Misnamed : public ::testing::Test {
 protected:
  Misnamed() { CAUCE_CHECK(files_->CreateDirectories("/p").ok()); }

  static std::string Two(int64_t base) {
    return test::Batch({"one"}).At(Offset{base}).bytes() +
           test::Batch({"two"}).At(Offset{base + 1}).bytes();
  }

  void Put(int64_t named, std::string_view bytes) {
    const auto file = files_->Open(
        "/p/" + SegmentFileName(Offset{named}, kLogSuffix), OpenMode::kCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  // What each is called by, and should be.
  std::vector<std::pair<int64_t, int64_t>> Find() {
    const auto listing = logs_.List();
    EXPECT_THAT(listing, IsOk());
    const auto found = FindMisnamed(logs_, listing->logs);
    EXPECT_THAT(found, IsOk());
    std::vector<std::pair<int64_t, int64_t>> names;
    for (const MisnamedSegment& each : *found) {
      names.emplace_back(each.named.value, each.base.value);
    }
    return names;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const PartitionToCheck partition_{.directory = "/p"};
  const PartitionLogs logs_{*files_, partition_};
};

TEST_F(Misnamed, AreThoseWhoseBatchesCannotStandThere) {
  Put(0, Two(0));
  Put(7, Two(2));
  Put(4, Two(4));
  EXPECT_THAT(Find(), ElementsAre(Pair(7, 2)));
}

TEST_F(Misnamed, AreNotThoseInFrontOfWhichCompactionLeftAGap) {
  Put(0, Two(0));
  Put(2, Two(5));
  Put(9, Two(9));
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Misnamed, IsNotTheLastOneWhereItCanBeReadAsItIsCalled) {
  Put(0, Two(0));
  Put(2, Two(5));
  EXPECT_THAT(Find(), IsEmpty());
}

// Its offsets are those of another one.
TEST_F(Misnamed, IsNotASegmentOfWhichOneBatchIsWrong) {
  Put(0, Two(0));
  Put(2, test::Batch({"astray"}).At(Offset{0}).bytes() + Two(3));
  EXPECT_THAT(Find(), IsEmpty());
}

}  // namespace
}  // namespace cauce
