#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/history/history_check.h"
#include "tests/history/history_world.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int kHistories = 100;
constexpr int kSteps = 600;

TEST(Histories, OfAnyProgramsAndKillsHaveNoAnomaly) {
  const test::Seed seed;
  test::HistoryCounts counts;
  for (uint32_t i = 0; i < kHistories; ++i) {
    SCOPED_TRACE(testing::Message()
                 << "history " << i << ": CAUCE_SEED=" << seed.value() + i
                 << " begins with it");
    test::HistoryWorld world(seed.value() + i, counts);
    ASSERT_EQ(world.Live(kSteps), "");
    const test::Anomalies found = test::CheckHistory(world.history());
    ASSERT_TRUE(found.empty())
        << found.size() << " anomalies, the first: "
        << test::Describe(found.front(), world.history());
  }
  std::printf(
      "histories %d\n%ld events, %ld kills, %ld power cuts, %ld closes, %ld "
      "failed calls, %ld commits, %ld aborts, %ld fenced, %ld assignments, "
      "%ld lost memberships, %ld commits of offsets refused, %ld copies\n",
      kHistories, counts.events, counts.process_kills, counts.power_cuts,
      counts.closes, counts.failed_calls, counts.commits, counts.aborts,
      counts.fenced, counts.assignments, counts.lost_memberships,
      counts.commits_refused, counts.copies);
  // Where these do not happen the others mean nothing.
  EXPECT_GT(counts.failed_calls, kHistories);
  EXPECT_GT(counts.process_kills, kHistories);
  EXPECT_GT(counts.power_cuts, kHistories);
  EXPECT_GT(counts.closes, kHistories);
  EXPECT_GT(counts.commits, kHistories);
  EXPECT_GT(counts.aborts, kHistories);
  EXPECT_GT(counts.fenced, kHistories);
  EXPECT_GT(counts.assignments, kHistories);
  EXPECT_GT(counts.lost_memberships, kHistories);
  EXPECT_GT(counts.commits_refused, kHistories);
  EXPECT_GT(counts.copies, kHistories);
}

}  // namespace
}  // namespace cauce
