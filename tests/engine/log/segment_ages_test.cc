#include "engine/log/segment_ages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/log/gap_batch.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::Batch;
using test::IsOk;

using Extent = SegmentAges::Extent;

class SegmentAgesTest : public ::testing::Test {
 protected:
  std::shared_ptr<Segment> Make(int64_t base, Timestamp time) {
    const std::string bytes(Batch({"a"}, time).At(Offset{base}).bytes());
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), bytes);
    return std::make_shared<Segment>(
        disk_.Place(Offset{base}), OpenMode::kReadWrite,
        static_cast<int64_t>(bytes.size()), Offset{base + 1});
  }

  test::SimClock clock_;
  test::TestDisk disk_{test::DiskKind::kMemory, &clock_};
};

TEST_F(SegmentAgesTest, AreTheLargestTimesOfRecordsOrElseOfFiles) {
  const auto timed = Make(0, {5000}), untimed = Make(1, kNoTimestamp);
  const auto ages =
      SegmentAges::Gather(SegmentSet({timed, untimed}), disk_.files(),
                          absl::InfiniteFuture(), Extent::kUntilYoung);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(timed), absl::FromUnixSeconds(5));
  EXPECT_EQ(ages.Of(untimed), clock_.Now());
}

// It holds no record, and would keep the log from growing younger.
TEST_F(SegmentAgesTest, AreThoseOfTheNeighboursForABatchThatFillsAGap) {
  const std::string bytes =
      GapBatch(Offset{0}, Offset{9}, {.time = Timestamp{5000}});
  disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), bytes);
  const auto gap =
      std::make_shared<Segment>(disk_.Place(Offset{0}), OpenMode::kReadWrite,
                                static_cast<int64_t>(bytes.size()), Offset{9});
  const auto ages =
      SegmentAges::Gather(SegmentSet({gap}), disk_.files(),
                          absl::InfiniteFuture(), Extent::kUntilYoung);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(gap), absl::FromUnixSeconds(5));
}

TEST_F(SegmentAgesTest, NeedNoFileBehindTheFirstThatIsYoung) {
  const auto old = Make(0, {5000}), young = Make(1, {9000}),
             last = Make(2, {1000});
  const SegmentSet set({old, young, last});
  const auto some = SegmentAges::Gather(
      set, disk_.files(), absl::FromUnixSeconds(9), Extent::kUntilYoung);
  EXPECT_THAT(some.failure(), IsOk());
  EXPECT_EQ(some.Of(young), absl::FromUnixSeconds(9));
  EXPECT_EQ(some.Of(last), absl::InfiniteFuture());

  const auto all = SegmentAges::Gather(set, disk_.files(),
                                       absl::FromUnixSeconds(9), Extent::kAll);
  EXPECT_THAT(all.failure(), IsOk());
  EXPECT_EQ(all.Of(last), absl::FromUnixSeconds(1));
}

// By somebody else, while ages are gathered; what is lost is told.
TEST_F(SegmentAgesTest, AreThoseOfTheYoungForWhatWasUnlinked) {
  const auto untimed = Make(0, kNoTimestamp);
  ASSERT_THAT(untimed->LargestTimestamp(), IsOk());
  ASSERT_THAT(untimed->Retire(), IsOk());
  const auto gather = [&](const std::shared_ptr<Segment>& segment) {
    return SegmentAges::Gather(SegmentSet({segment}), disk_.files(),
                               absl::InfiniteFuture(), Extent::kAll);
  };
  auto ages = gather(untimed);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(untimed), clock_.Now());
  ASSERT_THAT(untimed->Unlink(), IsOk());
  ages = gather(untimed);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(untimed), absl::InfiniteFuture());

  // It was never asked for its times before.
  const auto unread = Make(2, {5000});
  ASSERT_THAT(unread->Retire(), IsOk());
  ASSERT_THAT(unread->Unlink(), IsOk());
  ages = gather(unread);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(unread), absl::InfiniteFuture());

  const auto lost = Make(1, kNoTimestamp);
  ASSERT_THAT(lost->LargestTimestamp(), IsOk());
  disk_.Remove(SegmentFileName(Offset{1}, kLogSuffix));
  ages = gather(lost);
  EXPECT_THAT(ages.failure(), test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(ages.Of(lost), absl::InfiniteFuture());
}

// Gives a segment its new name when it is looked at by its old one.
class RetiresFirst final : public test::FailingFileSystem {
 public:
  RetiresFirst(FileSystem& real, Segment& segment)
      : FailingFileSystem(real), segment_(segment) {}

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    if (!std::exchange(is_retired_, true)) {
      EXPECT_THAT(segment_.Retire(), IsOk());
    }
    return FailingFileSystem::Info(path);
  }

 private:
  Segment& segment_;
  bool is_retired_ = false;
};

TEST_F(SegmentAgesTest, AreFoundUnderTheNameThatASegmentGetsMeanwhile) {
  const auto untimed = Make(0, kNoTimestamp);
  RetiresFirst files(disk_.files(), *untimed);
  const auto largest = LargestTime(*untimed, files);
  ASSERT_THAT(largest, IsOk());
  EXPECT_EQ(*largest, clock_.Now());
}

TEST_F(SegmentAgesTest, BeginWithTheFirstBatchAsLongAsThereIsOne) {
  const auto timed = Make(0, {5000}), untimed = Make(1, kNoTimestamp);
  EXPECT_THAT(FirstTime(*timed),
              test::IsOkAndHolds(absl::FromUnixSeconds(5)));
  EXPECT_THAT(FirstTime(*untimed),
              test::IsOkAndHolds(absl::InfiniteFuture()));
  const auto unread = Make(2, {5000});
  ASSERT_THAT(unread->Retire(), IsOk());
  ASSERT_THAT(unread->Unlink(), IsOk());
  EXPECT_THAT(FirstTime(*unread), test::IsOkAndHolds(absl::InfiniteFuture()));
}

// As a cut does, and a later one that takes the whole segment.
TEST_F(SegmentAgesTest, AreThoseOfTheYoungForWhatWasReplacedAndUnlinked) {
  const auto before = Make(0, kNoTimestamp), after = Make(0, kNoTimestamp);
  before->Supersede();
  ASSERT_THAT(after->Retire(), IsOk());
  ASSERT_THAT(after->Unlink(), IsOk());
  const auto ages =
      SegmentAges::Gather(SegmentSet({before}), disk_.files(),
                          absl::InfiniteFuture(), Extent::kAll);
  EXPECT_THAT(ages.failure(), IsOk());
  EXPECT_EQ(ages.Of(before), absl::InfiniteFuture());
}

TEST_F(SegmentAgesTest, AreThoseOfTheYoungForWhatCannotBeRead) {
  const auto unreadable = Make(0, {5000}), old = Make(1, {1000});
  disk_.files().Fail(test::FileCall::kOpen, "0.log",
                     MakeError(Reason::kDiskFailed, "no"));
  const SegmentSet set({unreadable, old});
  const auto all = SegmentAges::Gather(set, disk_.files(),
                                       absl::InfiniteFuture(), Extent::kAll);
  EXPECT_THAT(all.failure(), test::HasReason(Reason::kDiskFailed));
  EXPECT_EQ(all.Of(unreadable), absl::InfiniteFuture());
  EXPECT_EQ(all.Of(old), absl::FromUnixSeconds(1));

  const auto some = SegmentAges::Gather(
      set, disk_.files(), absl::FromUnixSeconds(9), Extent::kUntilYoung);
  EXPECT_EQ(some.Of(old), absl::InfiniteFuture());
}

TEST_F(SegmentAgesTest, AreNotKnownOfWhatCameOrGrewSince) {
  const auto grows = Make(0, {5000});
  const auto ages = SegmentAges::Gather(SegmentSet({grows}), disk_.files(),
                                        absl::InfiniteFuture(), Extent::kAll);
  EXPECT_THAT(ages.failure(), IsOk());
  grows->Publish(grows->bytes() + 100, Offset{2});
  EXPECT_EQ(ages.Of(grows), absl::InfiniteFuture());
  EXPECT_EQ(ages.Of(Make(7, {5000})), absl::InfiniteFuture());
}

}  // namespace
}  // namespace cauce
