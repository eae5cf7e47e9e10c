#include "engine/backup/partition_copy.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
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
  if (lost == LostRecords()) return "";
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
    CAUCE_RETURN_IF_ERROR(meter_.ended());
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
  const OffsetRange shown = {partition.log_start(), partition.log_end()};
  const LostRecords lost = partition.lost();
  CAUCE_ASSIGN_OR_RETURN(const auto listed,
                         ListSourceSegments(source_.files, directory_));
  CAUCE_ASSIGN_OR_RETURN(OffsetRange log,
                         CopySegments(Within(listed, shown), shown));
  const OffsetRange seen = log;
  // What was there and is gone keeps its offsets, which nothing gets again.
  log.next = std::max(log.next, lost.back.next);
  CAUCE_RETURN_IF_ERROR(CopyRest(log.next));
  std::string damage = LostText(lost);
  for (const auto& [base, each] : segments_)
    if (damage.empty()) damage = each.damage;
  if (damage.empty()) {
    CAUCE_ASSIGN_OR_RETURN(damage, FindMissing(partition, seen));
  }
  CAUCE_ASSIGN_OR_RETURN(const bool unchanged, IsUnchanged(seen));
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
  return Describe(log, damage);
}

absl::StatusOr<OffsetRange> PartitionCopy::CopySegments(
    const std::vector<SourceSegment>& listed, OffsetRange log) {
  Segments segments;
  for (size_t i = 0; i < listed.size(); ++i) {
    const SourceSegment& segment = listed[i];
    const bool is_last = i + 1 == listed.size();
    std::optional<Offset> next;
    if (!is_last) next = listed[i + 1].base;
    const auto old = segments_.find(segment.base);
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           source_.files.Info(PathOf(segment)));
    const bool is_same = old != segments_.end() && !is_last &&
                         old->second.sealed && old->second.id == info.id &&
                         old->second.bytes == info.bytes;
    Copied copied;
    if (is_same) {
      copied = old->second;
    } else {
      CAUCE_ASSIGN_OR_RETURN(copied, CopySegment(segment, next, log.next));
    }
    if (!is_last && (!is_same || copied.is_swap != segment.is_swap))
      CAUCE_RETURN_IF_ERROR(CopyIndexes(segment));
    copied.is_swap = segment.is_swap;
    if (is_last) {
      // Where it is damaged what was behind that keeps its offsets.
      log.next = copied.damage.empty() ? copied.next
                                       : std::max(copied.next, log.next);
    }
    segments[segment.base] = copied;
  }
  segments_ = std::move(segments);
  return log;
}

// What lies beside the logs, up to `end`; and nothing else stays.
absl::Status PartitionCopy::CopyRest(Offset end) {
  if (!segments_.empty())
    CAUCE_RETURN_IF_ERROR(CopyAborted(segments_.rbegin()->first, end));
  CAUCE_ASSIGN_OR_RETURN(const std::set<Offset> snapshots, CopySnapshots(end));
  CAUCE_RETURN_IF_ERROR(CopyEpochs(end));
  return RemoveOthers(snapshots);
}

absl::StatusOr<CopiedPartition> PartitionCopy::Describe(
    const OffsetRange& log, const std::string& damage) const {
  CopiedPartition copied = {.log = log,
                            .look_from = log.base,
                            .damaged = !damage.empty(),
                            .logs = {}};
  for (const auto& [base, each] : segments_)
    copied.logs[SegmentFileName(base, kLogSuffix)] = each.copied;
  if (copied.damaged) {
    // What lies above would be cut off at the damage.
    copied.look_from = log.next;
  } else if (segments_.size() > 1) {
    CAUCE_ASSIGN_OR_RETURN(const Offset from, FindLookFrom());
    copied.look_from = std::max(log.base, from);
  }
  return copied;
}

// An opening takes a segment that ends in a gap for torn, and cuts the log
// there, unless it was durable. So the copy counts as durable up to its last
// two segments, or up to the last where a cleaner's gap lies between them. But
// what the next opening of the source would cut off is no gap of compaction:
// those lie below its recovery point.
absl::StatusOr<Offset> PartitionCopy::FindLookFrom() const {
  // Behind all else: it is saved before a gap is made.
  CAUCE_ASSIGN_OR_RETURN(
      const OffsetCheckpoint points,
      ReadOffsetCheckpoint(source_.files, source_.directory,
                           kRecoveryPointFile));
  const auto point = points.find(source_.name);
  const bool knows_torn = !source_.is_brokers && point != points.end();
  Offset from = segments_.begin()->first;
  for (auto at = segments_.begin(); std::next(at) != segments_.end(); ++at) {
    const Offset next = std::next(at)->first;
    const bool ends_early = at->second.next < next;
    if (ends_early && knows_torn && next > point->second) return at->first;
    from = ends_early ? next : at->first;
  }
  return from;
}

// A file tells nothing of records that are gone at its end, or with a whole
// file, where there may be gaps: whoever reads over the end is told, by what
// else is known of the log. Within its batches a scan has seen all there is.
absl::StatusOr<std::string> PartitionCopy::FindMissing(
    const Partition& partition, const OffsetRange& log) const {
  if (!source_.may_have_gaps || segments_.empty()) return "";
  const auto last = std::prev(segments_.end());
  for (auto at = segments_.begin(); at != last; ++at) {
    const Offset last_there{std::max(at->second.next.value - 1,
                                     at->first.value)};
    Cursor cursor = partition.Read(std::max(log.base, last_there),
                                   {.up_to = ReadUpTo::kLogEnd});
    for (int batches = 0; batches < 2; ++batches) {
      RecordBatch batch;
      const absl::Status read = cursor.NextBatch(&batch).status();
      if (IsDamage(read)) return std::string(MessageOf(read));
      if (ReasonOf(read) == Reason::kOffsetOutOfRange)
        return absl::UnavailableError(read.message());
      CAUCE_RETURN_IF_ERROR(read);
    }
  }
  return "";
}

std::vector<SourceSegment> PartitionCopy::Within(
    const std::vector<SourceSegment>& listed, const OffsetRange& log) {
  std::vector<SourceSegment> within;
  for (const SourceSegment& each : listed) {
    // The last one that begins at the start, or in front of it, holds that.
    if (each.base <= log.base) within.clear();
    // One that begins at the end is empty, or was by then.
    if (each.base <= log.next || within.empty()) within.push_back(each);
  }
  return within;
}

absl::StatusOr<ScannedSegment> PartitionCopy::Scan(
    const SourceSegment& segment, std::optional<Offset> next, Offset end,
    int64_t bytes) const {
  const std::string path = PathOf(segment);
  CAUCE_ASSIGN_OR_RETURN(std::unique_ptr<File> opened,
                         source_.files.Open(path, OpenMode::kRead));
  const std::shared_ptr<const File> file = std::move(opened);
  ScanRange range;
  range.base = segment.base;
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
  // What a recovery found no room to cut lies behind the next one's base.
  if (scanned.damage.ok() && next && scanned.next < *next &&
      scanned.bytes < bytes) {
    scanned.damage = MakeError(
        Reason::kCorruptBatch,
        fmt::format("{}: its batches end at position {}, at offset {}, and it "
                    "has {} bytes",
                    path, scanned.bytes, scanned.next.value, bytes));
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
    const SourceSegment& segment, std::optional<Offset> next, Offset end) {
  const std::string path = PathOf(segment);
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info, source_.files.Info(path));
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         Scan(segment, next, end, info.bytes));
  Copied copied = {.id = info.id,
                   .bytes = info.bytes,
                   .copied = {.bytes = scanned.bytes},
                   .sealed = next.has_value(),
                   .is_swap = segment.is_swap,
                   .next = scanned.next,
                   .damage = {}};
  if (!scanned.damage.ok()) {
    copied.damage = MessageOf(scanned.damage);
    copied.copied.bytes = info.bytes;
  }
  CAUCE_ASSIGN_OR_RETURN(
      copied.copied.crc,
      CopyFile({source_.files, path},
               Target(SegmentFileName(segment.base, kLogSuffix)),
               copied.copied.bytes, meter_));
  return copied;
}

absl::StatusOr<bool> PartitionCopy::CopyWhole(const std::string& name,
                                              const std::string& as) {
  const std::string path = JoinPath(directory_, name);
  const auto info = source_.files.Info(path);
  if (absl::IsNotFound(info.status())) {
    CAUCE_RETURN_IF_ERROR(
        meter_.End(RemoveIfThere(target_.files, Target(as).path)));
    return false;
  }
  CAUCE_RETURN_IF_ERROR(info.status());
  CAUCE_RETURN_IF_ERROR(
      CopyFile({source_.files, path}, Target(as), info->bytes, meter_)
          .status());
  return true;
}

absl::Status PartitionCopy::CopyIndexes(const SourceSegment& segment) {
  for (const std::string_view suffix :
       {kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
    const std::string own = SegmentFileName(segment.base, suffix);
    if (!segment.is_swap) {
      CAUCE_RETURN_IF_ERROR(CopyWhole(own, own).status());
      continue;
    }
    CAUCE_ASSIGN_OR_RETURN(
        const bool copied, CopyWhole(own + std::string(kSwapSuffix), own));
    // It has its own name by now, which its sources' had before. Others are
    // made from the log where they are missing.
    if (!copied && suffix == kTxnIndexSuffix)
      CAUCE_RETURN_IF_ERROR(CopyWhole(own, own).status());
  }
  return segment.is_swap ? RemoveEmptyAborted(target_.files, target_.path,
                                              segment.base)
                         : absl::OkStatus();
}

// Of the last segment, which may go on behind the end: an opening makes its
// indexes from the log, and believes of what was aborted no marker behind that.
absl::Status PartitionCopy::CopyAborted(Offset base, Offset end) {
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    CAUCE_RETURN_IF_ERROR(meter_.End(RemoveIfThere(
        target_.files, Target(SegmentFileName(base, suffix)).path)));
  }
  const std::string name = SegmentFileName(base, kTxnIndexSuffix);
  const auto bytes = ReadWholeFile(source_.files, JoinPath(directory_, name),
                                   AbortedIndex::kBytesMax);
  AbortedIndex aborted;
  if (bytes.ok()) aborted = AbortedIndex::DecodeFront(base, *bytes);
  aborted.CutAt(end);
  const std::string path = Target(name).path;
  return meter_.End(aborted.empty()
                        ? RemoveIfThere(target_.files, path)
                        : WriteAndSyncFile(target_.files, path,
                                           aborted.Encode()));
}

absl::StatusOr<std::set<Offset>> PartitionCopy::CopySnapshots(Offset end) {
  std::set<Offset> copied;
  CAUCE_ASSIGN_OR_RETURN(const auto snapshots,
                         ListSnapshots(source_.files, directory_));
  for (const Offset at : snapshots) {
    if (at > end) continue;
    const auto read = ReadSnapshot(source_.files, directory_, at);
    // The log says the same.
    if (IsUnusable(read.status()) || absl::IsNotFound(read.status())) continue;
    CAUCE_RETURN_IF_ERROR(read.status());
    const std::string name = SegmentFileName(at, kSnapshotSuffix);
    CAUCE_ASSIGN_OR_RETURN(const bool is_there, CopyWhole(name, name));
    if (is_there) copied.insert(at);
  }
  return copied;
}

absl::Status PartitionCopy::CopyEpochs(Offset end) {
  const std::string path = Target(std::string(kEpochFile)).path;
  auto epochs = ReadEpochCheckpoint(source_.files, directory_);
  if (!epochs.ok() || epochs->empty())
    return meter_.End(RemoveIfThere(target_.files, path));
  std::erase_if(*epochs,
                [&](const EpochStart& each) { return each.start > end; });
  return meter_.End(WriteAndSyncFile(target_.files, path,
                                     FormatEpochCheckpoint(*epochs)));
}

// A snapshot that is gone at the source was in the way of a compaction: who
// went on from it might miss the end of a transaction.
absl::Status PartitionCopy::RemoveOthers(const std::set<Offset>& snapshots) {
  const auto entries = target_.files.List(target_.path);
  CAUCE_RETURN_IF_ERROR(meter_.End(entries.status()));
  for (const DirectoryEntry& entry : *entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    const bool stays = file->suffix == kSnapshotSuffix
                           ? snapshots.contains(file->base)
                           : segments_.contains(file->base);
    if (stays) continue;
    CAUCE_RETURN_IF_ERROR(
        meter_.End(target_.files.RemoveFile(Target(entry.name).path)));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PartitionCopy::IsUnchanged(const OffsetRange& log) const {
  CAUCE_ASSIGN_OR_RETURN(const auto listed,
                         ListSourceSegments(source_.files, directory_));
  const std::vector<SourceSegment> segments = Within(listed, log);
  if (segments.size() != segments_.size()) return false;
  for (const SourceSegment& each : segments) {
    const auto found = segments_.find(each.base);
    if (found == segments_.end()) return false;
    const Copied& copied = found->second;
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           source_.files.Info(PathOf(each)));
    if (info.id != copied.id || each.is_swap != copied.is_swap) return false;
    const bool is_as_it_was = copied.sealed ? info.bytes == copied.bytes
                                            : info.bytes >= copied.copied.bytes;
    if (!is_as_it_was) return false;
  }
  return true;
}

std::string PartitionCopy::PathOf(const SourceSegment& segment) const {
  return JoinPath(directory_,
                  SegmentFileName(segment.base, segment.log_suffix()));
}

FilePlace PartitionCopy::Target(const std::string& name) const {
  return {target_.files, JoinPath(target_.path, name)};
}

}  // namespace cauce
