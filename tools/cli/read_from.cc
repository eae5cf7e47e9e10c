#include "tools/cli/read_from.h"

#include <charconv>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "tools/cli/note.h"
#include "tools/cli/time_text.h"

namespace cauce::cli {

absl::StatusOr<ReadFrom> ReadFrom::Parse(std::string_view text) {
  if (text == "start") return ReadFrom(text, Kind::kStart);
  if (text == "end") return ReadFrom(text, Kind::kEnd);
  if (text.starts_with("@")) {
    const auto time = ParseTime(text.substr(1));
    if (!time.ok()) return time.status();
    ReadFrom from(text, Kind::kTime);
    from.time_ = *time;
    return from;
  }
  ReadFrom from(text, Kind::kOffset);
  const char* const end = text.data() + text.size();
  const auto [at, error] =
      std::from_chars(text.data(), end, from.offset_.value);
  if (error == std::errc() && at == end && from.offset_.value >= 0) return from;
  return absl::InvalidArgumentError(fmt::format(
      "--from {}: must be start, end, an offset such as 42, or a time such as "
      "'@2023-11-14 22:13:20'",
      text));
}

absl::StatusOr<Offset> ReadFrom::In(const Partition& partition,
                                    OnDamage on_damage) const {
  switch (kind_) {
    case Kind::kStart:
      return partition.log_start();
    case Kind::kEnd:
      return partition.high_watermark();
    case Kind::kTime: {
      const auto found = partition.FindByTime(time_, on_damage);
      if (!found.ok()) return found.status();
      return *found ? (*found)->offset : partition.high_watermark();
    }
    case Kind::kOffset:
      break;
  }
  if (offset_ < partition.log_start()) {
    Note(fmt::format("{} begins at offset {}: records before it are gone",
                     partition.name().ToString(), partition.log_start().value));
    return partition.log_start();
  }
  return offset_;
}

bool ReadFrom::MayWant(const OffsetRange& lost, Offset at) const {
  if (lost.count() == 0) return false;
  switch (kind_) {
    case Kind::kStart:
      return true;
    case Kind::kEnd:
      return false;
    case Kind::kTime:
      // All that is there is of that time or later: so may be what is not.
      return at <= lost.next;
    case Kind::kOffset:
      break;
  }
  return offset_ < lost.next;
}

ReadFrom ReadFrom::InAdded() const {
  return kind_ == Kind::kEnd ? ReadFrom(text_, Kind::kStart) : *this;
}

}  // namespace cauce::cli
