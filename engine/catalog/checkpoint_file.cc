#include "engine/catalog/checkpoint_file.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/text_lines.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int kVersion = 0;

// Whether what follows the version, which is not ours, is what a newer release
// may write: as many lines as it says, which are not all of our version. A
// version changes because the lines do, so behind a number that is merely
// damaged they are ours still, or are nothing.
template <typename Take>
bool MayBeNewer(TextLines lines, Take take) {
  const auto count_line = lines.Next();
  const auto count = count_line ? ParseDecimal<int32_t>(*count_line)
                                : std::optional<int32_t>();
  if (!count) return false;
  bool all_ours = *count > 0;
  for (int32_t i = 0; i < *count; ++i) {
    const auto line = lines.Next();
    if (!line) return false;
    all_ours = take(*line) && all_ours;
  }
  return lines.at_end() && !all_ours;
}

// Reads the frame of a checkpoint and hands each entry's line to `take`,
// which returns false for one that is no entry.
template <typename Take>
absl::Status ParseEntries(std::string_view path, std::string_view bytes,
                          std::string_view wanted, Take take) {
  if (bytes.empty()) return absl::OkStatus();
  TextLines lines(path, bytes);
  const auto version = lines.Next();
  const auto number =
      version ? ParseDecimal<int32_t>(*version) : std::optional<int32_t>();
  if (number && *number != kVersion && MayBeNewer(lines, take)) {
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("{}: has version {}, only {} is known; open the directory "
                    "with the release that wrote it, or, where none did, move "
                    "the file away",
                    path, *number, kVersion));
  }
  if (number != kVersion) return lines.Corrupt("the version, 0");
  const auto count_line = lines.Next();
  const auto count = count_line ? ParseDecimal<int32_t>(*count_line)
                                : std::optional<int32_t>();
  if (!count) return lines.Corrupt("the number of entries");
  for (int32_t i = 0; i < *count; ++i) {
    const auto line = lines.Next();
    if (!line || !take(*line)) return lines.Corrupt(wanted);
  }
  if (lines.at_end()) return absl::OkStatus();
  lines.Next();
  return lines.Corrupt(fmt::format("absent: line 2 says {} entries", *count));
}

// What stands before the first space, which is taken off `line` with it.
std::string_view TakeWord(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

bool TakeEpoch(std::string_view line, std::vector<EpochStart>& entries) {
  const auto epoch = ParseDecimal<int32_t>(TakeWord(line));
  const auto start = ParseDecimal<int64_t>(line);
  if (!epoch || !start) return false;
  entries.push_back({LeaderEpoch{*epoch}, Offset{*start}});
  return true;
}

// The bytes of a file that may be absent.
absl::StatusOr<std::string> ReadIfThere(FileSystem& files,
                                        std::string_view path) {
  auto bytes = ReadWholeFile(files, path, kCheckpointBytesMax);
  if (absl::IsNotFound(bytes.status())) return std::string();
  return bytes;
}

}  // namespace

bool AddOffsetLine(std::string_view line, OffsetCheckpoint& entries) {
  const std::string_view topic = TakeWord(line);
  const auto partition = ParseDecimal<int32_t>(TakeWord(line));
  const auto offset = ParseDecimal<int64_t>(line);
  if (!partition || !offset || !ValidateTopicName(topic).ok()) return false;
  TopicPartition name{std::string(topic), PartitionId{*partition}};
  // What we have written comes in order, and is put behind the rest at once.
  if (entries.empty() || entries.rbegin()->first < name) {
    entries.emplace_hint(entries.end(), std::move(name), Offset{*offset});
    return true;
  }
  return entries.emplace(std::move(name), Offset{*offset}).second;
}

absl::StatusOr<OffsetCheckpoint> ParseOffsetCheckpoint(std::string_view path,
                                                       std::string_view bytes) {
  OffsetCheckpoint entries;
  CAUCE_RETURN_IF_ERROR(
      ParseEntries(path, bytes, "TOPIC PARTITION OFFSET, each partition once",
                   [&entries](std::string_view line) {
                     return AddOffsetLine(line, entries);
                   }));
  return entries;
}

absl::StatusOr<std::vector<EpochStart>> ParseEpochCheckpoint(
    std::string_view path, std::string_view bytes) {
  std::vector<EpochStart> entries;
  CAUCE_RETURN_IF_ERROR(ParseEntries(
      path, bytes, "EPOCH OFFSET",
      [&entries](std::string_view line) { return TakeEpoch(line, entries); }));
  return entries;
}

std::string FormatOffsetCheckpoint(const OffsetCheckpoint& entries) {
  return fmt::format("{}\n{}\n", kVersion, entries.size()) +
         FormatOffsetLines(entries);
}

std::string FormatOffsetLines(const OffsetCheckpoint& entries) {
  std::string text;
  for (const auto& [name, offset] : entries) {
    CAUCE_CHECK(offset >= Offset{0});
    CAUCE_CHECK(name.partition >= PartitionId{0});
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", name.topic,
                   name.partition.value, offset.value);
  }
  return text;
}

std::string FormatEpochCheckpoint(std::span<const EpochStart> entries) {
  std::string text = fmt::format("{}\n{}\n", kVersion, entries.size());
  for (const auto& [epoch, start] : entries) {
    CAUCE_CHECK(epoch >= LeaderEpoch{0});
    CAUCE_CHECK(start >= Offset{0});
    fmt::format_to(std::back_inserter(text), "{} {}\n", epoch.value,
                   start.value);
  }
  return text;
}

absl::StatusOr<OffsetCheckpoint> ReadOffsetCheckpoint(
    FileSystem& files, std::string_view directory, std::string_view name) {
  const std::string path = JoinPath(directory, name);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes, ReadIfThere(files, path));
  return ParseOffsetCheckpoint(path, bytes);
}

absl::Status WriteOffsetCheckpoint(FileSystem& files,
                                   std::string_view directory,
                                   std::string_view name,
                                   const OffsetCheckpoint& entries) {
  return ReplaceFile(files, directory, name, FormatOffsetCheckpoint(entries));
}

absl::StatusOr<std::vector<EpochStart>> ReadEpochCheckpoint(
    FileSystem& files, std::string_view partition_directory) {
  const std::string path = JoinPath(partition_directory, kEpochFile);
  CAUCE_ASSIGN_OR_RETURN(const std::string bytes, ReadIfThere(files, path));
  return ParseEpochCheckpoint(path, bytes);
}

absl::Status WriteEpochCheckpoint(FileSystem& files,
                                  std::string_view partition_directory,
                                  std::span<const EpochStart> entries) {
  return ReplaceFile(files, partition_directory, kEpochFile,
                     FormatEpochCheckpoint(entries));
}

}  // namespace cauce
