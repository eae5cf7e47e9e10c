#include "engine/facade/partition_log.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr PartitionLog::Bounds kBounds{
    .log_start = Offset{3}, .log_end = Offset{7}, .bytes = 100};

TEST(PartitionLog, TellsWhatItWasMadeWithWhileItSleeps) {
  const PartitionLog log({"orders", PartitionId{1}}, kBounds);
  EXPECT_EQ(log.name(), (TopicPartition{"orders", PartitionId{1}}));
  EXPECT_EQ(log.awake(), nullptr);
  EXPECT_EQ(log.Keep(), nullptr);
  EXPECT_EQ(log.dormant().log_start, Offset{3});
  EXPECT_EQ(log.dormant().log_end, Offset{7});
  EXPECT_EQ(log.dormant().bytes, 100);
  EXPECT_THAT(log.CheckSleeps(), IsOk());
}

TEST(PartitionLog, IsAwakeAsTheFirstLogItWasWokenWith) {
  test::LogRig first;
  test::LogRig second;
  ASSERT_THAT(first.Open(), IsOk());
  ASSERT_THAT(second.Open(), IsOk());
  PartitionLog log({"orders", PartitionId{1}}, kBounds);
  for (test::LogRig* rig : {&first, &second}) {
    log.Wake(rig->shared_log());
    EXPECT_EQ(log.awake(), &first.log());
    EXPECT_EQ(log.Keep(), first.shared_log());
  }
}

TEST(PartitionLog, IsNotWokenOnceItHasEnded) {
  test::LogRig rig;
  ASSERT_THAT(rig.Open(), IsOk());
  PartitionLog log({"orders", PartitionId{1}}, kBounds);
  log.End(absl::AbortedError("first"));
  log.End(absl::AbortedError("second"));
  EXPECT_EQ(log.CheckSleeps(), absl::AbortedError("first"));
  log.Wake(rig.shared_log());
  EXPECT_EQ(log.awake(), nullptr);
}

}  // namespace
}  // namespace cauce
