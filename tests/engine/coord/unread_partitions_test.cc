#include "engine/coord/unread_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

constexpr PartitionId kOne{1};
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const absl::Status kDamaged = MakeError(Reason::kCorruptBatch, "damaged");

TEST(UnreadPartitions, MayBeTriedWhereNothingFailed) {
  UnreadPartitions unread;
  unread.Failed(PartitionId{2}, kDamaged, kStart);

  EXPECT_THAT(unread.CheckMayTry(kOne, kStart), IsOk());
  EXPECT_THAT(unread.WhyUnread(kOne), IsOk());
}

TEST(UnreadPartitions, WaitTwiceAsLongAfterEachFailure) {
  UnreadPartitions unread;
  absl::Time now = kStart;
  for (absl::Duration wait = UnreadPartitions::kFirst;
       wait < UnreadPartitions::kLongest; wait *= 2) {
    unread.Failed(kOne, kDamaged, now);
    EXPECT_THAT(
        unread.CheckMayTry(kOne, now + wait - absl::Milliseconds(1)),
        HasReason(Reason::kCorruptBatch));
    now += wait;
    EXPECT_THAT(unread.CheckMayTry(kOne, now), IsOk());
    EXPECT_THAT(unread.WhyUnread(kOne), HasReason(Reason::kCorruptBatch));
  }
  for (int i = 0; i < 3; ++i) unread.Failed(kOne, kDamaged, now);
  EXPECT_THAT(unread.CheckMayTry(kOne, now + UnreadPartitions::kLongest),
              IsOk());
}

TEST(UnreadPartitions, AreForgottenOnceTheyAreRead) {
  UnreadPartitions unread;
  unread.Failed(kOne, kDamaged, kStart);
  unread.Failed(kOne, kDamaged, kStart);
  unread.Succeeded(kOne);
  EXPECT_THAT(unread.WhyUnread(kOne), IsOk());

  unread.Failed(kOne, kDamaged, kStart);

  EXPECT_THAT(unread.CheckMayTry(kOne, kStart + UnreadPartitions::kFirst),
              IsOk());
}

}  // namespace
}  // namespace cauce
