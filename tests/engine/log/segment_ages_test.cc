#include "engine/log/segment_ages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
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
  ASSERT_THAT(ages, IsOk());
  EXPECT_EQ(ages->Of(timed), absl::FromUnixSeconds(5));
  EXPECT_EQ(ages->Of(untimed), clock_.Now());
}

TEST_F(SegmentAgesTest, NeedNoFileBehindTheFirstThatIsYoung) {
  const auto old = Make(0, {5000}), young = Make(1, {9000}),
             last = Make(2, {1000});
  const SegmentSet set({old, young, last});
  const auto some = SegmentAges::Gather(
      set, disk_.files(), absl::FromUnixSeconds(9), Extent::kUntilYoung);
  ASSERT_THAT(some, IsOk());
  EXPECT_EQ(some->Of(young), absl::FromUnixSeconds(9));
  EXPECT_EQ(some->Of(last), absl::InfiniteFuture());

  const auto all = SegmentAges::Gather(set, disk_.files(),
                                       absl::FromUnixSeconds(9), Extent::kAll);
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all->Of(last), absl::FromUnixSeconds(1));
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
  ASSERT_THAT(ages, IsOk());
  EXPECT_EQ(ages->Of(untimed), clock_.Now());
  ASSERT_THAT(untimed->Unlink(), IsOk());
  ages = gather(untimed);
  ASSERT_THAT(ages, IsOk());
  EXPECT_EQ(ages->Of(untimed), absl::InfiniteFuture());

  const auto lost = Make(1, kNoTimestamp);
  ASSERT_THAT(lost->LargestTimestamp(), IsOk());
  disk_.Remove(SegmentFileName(Offset{1}, kLogSuffix));
  EXPECT_THAT(gather(lost), test::StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SegmentAgesTest, AreNotKnownOfWhatCameOrGrewSince) {
  const auto grows = Make(0, {5000});
  const auto ages = SegmentAges::Gather(SegmentSet({grows}), disk_.files(),
                                        absl::InfiniteFuture(), Extent::kAll);
  ASSERT_THAT(ages, IsOk());
  grows->Publish(grows->bytes() + 100, Offset{2});
  EXPECT_EQ(ages->Of(grows), absl::InfiniteFuture());
  EXPECT_EQ(ages->Of(Make(7, {5000})), absl::InfiniteFuture());
}

}  // namespace
}  // namespace cauce
