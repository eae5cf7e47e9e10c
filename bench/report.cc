#include "bench/report.h"

#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "engine/base/crc32c_variant.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace cauce::bench {
namespace {

// The value behind "model name :" in the system's own description.
std::string ProcessorName() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

std::string FileSystemName(const std::string& directory) {
  struct statfs info = {};
  if (statfs(directory.c_str(), &info) != 0) return "unknown";
  switch (info.f_type) {
    case 0xEF53:
      return "ext4";
    case 0x58465342:
      return "xfs";
    case 0x9123683E:
      return "btrfs";
    case 0x01021994:
      return "tmpfs";
    case 0x794C7630:
      return "overlayfs";
    default:
      return fmt::format("type {:x}", info.f_type);
  }
}

std::string GoalText(const Result& result) {
  std::string text = "open";
  if (result.goal_met) text = *result.goal_met ? "met" : "missed";
  for (const std::string& peer : result.peers_missing) {
    text += fmt::format("; {} took no part", peer);
  }
  const bool has_goal = result.goal_met || !result.peers_missing.empty();
  return has_goal ? text : "";
}

std::string P99Text(const Result& result) {
  if (!result.p99_seconds) return "";
  return fmt::format("{:.3f}", *result.p99_seconds * 1e3);
}

std::string RowOf(const Result& result) {
  const Spread& speed = result.bytes_per_second;
  return fmt::format(
      "| {} | {:.2f} | {:.2f}-{:.2f} | {:.2f} | {:.3f} | {:.1f} | {} | {:.2f} "
      "({:.2f}-{:.2f}) | {} |\n",
      result.side, speed.median / 1e9, speed.low_quartile / 1e9,
      speed.high_quartile / 1e9, speed.least / 1e9,
      result.items_per_second / 1e6, result.seconds * 1e3, P99Text(result),
      result.ratio, result.ratio_interval.low, result.ratio_interval.high,
      GoalText(result));
}

// One line for all figures of a side; nothing where it told none.
std::string FiguresLineOf(const Result& result) {
  if (result.figures.empty() && result.peer_ratios.empty()) return "";
  std::string line = result.side;
  const char* before = ": ";
  for (const auto* figures : {&result.figures, &result.peer_ratios}) {
    for (const Figure& figure : *figures) {
      line += fmt::format("{}{} {:.4g}", before, figure.name, figure.value);
      before = "; ";
    }
  }
  return fmt::format("\n{}.\n", line);
}

nlohmann::ordered_json JsonOfResult(const Result& result) {
  nlohmann::ordered_json json = {
      {"side", result.side},
      {"bytes_per_second",
       {{"median", result.bytes_per_second.median},
        {"low_quartile", result.bytes_per_second.low_quartile},
        {"high_quartile", result.bytes_per_second.high_quartile},
        {"worst", result.bytes_per_second.least},
        {"best", result.bytes_per_second.most}}},
      {"items_per_second", result.items_per_second},
      {"seconds", result.seconds},
      {"ratio", result.ratio},
      {"ratio_interval",
       {result.ratio_interval.low, result.ratio_interval.high}}};
  if (result.p99_seconds) json["p99_seconds"] = *result.p99_seconds;
  for (const Figure& figure : result.figures) {
    json["figures"][figure.name] = figure.value;
  }
  for (const Figure& ratio : result.peer_ratios) {
    json["peer_ratios"][ratio.name] = ratio.value;
  }
  if (result.goal_met) json["goal_met"] = *result.goal_met;
  if (!result.peers_missing.empty())
    json["peers_missing"] = result.peers_missing;
  return json;
}

}  // namespace

Machine Machine::Here(const std::string& directory) {
  Machine here;
  here.processor = ProcessorName();
  here.processors = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  here.memory_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  utsname name = {};
  if (uname(&name) == 0) here.kernel = name.release;
  here.file_system = FileSystemName(directory);
  here.crc = Crc32cVariants().back().name;
  return here;
}

std::string TableOf(const Provenance& from,
                    const std::vector<ContestReport>& reports) {
  const Machine& machine = from.machine;
  std::string text = fmt::format(
      "Commit {}; {} processors of {}, {} GiB, Linux {}, {}, CRC-32C by {}; "
      "seed {}, {} rounds.\n",
      from.commit, machine.processors, machine.processor,
      machine.memory_bytes >> 30, machine.kernel, machine.file_system,
      machine.crc, from.seed, from.rounds);
  for (const ContestReport& report : reports) {
    text += fmt::format(
        "\n`{}`, {:.2f} GB a run; {}. {} rounds dropped for noise{}.\n\n",
        report.name, static_cast<double>(report.bytes) / 1e9, report.notes,
        report.rounds_dropped,
        report.noisy ? ", AND NOISY ONES ARE AMONG THE REST" : "");
    text +=
        "| side | GB/s, median | quartiles | worst | M records/s | ms a run "
        "| p99, ms | ratio to the floor (95 %) | goal |\n"
        "|---|---|---|---|---|---|---|---|---|\n";
    for (const Result& result : report.results) text += RowOf(result);
    for (const Result& result : report.results) text += FiguresLineOf(result);
  }
  return text;
}

std::string JsonOf(const Provenance& from,
                   const std::vector<ContestReport>& reports) {
  nlohmann::ordered_json json = {{"commit", from.commit},
                                 {"machine",
                                  {{"processor", from.machine.processor},
                                   {"processors", from.machine.processors},
                                   {"memory_bytes", from.machine.memory_bytes},
                                   {"kernel", from.machine.kernel},
                                   {"file_system", from.machine.file_system},
                                   {"crc", from.machine.crc}}},
                                 {"seed", from.seed},
                                 {"rounds", from.rounds},
                                 {"contests", nlohmann::ordered_json::array()}};
  for (const ContestReport& report : reports) {
    nlohmann::ordered_json contest = {
        {"name", report.name},   {"bytes", report.bytes},
        {"items", report.items}, {"rounds_dropped", report.rounds_dropped},
        {"noisy", report.noisy}, {"sides", nlohmann::ordered_json::array()}};
    for (const Result& result : report.results) {
      contest["sides"].push_back(JsonOfResult(result));
    }
    json["contests"].push_back(std::move(contest));
  }
  return json.dump(2) + "\n";
}

}  // namespace cauce::bench
