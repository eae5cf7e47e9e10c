#include "engine/facade/partition_directories.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/directory_owner.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Epoch 0 writes from offset 0 on; an append need not stop to say so.
constexpr EpochStart kFirstEpoch{LeaderEpoch{0}, Offset{0}};

// Whether the file may be of a partition that was made and never written.
bool IsOfANewPartition(const DirectoryEntry& entry) {
  return !entry.is_directory &&
         (entry.name.starts_with(kPartitionMetadataFile) ||
          entry.name.starts_with(kEpochFile));
}

// Whether there is no such file, or nothing to be read in it.
bool IsMissing(const absl::Status& status) {
  return absl::IsNotFound(status) || ReasonOf(status) == Reason::kCorruptFile;
}

// `status`, where it is of a file that is there, and may be whole, and merely
// could not be read.
absl::Status WhyUnread(const absl::Status& status) {
  const bool is_none = IsMissing(status) || absl::IsFailedPrecondition(status);
  return is_none ? absl::OkStatus() : status;
}

// Whether `status`, of reading partition.metadata, is of a file: what else
// stands there is not replaced, and keeps nothing from opening.
bool IsDamagedFile(FileSystem& files, const std::string& path,
                   const absl::Status& status) {
  return ReasonOf(status) == Reason::kCorruptFile &&
         CheckNothingInPlaceOf(files, JoinPath(path, kPartitionMetadataFile))
             .ok();
}

// Records are never shown, or added to, under another topic's name. `id` is
// what partition.metadata in `path` says.
absl::Status CheckId(const TopicCatalog& catalog, const TopicEntry& topic,
                     const std::string& path,
                     const absl::StatusOr<TopicId>& id) {
  const auto other = FindOtherOwner(catalog, topic, id);
  if (!other) return absl::OkStatus();
  return MakeError(
      Reason::kCorruptFile,
      fmt::format("{}: {}, and is not read, written or deleted under this "
                  "name; {}",
                  JoinPath(path, kPartitionMetadataFile), other->what,
                  other->advice));
}

}  // namespace

PartitionDirectories::PartitionDirectories(FileSystem& files,
                                           std::string directory,
                                           const TopicCatalog& catalog)
    : files_(files), directory_(std::move(directory)), catalog_(catalog) {}

std::string PartitionDirectories::PathOf(
    const TopicPartition& partition) const {
  return JoinPath(directory_, partition.ToString());
}

absl::Status PartitionDirectories::CheckFree(const TopicEntry& topic,
                                             int32_t from, int32_t next) const {
  for (int32_t p = from; p < next; ++p) {
    CAUCE_RETURN_IF_ERROR(CheckOneFree(topic, PartitionId{p}));
  }
  return absl::OkStatus();
}

absl::Status PartitionDirectories::Make(const TopicEntry& topic, int32_t from,
                                        int32_t next) {
  for (int32_t p = from; p < next; ++p) {
    CAUCE_RETURN_IF_ERROR(
        files_.CreateDirectory(PathOf({topic.name, PartitionId{p}})));
  }
  if (from == 0) {
    CAUCE_RETURN_IF_ERROR(WritePartitionMetadata(
        files_, PathOf({topic.name, PartitionId{0}}), topic.id));
  }
  return files_.SyncDirectory(directory_);
}

absl::Status PartitionDirectories::CheckOneFree(const TopicEntry& topic,
                                                PartitionId partition) const {
  const std::string path = PathOf({topic.name, partition});
  const auto info = files_.Info(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(info.status());
  // A growth of this topic that did not end may have left one, and a power
  // loss spoiled what is in it.
  if (info->is_directory) {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(path));
    const auto id = ReadPartitionMetadata(files_, path);
    CAUCE_RETURN_IF_ERROR(WhyUnread(id.status()));
    const bool is_anothers = id.ok() && *id != topic.id;
    if (std::ranges::all_of(entries, IsOfANewPartition) && !is_anothers) {
      return absl::OkStatus();
    }
  }
  return MakeError(
      Reason::kTopicExists,
      fmt::format("{}: is there already and belongs to no topic of this "
                  "engine; move it away, or choose another name",
                  path));
}

absl::Status PartitionDirectories::CheckOwner(const TopicEntry& topic,
                                              PartitionId partition) const {
  const std::string path = PathOf({topic.name, partition});
  const auto id = ReadPartitionMetadata(files_, path);
  // What a failing disk does not show may be another topic's.
  const bool is_unknown = ReasonOf(id.status()) == Reason::kDiskFailed ||
                          absl::IsResourceExhausted(id.status());
  return is_unknown ? id.status() : CheckId(catalog_, topic, path, id);
}

absl::Status PartitionDirectories::Furnish(const TopicEntry& topic,
                                           PartitionId partition) {
  const std::string path = PathOf({topic.name, partition});
  const auto id = ReadPartitionMetadata(files_, path);
  CAUCE_RETURN_IF_ERROR(WhyUnread(id.status()));
  CAUCE_RETURN_IF_ERROR(CheckId(catalog_, topic, path, id));
  // What is right is written all the same: it may be what a sync that failed
  // has left, which is read back and yet goes with the power.
  const bool is_missing =
      absl::IsNotFound(id.status()) || IsDamagedFile(files_, path, id.status());
  if ((id.ok() || is_missing) && !topic.id.is_zero()) {
    CAUCE_RETURN_IF_ERROR(ReplaceUnnamed(files_, path, kPartitionMetadataFile,
                                         FormatPartitionMetadata(topic.id)));
  }
  const auto epochs = ReadEpochCheckpoint(files_, path);
  const bool has_none = epochs.ok() && epochs->empty() && !topic.imported;
  const bool is_first =
      epochs.ok() && epochs->size() == 1 && epochs->front() == kFirstEpoch;
  if (!has_none && !is_first && !IsMissing(epochs.status())) {
    return epochs.status();
  }
  return ReplaceUnnamed(files_, path, kEpochFile,
                        FormatEpochCheckpoint({&kFirstEpoch, 1}));
}

absl::Status PartitionDirectories::FurnishNew(
    const TopicEntry& topic, std::span<const PartitionId> partitions,
    WholeSync& whole) {
  const std::string id = FormatPartitionMetadata(topic.id);
  const std::string epochs = FormatEpochCheckpoint({&kFirstEpoch, 1});
  std::vector<NewFile> wanted;
  for (const PartitionId partition : partitions) {
    const std::string path = PathOf({topic.name, partition});
    wanted.push_back({JoinPath(path, kPartitionMetadataFile), id});
    wanted.push_back({JoinPath(path, kEpochFile), epochs});
  }
  return MakeUnnamed(files_, wanted, whole);
}

bool PartitionDirectories::HoldsFirstFilesOnly(const TopicEntry& topic,
                                               PartitionId partition) const {
  if (topic.imported || topic.id.is_zero()) return false;
  const std::string path = PathOf({topic.name, partition});
  const auto entries = files_.List(path);
  const bool holds_others =
      !entries.ok() || !std::ranges::all_of(*entries, IsOfANewPartition);
  if (holds_others) return false;
  const auto id = ReadPartitionMetadata(files_, path);
  const bool is_ours =
      id.ok() ? *id == topic.id : absl::IsNotFound(id.status());
  if (!is_ours) return false;
  const auto epochs = ReadEpochCheckpoint(files_, path);
  if (!epochs.ok()) return absl::IsNotFound(epochs.status());
  return std::ranges::all_of(*epochs, [](const EpochStart& each) {
    return each == kFirstEpoch;
  });
}

absl::StatusOr<std::vector<std::string>> PartitionDirectories::Empty(
    const TopicEntry& topic) {
  std::vector<std::string> doomed;
  absl::Status stuck;
  for (int32_t p = 0; p < topic.partitions; ++p) {
    auto renamed = GiveNameAway({topic.name, PartitionId{p}}, topic.id);
    if (absl::IsNotFound(renamed.status())) continue;
    stuck.Update(renamed.status());
    if (renamed.ok()) doomed.push_back(*std::move(renamed));
  }
  CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  // The room that they take may be what is needed to say that they go.
  EmptyTrees(doomed).IgnoreError();
  CAUCE_RETURN_IF_ERROR(stuck);
  return doomed;
}

absl::StatusOr<std::string> PartitionDirectories::GiveNameAway(
    const TopicPartition& partition, const TopicId& topic_id) {
  std::string name = DeletedDirectoryName(partition, topic_id);
  CAUCE_RETURN_IF_ERROR(
      files_.Rename(PathOf(partition), JoinPath(directory_, name)));
  return name;
}

std::vector<std::string> PartitionDirectories::RemoveTrees(
    std::span<const std::string> names, const EventSink& events) {
  std::vector<std::string> left;
  for (const std::string& name : names) {
    const absl::Status removed = RemoveTree(name);
    if (removed.ok()) continue;
    left.push_back(name);
    if (!events) continue;
    events(Severity::kWarning,
           fmt::format("{}: is of a topic that was deleted, and cannot be "
                       "removed: {}; no topic is harmed by it, and each upkeep "
                       "and each opening tries again",
                       JoinPath(directory_, name), MessageOf(removed)));
  }
  return left;
}

absl::Status PartitionDirectories::RemoveTree(std::string_view name) {
  const auto emptied = RemoveFilesIn(name);
  if (absl::IsNotFound(emptied.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(emptied.status());
  CAUCE_RETURN_IF_ERROR(RemoveOwnerIn(name, *emptied));
  if (emptied->others.empty()) {
    return files_.RemoveDirectory(JoinPath(directory_, name));
  }
  // Neither Kafka nor we put directories into a partition's.
  return MakeError(
      Reason::kCorruptFile,
      fmt::format("{}: a directory inside one that is to be removed; look at "
                  "it and remove it by hand",
                  emptied->others.front()));
}

absl::Status PartitionDirectories::EmptyTrees(
    std::span<const std::string> names) {
  absl::Status stuck;
  std::vector<std::pair<std::string_view, Emptied>> emptied;
  for (const std::string& name : names) {
    auto one = RemoveFilesIn(name);
    if (absl::IsNotFound(one.status())) continue;
    stuck.Update(one.status());
    if (one.ok()) emptied.emplace_back(name, *std::move(one));
  }
  // Behind all of them: the first sync of a file system with a journal then
  // does the work of all.
  for (const auto& [name, one] : emptied) {
    stuck.Update(RemoveOwnerIn(name, one));
  }
  return stuck;
}

absl::StatusOr<PartitionDirectories::Emptied>
PartitionDirectories::RemoveFilesIn(std::string_view name) {
  const std::string path = JoinPath(directory_, name);
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(path));
  Emptied emptied;
  absl::Status stuck;
  for (const DirectoryEntry& entry : entries) {
    const std::string inner = JoinPath(path, entry.name);
    if (entry.is_directory) {
      emptied.others.push_back(inner);
    } else if (entry.name == kPartitionMetadataFile) {
      emptied.has_owner = true;
    } else {
      emptied.is_unsynced = true;
      stuck.Update(RemoveIfThere(files_, inner));
    }
  }
  CAUCE_RETURN_IF_ERROR(stuck);
  return emptied;
}

absl::Status PartitionDirectories::RemoveOwnerIn(std::string_view name,
                                                 const Emptied& emptied) {
  const std::string path = JoinPath(directory_, name);
  // Where only that is there, an earlier sync may have failed.
  if (emptied.is_unsynced || emptied.has_owner) {
    CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(path));
  }
  if (!emptied.has_owner) return absl::OkStatus();
  return RemoveIfThere(files_, JoinPath(path, kPartitionMetadataFile));
}

absl::Status PartitionDirectories::Check(const TopicEntry& topic,
                                         PartitionId partition,
                                         const EventSink& events) {
  const std::string path = PathOf({topic.name, partition});
  const auto id = ReadPartitionMetadata(files_, path);
  CAUCE_RETURN_IF_ERROR(CheckId(catalog_, topic, path, id));
  if (id.ok()) return absl::OkStatus();
  const bool is_absent = absl::IsNotFound(id.status());
  const bool is_damaged = IsDamagedFile(files_, path, id.status());
  // Of somebody else's topic only what is damaged is replaced.
  const bool is_mended =
      !topic.id.is_zero() && (is_damaged || (is_absent && !topic.imported));
  if (!is_absent && events) {
    events(Severity::kWarning,
           fmt::format("{}; no record is touched by it: the partition is taken "
                       "for {}'s, by its name{}",
                       MessageOf(id.status()), topic.name,
                       is_mended ? ", and the file is written anew" : ""));
  }
  return is_mended ? WritePartitionMetadata(files_, path, topic.id)
                   : absl::OkStatus();
}

}  // namespace cauce
