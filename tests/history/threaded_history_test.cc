// Histories in which everybody is on a thread of their own, judged as all
// others are. Runs under the thread sanitizer.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>

#include "tests/history/anomaly.h"
#include "tests/history/history.h"
#include "tests/history/history_check.h"
#include "tests/history/threaded_world.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int kHistories = 5;
constexpr int kLives = 5;
constexpr int kSteps = 120;

TEST(ThreadedHistories, OfAnyProgramsAndKillsHaveNoAnomaly) {
  const test::Seed seed;
  test::ThreadedCounts counts;
  int64_t events = 0;
  for (uint32_t i = 0; i < kHistories; ++i) {
    SCOPED_TRACE(testing::Message()
                 << "history " << i << ": CAUCE_SEED=" << seed.value() + i
                 << " begins with what it tries");
    test::ThreadedWorld world(seed.value() + i, counts);
    ASSERT_EQ(world.Live(kLives, kSteps), "");
    const test::History history = world.TakeHistory();
    const test::Anomalies found = test::CheckHistory(history);
    ASSERT_TRUE(found.empty())
        << found.size() << " anomalies, the first: "
        << test::Describe(found.front(), history);
    events += static_cast<int64_t>(history.size());
  }
  std::printf(
      "histories %d\n%ld events, %ld operations, %ld kills, %ld power cuts, "
      "%ld commits, %ld aborts, %ld fenced, %ld assignments, %ld commits of "
      "offsets, %ld refused, %ld replaced, %ld copies, %ld worked on, %ld "
      "records refused, %ld read within transactions, %ld closed in a "
      "commit\n",
      kHistories, events, counts.operations.load(), counts.kills.load(),
      counts.power_cuts.load(), counts.commits.load(), counts.aborts.load(),
      counts.fenced.load(), counts.assignments.load(),
      counts.offsets_committed.load(), counts.commits_refused.load(),
      counts.replaced.load(), counts.copies.load(), counts.worked.load(),
      counts.refused.load(), counts.read_within.load(),
      counts.closed_in_commit.load());
  // Where these do not happen the others mean nothing.
  EXPECT_EQ(counts.kills + counts.power_cuts, kHistories * kLives);
  EXPECT_GT(counts.commits, kHistories);
  EXPECT_GT(counts.fenced, 0);
  EXPECT_GT(counts.assignments, kHistories);
  EXPECT_GT(counts.offsets_committed, kHistories);
  EXPECT_GT(counts.copies, kHistories);
  EXPECT_GT(counts.worked, kHistories);
  EXPECT_GT(counts.read_within, kHistories);
  EXPECT_GT(counts.closed_in_commit, kHistories);
}

}  // namespace
}  // namespace cauce
