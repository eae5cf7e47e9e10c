// Shows what the files of segments hold, entry by entry.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/inspect.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/index_walk.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"

namespace cauce {
namespace {

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

absl::Status DumpLog(FileSystem& files, const std::string& path,
                     const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                         files.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  BatchScanner scanner;
  scanner.Start(std::move(file), path, 0, bytes);
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
    if (!batch) return absl::OkStatus();
    if (!take({.position = scanner.batch_position(),
               .batch = &*batch,
               .offset = batch->last_offset(),
               .timestamp = batch->max_timestamp()})) {
      return absl::OkStatus();
    }
  }
}

DumpedEntry ToDumped(int64_t position, const OffsetEntry& entry) {
  return {.position = position,
          .offset = entry.offset,
          .batch_position = entry.position};
}
DumpedEntry ToDumped(int64_t position, const TimeEntry& entry) {
  return {.position = position,
          .offset = entry.offset,
          .timestamp = entry.timestamp};
}

template <class Entry>
absl::Status DumpIndex(FileSystem& files, const std::string& path, Offset base,
                       const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_ASSIGN_OR_RETURN(IndexWalk<Entry> walk,
                         IndexWalk<Entry>::Open(files, path, base));
  if (!walk.exists()) {
    return absl::NotFoundError(fmt::format("{}: there is no such file", path));
  }
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto entry, walk.Peek());
    if (!entry || !take(ToDumped(walk.position(), *entry))) {
      return absl::OkStatus();
    }
    walk.Pop();
  }
}

}  // namespace

absl::Status DumpFile(FileSystem& files, std::string_view path,
                      const std::function<bool(const DumpedEntry&)>& take) {
  if (!take) {
    return DumpFile(files, path, [](const DumpedEntry&) { return true; });
  }
  const std::string file(path);
  const auto name = ParseSegmentFileName(NameOf(path));
  if (name && name->suffix == kLogSuffix) return DumpLog(files, file, take);
  if (name && name->suffix == kOffsetIndexSuffix) {
    return DumpIndex<OffsetEntry>(files, file, name->base, take);
  }
  if (name && name->suffix == kTimeIndexSuffix) {
    return DumpIndex<TimeEntry>(files, file, name->base, take);
  }
  return absl::InvalidArgumentError(fmt::format(
      "{}: not a file of a segment, which is called by twenty digits and "
      ".log, .index or .timeindex",
      path));
}

absl::StatusOr<std::vector<std::string>> ListSegmentFiles(
    FileSystem& files, std::string_view partition_directory,
    SegmentFiles which) {
  CAUCE_ASSIGN_OR_RETURN(const std::string directory,
                         files.Resolve(partition_directory));
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::vector<std::string> paths;
  // By name they are in the order of their base offsets, a segment's log in
  // between its indexes.
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    const bool index =
        file->suffix == kOffsetIndexSuffix || file->suffix == kTimeIndexSuffix;
    if (file->suffix == kLogSuffix ||
        (index && which == SegmentFiles::kLogsAndIndexes)) {
      paths.push_back(fmt::format("{}/{}", directory, entry.name));
    }
  }
  return paths;
}

}  // namespace cauce
