#include "engine/backup/partition_copy.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A pass of compaction, or a round of retention, changes a partition once; each
// attempt copies no more than what has changed since the last.
constexpr int kAttemptsMax = 32;

constexpr std::string_view kAdvice =
    "cauce log verify tells what is wrong there; to have it copied as it is, "
    "skip damage";

absl::Status Changed(const TopicPartition& name) {
  return absl::UnavailableError(fmt::format(
      "{}: its segments were replaced or deleted in each of {} attempts to "
      "copy them: back it up again while it is compacted, or deleted from, "
      "less often",
      name.ToString(), kAttemptsMax));
}

absl::Status Damaged(const TopicPartition& name, std::string_view what) {
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{}: not backed up: {}; {}", name.ToString(), what, kAdvice));
}

// What cannot be read there is told where the files are looked at.
absl::Status AsChange(const absl::Status& read) {
  const bool moved = ReasonOf(read) == Reason::kOffsetOutOfRange;
  return moved || IsDamage(read) ? absl::OkStatus() : read;
}

std::string LostText(const LostRecords& lost) {
  const OffsetRange& range = lost.front.count() > 0 ? lost.front : lost.back;
  return fmt::format("the records from offset {} to {} are missing",
                     range.base.value, range.next.value);
}

}  // namespace

PartitionCopy::PartitionCopy(PartitionSource source, FilePlace target,
                             CopyMeter& meter)
    : source_(std::move(source)),
      directory_(JoinPath(source_.directory, source_.name.ToString())),
      target_(std::move(target)),
      meter_(meter) {}

absl::StatusOr<CopiedPartition> PartitionCopy::Run() {
  for (int i = 0; i < kAttemptsMax; ++i) {
    const auto copied = Attempt();
    // What was listed and is gone was deleted meanwhile, or replaced.
    const bool moved = absl::IsNotFound(copied.status()) &&
                       ReasonOf(copied.status()) == Reason::kNone;
    if (moved || absl::IsUnavailable(copied.status())) continue;
    CAUCE_RETURN_IF_ERROR(copied.status());
    if (!*copied) continue;
    CAUCE_RETURN_IF_ERROR(target_.files.SyncDirectory(target_.path));
    return **copied;
  }
  return Changed(source_.name);
}

absl::StatusOr<std::optional<CopiedPartition>> PartitionCopy::Attempt() {
  CAUCE_ASSIGN_OR_RETURN(
      const Partition partition,
      source_.engine.OpenPartition(source_.name.topic, source_.name.partition));
  return AttemptOf(partition);
}

absl::StatusOr<std::optional<CopiedPartition>> PartitionCopy::AttemptOf(
    const Partition& partition) {
  // Who only reads learns how far the log has grown where it reads.
  RecordBatch more;
  CAUCE_RETURN_IF_ERROR(
      AsChange(partition.Read(partition.log_end()).NextBatch(&more).status()));
  OffsetRange log = {partition.log_start(), partition.log_end()};
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> listed, ListLogs());
  const std::vector<Offset> bases = Within(listed, log);
  std::string damage;
  if (const LostRecords lost = partition.lost(); lost != LostRecords())
    damage = LostText(lost);
  Segments segments;
  for (size_t i = 0; i < bases.size(); ++i) {
    const bool is_last = i + 1 == bases.size();
    const auto next = is_last ? std::nullopt : std::optional(bases[i + 1]);
    const auto old = segments_.find(bases[i]);
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           source_.files.Info(PathOf(bases[i], kLogSuffix)));
    const bool is_same = old != segments_.end() && !is_last &&
                         old->second.sealed && old->second.id == info.id &&
                         old->second.bytes == info.bytes;
    Copied copied;
    if (is_same) {
      copied = old->second;
    } else {
      CAUCE_ASSIGN_OR_RETURN(copied, CopySegment(bases[i], next, log.next));
      if (!is_last) CAUCE_RETURN_IF_ERROR(CopyIndexes(bases[i]));
    }
    if (damage.empty()) damage = copied.damage;
    if (is_last) log.next = copied.next;
    segments[bases[i]] = copied;
  }
  segments_ = segments;
  if (!bases.empty()) {
    CAUCE_RETURN_IF_ERROR(CopyAborted(bases.back(), log.next));
  }
  CAUCE_RETURN_IF_ERROR(CopySmallFiles(log.next));
  CAUCE_RETURN_IF_ERROR(RemoveOthers(segments, log.next));
  CAUCE_ASSIGN_OR_RETURN(const bool unchanged, IsUnchanged(log));
  if (!unchanged) return std::nullopt;
  if (!damage.empty()) {
    if (damage_ != damage) {
      // A writer that cuts, or swaps, shows as much for a moment.
      damage_ = damage;
      segments_.clear();
      return std::nullopt;
    }
    if (source_.on_damage == OnDamage::kStop)
      return Damaged(source_.name, damage);
  }
  CopiedPartition copied = {.log = log, .look_from = log.base,
                            .damaged = !damage.empty()};
  if (copied.damaged) {
    // What lies above would be cut off at the damage.
    copied.look_from = log.next;
  } else if (bases.size() > 1) {
    copied.look_from = std::max(log.base, bases[bases.size() - 2]);
  }
  return copied;
}

absl::StatusOr<std::vector<Offset>> PartitionCopy::ListLogs() const {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, source_.files.List(directory_));
  std::vector<Offset> bases;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (file && file->suffix == kLogSuffix && !entry.is_directory)
      bases.push_back(file->base);
  }
  std::ranges::sort(bases);
  return bases;
}

std::vector<Offset> PartitionCopy::Within(const std::vector<Offset>& bases,
                                          const OffsetRange& log) {
  std::vector<Offset> within;
  for (const Offset base : bases) {
    // The last one that begins at the start, or in front of it, holds that.
    if (base <= log.base) within.clear();
    // One that begins at the end is empty, or was by then.
    if (base <= log.next || within.empty()) within.push_back(base);
  }
  return within;
}

absl::StatusOr<ScannedSegment> PartitionCopy::Scan(Offset base,
                                                   std::optional<Offset> next,
                                                   Offset end,
                                                   int64_t bytes) const {
  const std::string path = PathOf(base, kLogSuffix);
  CAUCE_ASSIGN_OR_RETURN(std::unique_ptr<File> opened,
                         source_.files.Open(path, OpenMode::kRead));
  const std::shared_ptr<const File> file = std::move(opened);
  ScanRange range;
  range.base = base;
  range.bytes = bytes;
  range.up_to = next.value_or(Offset{INT64_MAX});
  range.has_no_gaps = !source_.may_have_gaps;
  range.durable = end;
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned,
                         ScanSegment(file, path, range));
  // Behind the end it is what a writer is at.
  const bool is_damaged = !scanned.damage.ok() && (next || scanned.next < end);
  if (!is_damaged) {
    scanned.damage = absl::OkStatus();
  } else if (!next) {
    CAUCE_RETURN_IF_ERROR(ScanBehindDamage(file, path, range, scanned));
  }
  const Offset wanted = next.value_or(end);
  const bool may_end_early = next && source_.may_have_gaps;
  if (scanned.damage.ok() && scanned.next < wanted && !may_end_early) {
    scanned.damage = MakeError(
        Reason::kCorruptBatch,
        fmt::format("{}: ends at offset {}, and must reach {}", path,
                    scanned.next.value, wanted.value));
  }
  return scanned;
}

absl::StatusOr<PartitionCopy::Copied> PartitionCopy::CopySegment(
    Offset base, std::optional<Offset> next, Offset end) {
  const std::string name = SegmentFileName(base, kLogSuffix);
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         source_.files.Info(Source(name).path));
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         Scan(base, next, end, info.bytes));
  Copied copied = {.id = info.id,
                   .bytes = info.bytes,
                   .copied = scanned.bytes,
                   .sealed = next.has_value(),
                   .next = scanned.next,
                   .damage = {}};
  if (!scanned.damage.ok()) {
    copied.damage = MessageOf(scanned.damage);
    if (next) copied.copied = info.bytes;
  }
  CAUCE_RETURN_IF_ERROR(
      CopyFile(Source(name), Target(name), copied.copied, meter_).status());
  return copied;
}

absl::Status PartitionCopy::CopyWhole(const std::string& name) {
  const auto info = source_.files.Info(Source(name).path);
  if (absl::IsNotFound(info.status())) {
    return RemoveIfThere(target_.files, Target(name).path);
  }
  CAUCE_RETURN_IF_ERROR(info.status());
  return CopyFile(Source(name), Target(name), info->bytes, meter_).status();
}

absl::Status PartitionCopy::CopyIndexes(Offset base) {
  for (const std::string_view suffix :
       {kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
    CAUCE_RETURN_IF_ERROR(CopyWhole(SegmentFileName(base, suffix)));
  }
  return absl::OkStatus();
}

// Of the last segment, which may go on behind the end: an opening makes its
// indexes from the log, and believes of what was aborted no marker behind that.
absl::Status PartitionCopy::CopyAborted(Offset base, Offset end) {
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    CAUCE_RETURN_IF_ERROR(RemoveIfThere(
        target_.files, Target(SegmentFileName(base, suffix)).path));
  }
  const std::string name = SegmentFileName(base, kTxnIndexSuffix);
  const auto bytes = ReadWholeFile(source_.files, Source(name).path,
                                   AbortedIndex::kBytesMax);
  AbortedIndex aborted;
  if (bytes.ok()) aborted = AbortedIndex::DecodeFront(base, *bytes);
  aborted.CutAt(end);
  const std::string path = Target(name).path;
  if (aborted.empty()) return RemoveIfThere(target_.files, path);
  return WriteAndSyncFile(target_.files, path, aborted.Encode());
}

absl::Status PartitionCopy::CopySmallFiles(Offset end) {
  CAUCE_ASSIGN_OR_RETURN(const auto snapshots,
                         ListSnapshots(source_.files, directory_));
  for (const Offset at : snapshots) {
    if (at > end) continue;
    const auto read = ReadSnapshot(source_.files, directory_, at);
    // The log says the same.
    if (IsUnusable(read.status()) || absl::IsNotFound(read.status())) continue;
    CAUCE_RETURN_IF_ERROR(read.status());
    CAUCE_RETURN_IF_ERROR(CopyWhole(SegmentFileName(at, kSnapshotSuffix)));
  }
  auto epochs = ReadEpochCheckpoint(source_.files, directory_);
  if (!epochs.ok() || epochs->empty()) {
    return RemoveIfThere(target_.files,
                         Target(std::string(kEpochFile)).path);
  }
  std::erase_if(*epochs,
                [&](const EpochStart& each) { return each.start > end; });
  return WriteAndSyncFile(target_.files, Target(std::string(kEpochFile)).path,
                          FormatEpochCheckpoint(*epochs));
}

absl::Status PartitionCopy::RemoveOthers(const Segments& segments, Offset end) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, target_.files.List(target_.path));
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    const bool stays = file->suffix == kSnapshotSuffix
                           ? file->base <= end
                           : segments.contains(file->base);
    if (stays) continue;
    CAUCE_RETURN_IF_ERROR(target_.files.RemoveFile(Target(entry.name).path));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PartitionCopy::IsUnchanged(const OffsetRange& log) const {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> listed, ListLogs());
  const std::vector<Offset> bases = Within(listed, log);
  if (bases.size() != segments_.size()) return false;
  for (const Offset base : bases) {
    const auto copied = segments_.find(base);
    if (copied == segments_.end()) return false;
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           source_.files.Info(PathOf(base, kLogSuffix)));
    if (info.id != copied->second.id) return false;
    const bool is_as_it_was = copied->second.sealed
                                  ? info.bytes == copied->second.bytes
                                  : info.bytes >= copied->second.copied;
    if (!is_as_it_was) return false;
  }
  return true;
}

std::string PartitionCopy::PathOf(Offset base, std::string_view suffix) const {
  return JoinPath(directory_, SegmentFileName(base, suffix));
}

FilePlace PartitionCopy::Source(const std::string& name) const {
  return {source_.files, JoinPath(directory_, name)};
}

FilePlace PartitionCopy::Target(const std::string& name) const {
  return {target_.files, JoinPath(target_.path, name)};
}

}  // namespace cauce
