// Every contest of the published comparison, with few bytes: that each side
// does its work, and that what the sides wrote is what they read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "bench/append_bench.h"
#include "bench/durable_bench.h"
#include "bench/harness.h"
#include "bench/killed_topic.h"
#include "bench/payload.h"
#include "bench/read_bench.h"
#include "bench/recovery_bench.h"
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
    ASSERT_THAT(topic->Write(payload, 3), test::IsOk());
    EXPECT_THAT(topic->LogPaths(), SizeIs(1));
    EXPECT_THAT(topic->Verify(payload, 3), test::IsOk());
    EXPECT_THAT(topic->Verify(payload, 4),
                test::StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(topic->Verify(Payload(100, 4096, 2), 3),
                test::StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// One round; every side has some speed.
std::vector<Result> RunOnce(const Contest& contest) {
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

TEST(AppendContests, RunAndCleanUp) {
  const test::TempDir directory;
  for (const Contest& contest : AppendContests(SmallRun(directory))) {
    RunOnce(contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

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

TEST(RecoveryContest, RunsAndCleansUp) {
  const test::TempDir directory;
  for (RecoveryWork work : RecoveryWorks()) {
    // As many as say something and are quickly made.
    work.partitions = std::min(work.partitions, 5);
    const auto contest = RecoveryContest(SmallRun(directory), work);
    ASSERT_THAT(contest, test::IsOk());
    EXPECT_EQ(contest->name, RecoveryContestName(work));
    RunOnce(*contest);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(KilledTopic, WasKilledAndTellsWhyItCannotBeRecovered) {
  const test::TempDir directory;
  const Payload payload(100, 4096, 1);
  const auto topic = KilledTopic::Create(directory / "killed", payload, 2, 10);
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_THAT((*topic)->LogPaths(), SizeIs(2));
  EXPECT_GE((*topic)->bytes(),
            10 * static_cast<int64_t>(payload.batch().size()));
  EXPECT_FALSE(
      std::filesystem::exists(directory / "killed/.kafka_cleanshutdown"));
  EXPECT_THAT((*topic)->Recover(0, 4), test::IsOk());
  EXPECT_THAT((*topic)->ForgetRecoveryPoints(), test::IsOk());
  EXPECT_THAT((*topic)->Recover(2, 0), test::IsOk());

  std::filesystem::remove_all(directory / "killed");
  const auto recovered = (*topic)->Recover(0, 0);
  EXPECT_THAT(recovered, test::StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(recovered.status().message(), HasSubstr("bench"));
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
  result.seconds = 0.25;
  result.p99_seconds = 0.002;
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
                    HasSubstr("| ours | 3.00 | 2.00-4.00 | 1.00 | 15.000 | "
                              "250.0 | 2.000 | 0.91 (0.88-0.93) | met |")));
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
  EXPECT_EQ(side["seconds"], 0.25);
  EXPECT_EQ(side["p99_seconds"], 0.002);
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
