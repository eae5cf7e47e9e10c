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

}  // namespace
}  // namespace cauce
