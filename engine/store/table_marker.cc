#include "engine/store/table_marker.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/store/load_names.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kFirstWords = "cauce table ";
constexpr std::string_view kWhole = "whole";
constexpr std::string_view kInWork = "in work";
constexpr std::string_view kDamaged = "damaged";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr size_t kMarkerBytesMax = 64;

std::string PathIn(std::string_view directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

// "." where the path has one name alone.
std::string_view Above(std::string_view directory) {
  const size_t end = directory.find_last_of('/');
  if (end == std::string_view::npos) return ".";
  return directory.substr(0, std::max<size_t>(end, 1));
}

std::string TemporaryName() {
  return fmt::format("{}{}", kTableMarkerName, kTemporarySuffix);
}

absl::Status DamagedError(std::string_view path, std::string_view text) {
  return MakeError(
      Reason::kCorruptFile,
      fmt::format("{}: \"{}\" is not what a table's marker says: remove the "
                  "table, it is built anew from its log",
                  path, text));
}

absl::StatusOr<MarkerState> Parse(std::string_view path,
                                  std::string_view text) {
  const absl::Status damaged = DamagedError(path, text);
  if (!text.starts_with(kFirstWords) || !text.ends_with('\n')) return damaged;
  text.remove_prefix(kFirstWords.size());
  text.remove_suffix(1);
  int version = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || version < 1) return damaged;
  if (version > kVersion) {
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("{}: the table has version {}, this release knows {}: "
                    "remove the table, it is built anew from its log",
                    path, version, kVersion));
  }
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text == fmt::format(" {}", kWhole)) return MarkerState::kWhole;
  if (text == fmt::format(" {}", kInWork)) return MarkerState::kInWork;
  if (text != fmt::format(" {}", kDamaged)) return damaged;
  return MakeError(
      Reason::kCorruptFile,
      fmt::format("{}: the table's files were found to be damaged when they "
                  "were read: remove the table, it is built anew from its log",
                  path));
}

// Durable on return.
absl::Status Write(FileSystem& files, std::string_view directory,
                   std::string_view word) {
  const std::string path = PathIn(directory, TemporaryName());
  {
    CAUCE_ASSIGN_OR_RETURN(const auto file,
                           files.Open(path, OpenMode::kOpenOrCreate));
    CAUCE_RETURN_IF_ERROR(file->Truncate(0));
    CAUCE_RETURN_IF_ERROR(file->Write(
        0, fmt::format("{}{} {}\n", kFirstWords, kVersion, word)));
    CAUCE_RETURN_IF_ERROR(file->Sync());
  }
  CAUCE_RETURN_IF_ERROR(
      files.Rename(path, PathIn(directory, kTableMarkerName)));
  return files.SyncDirectory(directory);
}

}  // namespace

absl::StatusOr<MarkerState> ReadTableMarker(FileSystem& files,
                                            std::string_view directory) {
  const auto entries = files.List(directory);
  if (absl::IsNotFound(entries.status())) return MarkerState::kNone;
  if (!entries.ok()) return entries.status();
  bool marked = false;
  std::string_view other;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == kTableMarkerName) {
      marked = true;
    } else if (entry.name != TemporaryName()) {
      other = entry.name;
    }
  }
  if (!marked && other.empty()) return MarkerState::kNone;
  const std::string path = PathIn(directory, kTableMarkerName);
  if (!marked) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: it is missing, and {} is there: this is no table, or "
                    "what is left of one, which is built anew from its log "
                    "once it is removed",
                    path, other));
  }
  CAUCE_ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  std::string text(kMarkerBytesMax, '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t bytes, file->Read(0, text));
  text.resize(bytes);
  return Parse(path, text);
}

absl::Status WriteTableMarker(FileSystem& files, std::string_view directory,
                              MarkerState state) {
  return Write(files, directory,
               state == MarkerState::kWhole ? kWhole : kInWork);
}

absl::Status MarkDamaged(FileSystem& files, std::string_view directory) {
  if (Write(files, directory, kDamaged).ok()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(files.RemoveFile(PathIn(directory, kTableMarkerName)));
  return files.SyncDirectory(directory);
}

absl::StatusOr<bool> HasTableMarker(FileSystem& files,
                                    std::string_view directory) {
  const auto file =
      files.Open(PathIn(directory, kTableMarkerName), OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return false;
  if (!file.ok()) return file.status();
  std::string text(kFirstWords.size(), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t bytes, (*file)->Read(0, text));
  return bytes == text.size() && text == kFirstWords;
}

bool IsTableFile(std::string_view name) {
  constexpr std::string_view kNames[] = {"CURRENT", "IDENTITY", "LOCK", "LOG"};
  constexpr std::string_view kBeginnings[] = {"LOG.old.", "MANIFEST-",
                                              "OPTIONS-", kTableMarkerName};
  constexpr std::string_view kEnds[] = {".sst", ".log", ".dbtmp"};
  const auto begins = [name](std::string_view part) {
    return name.starts_with(part);
  };
  const auto ends = [name](std::string_view part) {
    return name.ends_with(part);
  };
  return IsLoadName(name) || std::ranges::find(kNames, name) != end(kNames) ||
         std::ranges::any_of(kBeginnings, begins) ||
         std::ranges::any_of(kEnds, ends);
}

absl::Status ClearTable(FileSystem& files, std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kTableMarkerName) continue;
    const std::string path = PathIn(directory, entry.name);
    CAUCE_RETURN_IF_ERROR(entry.is_directory ? files.RemoveDirectory(path)
                                             : files.RemoveFile(path));
  }
  // Before the marker goes, so that none of them is there without it.
  CAUCE_RETURN_IF_ERROR(files.SyncDirectory(directory));
  absl::Status removed =
      files.RemoveFile(PathIn(directory, kTableMarkerName));
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  return files.SyncDirectory(directory);
}

absl::Status RemoveTable(FileSystem& files, std::string_view directory) {
  const absl::Status there = files.Info(directory).status();
  if (absl::IsNotFound(there)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(there);
  // What is left by a crash has no marker then, and is no table. It takes no
  // room on the disk, as another marker would.
  const absl::Status removed =
      files.RemoveFile(PathIn(directory, kTableMarkerName));
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  CAUCE_RETURN_IF_ERROR(files.SyncDirectory(directory));
  CAUCE_RETURN_IF_ERROR(ClearTable(files, directory));
  CAUCE_RETURN_IF_ERROR(files.RemoveDirectory(directory));
  return files.SyncDirectory(Above(directory));
}

}  // namespace cauce
