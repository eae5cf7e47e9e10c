#include "engine/log/recovery.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Behind the name of a log file that recovery took out of the log: what stood
// behind a cut, by the offset it begins at. Nobody removes it but the owner of
// the directory.
constexpr std::string_view kCutSuffix = ".cut";

// How many of them one place in a log may collect.
constexpr int kCutFilesMax = 1000;

// Cut bytes are copied in pieces of this size.
constexpr int64_t kPieceBytes = 1 << 20;

// Removes what a stop may have left over: files on their way out, and indexes
// without a log. `bases` are those of the logs.
absl::Status RemoveLeftovers(const SegmentPlace& place,
                             const std::vector<Offset>& bases) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (entry.is_directory || !file) continue;
    const bool on_its_way_out =
        entry.name.ends_with(kDeletedSuffix) || file->suffix == ".log.cleaned";
    const bool is_index =
        file->suffix == kOffsetIndexSuffix || file->suffix == kTimeIndexSuffix;
    const bool has_log =
        std::binary_search(bases.begin(), bases.end(), file->base);
    if (on_its_way_out || (is_index && !has_log)) {
      CAUCE_RETURN_IF_ERROR(place.files->RemoveFile(place.PathOf(entry.name)));
    }
  }
  return absl::OkStatus();
}

class Recovery {
 public:
  Recovery(const SegmentPlace& place, const RecoveryHints& hints)
      : place_(place), hints_(hints) {}

  absl::StatusOr<RecoveredLog> Run() {
    CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases,
                           ListSegmentBases(place_));
    CAUCE_RETURN_IF_ERROR(RemoveLeftovers(place_, bases));
    if (bases.empty() && hints_.recovery_point > hints_.log_start) {
      ReportDamage(MakeError(
          Reason::kCorruptFile,
          fmt::format("{}: there is no segment, and records up to offset {} "
                      "were durable",
                      place_.directory, hints_.recovery_point.value)));
      resume_at_ = hints_.recovery_point;
    }
    for (size_t i = 0; i < bases.size() && !cut_; ++i) {
      const bool is_last = i + 1 == bases.size();
      CAUCE_RETURN_IF_ERROR(is_last ? TakeLast(bases[i])
                                    : TakeSealed(bases[i], bases[i + 1]));
      if (cut_) {
        CAUCE_RETURN_IF_ERROR(SetAside({bases.begin() + i + 1, bases.end()}));
      }
    }
    return Finish();
  }

 private:
  // `next` is where the segment behind it begins, if there is one. A gap that
  // compaction left in a sealed segment may reach across the recovery point.
  absl::StatusOr<ScannedSegment> Scan(Offset base, std::optional<Offset> next) {
    const std::string path = PathOf(base);
    CAUCE_ASSIGN_OR_RETURN(auto file,
                           place_.files->Open(path, OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    ScanRange range{.base = base,
                    .bytes = size,
                    .index_interval_bytes = place_.index_interval_bytes};
    if (next) {
      range.up_to = *next;
    } else {
      range.boundary = hints_.recovery_point;
    }
    return ScanSegment(std::move(file), path, range);
  }

  absl::Status TakeSealed(Offset base, Offset next) {
    if (hints_.clean_stop || next <= hints_.recovery_point) {
      return Believe(base, next);
    }
    CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, Scan(base, next));
    // Otherwise batches are missing at the end of what was a whole segment:
    // its tail had not reached the disk. The gaps that compaction leaves are
    // below the recovery point, and one below the log start was meant.
    NoteLoss(base, std::min(next, hints_.recovery_point), Gap::kAtTheEnd,
             scanned);
    const bool whole = scanned.next == next ||
                       (scanned.damage.ok() && next <= hints_.log_start);
    if (!whole && scanned.next >= hints_.recovery_point) {
      return CutAt(base, std::move(scanned));
    }
    if (!whole && !scanned.damage.ok()) {
      return KeepDamaged(base, next, scanned);
    }
    return Keep(base, next, scanned);
  }

  absl::Status TakeLast(Offset base) {
    ScannedSegment scanned;
    if (hints_.clean_stop) {
      CAUCE_ASSIGN_OR_RETURN(scanned,
                             ScanEnd(place_.At(base), hints_.recovery_point));
    } else {
      CAUCE_ASSIGN_OR_RETURN(scanned, Scan(base, std::nullopt));
    }
    NoteLoss(base, hints_.recovery_point, Gap::kNone, scanned);
    const bool torn = !scanned.damage.ok();
    const bool may_be_cut =
        !hints_.clean_stop && scanned.next >= hints_.recovery_point;
    if (torn && !may_be_cut) {
      CAUCE_ASSIGN_OR_RETURN(const Offset end, EndBehindDamage(base, scanned));
      // Not at the base, where a file stands already.
      resume_at_ = std::max({hints_.recovery_point, end, base + 1});
      return KeepDamaged(base, *resume_at_, scanned);
    }
    if (torn) return CutAt(base, std::move(scanned));
    return Resume(base, std::move(scanned));
  }

  // Whether compaction may have left offsets out at the end of a segment.
  enum class Gap { kNone, kAtTheEnd };

  // Zeros, or a file that is too short, look like the end of a log; below
  // `durable` they stand where records were.
  void NoteLoss(Offset base, Offset durable, Gap gap,
                ScannedSegment& scanned) const {
    const bool ends_here =
        gap == Gap::kAtTheEnd && scanned.bytes == scanned.file_bytes;
    // What is gone below the log start is not missed, as where a truncation cut
    // a batch that reached below it.
    const bool is_missed = scanned.next < durable && durable > hints_.log_start;
    if (!scanned.damage.ok() || !is_missed || ends_here) return;
    scanned.damage = MakeError(
        Reason::kCorruptBatch,
        fmt::format("{} at position {}: the log ends at offset {}, and records "
                    "up to offset {} were durable",
                    PathOf(base), scanned.bytes, scanned.next.value,
                    durable.value));
  }

  absl::Status Believe(Offset base, Offset next) {
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           place_.files->Info(PathOf(base)));
    sealed_.push_back(std::make_shared<Segment>(
        place_.At(base), OpenMode::kReadWrite, info.bytes, next));
    return absl::OkStatus();
  }

  // As it is: its indexes may be all that leads past the damage.
  absl::Status KeepDamaged(Offset base, Offset next,
                           const ScannedSegment& scanned) {
    ReportDamage(scanned.damage);
    NoteEpochs(scanned);
    CAUCE_RETURN_IF_ERROR(Believe(base, next));
    return Trim(*sealed_.back());
  }

  // Where the batches end that can still be read behind the damage: their
  // offsets must not be given again.
  absl::StatusOr<Offset> EndBehindDamage(Offset base,
                                         const ScannedSegment& scanned) {
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           place_.files->Info(PathOf(base)));
    Segment segment(place_.At(base), OpenMode::kRead, info.bytes,
                    Offset{INT64_MAX});
    BatchScanner scanner;
    Offset end = scanned.next;
    int64_t damaged = scanned.bytes;
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(auto batch,
                             segment.SeekBehind(scanner, damaged, end));
      if (!batch) return end;
      while (batch) {
        end = batch->next_offset();
        const auto next = scanner.Next();
        if (!next.ok() && !IsDamage(next.status())) return next.status();
        batch = next.ok() ? *next : std::nullopt;
      }
      damaged = scanner.position();
    }
  }

  // A sealed segment that was scanned whole: its indexes are written anew.
  absl::Status Keep(Offset base, Offset next, const ScannedSegment& scanned) {
    scanned.index->Seal();
    auto segment = std::make_shared<Segment>(
        place_.At(base), OpenMode::kReadWrite, scanned.bytes, next);
    // Not synced: an index that a power loss spoils is rebuilt.
    CAUCE_RETURN_IF_ERROR(segment->WriteIndexFiles(*scanned.index));
    CAUCE_RETURN_IF_ERROR(Trim(*segment));
    NoteEpochs(scanned);
    sealed_.push_back(std::move(segment));
    // Nothing counts as durable whose name is not.
    CAUCE_RETURN_IF_ERROR(SyncNames());
    if (hints_.progress) {
      hints_.progress(std::max(hints_.log_start, FirstBase()), next,
                      scanned.bytes);
    }
    return absl::OkStatus();
  }

  // Once for all the names that are there.
  absl::Status SyncNames() {
    if (!names_unsynced_) return absl::OkStatus();
    names_unsynced_ = false;
    return place_.files->SyncDirectory(place_.directory);
  }

  // Nobody knows whether what the scan read is more than a page in memory.
  absl::Status Trim(Segment& segment) {
    CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    if (size != segment.bytes()) {
      CAUCE_RETURN_IF_ERROR(file->Truncate(segment.bytes()));
    }
    segment.MarkDirty();
    return segment.Sync();
  }

  absl::Status CutAt(Offset base, ScannedSegment scanned) {
    Report(fmt::format(
        "{}: the log ends at offset {}, position {}; cut off "
        "what follows there: {}",
        PathOf(base), scanned.next.value, scanned.bytes,
        scanned.damage.ok() ? std::string_view("the next segment begins later")
                            : MessageOf(scanned.damage)));
    cut_ = true;
    CAUCE_RETURN_IF_ERROR(KeepCutBytes(base, scanned));
    return Resume(base, std::move(scanned));
  }

  // Copies what is about to be cut off, but for zeros at its end.
  absl::Status KeepCutBytes(Offset base, const ScannedSegment& scanned) {
    CAUCE_ASSIGN_OR_RETURN(const auto log,
                           place_.files->Open(PathOf(base), OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, log->Size());
    std::unique_ptr<File> kept;
    CAUCE_ASSIGN_OR_RETURN(const std::string path,
                           FreeCutPath(PathOf(scanned.next)));
    std::string piece(static_cast<size_t>(kPieceBytes), '\0');
    for (int64_t at = scanned.bytes; at < size; at += kPieceBytes) {
      CAUCE_ASSIGN_OR_RETURN(const size_t read, log->Read(at, piece));
      const std::string_view bytes(piece.data(), read);
      const size_t last = bytes.find_last_not_of('\0');
      if (last == std::string_view::npos) continue;
      if (kept == nullptr) {
        CAUCE_ASSIGN_OR_RETURN(kept,
                               place_.files->Open(path, OpenMode::kCreate));
      }
      CAUCE_RETURN_IF_ERROR(
          kept->Write(at - scanned.bytes, bytes.substr(0, last + 1)));
    }
    if (kept == nullptr) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(kept->Sync());
    Report(fmt::format("{}: what was cut off is kept here", path));
    return place_.files->SyncDirectory(place_.directory);
  }

  // What an earlier recovery kept stays: the name is one that is free.
  absl::StatusOr<std::string> FreeCutPath(const std::string& path) const {
    std::string cut = path + std::string(kCutSuffix);
    for (int n = 1; n < kCutFilesMax; ++n) {
      const auto info = place_.files->Info(cut);
      if (absl::IsNotFound(info.status())) return cut;
      CAUCE_RETURN_IF_ERROR(info.status());
      cut = fmt::format("{}{}.{}", path, kCutSuffix, n);
    }
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: there are {} files of what was cut off "
                                 "here; look at them and move them away",
                                 path, kCutFilesMax));
  }

  absl::Status Resume(Offset base, ScannedSegment scanned) {
    NoteEpochs(scanned);
    const std::shared_ptr<SegmentIndex> index = scanned.index;
    CAUCE_ASSIGN_OR_RETURN(
        writer_,
        SegmentWriter::Resume(place_.At(base), std::move(scanned), hints_.now));
    if (hints_.clean_stop) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(RenewIndexFiles(*writer_->segment(), *index));
    // Also where its end is the recovery point: a cut that was not synced saves
    // the point first, and a power loss would bring back what it took.
    CAUCE_RETURN_IF_ERROR(Trim(*writer_->segment()));
    return SyncNames();
  }

  // Those that are there may be of a log that was cut since.
  absl::Status RenewIndexFiles(Segment& segment, const SegmentIndex& index) {
    if (segment.bytes() > 0) return segment.WriteIndexFiles(index);
    return segment.RemoveIndexFiles();
  }

  absl::Status SetAside(const std::vector<Offset>& bases) {
    for (const Offset base : bases) {
      const std::string path = PathOf(base);
      CAUCE_ASSIGN_OR_RETURN(const std::string cut, FreeCutPath(path));
      Report(
          fmt::format("{}: follows the cut and is no longer part of the "
                      "log; kept as {}",
                      path, cut));
      CAUCE_RETURN_IF_ERROR(place_.files->Rename(path, cut));
    }
    if (bases.empty()) return absl::OkStatus();
    return place_.files->SyncDirectory(place_.directory);
  }

  absl::StatusOr<RecoveredLog> Finish() {
    const Offset log_start = std::max(hints_.log_start, FirstBase());
    if (writer_ != nullptr && writer_->segment()->next() < log_start) {
      // Records below the start are gone for good: offsets must not come back.
      CAUCE_RETURN_IF_ERROR(writer_->Seal());
      CAUCE_RETURN_IF_ERROR(writer_->segment()->Sync());
      sealed_.push_back(writer_->segment());
      resume_at_ = log_start;
      writer_ = nullptr;
    }
    if (writer_ == nullptr) {
      CAUCE_ASSIGN_OR_RETURN(
          writer_, SegmentWriter::Create(
                       place_.At(resume_at_.value_or(log_start)), hints_.now));
      names_unsynced_ = true;
      CAUCE_RETURN_IF_ERROR(SyncNames());
    }
    return RecoveredLog{std::move(sealed_), std::move(writer_), log_start,
                        names_unsynced_, std::move(epochs_)};
  }

  // Where the oldest segment begins, or will.
  Offset FirstBase() const {
    if (!sealed_.empty()) return sealed_.front()->base();
    if (writer_ != nullptr) return writer_->segment()->base();
    return resume_at_.value_or(Offset{0});
  }

  std::string PathOf(Offset base) const {
    return place_.PathOf(SegmentFileName(base, kLogSuffix));
  }

  void NoteEpochs(const ScannedSegment& scanned) {
    epochs_.insert(epochs_.end(), scanned.epochs.begin(), scanned.epochs.end());
  }

  void ReportDamage(const absl::Status& damage) {
    if (hints_.events) {
      hints_.events(Severity::kError,
                    fmt::format("records that were durable are damaged; the "
                                "file is kept and the log goes on behind them: "
                                "{}",
                                MessageOf(damage)));
    }
  }

  void Report(const std::string& line) {
    if (hints_.events) hints_.events(Severity::kWarning, line);
  }

  const SegmentPlace& place_;
  const RecoveryHints& hints_;
  SegmentSet::List sealed_;
  std::unique_ptr<SegmentWriter> writer_;
  std::vector<EpochStart> epochs_;
  bool cut_ = false;
  // The stopped process may have made names and not synced them.
  bool names_unsynced_ = true;
  // Where a new active segment begins when none can be resumed.
  std::optional<Offset> resume_at_;
};

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(const SegmentPlace& place,
                                        const RecoveryHints& hints) {
  return Recovery(place, hints).Run();
}

}  // namespace cauce
