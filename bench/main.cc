// The published comparison: every contest, one after the other, in one run.
// tools/bench builds and runs it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/cleanup/cleanup.h"
#include "bench/append_bench.h"
#include "bench/compaction_bench.h"
#include "bench/durable_bench.h"
#include "bench/end_to_end_bench.h"
#include "bench/floor.h"
#include "bench/harness.h"
#include "bench/idle_bench.h"
#include "bench/look_up_bench.h"
#include "bench/noise.h"
#include "bench/partitions_bench.h"
#include "bench/peers/java_peers.h"
#include "bench/read_bench.h"
#include "bench/recovery_bench.h"
#include "bench/report.h"
#include "bench/restore_bench.h"
#include "bench/store_bench.h"
#include "bench/tail_bench.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

struct Arguments {
  BenchOptions bench;
  RunOptions run;
  std::string commit = "unknown";
  std::string json_path;
  std::string only;   // contests whose name holds it
  std::string side;   // sides whose name holds it
  std::string peers;  // the folder of the programs in Java
};

absl::StatusOr<ContestReport> Hold(const Contest& contest,
                                   const std::vector<Probe>& probes,
                                   const RunOptions& options) {
  std::fprintf(stderr, "%s ...\n", contest.name.c_str());
  CAUCE_ASSIGN_OR_RETURN(const Measured measured,
                         Measure(contest, probes, options));
  ContestReport report;
  report.name = contest.name;
  report.notes = contest.notes;
  report.bytes = contest.bytes;
  report.items = contest.items;
  report.rounds_dropped = measured.rounds_dropped;
  report.noisy = measured.noisy;
  report.results = ResultsOf(contest, measured, options.seed);
  return report;
}

absl::StatusOr<std::vector<ContestReport>> HoldAll(const Arguments& arguments) {
  // A profile is not to show them, and has no use for them.
  const std::vector<Probe> probes =
      arguments.side.empty() ? NoiseProbes(arguments.bench.directory)
                             : std::vector<Probe>();
  std::vector<ContestReport> reports;
  const auto hold = [&](Contest contest) -> absl::Status {
    if (!arguments.side.empty())
      contest = OnlySides(std::move(contest), arguments.side);
    if (contest.sides.empty()) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(ContestReport report,
                           Hold(contest, probes, arguments.run));
    reports.push_back(std::move(report));
    return absl::OkStatus();
  };
  const auto wanted = [&](std::string_view name) {
    return name.find(arguments.only) != std::string_view::npos;
  };
  // First: these fork, and others start threads that stay.
  const Contest idle = IdleContest(arguments.bench);
  if (wanted(idle.name)) CAUCE_RETURN_IF_ERROR(hold(idle));
  for (const Contest& contest : PartitionsContests(arguments.bench)) {
    if (wanted(contest.name)) CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const Contest& contest : TailAcrossContests(arguments.bench)) {
    if (wanted(contest.name)) CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const RecoveryWork& work : RecoveryWorks()) {
    if (!wanted(RecoveryContestName(work))) continue;
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           RecoveryContest(arguments.bench, work));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  std::vector<Contest> appending = AppendContests(arguments.bench);
  std::ranges::move(DurableContests(arguments.bench),
                    std::back_inserter(appending));
  std::ranges::move(TailContests(arguments.bench),
                    std::back_inserter(appending));
  std::ranges::move(EndToEndContests(arguments.bench),
                    std::back_inserter(appending));
  for (const Contest& contest : appending) {
    if (wanted(contest.name)) CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const ReadWork& work : ReadWorks()) {
    if (!wanted(ReadContestName(work))) continue;
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           ReadContest(arguments.bench, work));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const LookUpWork& work : LookUpWorks()) {
    if (!wanted(LookUpContestName(work))) continue;
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           LookUpContest(arguments.bench, work));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const CompactionWork& work : CompactionWorks()) {
    if (!wanted(CompactionContestName(work))) continue;
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           CompactionContest(arguments.bench, work));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  if (wanted(kAppendWhileCompacting)) {
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           AppendWhileCompactingContest(arguments.bench));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  if (wanted(kRestore)) {
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           RestoreContest(arguments.bench));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  for (const StoreWork& work : StoreWorks()) {
    if (!wanted(StoreContestName(work))) continue;
    CAUCE_ASSIGN_OR_RETURN(const Contest contest,
                           StoreContest(arguments.bench, work));
    CAUCE_RETURN_IF_ERROR(hold(contest));
  }
  return reports;
}

// Those of the JVM, where it is there: what is out of reach is left out, and
// told.
std::shared_ptr<const JavaPeers> FindJavaPeers(const Arguments& arguments) {
  const char* const without =
      "bench: Kafka, its Streams and Chronicle Queue are left out:";
  if (arguments.peers.empty()) {
    std::fprintf(stderr, "%s no --peers was given\n", without);
    return nullptr;
  }
  auto peers = JavaPeers::Compile(arguments.peers,
                                  arguments.bench.directory + "/classes");
  if (peers.ok()) return std::make_shared<const JavaPeers>(*std::move(peers));
  std::fprintf(stderr, "%s %s\n", without, peers.status().ToString().c_str());
  return nullptr;
}

absl::Status RunAll(Arguments arguments) {
  arguments.bench.java = FindJavaPeers(arguments);
  CAUCE_ASSIGN_OR_RETURN(const auto reports, HoldAll(arguments));
  const Provenance from{arguments.commit,
                        Machine::Here(arguments.bench.directory),
                        arguments.run.seed, arguments.run.rounds};
  std::fputs(TableOf(from, reports).c_str(), stdout);
  if (arguments.json_path.empty()) return absl::OkStatus();
  std::ofstream file(arguments.json_path);
  file << JsonOf(from, reports);
  file.close();
  if (file.fail()) {
    return absl::UnavailableError(arguments.json_path + ": cannot be written");
  }
  return absl::OkStatus();
}

// Fresh for every run; the report tells it, and --seed takes it.
uint32_t FreshSeed() {
  return static_cast<uint32_t>(
      static_cast<uint64_t>(MonotonicSeconds() * 1e9) * 2'654'435'761u >> 16);
}

int Main(int argc, char** argv) {
  Arguments arguments;
  arguments.run.seed = FreshSeed();
  arguments.bench.directory = "/tmp";
  CLI::App app{
      "Measures Cauce against bare loops, and against others, over the same "
      "bytes."};
  app.add_option("--rounds", arguments.run.rounds, "rounds that count")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--drift", arguments.run.drift_max,
                 "share by which a probe may move before a round is dropped")
      ->check(CLI::Range(0.01, 100.0))
      ->capture_default_str();
  app.add_option("--bytes", arguments.bench.bytes, "bytes of a run")
      ->check(CLI::Range(int64_t{1} << 20, int64_t{1} << 40))
      ->capture_default_str();
  app.add_option("--seed", arguments.run.seed, "replays a run's order and data")
      ->capture_default_str();
  app.add_option("--dir", arguments.bench.directory, "where to write")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--only", arguments.only, "contests whose name holds this");
  app.add_option("--side", arguments.side,
                 "sides whose name holds this, alone: for a profile of one");
  app.add_option("--peers", arguments.peers, "the folder bench/peers");
  app.add_option("--json", arguments.json_path, "a file for the results");
  app.add_option("--commit", arguments.commit, "what is measured");
  CLI11_PARSE(app, argc, argv);

  arguments.bench.seed = arguments.run.seed;
  arguments.bench.directory += fmt::format("/cauce-bench-{}", getpid());
  std::error_code error;
  std::filesystem::create_directory(arguments.bench.directory, error);
  const absl::Cleanup remove = [&] {
    std::error_code ignored;  // what is left says itself which run left it
    std::filesystem::remove_all(arguments.bench.directory, ignored);
  };
  const absl::Status status =
      error ? absl::UnavailableError(arguments.bench.directory + ": " +
                                     error.message())
            : RunAll(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace cauce::bench

int main(int argc, char** argv) { return cauce::bench::Main(argc, argv); }
