#include "tools/cli/group_seek.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "tools/cli/note.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {
namespace {

std::optional<int64_t> ParseCount(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < 0) return std::nullopt;
  return value;
}

// Without running over an end of what there is.
int64_t Shifted(int64_t from, int64_t by) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (by > 0 && from > kMost - by) return kMost;
  return from + by;
}

}  // namespace

absl::StatusOr<SeekTarget> SeekTarget::Parse(std::string_view text) {
  SeekTarget target;
  if (text == "start" || text == "end") {
    target.wanted_ = {.kind = text == "start" ? OffsetSpec::Kind::kStart
                                              : OffsetSpec::Kind::kEnd};
    return target;
  }
  if (text.starts_with("@")) {
    const auto time = ParseTime(text.substr(1));
    if (!time.ok()) return time.status();
    target.wanted_ = {.kind = OffsetSpec::Kind::kTime, .time = *time};
    return target;
  }
  const bool is_shift = text.starts_with("+") || text.starts_with("-");
  const auto count = ParseCount(is_shift ? text.substr(1) : text);
  if (!count) {
    return absl::InvalidArgumentError(fmt::format(
        "--to {}: must be start, end, an offset such as 42, a shift such as "
        "+5 or -5, or a time such as '@2023-11-14 22:13:20'",
        text));
  }
  if (is_shift) {
    target.shift_ = text.starts_with("-") ? -*count : *count;
  } else {
    target.offset_ = {*count};
  }
  return target;
}

absl::StatusOr<Offset> SeekTarget::In(const TopicPartition& name,
                                      const std::optional<Offset>& now,
                                      const OffsetRange& log,
                                      Offset found) const {
  // No record has the time, or a later one.
  if (wanted_) return found < Offset{0} ? log.next : found;
  Offset to = offset_;
  if (shift_) {
    if (!now) {
      return absl::InvalidArgumentError(
          fmt::format("{}: the group has committed nothing there to move from; "
                      "say --to start, end, an offset or a time",
                      name.ToString()));
    }
    to = {Shifted(now->value, *shift_)};
  }
  const Offset within =
      std::clamp(to, log.base, std::max(log.base, log.next));
  if (within != to) {
    Note(fmt::format("{}: there is no offset {}: the log holds {} to {}, so it "
                     "goes on at {}",
                     name.ToString(), to.value, log.base.value, log.next.value,
                     within.value));
  }
  return within;
}

}  // namespace cauce::cli
