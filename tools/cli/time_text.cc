#include "tools/cli/time_text.h"

#include <charconv>

#include "fmt/format.h"

namespace cauce::cli {
namespace {

absl::string_view ToAbsl(std::string_view text) {
  return {text.data(), text.size()};
}

// Batches hold milliseconds from 1970 on; -1 means none.
absl::StatusOr<Timestamp> Checked(absl::Time time, std::string_view text) {
  const Timestamp timestamp = Timestamp::From(time);
  if (timestamp.has_value() && time != absl::InfiniteFuture()) {
    return timestamp;
  }
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\" lies outside of what a record can hold: from 1970 on", text));
}

}  // namespace

absl::StatusOr<Timestamp> ParseTime(std::string_view text) {
  int64_t ms = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, ms);
  if (error == std::errc() && at == end && ms >= 0) return Timestamp{ms};

  constexpr const char* kLocalFormats[] = {
      "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d %H:%M",
      "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, nullptr)) {
    return Checked(time, text);
  }
  for (const char* format : kLocalFormats) {
    if (absl::ParseTime(format, ToAbsl(text), absl::LocalTimeZone(), &time,
                        nullptr)) {
      return Checked(time, text);
    }
  }
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\" is no time: give milliseconds since 1970 (1700000000000), "
      "2023-11-14T22:13:20Z, or in local time 2023-11-14 22:13:20",
      text));
}

absl::StatusOr<Timestamp> ParseTime(std::string_view text,
                                    std::string_view format) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(ToAbsl(format), ToAbsl(text), absl::LocalTimeZone(),
                      &time, &error)) {
    return Checked(time, text);
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no time of the form \"{}\"", text, format));
}

std::string FormatTime(Timestamp time, std::string_view format) {
  return absl::FormatTime(ToAbsl(format), time.ToTime(), absl::LocalTimeZone());
}

std::string FormatTime(Timestamp time) {
  if (!time.has_value()) return "none";
  return FormatTime(time, "%Y-%m-%d %H:%M:%E3S");
}

}  // namespace cauce::cli
