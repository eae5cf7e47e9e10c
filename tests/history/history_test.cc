#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/history/history.h"
#include "tests/history/history_check.h"
#include "tests/history/history_world.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

constexpr int kHistories = 100;
constexpr int kSteps = 600;
// Of which each is several operations.
constexpr int kLongSteps = 17'000;
constexpr int64_t kLongOperations = 20'000;

std::vector<std::string> Lines(const test::History& history) {
  std::vector<std::string> lines;
  for (const test::Event& each : history) lines.push_back(ToString(each));
  return lines;
}

TEST(Histories, OfOneSeedAreTheSame) {
  const test::Seed seed;
  test::HistoryCounts counts;
  test::HistoryWorld first(seed.value(), counts);
  test::HistoryWorld second(seed.value(), counts);

  ASSERT_EQ(first.Live(kSteps), "");
  ASSERT_EQ(second.Live(kSteps), "");

  EXPECT_EQ(Lines(first.history()), Lines(second.history()));
}

TEST(Histories, OfALongTimeHaveNoAnomaly) {
  const test::Seed seed;
  test::HistoryCounts counts;
  test::HistoryWorld world(seed.value(), counts);

  ASSERT_EQ(world.Live(kLongSteps), "");

  const test::Anomalies found = test::CheckHistory(world.history());
  ASSERT_TRUE(found.empty())
      << found.size() << " anomalies, the first: "
      << test::Describe(found.front(), world.history());
  std::printf("histories 1\n%ld operations, %ld events, %ld kills, %ld power "
              "cuts\n",
              counts.operations, counts.events, counts.process_kills,
              counts.power_cuts);
  EXPECT_GE(counts.operations, kLongOperations);
}

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
      "failed calls, %ld compacted, %ld commits, %ld aborts, %ld fenced, %ld "
      "assignments, %ld lost memberships, %ld commits of offsets refused, %ld "
      "copies, %ld operations, %ld static members, %ld replaced, %ld worked "
      "on, %ld refused, %ld read within transactions, %ld grown, %ld "
      "deletions, %ld lives of a topic\n",
      kHistories, counts.events, counts.process_kills, counts.power_cuts,
      counts.closes, counts.failed_calls, counts.compacted, counts.commits,
      counts.aborts, counts.fenced, counts.assignments,
      counts.lost_memberships, counts.commits_refused, counts.copies,
      counts.operations, counts.static_members, counts.replaced,
      counts.worked, counts.refused, counts.read_within, counts.grown,
      counts.deletions, counts.lives);
  // Where these do not happen the others mean nothing.
  EXPECT_GT(counts.failed_calls, kHistories);
  EXPECT_GT(counts.compacted, kHistories);
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
  EXPECT_GT(counts.static_members, kHistories);
  EXPECT_GT(counts.replaced, kHistories / 10);
  EXPECT_GT(counts.worked, kHistories);
  EXPECT_GT(counts.refused, kHistories);
  EXPECT_GT(counts.read_within, kHistories);
  EXPECT_GT(counts.grown, kHistories / 2);
  EXPECT_GT(counts.deletions, kHistories);
  EXPECT_GT(counts.lives, kHistories);
}

}  // namespace
}  // namespace cauce
