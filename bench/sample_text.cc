#include "bench/sample_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// Cuts off and returns what is in front of the first `end`, or all.
std::string_view TakeUntil(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

absl::StatusOr<double> NumberFrom(std::string_view text,
                                  std::string_view line) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() &&
      std::isfinite(value) && value >= 0) {
    return value;
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no number from 0 on, in \"{}\"", text, line));
}

}  // namespace

std::string TextOf(const absl::StatusOr<Sample>& sample) {
  if (!sample.ok()) {
    std::string message = sample.status().ToString();
    for (char& c : message) {
      if (c == '\n') c = ' ';
    }
    return fmt::format("error {}\n", message);
  }
  std::string text = fmt::format("seconds {}\n", sample->seconds);
  if (sample->p99_seconds) {
    text += fmt::format("p99_seconds {}\n", *sample->p99_seconds);
  }
  for (const Figure& figure : sample->figures) {
    text += fmt::format("figure {} {}\n", figure.value, figure.name);
  }
  return text;
}

absl::StatusOr<Sample> SampleFromText(std::string_view text) {
  Sample sample(0);
  std::optional<double> seconds;
  while (!text.empty()) {
    const std::string_view line = TakeUntil(text, '\n');
    std::string_view rest = line;
    const std::string_view word = TakeUntil(rest, ' ');
    if (word == "error") return absl::UnavailableError(std::string(rest));
    const std::string_view number = TakeUntil(rest, ' ');
    CAUCE_ASSIGN_OR_RETURN(const double value, NumberFrom(number, line));
    if (word == "seconds") {
      seconds = value;
    } else if (word == "p99_seconds") {
      sample.p99_seconds = value;
    } else if (word == "figure" && !rest.empty()) {
      sample.figures.push_back({std::string(rest), value});
    } else {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\" is nothing that a run says", line));
    }
  }
  if (!seconds || *seconds == 0) {
    return absl::InvalidArgumentError("a run did not say how long it took");
  }
  sample.seconds = *seconds;
  return sample;
}

}  // namespace cauce::bench
