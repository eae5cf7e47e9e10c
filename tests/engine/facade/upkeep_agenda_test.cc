#include "engine/facade/upkeep_agenda.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/time/time.h"
#include "engine/catalog/known_log.h"

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

// Three segments of 100 bytes; the first one's newest record is of kNow.
KnownLog Closed() {
  return {.segments = {{Offset{0}, 100}, {Offset{10}, 100}, {Offset{20}, 100}},
          .end = Offset{30},
          .times = {.oldest = Timestamp::From(kNow)}};
}

TEST(NextLook, ComesWhenTheOldestSegmentIsOfAge) {
  TopicConfig config;
  config.retention_age = absl::Hours(5);
  EXPECT_EQ(NextLook(Closed(), Offset{0}, config), kNow + absl::Hours(5));

  config.retention_age.reset();
  config.retention_bytes = 1000;
  EXPECT_EQ(NextLook(Closed(), Offset{0}, config), absl::InfiniteFuture());
}

TEST(NextLook, ComesAtOnceWhereThereIsSomethingToDeleteWhateverItsAge) {
  TopicConfig config;
  for (const int64_t bytes : {200, 201, 299, 300}) {
    config.retention_bytes = bytes;
    EXPECT_EQ(NextLook(Closed(), Offset{0}, config) == absl::InfinitePast(),
              bytes == 200)
        << bytes;
  }
  config.retention_bytes.reset();
  EXPECT_EQ(NextLook(Closed(), Offset{10}, config), absl::InfinitePast());
  EXPECT_GT(NextLook(Closed(), Offset{9}, config), kNow);

  // The active one goes too, behind a new one.
  KnownLog one = Closed();
  one.segments = {{Offset{0}, 100}};
  config.retention_bytes = 0;
  EXPECT_EQ(NextLook(one, Offset{0}, config), absl::InfinitePast());
}

TEST(NextLook, ComesAtOnceWhereNobodyHasNotedTheAge) {
  KnownLog log = Closed();
  log.times.oldest = kNoTimestamp;
  EXPECT_EQ(NextLook(log, Offset{0}, {}), absl::InfinitePast());

  // But not of a log that holds nothing.
  log.segments = {{Offset{30}, 0}};
  EXPECT_EQ(NextLook(log, Offset{30}, {}), absl::InfiniteFuture());
}

TEST(NextLook, ComesAtOnceWhereTheTopicIsCompacted) {
  TopicConfig config;
  config.cleanup = {.remove = false, .compact = true};
  EXPECT_EQ(NextLook(Closed(), Offset{0}, config), absl::InfinitePast());
}

}  // namespace
}  // namespace cauce
