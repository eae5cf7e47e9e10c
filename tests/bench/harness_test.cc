#include "bench/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// A contest of two sides that take fixed times and note when they ran.
Contest TwoSides(std::vector<std::string>* ran, double floor, double other) {
  Contest contest;
  contest.bytes = 1000;
  contest.items = 10;
  contest.sides = {{"floor",
                    [=]() -> absl::StatusOr<double> {
                      ran->push_back("floor");
                      return floor;
                    }},
                   {"other", [=]() -> absl::StatusOr<double> {
                      ran->push_back("other");
                      return other;
                    }}};
  return contest;
}

// A probe that takes these seconds, one call after the other, and then 1.
Probe ProbeOf(std::vector<double> seconds) {
  return {"probe",
          [seconds, next = size_t{0}]() mutable -> absl::StatusOr<double> {
            return next < seconds.size() ? seconds[next++] : 1.0;
          }};
}

TEST(Measure, RunsEverySideOnceInEveryRoundAndOnceBeforehand) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 1, 2);
  const auto measured = Measure(contest, {}, {.rounds = 5});
  ASSERT_THAT(measured, test::IsOk());
  EXPECT_THAT(measured->rounds, SizeIs(5));
  EXPECT_THAT(measured->rounds, Each(ElementsAre(1, 2)));
  ASSERT_THAT(ran, SizeIs(12));
  for (size_t i = 0; i < ran.size(); i += 2) {
    EXPECT_THAT(std::vector(ran.begin() + i, ran.begin() + i + 2),
                UnorderedElementsAre("floor", "other"));
  }
}

TEST(Measure, DrawsTheOrderOfEachRoundFromTheSeed) {
  std::vector<std::string> first;
  std::vector<std::string> again;
  std::vector<std::string> other;
  ASSERT_THAT(Measure(TwoSides(&first, 1, 2), {}, {.rounds = 50, .seed = 1}),
              test::IsOk());
  ASSERT_THAT(Measure(TwoSides(&again, 1, 2), {}, {.rounds = 50, .seed = 1}),
              test::IsOk());
  ASSERT_THAT(Measure(TwoSides(&other, 1, 2), {}, {.rounds = 50, .seed = 2}),
              test::IsOk());
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
  std::set<std::string> openers;
  for (size_t i = 0; i < first.size(); i += 2) openers.insert(first[i]);
  EXPECT_THAT(openers, SizeIs(2));
}

TEST(Measure, DropsARoundInWhichAProbeDrifted) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 1, 2);
  // The first round begins at 1 s and ends at 1.3, the second at 1 and 0.7;
  // the third drifts by just what is allowed.
  const auto measured = Measure(
      contest, {ProbeOf({1, 1.3, 1, 0.7, 1, 1.25, 1, 1})}, {.rounds = 2});
  ASSERT_THAT(measured, test::IsOk());
  EXPECT_THAT(measured->rounds, SizeIs(2));
  EXPECT_EQ(measured->rounds_dropped, 2);
  EXPECT_FALSE(measured->noisy);
}

TEST(Measure, SaysSoWhenNoisyRoundsHadToCount) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 1, 2);
  std::vector<double> restless;
  for (int i = 0; i < 100; ++i) restless.push_back(i % 2 == 0 ? 1 : 2);
  const auto measured = Measure(contest, {ProbeOf(restless)}, {.rounds = 2});
  ASSERT_THAT(measured, test::IsOk());
  EXPECT_TRUE(measured->noisy);
  EXPECT_THAT(measured->rounds, SizeIs(2));
  EXPECT_EQ(measured->rounds_dropped, 2 * kRoundsTriedPerWanted - 2);
}

TEST(Measure, EndsWithTheFirstError) {
  Contest contest;
  contest.sides = {{"floor", []() -> absl::StatusOr<double> {
                      return absl::DataLossError("wrong bytes");
                    }}};
  EXPECT_THAT(Measure(contest, {}, {}),
              test::StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Results, AreRatiosWithinARoundAndNotBetweenRounds) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 0, 0);
  // The machine halves its speed from round to round; the ratio stays.
  Measured measured;
  measured.rounds = {{1, 2}, {2, 4}, {4, 8}};
  const std::vector<Result> results = ResultsOf(contest, measured, 1);
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].ratio, 1);
  EXPECT_EQ(results[1].ratio, 0.5);
  EXPECT_EQ(results[1].ratio_interval, (Interval{0.5, 0.5}));
  EXPECT_DOUBLE_EQ(results[0].bytes_per_second.median, 500);
  EXPECT_DOUBLE_EQ(results[0].bytes_per_second.least, 250);
  EXPECT_DOUBLE_EQ(results[1].items_per_second, 2.5);
}

TEST(Results, TellOfEachGoalWhetherItIsMet) {
  std::vector<std::string> ran;
  Contest contest = TwoSides(&ran, 0, 0);
  Measured measured;
  measured.rounds = {{1, 2}};
  const auto met = [&](const Goal& goal) {
    contest.goals = {goal};
    return ResultsOf(contest, measured, 1)[1].goal_met;
  };
  EXPECT_EQ(met({.side = "another"}), std::nullopt);
  EXPECT_EQ(met({.side = "other", .ratio_min = 0.5}), true);
  EXPECT_EQ(met({.side = "other", .ratio_min = 0.51}), false);
  EXPECT_EQ(met({.side = "other", .items_per_second_min = 5}), true);
  EXPECT_EQ(met({.side = "other", .items_per_second_min = 5.1}), false);
  EXPECT_EQ(met({.side = "other", .bytes_per_second_min = 501}), false);
  EXPECT_EQ(met({.side = "other", .seconds_max = 2}), true);
  EXPECT_EQ(met({.side = "other", .seconds_max = 1.9}), false);
  EXPECT_EQ(met({.side = "other", .p99_seconds_max = 9}), false);
  measured.rounds = {{1, Sample(2, 0.5)}};
  EXPECT_EQ(met({.side = "other", .p99_seconds_max = 0.5}), true);
  EXPECT_EQ(met({.side = "other", .p99_seconds_max = 0.4}), false);
}

TEST(Results, HaveTheMiddleOfTheRoundsP99s) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 0, 0);
  Measured measured;
  measured.rounds = {
      {1, Sample(2, 0.1)}, {1, Sample(2, 0.9)}, {1, Sample(2, 0.3)}};
  const std::vector<Result> results = ResultsOf(contest, measured, 1);
  EXPECT_EQ(results[0].p99_seconds, std::nullopt);
  EXPECT_EQ(results[1].p99_seconds, 0.3);
  EXPECT_DOUBLE_EQ(results[1].seconds, 2);
}

// Two rounds of a floor and a side with these figures.
Measured WithFigures(std::vector<Figure> first, std::vector<Figure> second) {
  Measured measured;
  for (const auto& figures : {first, second}) {
    Sample side(2);
    side.figures = figures;
    measured.rounds.push_back({Sample(1), side});
  }
  return measured;
}

TEST(ResultsOf, TellTheMedianOfFiguresThatEveryRoundTold) {
  std::vector<std::string> ran;
  const Contest contest = TwoSides(&ran, 1, 2);
  const Measured measured =
      WithFigures({{"descriptors", 10}, {"p50, us", 1}}, {{"descriptors", 20}});
  const auto results = ResultsOf(contest, measured, 1);
  EXPECT_THAT(results[0].figures, SizeIs(0));
  EXPECT_THAT(results[1].figures, ElementsAre(Figure{"descriptors", 15}));
}

TEST(ResultsOf, AGoalOfAFigureIsUnmetAboveItAndWhereNothingWasTold) {
  std::vector<std::string> ran;
  Contest contest = TwoSides(&ran, 1, 2);
  const auto met = [&](double most, std::vector<Figure> told) {
    contest.goals = {{.side = "other", .figures_max = {{"descriptors", most}}}};
    return ResultsOf(contest, WithFigures(told, told), 1)[1].goal_met;
  };
  EXPECT_EQ(met(10, {{"descriptors", 10}}), true);
  EXPECT_EQ(met(9, {{"descriptors", 10}}), false);
  EXPECT_EQ(met(10, {}), false);
}

// Three rounds of a floor, a side and its peer, whose p99s and figures these
// are.
Measured BesideAPeer(const std::vector<double>& ours,
                     const std::vector<double>& theirs) {
  Measured measured;
  for (size_t i = 0; i < ours.size(); ++i) {
    Round round = {Sample(1), Sample(2, ours[i]), Sample(4, theirs[i])};
    round[1].figures = {{"p50, us", ours[i]}};
    round[2].figures = {{"p50, us", theirs[i]}};
    measured.rounds.push_back(round);
  }
  return measured;
}

TEST(ResultsOf, AGoalBesideAPeerGoesByTheRatiosWithinRounds) {
  std::vector<std::string> ran;
  Contest contest = TwoSides(&ran, 1, 2);
  contest.sides.push_back({"peer", contest.sides[1].run});
  // Behind by the medians, and ahead in two rounds of three.
  const Measured measured = BesideAPeer({5, 1, 8}, {6, 2, 2});
  const auto result = [&](const PeerGoal& goal) {
    contest.goals = {{.side = "other", .peers = {goal}}};
    return ResultsOf(contest, measured, 1)[1];
  };
  const Result even = result({.side = "peer",
                              .seconds_ratio_max = 0.5,
                              .p99_ratio_max = 1,
                              .figure_ratios_max = {{"p50, us", 1}}});
  EXPECT_EQ(even.goal_met, true);
  EXPECT_THAT(even.peer_ratios,
              ElementsAre(Figure{"time to that of peer", 0.5},
                          Figure{"p99 to that of peer", 5.0 / 6},
                          Figure{"p50, us to that of peer", 5.0 / 6}));
  EXPECT_EQ(result({.side = "peer", .seconds_ratio_max = 0.4}).goal_met, false);
  EXPECT_EQ(result({.side = "peer", .p99_ratio_max = 0.8}).goal_met, false);
  EXPECT_EQ(result({.side = "peer", .figure_ratios_max = {{"p50, us", 0.8}}})
                .goal_met,
            false);
  // What is not told.
  EXPECT_EQ(result({.side = "peer", .figure_ratios_max = {{"p10, us", 9}}})
                .goal_met,
            false);
  EXPECT_EQ(result({.side = "floor", .p99_ratio_max = 9}).goal_met, false);
}

TEST(ResultsOf, AGoalBesideWhoTookNoPartIsOpen) {
  std::vector<std::string> ran;
  Contest contest = TwoSides(&ran, 1, 2);
  contest.goals = {{.side = "other",
                    .ratio_min = 0.5,
                    .peers = {{.side = "absent", .p99_ratio_max = 1}}}};
  Measured measured;
  measured.rounds = {{1, 2}};
  const Result result = ResultsOf(contest, measured, 1)[1];
  EXPECT_EQ(result.goal_met, true);
  EXPECT_THAT(result.peers_missing, ElementsAre("absent"));

  // One that is about nobody else is neither met nor missed.
  contest.goals[0].ratio_min = std::nullopt;
  EXPECT_EQ(ResultsOf(contest, measured, 1)[1].goal_met, std::nullopt);
}

TEST(OnlySides, AreThoseWhoseNamesHoldTheWord) {
  std::vector<std::string> ran;
  Contest contest = TwoSides(&ran, 1, 2);
  contest.goals = {{.side = "other", .ratio_min = 9}};
  const Contest other = OnlySides(contest, "oth");
  const auto measured = Measure(other, {}, {.rounds = 1});
  ASSERT_THAT(measured, test::IsOk());
  EXPECT_THAT(ran, ElementsAre("other", "other"));
  const auto results = ResultsOf(other, *measured, 1);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].goal_met, std::nullopt);
  EXPECT_THAT(OnlySides(contest, "none").sides, SizeIs(0));
}

}  // namespace
}  // namespace cauce::bench
