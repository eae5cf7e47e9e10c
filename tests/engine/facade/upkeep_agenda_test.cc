#include "engine/facade/upkeep_agenda.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

const TopicPartition kOrders{"orders", PartitionId{0}};
const TopicPartition kReturns{"returns", PartitionId{0}};
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(UpkeepAgenda, WhatWasNeverLookedAtIsDue) {
  UpkeepAgenda agenda;
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow));
}

TEST(UpkeepAgenda, WhatWasLookedAtIsDueAgainWhenItsTimeComes) {
  UpkeepAgenda agenda;
  agenda.Looked(kOrders, agenda.Begin(kOrders), kNow + absl::Hours(1));
  agenda.Looked(kReturns, agenda.Begin(kReturns), absl::InfiniteFuture());
  EXPECT_FALSE(agenda.IsDue(kOrders, kNow));
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow + absl::Hours(1)));
  EXPECT_FALSE(agenda.IsDue(kReturns, kNow + absl::Hours(24 * 365)));

  agenda.Looked(kOrders, agenda.Begin(kOrders), absl::InfiniteFuture());
  EXPECT_FALSE(agenda.IsDue(kOrders, kNow + absl::Hours(1)));
}

TEST(UpkeepAgenda, WhatWasForgottenIsDue) {
  const TopicPartition second{"orders", PartitionId{1}};
  UpkeepAgenda agenda;
  for (const auto& partition : {kOrders, second, kReturns}) {
    agenda.Looked(partition, agenda.Begin(partition), absl::InfiniteFuture());
  }
  agenda.Forget(second);
  EXPECT_FALSE(agenda.IsDue(kOrders, kNow));
  EXPECT_TRUE(agenda.IsDue(second, kNow));
  agenda.Forget("orders");
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow));
  EXPECT_FALSE(agenda.IsDue(kReturns, kNow));
}

TEST(UpkeepAgenda, ALookIsDueUntilItIsDoneAndWorthNothingOnceForgotten) {
  UpkeepAgenda agenda;
  auto look = agenda.Begin(kOrders);
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow));
  agenda.Forget(kOrders);
  agenda.Looked(kOrders, look, absl::InfiniteFuture());
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow));

  look = agenda.Begin(kOrders);
  agenda.Forget("orders");
  const auto newer = agenda.Begin(kOrders);
  agenda.Looked(kOrders, look, absl::InfiniteFuture());
  EXPECT_TRUE(agenda.IsDue(kOrders, kNow));
  agenda.Looked(kOrders, newer, absl::InfiniteFuture());
  EXPECT_FALSE(agenda.IsDue(kOrders, kNow));
}

TEST(MayDelete, OnlyWhereRetentionHasALimit) {
  TopicConfig config;
  EXPECT_TRUE(MayDelete(config));
  config.retention_age.reset();
  EXPECT_FALSE(MayDelete(config));
  config.retention_bytes = 100;
  EXPECT_TRUE(MayDelete(config));
  config.cleanup.remove = false;
  EXPECT_FALSE(MayDelete(config));
}

}  // namespace
}  // namespace cauce
