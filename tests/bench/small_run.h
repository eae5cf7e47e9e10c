// A contest with few bytes, held once: what every test of contests does.
// For one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {

inline BenchOptions SmallRun(const test::TempDir& directory) {
  return {.directory = directory.path(), .bytes = 1 << 20, .seed = 1};
}

// One round; every side has some speed.
inline std::vector<Result> RunOnce(const Contest& contest) {
  SCOPED_TRACE(contest.name);
  const auto measured = Measure(contest, {}, {.rounds = 1});
  EXPECT_THAT(measured, test::IsOk());
  if (!measured.ok()) return {};
  const std::vector<Result> results = ResultsOf(contest, *measured, 1);
  for (const Result& result : results) {
    EXPECT_GT(result.bytes_per_second.median, 0) << result.side;
  }
  return results;
}

}  // namespace cauce::bench
