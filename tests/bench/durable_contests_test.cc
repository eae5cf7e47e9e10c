// The contests of durable appending, with few bytes: that each side does its
// work, and that what it wrote is what it reads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "bench/durable_bench.h"
#include "bench/harness.h"
#include "tests/bench/small_run.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

TEST(DurableContests, TellHowLongEachWaitedAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : DurableContests(SmallRun(directory))) {
    for (const Result& result : RunOnce(contest)) {
      EXPECT_GT(result.p99_seconds.value_or(0), 0)
          << contest.name << ": " << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace cauce::bench
