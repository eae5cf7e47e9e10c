#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/sim/transaction_world.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int kSchedules = 100'000;
constexpr int kSteps = 30;

TEST(TransactionSimulation, EveryScheduleKeepsThePromisesAndEndsAll) {
  const test::Seed seed;
  test::TransactionCounts counts;
  for (uint32_t i = 0; i < kSchedules; ++i) {
    const std::string wrong =
        test::TransactionWorld(seed.value() + i, counts).Live(kSteps);
    ASSERT_EQ(wrong, "") << "schedule " << i << ": CAUCE_SEED="
                         << seed.value() + i << " begins with it";
  }
  std::printf(
      "schedules %d\n%ld events, %ld commits, %ld aborts, %ld fenced, %ld "
      "time-outs, %ld kills, %ld handovers, %ld failed appends, %ld late "
      "batches, %ld new ids\n",
      kSchedules, counts.events, counts.commits, counts.aborts, counts.fenced,
      counts.time_outs, counts.kills, counts.handovers, counts.failed_appends,
      counts.late_batches, counts.new_ids);
  // Where these do not happen the others mean nothing.
  EXPECT_GT(counts.commits, kSchedules);
  EXPECT_GT(counts.aborts, kSchedules / 10);
  EXPECT_GT(counts.fenced, kSchedules / 10);
  EXPECT_GT(counts.time_outs, kSchedules / 10);
  EXPECT_GT(counts.kills, kSchedules / 10);
  EXPECT_GT(counts.handovers, kSchedules / 10);
  EXPECT_GT(counts.failed_appends, kSchedules / 10);
  EXPECT_GT(counts.late_batches, kSchedules / 1000);
  EXPECT_GT(counts.new_ids, kSchedules / 10);
}

// The coordinator was handed over while the end of a transaction was stored,
// and killed: the next one found that end, and a transaction of version 1 was
// open as the marker of the first came. Kafka's version 2 is there to tell them
// apart; a marker of version 1 ends with the process that sends it.
TEST(TransactionSimulation, MarkersOfVersionOneEndWithTheirCoordinator) {
  constexpr uint32_t kFoundBy = 20'056'724;
  test::TransactionCounts counts;
  EXPECT_EQ(test::TransactionWorld(kFoundBy, counts).Live(kSteps), "");
}

}  // namespace
}  // namespace cauce
