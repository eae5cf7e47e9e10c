#include "engine/log/repair_work.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/cut_files.h"
#include "engine/log/epoch_evidence.h"
#include "engine/log/gap_batch.h"
#include "engine/log/marked_gap.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/log/tail_rewrite.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// A batch is seldom larger.
constexpr size_t kFirstReadBytes = 4096;

// `path` was made by the plan, from such a name.
SegmentFile SegmentOf(std::string_view path) {
  const auto file = ParseSegmentFileName(NameOf(path));
  CAUCE_CHECK(file.has_value());
  return *file;
}

GapStamp StampOf(const RecordBatch& batch) {
  return {batch.leader_epoch(), batch.max_timestamp()};
}

// What may stand between these, one of which may be missing.
GapStamp Between(std::optional<GapStamp> before,
                 const std::optional<GapStamp>& behind) {
  if (!before) return behind.value_or(GapStamp());
  // Epochs never go back: of a damaged one, which no CRC covers, this one is
  // not to speak for.
  if (behind) before->epoch = std::min(before->epoch, behind->epoch);
  return *before;
}

// Of the log at `path`, written anew. Not as a cleaner calls it: that would
// tell of swaps beside it that they were not complete.
std::string UnfinishedPath(const std::string& path) {
  return path + std::string(kUnfinishedCutSuffix);
}

std::set<std::string> MovedBy(std::span<const RepairStep> steps) {
  std::set<std::string> moved;
  for (const RepairStep& step : steps) {
    const bool moves = step.action == RepairAction::kSetAside ||
                       step.action == RepairAction::kRename;
    if (moves) moved.insert(step.file);
  }
  return moved;
}

}  // namespace

RepairWork::RepairWork(FileSystem& files, std::string directory,
                       int64_t index_interval_bytes,
                       std::span<const RepairStep> steps)
    : files_(files),
      directory_(std::move(directory)),
      index_interval_bytes_(index_interval_bytes),
      aborted_(std::make_shared<AbortedWalk>(files, directory_)),
      moved_(std::make_shared<const std::set<std::string>>(MovedBy(steps))) {}

absl::Status RepairWork::SyncFiles() const {
  CAUCE_ASSIGN_OR_RETURN(const auto names, SegmentFiles());
  for (const std::string& name : names) {
    CAUCE_RETURN_IF_ERROR(SyncFile(JoinPath(directory_, name)));
  }
  return SyncNames();
}

absl::Status RepairWork::WriteAgain(Offset durable) const {
  CAUCE_ASSIGN_OR_RETURN(const auto bases, Bases());
  CAUCE_ASSIGN_OR_RETURN(const auto names, SegmentFiles());
  for (const std::string& name : names) {
    const Offset base = ParseSegmentFileName(name)->base;
    const auto next = std::ranges::upper_bound(bases, base);
    if (next != bases.end() && *next <= durable) continue;
    CAUCE_RETURN_IF_ERROR(WriteFileAgain(JoinPath(directory_, name)));
  }
  return SyncFiles();
}

absl::Status RepairWork::WriteFileAgain(const std::string& path) const {
  const auto file = files_.Open(path, OpenMode::kReadWrite);
  if (IsPassedOver(path, file.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(file.status());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*file)->Size());
  return RewriteTail(**file, 0, size);
}

bool RepairWork::IsPassedOver(const std::string& path,
                              const absl::Status& opened) const {
  if (absl::IsFailedPrecondition(opened)) return true;
  return absl::IsPermissionDenied(opened) &&
         absl::IsPermissionDenied(files_.Open(path, OpenMode::kRead).status());
}

absl::Status RepairWork::Do(const RepairStep& step) const {
  switch (step.action) {
    case RepairAction::kSetAside:
    case RepairAction::kRename:
      return Rename(step);
    case RepairAction::kRemoveBytes:
      return RemoveBytes(step);
    case RepairAction::kBeginSegment:
      return Begin(step.file);
    case RepairAction::kFillGap:
      return Fill(step);
    case RepairAction::kWriteIndexes:
      return WriteIndexes(step.file);
    case RepairAction::kWriteAnew:
      break;
  }
  CAUCE_CHECK(false);
  return absl::OkStatus();
}

absl::Status RepairWork::Rename(const RepairStep& step) const {
  // A rename would take the place of what is there.
  const absl::Status there = files_.Info(step.renamed_to).status();
  if (!absl::IsNotFound(there)) {
    return absl::AlreadyExistsError(
        fmt::format("{}: cannot be renamed to {}, which is there already",
                    step.file, step.renamed_to));
  }
  // Of a file that somebody put there what is kept may be in memory alone.
  CAUCE_RETURN_IF_ERROR(SyncFile(step.file));
  CAUCE_RETURN_IF_ERROR(files_.Rename(step.file, step.renamed_to));
  return SyncNames();
}

absl::Status RepairWork::SyncFile(const std::string& path) const {
  const auto info = files_.Info(path);
  // A link: it is not followed.
  if (absl::IsFailedPrecondition(info.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(info.status());
  if (info->is_directory) return absl::OkStatus();
  auto file = files_.Open(path, OpenMode::kReadWrite);
  if (IsPassedOver(path, file.status())) return absl::OkStatus();
  // One that may only be read can be synced all the same.
  if (absl::IsPermissionDenied(file.status())) {
    file = files_.Open(path, OpenMode::kRead);
  }
  CAUCE_RETURN_IF_ERROR(file.status());
  return (*file)->Sync();
}

absl::Status RepairWork::RemoveBytes(const RepairStep& step) const {
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<File> log,
                         files_.Open(step.file, OpenMode::kReadWrite));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, log->Size());
  bool changes = false;  // in what the indexes tell of
  CutFiles cut_files(files_, directory_);
  for (const RemovedBytes& removed : step.removed) {
    if (removed.kept_as.empty()) continue;
    changes = true;
    const int64_t end = removed.position + removed.kept_bytes;
    CAUCE_RETURN_IF_ERROR(
        cut_files.KeepPart({*log, removed.position, end}, removed.kept_as));
  }
  const RemovedBytes& first = step.removed.front();
  const bool is_end =
      first.position + first.bytes == size && first.ended.empty();
  if (!is_end) {
    if (absl::Status written = WriteCleaned(log, size, step); !written.ok()) {
      // It takes room, of which there may be none left. The next who opens the
      // directory removes it where this fails.
      files_.RemoveFile(UnfinishedPath(step.file)).IgnoreError();
      return written;
    }
  }
  // Without any the new log is read through; the old ones lead elsewhere.
  if (changes || !is_end) CAUCE_RETURN_IF_ERROR(RemoveIndexes(step.file));
  CAUCE_RETURN_IF_ERROR(SyncNames());
  if (is_end) {
    // Cut where it is: that needs no room.
    CAUCE_RETURN_IF_ERROR(log->Truncate(first.position));
    return log->Sync();
  }
  CAUCE_RETURN_IF_ERROR(files_.Rename(UnfinishedPath(step.file), step.file));
  return SyncNames();
}

absl::Status RepairWork::WriteCleaned(const std::shared_ptr<const File>& log,
                                      int64_t size,
                                      const RepairStep& step) const {
  const std::string path = UnfinishedPath(step.file);
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<File> file,
                         files_.Open(path, OpenMode::kOpenOrCreate));
  CAUCE_RETURN_IF_ERROR(file->Truncate(0));
  int64_t written = 0;
  int64_t from = 0;
  int64_t stamped = 0;  // up to here `before` is of the last batch
  std::optional<GapStamp> before;
  const auto copy_up_to = [&](int64_t end) -> absl::Status {
    CAUCE_RETURN_IF_ERROR(CopyPart({*log, from, end}, *file, written));
    written += end - from;
    return absl::OkStatus();
  };
  for (const RemovedBytes& removed : step.removed) {
    CAUCE_RETURN_IF_ERROR(copy_up_to(removed.position));
    from = removed.position + removed.bytes;
    if (removed.filled.count() == 0) continue;
    if (written == 0) {
      // What goes from its place speaks for nothing that is in front of this.
      CAUCE_ASSIGN_OR_RETURN(const auto bases, StayingBases());
      CAUCE_ASSIGN_OR_RETURN(before, StampBefore(bases, removed.filled.base));
    }
    BatchScanner scanner;
    scanner.Start(file, path, stamped, written);
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
      if (!batch) break;
      before = StampOf(*batch);
    }
    BatchScanner follower(kFirstReadBytes);
    follower.Start(log, step.file, from, size);
    CAUCE_ASSIGN_OR_RETURN(const auto batch, follower.Next());
    std::optional<GapStamp> behind;
    if (batch) behind = StampOf(*batch);
    const std::string gap =
        MarkedGap(removed.filled, removed.ended, Between(before, behind));
    CAUCE_RETURN_IF_ERROR(file->Write(written, gap));
    written += static_cast<int64_t>(gap.size());
    stamped = written;
  }
  CAUCE_RETURN_IF_ERROR(copy_up_to(size));
  return file->Sync();
}

absl::Status RepairWork::RemoveIndexes(const std::string& log) const {
  const auto& [base, kind] = SegmentOf(log);
  // One that waits for a name has none: those are of the file that has it.
  if (kind != kLogSuffix) return absl::OkStatus();
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    const std::string path =
        JoinPath(directory_, SegmentFileName(base, suffix));
    // Of a name that the log loses: a sign, until all is done that it speaks
    // for.
    if (moved_->contains(path)) continue;
    CAUCE_RETURN_IF_ERROR(RemoveIfThere(files_, path));
  }
  return absl::OkStatus();
}

absl::Status RepairWork::Begin(const std::string& log) const {
  CAUCE_ASSIGN_OR_RETURN(const auto file,
                         files_.Open(log, OpenMode::kOpenOrCreate));
  CAUCE_RETURN_IF_ERROR(file->Sync());
  return SyncNames();
}

absl::Status RepairWork::Fill(const RepairStep& step) const {
  const auto there = files_.Info(step.file);
  if (there.ok() && there->bytes > 0) {
    return absl::AlreadyExistsError(
        fmt::format("{}: is there already and holds {} bytes, where offsets {} "
                    "to {} were missing",
                    step.file, there->bytes, step.filled.base.value,
                    step.filled.next.value - 1));
  }
  if (!there.ok() && !absl::IsNotFound(there.status())) return there.status();
  CAUCE_ASSIGN_OR_RETURN(const GapStamp stamp,
                         StampBetween(step.filled.base, step.filled.next));
  CAUCE_RETURN_IF_ERROR(
      ReplaceFile(files_, directory_, NameOf(step.file),
                  MarkedGap(step.filled, step.ended, stamp)));
  // One that is there is of what was lost, and goes aside first.
  const Offset base = SegmentOf(step.file).base;
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    const auto index =
        files_.Info(JoinPath(directory_, SegmentFileName(base, suffix)));
    if (index.ok()) return absl::OkStatus();
  }
  return WriteIndexes(step.file);
}

absl::StatusOr<GapStamp> RepairWork::StampBetween(Offset base,
                                                  Offset next) const {
  CAUCE_ASSIGN_OR_RETURN(const auto bases, Bases());
  CAUCE_ASSIGN_OR_RETURN(const auto before, StampBefore(bases, base));
  std::optional<GapStamp> behind;
  const auto follower = std::ranges::lower_bound(bases, next);
  if (follower != bases.end()) {
    CAUCE_ASSIGN_OR_RETURN(behind, FirstStamp(*follower));
  }
  return Between(before, behind);
}

absl::StatusOr<std::optional<GapStamp>> RepairWork::StampBefore(
    std::span<const Offset> bases, Offset base) const {
  std::optional<GapStamp> before;
  for (auto each = bases.rbegin(); each != bases.rend() && !before; ++each) {
    if (*each >= base) continue;
    CAUCE_ASSIGN_OR_RETURN(before, LastStamp(*each));
  }
  return before;
}

absl::StatusOr<std::optional<GapStamp>> RepairWork::FirstStamp(
    Offset base) const {
  const std::string path = LogPath(base);
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                         files_.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  BatchScanner scanner;
  scanner.Start(file, path, 0, size);
  CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
  if (!batch) return std::nullopt;
  return StampOf(*batch);
}

absl::StatusOr<std::optional<GapStamp>> RepairWork::LastStamp(
    Offset base) const {
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned, ScanFront(base));
  if (scanned.last_header.empty()) return std::nullopt;
  const char* const header = scanned.last_header.data();
  return GapStamp{LeaderEpoch{LoadBig<int32_t>(header + layout::kLeaderEpoch)},
                  Timestamp{LoadBig<int64_t>(header + layout::kMaxTimestamp)}};
}

absl::Status RepairWork::WriteIndexes(const std::string& log) const {
  const Offset base = SegmentOf(log).base;
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned, Scan(base));
  scanned.index->Seal();
  CAUCE_ASSIGN_OR_RETURN(const auto bases, Bases());
  CAUCE_ASSIGN_OR_RETURN(const AbortedIndex aborted,
                         aborted_->FindIn(base, bases));
  CAUCE_RETURN_IF_ERROR(WriteAborted(files_, directory_, base, aborted));
  // The times first: offsets that are believed make them believed.
  CAUCE_RETURN_IF_ERROR(ReplaceFile(files_, directory_,
                                    SegmentFileName(base, kTimeIndexSuffix),
                                    scanned.index->EncodeTimes()));
  return ReplaceFile(files_, directory_,
                     SegmentFileName(base, kOffsetIndexSuffix),
                     scanned.index->EncodeOffsets());
}

absl::Status RepairWork::WriteEpochs() const {
  CAUCE_ASSIGN_OR_RETURN(const auto bases, Bases());
  EpochEvidence epochs;
  for (const Offset base : bases) {
    CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned, Scan(base));
    epochs.Join(scanned.epochs);
  }
  return WriteEpochCheckpoint(files_, directory_, epochs.believed());
}

absl::Status RepairWork::SyncNames() const {
  return files_.SyncDirectory(directory_);
}

absl::StatusOr<std::vector<std::string>> RepairWork::SegmentFiles() const {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_one =
        !entry.is_directory && file &&
        (file->suffix == kLogSuffix || file->suffix == kWaitingLogSuffix ||
         file->suffix == kOffsetIndexSuffix ||
         file->suffix == kTimeIndexSuffix || file->suffix == kTxnIndexSuffix ||
         file->suffix == kSnapshotSuffix);
    if (is_one) names.push_back(entry.name);
  }
  return names;
}

absl::StatusOr<std::vector<Offset>> RepairWork::Bases() const {
  CAUCE_ASSIGN_OR_RETURN(const auto names, SegmentFiles());
  std::vector<Offset> bases;
  for (const std::string& name : names) {
    const SegmentFile file = *ParseSegmentFileName(name);
    if (file.suffix == kLogSuffix) bases.push_back(file.base);
  }
  std::ranges::sort(bases);
  return bases;
}

absl::StatusOr<std::vector<Offset>> RepairWork::StayingBases() const {
  CAUCE_ASSIGN_OR_RETURN(auto bases, Bases());
  std::erase_if(bases, [this](Offset base) {
    return moved_->contains(LogPath(base));
  });
  return bases;
}

absl::StatusOr<ScannedSegment> RepairWork::Scan(Offset base) const {
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, ScanFront(base));
  CAUCE_RETURN_IF_ERROR(scanned.damage);
  return scanned;
}

absl::StatusOr<ScannedSegment> RepairWork::ScanFront(Offset base) const {
  const std::string path = LogPath(base);
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                         files_.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  return ScanSegment(file, path,
                     {.base = base,
                      .bytes = size,
                      .index_interval_bytes = index_interval_bytes_});
}

std::string RepairWork::LogPath(Offset base) const {
  return JoinPath(directory_, SegmentFileName(base, kLogSuffix));
}

}  // namespace cauce
