#include "engine/coord/offset_expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kRetention = absl::Hours(24);
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

OffsetCommitKey Key(int32_t partition, const std::string& topic = "t") {
  return {"g", topic, PartitionId{partition}};
}

class OffsetExpirySuite : public ::testing::Test {
 protected:
  void Commit(const OffsetCommitKey& key, absl::Time at) {
    OffsetCommitValue value;
    value.offset = Offset{1};
    value.commit_timestamp = Timestamp::From(at);
    table_.Commit(key, value, Offset{next_++});
  }
  OffsetExpiryPlan PlanAt(absl::Time now, const OffsetExpiry& expiry = {}) {
    return PlanOffsetExpiry(table_, "g", expiry, kRetention, now);
  }

  OffsetTable table_;
  int64_t next_ = 0;
};

TEST_F(OffsetExpirySuite, AnOffsetWithoutAGroupAgesFromItsCommit) {
  Commit(Key(0), kStart);
  Commit(Key(1), kStart + absl::Hours(1));
  const absl::Time end = kStart + kRetention;
  EXPECT_THAT(PlanAt(end - absl::Milliseconds(1)).expired, IsEmpty());
  EXPECT_THAT(PlanAt(end).expired, ElementsAre(Key(0)));
  EXPECT_FALSE(PlanAt(end).nothing_left);
  EXPECT_TRUE(PlanAt(end + absl::Hours(1)).nothing_left);
}

TEST_F(OffsetExpirySuite, AnEmptyGroupsOffsetsAgeFromWhenItBecameEmpty) {
  Commit(Key(0), kStart);
  const OffsetExpiry empty{.empty_since = kStart + absl::Hours(10)};
  EXPECT_THAT(PlanAt(kStart + kRetention, empty).expired, IsEmpty());
  EXPECT_THAT(PlanAt(kStart + kRetention + absl::Hours(10), empty).expired,
              ElementsAre(Key(0)));
}

TEST_F(OffsetExpirySuite, WhatIsSubscribedToDoesNotAge) {
  Commit(Key(0, "read"), kStart);
  Commit(Key(0, "left"), kStart);
  const OffsetExpiryPlan plan =
      PlanAt(kStart + 2 * kRetention, {.subscribed = {"read"}});
  EXPECT_THAT(plan.expired, ElementsAre(Key(0, "left")));
  EXPECT_FALSE(plan.nothing_left);
}

TEST_F(OffsetExpirySuite, WhatATransactionMayYetCommitStays) {
  Commit(Key(0), kStart);
  Commit(Key(1), kStart);
  table_.CommitPending(Key(0), {}, Offset{next_++}, ProducerId{1});
  OffsetExpiryPlan plan = PlanAt(kStart + 2 * kRetention);
  EXPECT_THAT(plan.expired, ElementsAre(Key(1)));
  table_.Remove(Key(1));
  EXPECT_FALSE(PlanAt(kStart + 2 * kRetention).nothing_left);
}

TEST_F(OffsetExpirySuite, AnExpiryOfItsOwnGoesFirst) {
  OffsetCommitValue value;
  value.commit_timestamp = Timestamp::From(kStart);
  value.expire_timestamp = Timestamp::From(kStart + absl::Minutes(1));
  table_.Commit(Key(0), value, Offset{0});
  EXPECT_THAT(PlanAt(kStart + absl::Seconds(59)).expired, IsEmpty());
  EXPECT_THAT(PlanAt(kStart + absl::Minutes(1)).expired, ElementsAre(Key(0)));
}

TEST_F(OffsetExpirySuite, TakesNoMoreAtOnceThanItMay) {
  for (size_t i = 0; i <= kExpiredOffsetsMax; ++i)
    Commit(Key(static_cast<int32_t>(i)), kStart);
  const OffsetExpiryPlan plan = PlanAt(kStart + kRetention);
  EXPECT_THAT(plan.expired, SizeIs(kExpiredOffsetsMax));
  EXPECT_FALSE(plan.nothing_left);
}

TEST_F(OffsetExpirySuite, AGroupThatCommittedNothingHasNothingLeft) {
  EXPECT_TRUE(PlanAt(kStart).nothing_left);
}

}  // namespace
}  // namespace cauce
