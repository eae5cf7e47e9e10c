#include "tools/cli/bench_report.h"

#include <cstdio>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/progress.h"

namespace cauce::cli {
namespace {

constexpr std::string_view kBuild =
#if defined(__OPTIMIZE__)
    "optimised"
#else
    "not optimised"
#endif
#if defined(__SANITIZE_ADDRESS__)
    ", address sanitizer"
#endif
#if defined(__SANITIZE_THREAD__)
    ", thread sanitizer"
#endif
#if defined(__clang__)
    ", clang " __clang_version__;
#else
    ", g++ " __VERSION__;
#endif

std::string Microseconds(absl::Duration duration) {
  return fmt::format("{:.1f}", absl::ToDoubleMicroseconds(duration));
}

}  // namespace

void PrintReport(Format format, const Figures& figures,
                 const Percentiles& latency, Json json) {
  const double seconds = absl::ToDoubleSeconds(figures.elapsed);
  const double records_per_second =
      static_cast<double>(figures.records) / seconds;
  const double bytes_per_second = static_cast<double>(figures.bytes) / seconds;
  constexpr std::pair<const char*, double> kShares[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
  if (format == Format::kJson) {
    json["records"] = figures.records;
    json["bytes"] = figures.bytes;
    json["seconds"] = seconds;
    json["records_per_second"] = records_per_second;
    json["bytes_per_second"] = bytes_per_second;
    Json& micros = json["latency_us"] = {{"of", figures.what}};
    micros["samples"] = latency.count();
    for (const auto& [name, share] : kShares) {
      micros[name] = absl::ToDoubleMicroseconds(latency.At(share));
    }
    micros["max"] = absl::ToDoubleMicroseconds(latency.max());
    json["build"] = kBuild;
    std::fputs(Line(json).c_str(), stdout);
    return;
  }
  std::string text = fmt::format(
      "{} records, {} in {:.3f} s: {:.0f} records/s, {}/s\nlatency of {} in "
      "us:",
      figures.records, BytesText(static_cast<double>(figures.bytes)), seconds,
      records_per_second, BytesText(bytes_per_second), figures.what);
  for (const auto& [name, share] : kShares) {
    text += fmt::format("  {} {}", name, Microseconds(latency.At(share)));
  }
  text += fmt::format("  max {}\n", Microseconds(latency.max()));
  for (const auto& [name, value] : json.items()) {
    text += fmt::format(
        "{}: {}\n", name,
        value.is_string() ? value.get<std::string>() : value.dump());
  }
  text += fmt::format("build: {}\n", kBuild);
  std::fputs(text.c_str(), stdout);
}

}  // namespace cauce::cli
