#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "bench/harness.h"
#include "nlohmann/json.hpp"

namespace cauce::bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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
  result.figures = {{"descriptors", 13}, {"p50, us", 0.25}};
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
                              "250.0 | 2.000 | 0.91 (0.88-0.93) | met |"),
                    HasSubstr("\nours: descriptors 13; p50, us 0.25.\n")));
}

TEST(Report, SaysLoudlyThatRoundsWereNoisy) {
  std::vector<ContestReport> reports = SomeReports();
  reports[0].noisy = true;
  EXPECT_THAT(TableOf({}, reports), HasSubstr("NOISY"));
}

TEST(Report, TellsHowASideStandsBesideItsPeersAndWhoTookNoPart) {
  std::vector<ContestReport> reports = SomeReports();
  Result& result = reports[0].results[0];
  result.peer_ratios = {{"p99 to that of another", 1.5}};
  result.peers_missing = {"a third"};
  EXPECT_THAT(TableOf({}, reports),
              AllOf(HasSubstr("| met; a third took no part |"),
                    HasSubstr("; p99 to that of another 1.5.\n")));
  result.goal_met = std::nullopt;
  EXPECT_THAT(TableOf({}, reports),
              HasSubstr("| open; a third took no part |"));
  const auto json = nlohmann::json::parse(JsonOf({}, reports));
  const auto& side = json["contests"][0]["sides"][0];
  EXPECT_EQ(side["peer_ratios"]["p99 to that of another"], 1.5);
  EXPECT_EQ(side["peers_missing"][0], "a third");
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
  EXPECT_EQ(side["figures"]["descriptors"], 13);
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
