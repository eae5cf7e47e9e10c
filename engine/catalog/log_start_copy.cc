#include "engine/catalog/log_start_copy.h"

#include <cstdint>

#include "engine/base/status_macros.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/text_lines.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr TextFormat kFormat{kLogStartCopyFile, 1};

}  // namespace

absl::StatusOr<OffsetCheckpoint> ParseLogStartCopy(std::string_view path,
                                                   std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(const std::string_view text,
                         CheckedText(path, bytes, kFormat));
  TextLines lines(path, text);
  lines.Next();  // the version was looked at
  const auto count = NumberAfter<int32_t>("starts ", lines.Next());
  if (!count) return lines.Corrupt("\"starts NUMBER\"");
  OffsetCheckpoint starts;
  while (!lines.at_end()) {
    const auto line = lines.Next();
    if (line && AddOffsetLine(*line, starts)) continue;
    return lines.Corrupt("TOPIC PARTITION OFFSET, each partition once");
  }
  if (starts.size() == static_cast<size_t>(*count)) return starts;
  lines.Next();
  return lines.Corrupt(
      fmt::format("the last of {} starts, not of {}", *count, starts.size()));
}

std::string FormatLogStartCopy(const OffsetCheckpoint& starts) {
  return WithChecksum(fmt::format("{} {}\nstarts {}\n{}", kFormat.name,
                                  kFormat.version, starts.size(),
                                  FormatOffsetLines(starts)));
}

}  // namespace cauce
