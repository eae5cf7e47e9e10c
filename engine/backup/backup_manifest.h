// `cauce.backup`: what a backup holds, each file with its size and checksum.
//
// Written last, as a whole: a directory without it is no backup. Text, in the
// frame of our other small files; engine/FORMAT.md has its layout. A plain
// value, and pure functions: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/backup.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

inline constexpr std::string_view kBackupFile = "cauce.backup";
// There from before the first file is written until behind that one.
inline constexpr std::string_view kUnfinishedBackupFile =
    "cauce.backup.unfinished";
// Locked by who makes the backup; empty, and no part of it.
inline constexpr std::string_view kBackupLockFile = "cauce.backup.lock";

// Larger ones are neither written nor read: a million files.
inline constexpr int64_t kBackupManifestBytesMax = 64 << 20;

// A file of a partition's directory.
struct BackupFile {
  std::string name;
  int64_t bytes = 0;
  uint32_t crc = 0;  // CRC-32C of them
  friend bool operator==(const BackupFile&, const BackupFile&) = default;
};

struct BackupPartition {
  OffsetRange log;
  bool damaged = false;
  std::vector<BackupFile> files;  // by name
  friend bool operator==(const BackupPartition&,
                         const BackupPartition&) = default;
};

// What a group has committed in a partition.
struct BackupOffset {
  std::string group;
  PartitionId partition;
  Offset offset;
  LeaderEpoch leader_epoch;
  std::string metadata;
  friend bool operator==(const BackupOffset&, const BackupOffset&) = default;
};

struct BackupManifest {
  // As the list of topics has it; live.
  TopicEntry topic;
  Timestamp taken;
  std::vector<BackupPartition> partitions;  // as many as the topic has
  std::vector<BackupTransaction> transactions;  // by partition
  std::vector<BackupOffset> offsets;

  std::string Format() const;
  // `path` is for the messages. Reason::kCorruptFile; kUnsupportedFormat for a
  // newer version. No name in it leads out of a partition's directory.
  static absl::StatusOr<BackupManifest> Parse(std::string_view path,
                                              std::string_view bytes);
  BackupSummary Summary() const;

  friend bool operator==(const BackupManifest&,
                         const BackupManifest&) = default;
};

// Whether a backup may hold a file of this name.
bool IsBackupFileName(std::string_view name);

}  // namespace cauce
