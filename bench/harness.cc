#include "bench/harness.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

absl::StatusOr<std::vector<double>> RunProbes(
    const std::vector<Probe>& probes) {
  std::vector<double> seconds;
  for (const Probe& probe : probes) {
    CAUCE_ASSIGN_OR_RETURN(const double took, probe.run());
    seconds.push_back(took);
  }
  return seconds;
}

bool Drifted(const std::vector<double>& before,
             const std::vector<double>& after, double drift_max) {
  for (size_t i = 0; i < before.size(); ++i) {
    const auto [less, more] = std::minmax(before[i], after[i]);
    if (more > less * (1 + drift_max)) return true;
  }
  return false;
}

absl::StatusOr<Round> RunRound(const Contest& contest, std::mt19937& random) {
  std::vector<size_t> order(contest.sides.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::shuffle(order, random);
  Round samples(contest.sides.size(), Sample(0));
  for (const size_t side : order) {
    CAUCE_ASSIGN_OR_RETURN(samples[side], contest.sides[side].run());
  }
  return samples;
}

std::vector<double> RatiosOf(const Measured& measured, size_t side) {
  std::vector<double> ratios;
  for (const Round& round : measured.rounds) {
    ratios.push_back(round.front().seconds / round[side].seconds);
  }
  return ratios;
}

std::optional<double> P99Of(const Measured& measured, size_t side) {
  std::vector<double> p99s;
  for (const Round& round : measured.rounds) {
    if (!round[side].p99_seconds) return std::nullopt;
    p99s.push_back(*round[side].p99_seconds);
  }
  return Median(p99s);
}

std::optional<double> FigureOf(const std::vector<Figure>& figures,
                               std::string_view name) {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  if (found == figures.end()) return std::nullopt;
  return found->value;
}

std::vector<Figure> FiguresOf(const Measured& measured, size_t side) {
  std::vector<Figure> medians;
  for (const Figure& first : measured.rounds.front()[side].figures) {
    std::vector<double> values;
    for (const Round& round : measured.rounds) {
      const auto value = FigureOf(round[side].figures, first.name);
      if (value) values.push_back(*value);
    }
    if (values.size() < measured.rounds.size()) continue;
    medians.push_back({first.name, Median(values)});
  }
  return medians;
}

// The median of the rounds' ratios of what `tell` says of a sample of `side` to
// what it says of one of `peer`; nothing where it says nothing of some.
std::optional<double> RatioBeside(
    const Measured& measured, size_t side, size_t peer,
    absl::FunctionRef<std::optional<double>(const Sample&)> tell) {
  std::vector<double> ratios;
  for (const Round& round : measured.rounds) {
    const auto ours = tell(round[side]);
    const auto theirs = tell(round[peer]);
    if (!ours || !theirs || *theirs <= 0) return std::nullopt;
    ratios.push_back(*ours / *theirs);
  }
  return Median(ratios);
}

// Notes each ratio that the goal is about. Whether it is reached.
bool StandsBeside(const PeerGoal& goal, const Measured& measured, size_t side,
                  size_t peer, Result& result) {
  bool is_reached = true;
  const auto hold =
      [&](std::string_view what, std::optional<double> most,
          absl::FunctionRef<std::optional<double>(const Sample&)> tell) {
        if (!most) return;
        const auto ratio = RatioBeside(measured, side, peer, tell);
        is_reached = is_reached && ratio && *ratio <= *most;
        if (!ratio) return;
        result.peer_ratios.push_back(
            {fmt::format("{} to that of {}", what, goal.side), *ratio});
      };
  hold("time", goal.seconds_ratio_max,
       [](const Sample& sample) -> std::optional<double> {
         return sample.seconds;
       });
  hold("p99", goal.p99_ratio_max,
       [](const Sample& sample) { return sample.p99_seconds; });
  for (const Figure& figure : goal.figure_ratios_max) {
    hold(figure.name, figure.value, [&](const Sample& sample) {
      return FigureOf(sample.figures, figure.name);
    });
  }
  return is_reached;
}

bool StandsBesideAll(const Goal& goal, const Contest& contest,
                     const Measured& measured, size_t side, Result& result) {
  bool is_reached = true;
  for (const PeerGoal& each : goal.peers) {
    const auto peer =
        std::ranges::find(contest.sides, each.side, &Side::name);
    if (peer == contest.sides.end()) {
      result.peers_missing.push_back(each.side);
      continue;
    }
    const auto at = static_cast<size_t>(peer - contest.sides.begin());
    is_reached &= StandsBeside(each, measured, side, at, result);
  }
  return is_reached;
}

// Whether it says more than how to stand beside peers.
bool IsOfItself(const Goal& goal) {
  return goal.ratio_min || goal.items_per_second_min ||
         goal.bytes_per_second_min || goal.seconds_max ||
         goal.p99_seconds_max || !goal.figures_max.empty();
}

bool Reaches(const Goal& goal, const Result& result) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const auto kept = [&](const Figure& most) {
    return FigureOf(result.figures, most.name).value_or(kNever) <= most.value;
  };
  return std::ranges::all_of(goal.figures_max, kept) &&
         result.ratio >= goal.ratio_min.value_or(0) &&
         result.items_per_second >= goal.items_per_second_min.value_or(0) &&
         result.bytes_per_second.median >=
             goal.bytes_per_second_min.value_or(0) &&
         result.seconds <= goal.seconds_max.value_or(kNever) &&
         result.p99_seconds.value_or(kNever) <=
             goal.p99_seconds_max.value_or(kNever);
}

}  // namespace

absl::StatusOr<Measured> Measure(const Contest& contest,
                                 const std::vector<Probe>& probes,
                                 const RunOptions& options) {
  CAUCE_CHECK(options.rounds > 0);
  CAUCE_CHECK(!contest.sides.empty());
  std::mt19937 random(options.seed);
  // The first run pays for memory that the machine has not handed out yet.
  CAUCE_RETURN_IF_ERROR(RunRound(contest, random).status());

  Measured measured;
  std::vector<Round> noisy;
  const auto wanted = static_cast<size_t>(options.rounds);
  const size_t tries = wanted * kRoundsTriedPerWanted;
  for (size_t i = 0; i < tries && measured.rounds.size() < wanted; ++i) {
    CAUCE_ASSIGN_OR_RETURN(const auto before, RunProbes(probes));
    CAUCE_ASSIGN_OR_RETURN(Round round, RunRound(contest, random));
    CAUCE_ASSIGN_OR_RETURN(const auto after, RunProbes(probes));
    const bool drifted = Drifted(before, after, options.drift_max);
    (drifted ? noisy : measured.rounds).push_back(std::move(round));
  }
  measured.rounds_dropped = static_cast<int>(noisy.size());
  while (measured.rounds.size() < wanted) {
    measured.noisy = true;
    measured.rounds.push_back(std::move(noisy.back()));
    noisy.pop_back();
    --measured.rounds_dropped;
  }
  return measured;
}

Contest OnlySides(Contest contest, std::string_view word) {
  std::erase_if(contest.sides, [&](const Side& side) {
    return side.name.find(word) == std::string::npos;
  });
  contest.goals.clear();
  return contest;
}

std::vector<Result> ResultsOf(const Contest& contest, const Measured& measured,
                              uint32_t seed) {
  std::vector<Result> results;
  for (size_t side = 0; side < contest.sides.size(); ++side) {
    std::vector<double> speeds;
    for (const Round& round : measured.rounds) {
      speeds.push_back(static_cast<double>(contest.bytes) /
                       round[side].seconds);
    }
    Result result;
    result.side = contest.sides[side].name;
    result.bytes_per_second = SpreadOf(speeds);
    result.items_per_second = result.bytes_per_second.median *
                              static_cast<double>(contest.items) /
                              static_cast<double>(contest.bytes);
    result.seconds =
        static_cast<double>(contest.bytes) / result.bytes_per_second.median;
    result.p99_seconds = P99Of(measured, side);
    result.figures = FiguresOf(measured, side);
    const std::vector<double> ratios = RatiosOf(measured, side);
    result.ratio = Median(ratios);
    result.ratio_interval = MedianInterval(ratios, seed);
    for (const Goal& goal : contest.goals) {
      if (goal.side != result.side) continue;
      const size_t missing = result.peers_missing.size();
      const bool is_beside =
          StandsBesideAll(goal, contest, measured, side, result);
      const bool is_open =
          !IsOfItself(goal) &&
          result.peers_missing.size() - missing == goal.peers.size();
      if (is_open) continue;
      result.goal_met = result.goal_met.value_or(true) && is_beside &&
                        Reaches(goal, result);
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace cauce::bench
