#include "engine/log/kept_segments.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "cauce/read.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/cut_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Whether it is, or was a part of, a segment's log: `<offset>.log.cut`, or one
// of those with a number behind it.
bool IsKeptLog(std::string_view name) {
  const size_t bytes = SegmentFileName(Offset{0}, kLogSuffix).size();
  const std::string_view log = name.substr(0, bytes);
  const auto file = ParseSegmentFileName(log);
  return file && file->suffix == kLogSuffix &&
         name.starts_with(CutFileName(log, 0)) &&
         !name.ends_with(kUnfinishedCutSuffix);
}

// The offsets of its first batch; nothing where that is not whole.
std::optional<OffsetRange> FirstIn(FileSystem& files,
                                   const std::string& path) {
  auto opened = files.Open(path, OpenMode::kRead);
  if (!opened.ok()) return std::nullopt;
  const std::shared_ptr<const File> file = *std::move(opened);
  const auto size = file->Size();
  if (!size.ok()) return std::nullopt;
  BatchScanner scanner;
  scanner.Start(file, path, 0, *size);
  const auto batch = scanner.Next();
  if (!batch.ok() || !*batch) return std::nullopt;
  return OffsetRange{(*batch)->base_offset(), (*batch)->next_offset()};
}

// How many of these offsets the segments have.
int64_t CountHeld(std::span<const SurveyedSegment> segments,
                  const OffsetRange& wanted) {
  int64_t held = 0;
  for (const SurveyedSegment& each : segments) {
    const OffsetRange both{std::max(each.base, wanted.base),
                           std::min(each.next, wanted.next)};
    if (both.base < both.next) held += both.count();
  }
  return held;
}

}  // namespace

absl::StatusOr<std::vector<Finding>> FindKeptSegments(
    FileSystem& files, std::string_view directory,
    std::span<const SurveyedSegment> segments, Offset log_start) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::vector<Finding> found;
  for (const DirectoryEntry& entry : entries) {
    if (entry.is_directory || !IsKeptLog(entry.name)) continue;
    const std::string path = JoinPath(directory, entry.name);
    const auto first = FirstIn(files, path);
    if (!first || first->base < log_start) continue;
    const int64_t held = CountHeld(segments, *first);
    if (held == first->count()) continue;
    const std::string name = SegmentFileName(first->base, kLogSuffix);
    Finding note{.gravity = Gravity::kNote,
                 .file = path,
                 .position = 0,
                 .offset = first->base};
    note.what = fmt::format(
        "was set aside, and begins with a whole batch of the offsets {} to {}, "
        "of which the log has {}",
        first->base.value, first->next.value - 1, held);
    note.advice =
        held == 0
            ? fmt::format("if its records are missed, let it be named {} while "
                          "nothing has the directory open, and repair again",
                          name)
            : fmt::format("if its records are missed, read them where it is "
                          "named {} in a partition's directory of its own, and "
                          "store them again",
                          name);
    found.push_back(std::move(note));
  }
  std::ranges::sort(found, {}, &Finding::file);
  return found;
}

}  // namespace cauce
