#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/sim/group_world.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int kSchedules = 50'000;
constexpr int kSteps = 30;

TEST(GroupSimulation, EveryScheduleKeepsThePromisesAndEndsStable) {
  const test::Seed seed;
  test::WorldCounts counts;
  for (uint32_t i = 0; i < kSchedules; ++i) {
    const std::string wrong =
        test::GroupWorld(seed.value() + i, counts).Live(kSteps);
    ASSERT_EQ(wrong, "") << "schedule " << i << ": CAUCE_SEED="
                         << seed.value() + i << " begins with it";
  }
  std::printf(
      "schedules %d\n%ld events, %ld generations, %ld assignments told, %ld "
      "reloads, %ld failed appends, %ld fenced, %ld sleeps, %ld commits, %ld "
      "commits refused, %ld commits and %ld reloads in a rebalance, %ld with "
      "members that have nothing, %ld partitions given up, %ld replaced\n",
      kSchedules, counts.events, counts.generations, counts.assignments,
      counts.reloads, counts.failed_appends, counts.fenced, counts.sleeps,
      counts.commits, counts.refused_commits, counts.commits_while_joining,
      counts.reloads_while_joining, counts.surplus, counts.given_up,
      counts.replaced);
  // Where these do not happen the others mean nothing.
  EXPECT_GT(counts.assignments, kSchedules);
  EXPECT_GT(counts.reloads, kSchedules / 10);
  EXPECT_GT(counts.failed_appends, kSchedules / 10);
  EXPECT_GT(counts.fenced, kSchedules / 1000);
  EXPECT_GT(counts.sleeps, kSchedules);
  EXPECT_GT(counts.commits, kSchedules);
  EXPECT_GT(counts.refused_commits, kSchedules);
  EXPECT_GT(counts.commits_while_joining, kSchedules / 100);
  EXPECT_GT(counts.reloads_while_joining, kSchedules / 100);
  EXPECT_GT(counts.surplus, kSchedules / 1000);
  EXPECT_GT(counts.given_up, kSchedules / 100);
  EXPECT_GT(counts.replaced, kSchedules / 1000);
}

}  // namespace
}  // namespace cauce
