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

using Names = std::pair<int64_t, int64_t>;

class Misnamed : public ::testing::Test {
 protected:
  Misnamed() { CAUCE_CHECK(files_->CreateDirectories("/p").ok()); }

  static std::string Two(int64_t base) {
    return test::Batch({"one"}).At(Offset{base}).bytes() +
           test::Batch({"two"}).At(Offset{base + 1}).bytes();
  }

  // A batch of two records.
  static std::string Pair(int64_t base) {
    return test::Batch({"a", "b"}).At(Offset{base}).bytes();
  }

  void Put(int64_t named, std::string_view bytes) {
    const auto file =
        files_->Open("/p/" + SegmentFileName(Offset{named}, kLogSuffix),
                     OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  // What each is called by, and should be.
  std::vector<Names> Find() {
    const auto listing = logs_.List();
    EXPECT_THAT(listing, IsOk());
    const auto found = FindMisnamed(logs_, listing->logs);
    EXPECT_THAT(found, IsOk());
    std::vector<Names> names;
    for (const MisnamedSegment& each : *found) {
      names.emplace_back(each.named.value, each.base.value);
    }
    return names;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  PartitionToCheck partition_{.directory = "/p"};
  const PartitionLogs logs_{*files_, partition_};
};

TEST_F(Misnamed, AreThoseWhoseBatchesCannotStandThere) {
  Put(0, Two(0));
  Put(7, Two(2));
  Put(4, Two(4));
  EXPECT_THAT(Find(), ElementsAre(Names(7, 2)));
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

// No CRC covers it, and one bit of it is soon another.
TEST_F(Misnamed, IsNoSegmentWhoseFirstBaseOffsetTheBatchBehindItDenies) {
  for (const int64_t base : {0, 1, 2, 5, 6, 58880, 1 << 30}) {
    SCOPED_TRACE(base);
    const std::string head =
        test::Batch({"one"}).At(Offset{base}).bytes().substr(0, 8);
    Put(0, Two(0));
    Put(4, head + Two(4).substr(head.size()));
    Put(6, Two(6));
    EXPECT_THAT(Find(), IsEmpty());
  }
}

// Whatever the segments around its name say.
TEST_F(Misnamed, IsASegmentWhoseFirstBaseOffsetTheBatchBehindItConfirms) {
  Put(0, Two(0));
  Put(2, Two(8));
  Put(4, Two(4));
  EXPECT_THAT(Find(), ElementsAre(Names(2, 8)));
}

TEST_F(Misnamed, IsNoSegmentOfOneBatchThatItsNeighboursMeetByItsName) {
  // One of the places is as free as its own, and one goes on from another.
  for (const int64_t base : {0, 1, 2, 6, 8, 58880, 1 << 30}) {
    SCOPED_TRACE(base);
    Put(0, Two(0));
    Put(2, Pair(base));
    Put(4, Two(4));
    EXPECT_THAT(Find(), IsEmpty());
  }
}

TEST_F(Misnamed, IsNoSegmentOfOneBatchThatTheEndsOfTheLogMeetByItsName) {
  partition_.start_is_known = true;
  // All of its records, and those behind the first one that was deleted.
  for (const Offset start : {Offset{0}, Offset{1}}) {
    partition_.bounds = {.durable = Offset{2}, .log_start = start};
    Put(0, Pair(58880));
    EXPECT_THAT(Find(), IsEmpty());
  }
}

TEST_F(Misnamed, IsOneOfOneBatchThatItsNeighboursMeetByItsBatch) {
  Put(0, Two(0));
  Put(4, Two(4));
  Put(9, Pair(2));
  EXPECT_THAT(Find(), ElementsAre(Names(9, 2)));
}

TEST_F(Misnamed, IsOneOfOneBatchThatOneNeighbourMeetsByItsBatch) {
  Put(0, Two(0));
  Put(9, Pair(2));
  EXPECT_THAT(Find(), ElementsAre(Names(9, 2)));
}

TEST_F(Misnamed, IsOneOfOneBatchThatTheEndsOfTheLogMeetByItsBatch) {
  Put(9, Pair(2));
  EXPECT_THAT(Find(), IsEmpty());
  partition_.bounds.durable = Offset{4};
  EXPECT_THAT(Find(), ElementsAre(Names(9, 2)));
  partition_.bounds = {.durable = Offset{7}, .log_start = Offset{3}};
  EXPECT_THAT(Find(), IsEmpty());
  partition_.start_is_known = true;
  EXPECT_THAT(Find(), ElementsAre(Names(9, 2)));
}

// Its place has become free with another segment that is gone, and it would
// fit either.
TEST_F(Misnamed, IsNoSegmentOfOneBatchForWhichBothPlacesSpeakAlike) {
  Put(0, Two(0));
  Put(2, Pair(6));
  Put(4, Two(4));
  Put(8, Two(8));
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Misnamed, IsNoSegmentOfOneBatchForWhichNothingSpeaks) {
  Put(0, Two(0));
  Put(7, Pair(4));
  EXPECT_THAT(Find(), IsEmpty());
}

// The name tells nothing then, though the segment before seems to end there.
TEST_F(Misnamed, IsOneOfOneBatchThatIsCalledByTheMiddleOfAnother) {
  Put(0, Two(0) + Two(2) + Two(4));
  Put(2, Pair(8));
  Put(6, Two(6));
  EXPECT_THAT(Find(), ElementsAre(Names(2, 8)));
  // It begins where it says, and goes on as the name does.
  Put(2, Pair(6));
  Put(6, "");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Misnamed, IsNoCopyOfASegmentOfOneBatch) {
  Put(0, Two(0));
  Put(2, Pair(2));
  Put(3, Pair(2));
  Put(4, Two(4));
  EXPECT_THAT(Find(), IsEmpty());
}

// The length of its first batch says nothing of where it ends.
TEST_F(Misnamed, IsNoSegmentWhoseEndIsNotKnown) {
  Put(0, Two(0));
  Put(4, Two(4));
  Put(9, Pair(1) + "rubbish");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Misnamed, AreThoseOfOneBatchThatExchangedTheirNames) {
  Put(0, Pair(4));
  Put(2, Pair(2));
  Put(4, Pair(0));
  EXPECT_THAT(Find(), ElementsAre(Names(4, 0), Names(0, 4)));
}

// The first one may begin later, as far as it goes.
TEST_F(Misnamed, AreThoseOfOneBatchWhoseNamesWentRoundInACircle) {
  Put(0, Pair(4));
  Put(2, Pair(0));
  Put(4, Pair(2));
  Put(6, Two(6));
  EXPECT_THAT(Find(), ElementsAre(Names(4, 2), Names(2, 0)));
}

// It need not be: the one that is called so is where it belongs.
TEST_F(Misnamed, IsNoSegmentThatBeginsAsARightOneIsCalled) {
  Put(0, Pair(2));
  Put(2, Pair(2));
  EXPECT_THAT(Find(), IsEmpty());
}

}  // namespace
}  // namespace cauce
