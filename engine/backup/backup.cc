#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/backup.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/topic_name.h"
#include "engine/backup/backup_manifest.h"
#include "engine/backup/committed_offsets.h"
#include "engine/backup/file_copy.h"
#include "engine/backup/partition_copy.h"
#include "engine/backup/stored_backup.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/producer_files.h"
#include "fmt/format.h"

namespace cauce {
namespace {

class Backup {
 public:
  Backup(std::string directory, std::string target,
         const BackupOptions& options)
      : directory_(std::move(directory)),
        target_(std::move(target)),
        options_(options),
        files_(options.file_system ? *options.file_system
                                   : *PosixFileSystem()),
        target_files_(options.target_file_system ? *options.target_file_system
                                                 : files_),
        meter_(options.progress) {}

  absl::StatusOr<BackupSummary> Run(std::string_view name) {
    CAUCE_ASSIGN_OR_RETURN(
        const Engine engine,
        Engine::Open(directory_, {.access = Access::kReadOnly,
                                  .create_if_missing = false,
                                  .file_system = &files_,
                                  .events = options_.events}));
    CAUCE_ASSIGN_OR_RETURN(const TopicDescription topic,
                           engine.DescribeTopic(name));
    if (topic.internal) {
      return MakeError(
          Reason::kInvalidTopicName,
          fmt::format("topic {} is internal: what a coordinator keeps in it is "
                      "backed up with the topics it is about",
                      name));
    }
    CAUCE_RETURN_IF_ERROR(TakeTopic(topic));
    CAUCE_ASSIGN_OR_RETURN(const auto lock, LockTarget(target_files_, target_));
    CAUCE_RETURN_IF_ERROR(ClearTarget(target_files_, target_));
    if (options_.group_offsets == GroupOffsets::kTake) {
      CAUCE_ASSIGN_OR_RETURN(manifest_.offsets,
                             ReadCommittedOffsets(engine, topic));
    }
    CAUCE_RETURN_IF_ERROR(CopyPartitions(engine));
    // One that was deleted under the copies, and perhaps made again.
    CAUCE_ASSIGN_OR_RETURN(const TopicDescription after,
                           engine.DescribeTopic(name));
    if (after.id != topic.id) {
      return MakeError(
          Reason::kUnknownTopic,
          fmt::format("topic {} was deleted and made again while it was backed "
                      "up: back up the new one",
                      name));
    }
    CAUCE_RETURN_IF_ERROR(MakeWhole());
    CAUCE_RETURN_IF_ERROR(SumUp());
    CAUCE_RETURN_IF_ERROR(
        FinishTarget(target_files_, target_, manifest_.Format()));
    return manifest_.Summary();
  }

 private:
  // What the list of topics knows of it besides.
  absl::Status TakeTopic(const TopicDescription& topic) {
    CAUCE_ASSIGN_OR_RETURN(const std::string path, files_.Resolve(directory_));
    CAUCE_ASSIGN_OR_RETURN(const TopicCatalog catalog,
                           TopicCatalog::Load(files_, path));
    directory_ = path;
    TopicEntry& entry = manifest_.topic;
    if (const TopicEntry* const listed = catalog.Find(topic.name)) {
      entry.adopted = listed->adopted;
      entry.compacted = listed->compacted;
    }
    entry.name = topic.name;
    entry.id = topic.id;
    entry.partitions = topic.partitions;
    entry.configs = topic.configs;
    entry.imported = topic.imported;
    manifest_.taken = Timestamp::From(SystemClock()->Now());
    return absl::OkStatus();
  }

  absl::Status CopyPartitions(const Engine& engine) {
    CAUCE_RETURN_IF_ERROR(ExpectBytes());
    for (int32_t i = 0; i < manifest_.topic.partitions; ++i) {
      const TopicPartition name = {manifest_.topic.name, PartitionId{i}};
      const std::string path = JoinPath(target_, name.ToString());
      CAUCE_RETURN_IF_ERROR(target_files_.CreateDirectory(path));
      PartitionCopy copy({.engine = engine,
                          .files = files_,
                          .directory = directory_,
                          .name = name,
                          .may_have_gaps = MayHaveGaps(manifest_.topic),
                          .is_brokers = manifest_.topic.imported ||
                                        manifest_.topic.adopted,
                          .on_damage = options_.on_damage},
                         {target_files_, path}, meter_);
      CAUCE_ASSIGN_OR_RETURN(const CopiedPartition copied, copy.Run());
      manifest_.partitions.push_back(
          {.log = copied.log, .damaged = copied.damaged, .files = {}});
      logs_.push_back(copied.logs);
      recovery_points_[name] = copied.look_from;
      log_starts_[name] = copied.log.base;
    }
    return target_files_.SyncDirectory(target_);
  }

  // Each file is copied, and read once more.
  absl::Status ExpectBytes() {
    for (int32_t i = 0; i < manifest_.topic.partitions; ++i) {
      const TopicPartition name = {manifest_.topic.name, PartitionId{i}};
      const std::string path = JoinPath(directory_, name.ToString());
      const auto entries = files_.List(path);
      if (!entries.ok()) continue;  // told by who opens it
      for (const DirectoryEntry& entry : *entries) {
        if (!IsBackupFileName(entry.name)) continue;
        const auto info = files_.Info(JoinPath(path, entry.name));
        if (info.ok()) meter_.Expect(2 * info->bytes);
      }
    }
    return absl::OkStatus();
  }

  // Opens the copy, which makes the files that its writer had in memory, and
  // looks at what was being written: the indexes of the last segments, what was
  // aborted in them, and what is known of producers.
  absl::Status MakeWhole() {
    TopicCatalog catalog;
    CAUCE_RETURN_IF_ERROR(catalog.Add(manifest_.topic));
    CAUCE_RETURN_IF_ERROR(catalog.Save(target_files_, target_));
    CAUCE_RETURN_IF_ERROR(WriteOffsetCheckpoint(
        target_files_, target_, kRecoveryPointFile, recovery_points_));
    CAUCE_RETURN_IF_ERROR(WriteOffsetCheckpoint(target_files_, target_,
                                                kLogStartFile, log_starts_));
    CAUCE_RETURN_IF_ERROR(ReplaceFile(target_files_, target_, kLogStartCopyFile,
                                      FormatLogStartCopy(log_starts_)));
    // What is told of damage was told of the topic itself.
    CAUCE_ASSIGN_OR_RETURN(
        Engine copy, Engine::Open(target_, {.file_system = &target_files_}));
    for (int32_t i = 0; i < manifest_.topic.partitions; ++i)
      CAUCE_RETURN_IF_ERROR(CheckCopy(copy, PartitionId{i}));
    return copy.Close();
  }

  absl::Status CheckCopy(const Engine& copy, PartitionId id) {
    const OffsetRange& wanted =
        manifest_.partitions[static_cast<size_t>(id.value)].log;
    CAUCE_ASSIGN_OR_RETURN(const Partition partition,
                           copy.OpenPartition(manifest_.topic.name, id));
    const OffsetRange found = {partition.log_start(), partition.log_end()};
    // Has it read what there is of producers, so that its close notes them.
    CAUCE_RETURN_IF_ERROR(partition.LastStableOffset().status());
    if (found == wanted) return absl::OkStatus();
    return absl::UnavailableError(fmt::format(
        "{}: the copy holds offsets {} to {}, and not {} to {}: its end was "
        "cut off while it was copied, or was not durable when its writer was "
        "stopped; back it up again, and where that says the same open the "
        "directory for writing once, which settles it",
        partition.name().ToString(), found.base.value, found.next.value,
        wanted.base.value, wanted.next.value));
  }

  absl::Status SumUp() {
    for (int32_t i = 0; i < manifest_.topic.partitions; ++i) {
      BackupPartition& partition =
          manifest_.partitions[static_cast<size_t>(i)];
      const std::string path = JoinPath(
          target_,
          TopicPartition{manifest_.topic.name, PartitionId{i}}.ToString());
      CAUCE_ASSIGN_OR_RETURN(const auto entries, target_files_.List(path));
      auto& copied = logs_[static_cast<size_t>(i)];
      for (const DirectoryEntry& entry : entries) {
        if (entry.is_directory || !IsBackupFileName(entry.name)) continue;
        const FilePlace file = {target_files_, JoinPath(path, entry.name)};
        CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                               target_files_.Info(file.path));
        CAUCE_ASSIGN_OR_RETURN(const uint32_t crc,
                               SumFile(file, info.bytes, meter_));
        const BackupFile found = {entry.name, info.bytes, crc};
        const auto log = copied.extract(entry.name);
        if (!log.empty()) {
          CAUCE_RETURN_IF_ERROR(
              CheckLog(file.path, found, log.mapped(), partition.damaged));
        }
        partition.files.push_back(found);
      }
      if (!copied.empty()) {
        return Differs(JoinPath(path, copied.begin()->first),
                       "was copied, and is gone");
      }
      CAUCE_RETURN_IF_ERROR(
          TakeTransactions(path, PartitionId{i}, partition.log.next));
    }
    return absl::OkStatus();
  }

  // What is summed up now is what was read from the source, or the manifest
  // would vouch for something else: nobody reads an older segment in between.
  static absl::Status CheckLog(const std::string& path, const BackupFile& found,
                               const CopiedLog& copied, bool is_damaged) {
    if (found.bytes != copied.bytes) {
      // The opening may have cut what stands behind damage.
      if (is_damaged) return absl::OkStatus();
      return Differs(path, fmt::format("has {} bytes, {} were copied",
                                       found.bytes, copied.bytes));
    }
    if (found.crc == copied.crc) return absl::OkStatus();
    return Differs(path, fmt::format("has the checksum {:08x}, and {:08x} was "
                                     "copied",
                                     found.crc, copied.crc));
  }

  // The lock keeps other backups away, and nothing else.
  static absl::Status Differs(const std::string& path, std::string_view how) {
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: {}: something else changes the backup while it is "
                    "made, or its disk does not keep what is written; see to "
                    "both, then back up again",
                    path, how));
  }

  absl::Status TakeTransactions(const std::string& path, PartitionId id,
                                Offset end) {
    const auto producers = ReadSnapshot(target_files_, path, end);
    if (absl::IsNotFound(producers.status())) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(producers.status());
    for (const ProducerState& each : *producers) {
      if (!each.transaction()) continue;
      manifest_.transactions.push_back(
          {id, each.id(), each.epoch(), *each.transaction()});
    }
    return absl::OkStatus();
  }

  std::string directory_;
  const std::string target_;
  const BackupOptions& options_;
  FileSystem& files_;
  FileSystem& target_files_;
  CopyMeter meter_;
  BackupManifest manifest_;
  // By partition, and by name.
  std::vector<std::map<std::string, CopiedLog>> logs_;
  OffsetCheckpoint recovery_points_;
  OffsetCheckpoint log_starts_;
};

}  // namespace

absl::StatusOr<BackupSummary> BackupTopic(std::string_view directory,
                                          std::string_view topic,
                                          std::string_view target,
                                          const BackupOptions& options) {
  return Backup(std::string(directory), std::string(target), options)
      .Run(topic);
}

}  // namespace cauce
