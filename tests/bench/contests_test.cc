// Every contest of the published comparison, with few bytes: that each side
// does its work, and that what the sides wrote is what they read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "bench/append_bench.h"
#include "bench/harness.h"
#include "bench/payload.h"
#include "bench/read_bench.h"
#include "bench/report.h"
#include "bench/scratch_topic.h"
#include "nlohmann/json.hpp"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

BenchOptions SmallRun(const test::TempDir& directory) {
  return {.directory = directory.path(), .bytes = 1 << 20, .seed = 1};
}

TEST(ScratchTopic, HoldsWhatWasAppendedAndGoes) {
  const test::TempDir directory;
  const Payload payload(100, 4096, 1);
  {
    auto topic = ScratchTopic::Create(directory / "topic", "os");
    ASSERT_THAT(topic, test::IsOk());
    ASSERT_THAT(topic->Append(payload, 3, {Ack::kWritten}), test::IsOk());
    EXPECT_THAT(topic->LogPaths(), SizeIs(1));
    EXPECT_THAT(topic->Verify(payload, 3), test::IsOk());
    EXPECT_THAT(topic->Verify(payload, 4),
                test::StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(topic->Verify(Payload(100, 4096, 2), 3),
                test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(AppendContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : AppendContests(SmallRun(directory))) {
    SCOPED_TRACE(contest.name);
    const auto measured = Measure(contest, {}, {.rounds = 1});
    ASSERT_THAT(measured, test::IsOk());
    for (const Result& result : ResultsOf(contest, *measured, 1)) {
      EXPECT_GT(result.bytes_per_second.median, 0) << result.side;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(ReadContest, RunsAndCleansUp) {
  const test::TempDir directory;
  for (const ReadWork& work : ReadWorks()) {
    const auto contest = ReadContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, ReadContestName(work));
    EXPECT_THAT(Measure(*contest, {}, {.rounds = 1}), test::IsOk());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// A report of one contest with one side.
std::vector<ContestReport> SomeReports() {
  ContestReport report;
  report.name = "BM_Some/thing:1";
  report.notes = "bound by something";
  report.bytes = 2'000'000'000;
  report.items = 10'000'000;
  Result result;
  result.side = "ours";
  result.bytes_per_second = {3e9, 2e9, 4e9, 1e9, 5e9};
  result.items_per_second = 15e6;
  result.ratio = 0.91;
  result.ratio_interval = {0.88, 0.93};
  result.goal_met = true;
  report.results = {result};
  return {report};
}

TEST(Report, ATableNamesTheMachineTheCommitAndEverySide) {
  const Provenance from{"abc123", Machine::Here("/tmp"), 7, 3};
  EXPECT_THAT(TableOf(from, SomeReports()),
              AllOf(HasSubstr("abc123"), HasSubstr(from.machine.processor),
                    HasSubstr("seed 7"), HasSubstr("BM_Some/thing:1"),
                    HasSubstr("| ours | 3.00 | 2.00-4.00 | 1.00 | 15.00 | 0.91 "
                              "(0.88-0.93) | met |")));
}

TEST(Report, SaysLoudlyThatRoundsWereNoisy) {
  std::vector<ContestReport> reports = SomeReports();
  reports[0].noisy = true;
  EXPECT_THAT(TableOf({}, reports), HasSubstr("NOISY"));
}

TEST(Report, JsonHoldsTheSameFigures) {
  const Provenance from{"abc123", Machine::Here("/tmp"), 7, 3};
  const auto json = nlohmann::json::parse(JsonOf(from, SomeReports()));
  EXPECT_EQ(json["commit"], "abc123");
  EXPECT_EQ(json["machine"]["kernel"], from.machine.kernel);
  const auto& side = json["contests"][0]["sides"][0];
  EXPECT_EQ(side["side"], "ours");
  EXPECT_EQ(side["bytes_per_second"]["worst"], 1e9);
  EXPECT_EQ(side["ratio_interval"][1], 0.93);
  EXPECT_EQ(side["goal_met"], true);
}

TEST(Machine, KnowsWhereItIs) {
  const Machine here = Machine::Here("/tmp");
  EXPECT_GT(here.processors, 0);
  EXPECT_GT(here.memory_bytes, 0);
  EXPECT_FALSE(here.kernel.empty());
  EXPECT_FALSE(here.crc.empty());
}

}  // namespace
}  // namespace cauce::bench
