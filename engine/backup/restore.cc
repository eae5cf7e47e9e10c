#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "engine/backup/backup_manifest.h"
#include "engine/backup/file_copy.h"
#include "engine/backup/stored_backup.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/coord/group_coordinator.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status Differs(const std::string& path, std::string_view what) {
  return MakeError(Reason::kCorruptFile,
                   fmt::format("{}: {}: the backup was changed, or damaged, "
                               "since it was made; take another one",
                               path, what));
}

absl::Status CheckSum(const std::string& path, const BackupFile& file,
                      uint32_t found) {
  if (found == file.crc) return absl::OkStatus();
  return Differs(path, fmt::format("has the checksum {:08x}, and not {:08x}",
                                   found, file.crc));
}

// All of a commit is one batch of the coordinator's topic, which takes 1 MiB by
// default.
constexpr size_t kCommitBytesMax = 256 << 10;

// What one record of it takes besides the group's name and the metadata: the
// topic's name, and numbers.
constexpr size_t kOffsetBytesMax = 512;

// Calls `take` for each file of the backup, by partition.
template <typename Take>
absl::Status ForEachFile(const BackupManifest& manifest, const Take& take) {
  for (size_t i = 0; i < manifest.partitions.size(); ++i) {
    const PartitionId id{static_cast<int32_t>(i)};
    for (const BackupFile& file : manifest.partitions[i].files)
      CAUCE_RETURN_IF_ERROR(take(id, file));
  }
  return absl::OkStatus();
}

// All of them, before anything is read at length, or written.
absl::Status CheckSizes(FileSystem& files, const std::string& backup,
                        const BackupManifest& manifest) {
  return ForEachFile(
      manifest, [&](PartitionId id, const BackupFile& file) -> absl::Status {
        const std::string path = PathInBackup(backup, manifest, id, file.name);
        const auto info = files.Info(path);
        if (absl::IsNotFound(info.status()))
          return Differs(path, "is not there");
        CAUCE_RETURN_IF_ERROR(info.status());
        if (info->bytes == file.bytes) return absl::OkStatus();
        return Differs(path, fmt::format("has {} bytes, and not {}",
                                         info->bytes, file.bytes));
      });
}

absl::StatusOr<BackupManifest> ReadManifest(FileSystem& files,
                                            const std::string& backup) {
  CAUCE_ASSIGN_OR_RETURN(BackupManifest manifest,
                         ReadBackupManifest(files, backup));
  CAUCE_RETURN_IF_ERROR(CheckSizes(files, backup, manifest));
  return manifest;
}

// What a file system says of one that shrank: nobody else touches a backup.
absl::Status AsDamage(const absl::Status& status, const std::string& path) {
  if (!absl::IsUnavailable(status)) return status;
  return Differs(path, MessageOf(status));
}

class Restore {
 public:
  Restore(EngineCore& core, std::string backup, BackupManifest manifest,
          const RestoreOptions& options)
      : core_(core),
        backup_(std::move(backup)),
        manifest_(std::move(manifest)),
        options_(options),
        files_(options.file_system ? *options.file_system
                                   : *PosixFileSystem()),
        meter_(options.progress) {}

  absl::StatusOr<BackupSummary> Run() {
    TopicEntry topic = manifest_.topic;
    if (!options_.name.empty()) topic.name = options_.name;
    const int64_t bytes = manifest_.Summary().bytes;
    meter_.Expect(bytes);
    CAUCE_ASSIGN_OR_RETURN(topic, core_.BeginTopic(topic, bytes));
    absl::Status filled = Fill(topic);
    // While nobody sees the topic: in one that is there each group has its
    // place.
    if (filled.ok() && options_.group_offsets == GroupOffsets::kTake)
      filled = CommitOffsets(topic);
    if (!filled.ok()) return core_.TakeBackTopic(topic, filled);
    CAUCE_RETURN_IF_ERROR(core_.FinishTopic(topic, Bounds()));
    BackupSummary summary = manifest_.Summary();
    summary.topic = topic.name;
    return summary;
  }

 private:
  absl::Status Fill(const TopicEntry& topic) {
    CAUCE_RETURN_IF_ERROR(ForEachFile(
        manifest_, [&](PartitionId id, const BackupFile& file) -> absl::Status {
          const std::string path =
              PathInBackup(backup_, manifest_, id, file.name);
          const FilePlace target = {
              core_.files(), core_.PathOf({topic.name, id}) + '/' + file.name};
          const auto crc =
              CopyFile({files_, path}, target, file.bytes, meter_);
          CAUCE_RETURN_IF_ERROR(meter_.ended());
          CAUCE_RETURN_IF_ERROR(AsDamage(crc.status(), path));
          return CheckSum(path, file, *crc);
        }));
    for (int32_t i = 0; i < topic.partitions; ++i) {
      CAUCE_RETURN_IF_ERROR(core_.files().SyncDirectory(
          core_.PathOf({topic.name, PartitionId{i}})));
    }
    return absl::OkStatus();
  }

  std::map<PartitionId, LogBounds> Bounds() const {
    std::map<PartitionId, LogBounds> bounds;
    for (size_t i = 0; i < manifest_.partitions.size(); ++i) {
      const OffsetRange& log = manifest_.partitions[i].log;
      bounds[PartitionId{static_cast<int32_t>(i)}] = {
          .recovery_point = log.next, .log_start = log.base};
    }
    return bounds;
  }

  absl::Status CommitOffsets(const TopicEntry& topic) {
    OffsetCommit commit;
    size_t bytes = 0;
    // They are in the order of their groups.
    for (const BackupOffset& each : manifest_.offsets) {
      const size_t more =
          kOffsetBytesMax + each.group.size() + each.metadata.size();
      if (each.group != commit.group || bytes + more > kCommitBytesMax) {
        CAUCE_RETURN_IF_ERROR(Commit(topic, std::exchange(commit, {})));
        commit.group = each.group;
        bytes = 0;
      }
      bytes += more;
      commit.offsets.push_back({.partition = {topic.name, each.partition},
                                .offset = each.offset,
                                .leader_epoch = each.leader_epoch,
                                .metadata = each.metadata,
                                .topic_id = topic.id});
    }
    return Commit(topic, std::move(commit));
  }

  absl::Status Commit(const TopicEntry& topic, OffsetCommit commit) {
    if (commit.offsets.empty()) return absl::OkStatus();
    const std::string group = commit.group;
    return Annotate(
        Commit(std::move(commit)),
        fmt::format("topic {} was not restored: where group {} is cannot be "
                    "stored, which may be left out",
                    topic.name, group));
  }

  absl::Status Commit(OffsetCommit commit) {
    const auto groups = core_.Groups();
    CAUCE_ASSIGN_OR_RETURN(
        const OffsetCommitReply reply,
        AwaitAnswer<OffsetCommitReply>(
            {fmt::format("group {}", commit.group), "a commit"},
            [&](auto done) {
              groups->Commit(std::move(commit), std::move(done));
            }));
    CAUCE_RETURN_IF_ERROR(reply.status);
    for (const absl::Status& each : reply.offsets)
      CAUCE_RETURN_IF_ERROR(each);
    return absl::OkStatus();
  }

  EngineCore& core_;
  const std::string backup_;
  const BackupManifest manifest_;
  const RestoreOptions& options_;
  FileSystem& files_;
  CopyMeter meter_;
};

}  // namespace

absl::StatusOr<BackupSummary> VerifyBackup(FileSystem& files,
                                           std::string_view backup,
                                           const BackupProgressSink& progress) {
  const std::string path(backup);
  CAUCE_ASSIGN_OR_RETURN(const BackupManifest manifest,
                         ReadManifest(files, path));
  const BackupSummary summary = manifest.Summary();
  CopyMeter meter(progress);
  meter.Expect(summary.bytes);
  CAUCE_RETURN_IF_ERROR(ForEachFile(
      manifest, [&](PartitionId id, const BackupFile& file) -> absl::Status {
        const std::string at = PathInBackup(path, manifest, id, file.name);
        const auto crc = SumFile({files, at}, file.bytes, meter);
        CAUCE_RETURN_IF_ERROR(meter.ended());
        CAUCE_RETURN_IF_ERROR(AsDamage(crc.status(), at));
        return CheckSum(at, file, *crc);
      }));
  return summary;
}

absl::StatusOr<BackupSummary> RestoreTopic(Engine& engine,
                                           std::string_view backup,
                                           const RestoreOptions& options) {
  const auto& core = EngineCore::Of(engine);
  CAUCE_RETURN_IF_ERROR(core->CheckProcess());
  FileSystem& files =
      options.file_system ? *options.file_system : *PosixFileSystem();
  const std::string path(backup);
  CAUCE_ASSIGN_OR_RETURN(BackupManifest manifest, ReadManifest(files, path));
  return Restore(*core, path, std::move(manifest), options).Run();
}

}  // namespace cauce
