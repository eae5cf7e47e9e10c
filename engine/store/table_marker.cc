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

namespace {

// RocksDB numbers its files, with six digits at least; a segment has 20, and
// is somebody's only copy of what is in it.
bool IsNumber(std::string_view text) {
  constexpr size_t kDigitsMin = 6;
  constexpr size_t kSegmentDigits = 20;
  return text.size() >= kDigitsMin && text.size() < kSegmentDigits &&
         std::ranges::all_of(text,
                             [](char c) { return '0' <= c && c <= '9'; });
}

// Removes `part` from the end of `name`, where it stands there.
bool TakeEnd(std::string_view& name, std::string_view part) {
  if (!name.ends_with(part)) return false;
  name.remove_suffix(part.size());
  return true;
}

// Of what has no marker: whether another database of RocksDB's may have it. A
// table has neither RocksDB's lock nor its lines, and its logs are empty.
absl::StatusOr<bool> MayBeAnothers(FileSystem& files,
                                   std::string_view directory,
                                   std::string_view name) {
  if (name == "LOCK" || name.starts_with("LOG")) return true;
  if (!name.ends_with(".log")) return false;
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         files.Info(PathIn(directory, name)));
  return info.bytes > 0;
}

absl::Status CheckIsTable(FileSystem& files, std::string_view directory,
                          const std::vector<DirectoryEntry>& entries) {
  const bool marked =
      std::ranges::any_of(entries, [](const DirectoryEntry& entry) {
        return !entry.is_directory && entry.name == kTableMarkerName;
      });
  for (const DirectoryEntry& entry : entries) {
    bool is_anothers = entry.is_directory || !IsTableFile(entry.name);
    if (!is_anothers && !marked) {
      CAUCE_ASSIGN_OR_RETURN(is_anothers,
                             MayBeAnothers(files, directory, entry.name));
    }
    if (!is_anothers) continue;
    return absl::FailedPreconditionError(fmt::format(
        "{}: {} lies there, and is no table's: nothing is removed, and no "
        "table is made; give the tables a directory of their own, or take "
        "that away",
        directory, entry.name));
  }
  return absl::OkStatus();
}

absl::Status RemoveFilesIn(FileSystem& files, std::string_view directory,
                           const std::vector<DirectoryEntry>& entries) {
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kTableMarkerName) continue;
    CAUCE_RETURN_IF_ERROR(files.RemoveFile(PathIn(directory, entry.name)));
  }
  return files.SyncDirectory(directory);
}

// Durable on return; OK where there is none.
absl::Status RemoveMarker(FileSystem& files, std::string_view directory) {
  const absl::Status removed =
      files.RemoveFile(PathIn(directory, kTableMarkerName));
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  return files.SyncDirectory(directory);
}

}  // namespace

bool IsTableFile(std::string_view name) {
  const std::string temporary = TemporaryName();
  for (const std::string_view known :
       {std::string_view("CURRENT"), std::string_view("IDENTITY"),
        std::string_view("LOCK"), std::string_view("LOG"), kTableMarkerName,
        std::string_view(temporary)}) {
    if (name == known) return true;
  }
  if (IsLoadName(name)) return true;
  TakeEnd(name, ".trash");
  for (const std::string_view end : {".sst", ".log"}) {
    if (TakeEnd(name, end)) return IsNumber(name);
  }
  const bool is_temporary = TakeEnd(name, ".dbtmp");
  for (const std::string_view begin : {"MANIFEST-", "OPTIONS-", "LOG.old."}) {
    if (name.starts_with(begin)) return IsNumber(name.substr(begin.size()));
  }
  return is_temporary && IsNumber(name);
}

absl::Status ClearTable(FileSystem& files, std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  CAUCE_RETURN_IF_ERROR(CheckIsTable(files, directory, entries));
  // The marker last, so that none of them is there without it.
  CAUCE_RETURN_IF_ERROR(RemoveFilesIn(files, directory, entries));
  return RemoveMarker(files, directory);
}

absl::Status RemoveTable(FileSystem& files, std::string_view directory) {
  const absl::Status there = files.Info(directory).status();
  if (absl::IsNotFound(there)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(there);
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  CAUCE_RETURN_IF_ERROR(CheckIsTable(files, directory, entries));
  // The tables may lie behind a link, which a sync does not follow.
  CAUCE_ASSIGN_OR_RETURN(const std::string above,
                         files.Resolve(Above(directory)));
  // What is left by a crash has no marker then, and is no table. It takes no
  // room on the disk, as another marker would.
  CAUCE_RETURN_IF_ERROR(RemoveMarker(files, directory));
  CAUCE_RETURN_IF_ERROR(RemoveFilesIn(files, directory, entries));
  CAUCE_RETURN_IF_ERROR(files.RemoveDirectory(directory));
  return files.SyncDirectory(above);
}

}  // namespace cauce
