// Measures several ways of doing the same work against each other.
//
// All of them run in every round, in an order drawn anew, so that a machine
// whose speed swings treats them alike; what is published is the ratio within a
// round, not between rounds. Probes run around each round, and a round during
// which the machine changed is measured again. For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/statistics.h"

namespace cauce::bench {

// What a run took besides time: "descriptors", or "p50, us". The name says the
// unit; less is better.
struct Figure {
  std::string name;
  double value = 0;

  friend bool operator==(const Figure&, const Figure&) = default;
};

// What one run of one side took.
struct Sample {
  // What takes nothing but time is just its seconds.
  Sample(double run_seconds) : seconds(run_seconds) {}  // NOLINT
  Sample(double run_seconds, double p99)
      : seconds(run_seconds), p99_seconds(p99) {}

  friend bool operator==(const Sample&, const Sample&) = default;

  double seconds;
  // Within which 99 of 100 items, or pieces of work, were done.
  std::optional<double> p99_seconds;
  std::vector<Figure> figures;
};

// One way of doing the work. The first of a contest is the floor: the bare
// loop that the others are held against.
struct Side {
  std::string name;
  // Does the work once and returns what the measured part took. What it sets up
  // and clears away is not part of it.
  std::function<absl::StatusOr<Sample>()> run;
};

// How a side is to stand beside another one of its contest, by the median of
// the rounds' own ratios of this one's to that one's; 1 is even, less is
// better. Unmet where either does not tell in every round.
struct PeerGoal {
  std::string side;
  std::optional<double> seconds_ratio_max;  // of a whole run
  std::optional<double> p99_ratio_max;
  std::vector<Figure> figure_ratios_max;
};

// What a side other than the floor is to reach.
struct Goal {
  std::string side;
  std::optional<double> ratio_min;  // of the floor's speed
  std::optional<double> items_per_second_min;
  std::optional<double> bytes_per_second_min;
  std::optional<double> seconds_max;      // of a whole run
  std::optional<double> p99_seconds_max;  // unmet by a side that tells none
  std::vector<Figure> figures_max;        // likewise
  // One that takes no part is not stood beside: the result says so.
  std::vector<PeerGoal> peers;
};

struct Contest {
  std::string name;   // as in "BM_PartitionAppend/record_bytes:100"
  std::string notes;  // what bounds it, as the table's reader needs it
  int64_t bytes = 0;  // that each run of each side handles
  int64_t items = 0;
  std::vector<Side> sides;
  std::vector<Goal> goals;
};

// A short piece of work of fixed size, which tells how fast the machine is just
// now.
struct Probe {
  std::string name;
  std::function<absl::StatusOr<double>()> run;  // seconds
};

struct RunOptions {
  int rounds = 7;
  uint32_t seed = 1;  // draws the orders
  // How much faster or slower a probe may run after a round than before it.
  double drift_max = 0.25;
};

// What every side took in one round, by the contest's order of sides.
using Round = std::vector<Sample>;

struct Measured {
  std::vector<Round> rounds;
  int rounds_dropped = 0;  // for noise
  // Whether there were too few quiet rounds, so that noisy ones are among them.
  bool noisy = false;
};

// Runs every side once without counting it, then `options.rounds` rounds. At
// most kRoundsTriedPerWanted times as many are tried; what is then missing is
// filled with noisy ones, and the result says so. Returns the first error.
absl::StatusOr<Measured> Measure(const Contest& contest,
                                 const std::vector<Probe>& probes,
                                 const RunOptions& options);
inline constexpr int kRoundsTriedPerWanted = 3;

// The same with those sides alone whose names hold `word`, and without goals,
// since the first of these is the floor by then: for a profile of one side.
Contest OnlySides(Contest contest, std::string_view word);

struct Result {
  std::string side;
  Spread bytes_per_second;
  double items_per_second = 0;        // at the median
  double seconds = 0;                 // of a run, at the median
  std::optional<double> p99_seconds;  // the median of the rounds'
  std::vector<Figure> figures;        // likewise, of those every round told
  // The floor's seconds over this side's, per round.
  double ratio = 1;
  Interval ratio_interval{1, 1};
  std::optional<bool> goal_met;  // absent without a goal
  // Of sides that a goal names: "p99 to that of RocksDB", by rounds as above.
  std::vector<Figure> peer_ratios;
  // Those a goal names that took no part, so that it is met but for these.
  std::vector<std::string> peers_missing;
};

// One result a side, in their order.
std::vector<Result> ResultsOf(const Contest& contest, const Measured& measured,
                              uint32_t seed);

}  // namespace cauce::bench
