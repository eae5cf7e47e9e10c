// Kafka's checkpoint files: for each partition an offset, or for each leader
// epoch where it began. Text: a version, a count, one entry a line.
//
// They are read strictly, because a number that lost its last digits still
// looks like one, and replaced as a whole. A file that is not there, or is
// empty, has no entries. One writer per file; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

// In the data directory, for all its partitions.
inline constexpr std::string_view kRecoveryPointFile =
    "recovery-point-offset-checkpoint";
inline constexpr std::string_view kLogStartFile = "log-start-offset-checkpoint";
inline constexpr std::string_view kHighWatermarkFile =
    "replication-offset-checkpoint";
inline constexpr std::string_view kFirstDirtyFile = "cleaner-offset-checkpoint";

// In each partition's directory.
inline constexpr std::string_view kEpochFile = "leader-epoch-checkpoint";

// Larger ones are refused: 64 MiB are 240 000 partitions of the longest name.
inline constexpr int64_t kCheckpointBytesMax = 64 << 20;

using OffsetCheckpoint = std::map<TopicPartition, Offset>;

// The bytes of a file, read. `path` is for the messages, which name it, the
// line and what is there: Reason::kCorruptFile. kUnsupportedFormat for a
// greater version whose lines a newer release may have written.
absl::StatusOr<OffsetCheckpoint> ParseOffsetCheckpoint(std::string_view path,
                                                       std::string_view bytes);
absl::StatusOr<std::vector<EpochStart>> ParseEpochCheckpoint(
    std::string_view path, std::string_view bytes);

// One entry's line of the first kind, "TOPIC PARTITION OFFSET". Returns false
// for what is none, or names a partition that is among `entries`.
bool AddOffsetLine(std::string_view line, OffsetCheckpoint& entries);
// Those lines, one for each entry.
std::string FormatOffsetLines(const OffsetCheckpoint& entries);

std::string FormatOffsetCheckpoint(const OffsetCheckpoint& entries);
std::string FormatEpochCheckpoint(std::span<const EpochStart> entries);

// `name` is one of the four above.
absl::StatusOr<OffsetCheckpoint> ReadOffsetCheckpoint(
    FileSystem& files, std::string_view directory, std::string_view name);
absl::Status WriteOffsetCheckpoint(FileSystem& files,
                                   std::string_view directory,
                                   std::string_view name,
                                   const OffsetCheckpoint& entries);

// The epochs are returned as they are written; whether they grow is for
// EpochHistory to see.
absl::StatusOr<std::vector<EpochStart>> ReadEpochCheckpoint(
    FileSystem& files, std::string_view partition_directory);
absl::Status WriteEpochCheckpoint(FileSystem& files,
                                  std::string_view partition_directory,
                                  std::span<const EpochStart> entries);

}  // namespace cauce
