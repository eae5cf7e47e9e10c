#include "engine/log/recovery.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/beyond_close.h"
#include "engine/log/cut_files.h"
#include "engine/log/emptied_segments.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/kept_tail.h"
#include "engine/log/leftovers.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/missing_segments.h"
#include "engine/log/other_format.h"
#include "engine/log/overwritten_log.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_gap.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_intruders.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segments_above_end.h"
#include "engine/log/short_index.h"
#include "engine/log/tail_rewrite.h"
#include "engine/log/unfinished_swap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How much is written back of a segment that is left to be synced with others.
constexpr int64_t kSyncedLaterMax = 1 << 20;

class Recovery {
 public:
  Recovery(const SegmentPlace& place, const RecoveryHints& hints)
      : place_(place),
        hints_(hints),
        cut_files_(*place.files, place.directory) {}

  absl::StatusOr<RecoveredLog> Run() {
    if (hints_.clean_stop && hints_.known != nullptr && hints_.is_unchanged) {
      CAUCE_ASSIGN_OR_RETURN(const bool is_taken, TakeKnown(*hints_.known));
      if (is_taken) return Finish();
    }
    CAUCE_RETURN_IF_ERROR(EndUnfinishedSwaps(
        place_, hints_.events,
        hints_.is_brokers ? GivesWay::kStays : GivesWay::kGoes));
    CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> named,
                           ListSegmentBases(place_));
    CAUCE_ASSIGN_OR_RETURN(
        leftovers_, RemoveLeftovers(place_, named,
                                    {.was_clean = hints_.clean_stop,
                                     .is_brokers = hints_.is_brokers,
                                     .recovery_point = hints_.recovery_point,
                                     .log_start = hints_.log_start}));
    CAUCE_ASSIGN_OR_RETURN(
        SegmentListing listing,
        ListSegments(place_, {.durable = hints_.recovery_point,
                              .noted = hints_.known}));
    for (const ForeignSegment& foreign : listing.foreign) {
      CAUCE_RETURN_IF_ERROR(
          SetAside({foreign.base}, DescribeForeign(foreign)));
    }
    for (const Intruder& intruder : listing.intruders) {
      Report(fmt::format("{}: {}; {}", PathOf(intruder.base),
                         DescribeIntruder(place_, intruder), kIntruderAdvice));
    }
    unread_ = std::move(listing.unread);
    for (const UnreadSegment& unread : unread_) {
      Report(fmt::format("{}; {} is taken for a segment by its name",
                         MessageOf(unread.why), PathOf(unread.base)));
    }
    std::vector<Offset> bases = listing.bases;
    CAUCE_RETURN_IF_ERROR(SetAsideAboveEnd(bases));
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
      followers_ = std::span(bases).subspan(i + 1);
      const absl::Status taken =
          is_last ? TakeLast(bases[i]) : TakeSealed(bases[i], bases[i + 1]);
      CAUCE_RETURN_IF_ERROR(
          AdviseOnStandIn(*place_.files, place_.directory, PathOf(bases[i]),
                          taken));
    }
    CAUCE_RETURN_IF_ERROR(CheckNextName());
    CAUCE_RETURN_IF_ERROR(NoteMissing());
    CAUCE_RETURN_IF_ERROR(TellBeyondNext());
    return Finish();
  }

 private:
  // A directory right where the log ends may stand in the place of records, and
  // would end what is appended at the next roll. (A link is met as a segment.)
  absl::Status CheckNextName() const {
    if (hints_.clean_stop || writer_ == nullptr) return absl::OkStatus();
    const Segment& last = *writer_->segment();
    if (last.next() == last.base()) return absl::OkStatus();
    const std::string path = PathOf(last.next());
    const auto info = place_.files->Info(path);
    if (!info.ok() || !info->is_directory) return absl::OkStatus();
    return absl::AlreadyExistsError(
        fmt::format("{}: {}, and the log ends there: {}", path, kDirectoryThere,
                    AdviceOnStandIn(*place_.files, path, absl::OkStatus())));
  }

  // Goes by what is known, where the last file is as it was too; else the
  // directory tells. So it does of a log that was not whole.
  absl::StatusOr<bool> TakeKnown(const KnownLog& known) {
    const KnownSegment& last = known.segments.back();
    const auto active =
        std::make_shared<Segment>(place_.At(last.base), OpenMode::kReadWrite,
                                  last.bytes, known.end);
    auto scanned = EndAsClosed(known);
    if (!scanned) {
      CAUCE_ASSIGN_OR_RETURN(scanned,
                             ScanKnownEnd(*active, hints_.recovery_point));
    }
    const bool is_whole = scanned && scanned->damage.ok() &&
                          !scanned->files_are_spoiled &&
                          scanned->bytes == last.bytes &&
                          scanned->next == known.end &&
                          known.end >= hints_.recovery_point;
    if (!is_whole) return false;
    for (size_t i = 0; i + 1 < known.segments.size(); ++i) {
      const KnownSegment& sealed = known.segments[i];
      sealed_.push_back(std::make_shared<Segment>(
          place_.At(sealed.base), OpenMode::kReadWrite, sealed.bytes,
          known.segments[i + 1].base));
    }
    const bool knows_oldest =
        !sealed_.empty() && known.times.oldest.has_value();
    if (knows_oldest) {
      sealed_.front()->NoteLargestTimestamp(known.times.oldest);
    }
    if (known.snapshot > Offset{0}) leftovers_.snapshots = {known.snapshot};
    missing_ = known.missing;
    // The close that saw them so had made them durable.
    names_unsynced_ = false;
    Learn(*scanned);
    writer_ = SegmentWriter::Continue(active, *std::move(scanned), hints_.now);
    return true;
  }

  // What a scan of the last segment would find, without a look into its file
  // where that has the size and the time that it had. Nothing where it has not,
  // or where an index has to be read to go on.
  std::optional<ScannedSegment> EndAsClosed(const KnownLog& known) const {
    const KnownSegment& last = known.segments.back();
    if (last.bytes > place_.index_interval_bytes) return std::nullopt;
    if (!hints_.is_end_unchanged) {
      const auto info = place_.files->Info(PathOf(last.base));
      const bool is_told = info.ok() || absl::IsNotFound(info.status());
      if (!is_told && hints_.events) {
        hints_.events(Severity::kWarning,
                      fmt::format("{}; so its end is read",
                                  MessageOf(info.status())));
      }
      if (!info.ok() || !LogIsUnchanged(known, *info)) return std::nullopt;
    }
    ScannedSegment end;
    end.index = std::make_shared<SegmentIndex>(last.base,
                                               place_.index_interval_bytes);
    end.index->ResumeWithoutEntries(known.times.largest,
                                    known.times.largest_at, last.bytes);
    end.first_timestamp = known.times.first;
    end.bytes = end.durable_bytes = end.file_bytes = last.bytes;
    end.next = known.end;
    return end;
  }

  // The files that the log is taken to consist of.
  std::vector<KnownSegment> There() const {
    std::vector<KnownSegment> there;
    for (const auto& segment : sealed_) {
      there.push_back({segment->base(), segment->bytes()});
    }
    if (writer_ != nullptr) {
      const Segment& last = *writer_->segment();
      there.push_back({last.base(), last.bytes()});
    }
    return there;
  }

  // That another log was put in the place of what the close has noted. After a
  // kill a pass of compaction may have done that.
  absl::Status TellBeyondNext() {
    const bool counts = hints_.known != nullptr &&
                        (hints_.clean_stop || !place_.may_have_gaps);
    if (!counts) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(const auto found,
                           FindBeyondNext(place_, *hints_.known, There()));
    for (const BeyondNext& each : found) {
      Tell(Severity::kError, fmt::format("{}: {}", PathOf(each.base),
                                         DescribeBeyondNext(each)));
    }
    return absl::OkStatus();
  }

  // Looks for what is gone from in front of segments that are there: what is
  // missing in front and at the end the bounds tell.
  absl::Status NoteMissing() {
    const std::vector<KnownSegment> there = There();
    std::vector<Offset> bases;
    for (const KnownSegment& each : there) bases.push_back(each.base);
    std::vector<MissingPart> missing;
    if (hints_.known != nullptr) {
      CAUCE_ASSIGN_OR_RETURN(
          missing, MissingSinceStop(place_, {*hints_.known, hints_.clean_stop},
                                    hints_.recovery_point, there));
      // Elsewhere a segment that is short is told where the next one begins.
      std::erase_if(missing, [&](const MissingPart& part) {
        return part.is_short && !place_.may_have_gaps;
      });
    }
    if (place_.may_have_gaps && !hints_.is_brokers) {
      missing = WithOrphans(std::move(missing), leftovers_.orphans, bases);
      CAUCE_ASSIGN_OR_RETURN(std::vector<Offset> emptied,
                             FindEmptied(place_, there));
      std::erase_if(emptied, [&](Offset base) {
        return base >= hints_.recovery_point;
      });
      missing = WithEmptied(std::move(missing), emptied, bases);
    }
    for (const MissingPart& part : missing) {
      if (part.range.next <= hints_.log_start) continue;
      missing_.push_back(part.range);
      lacks_in_last_ |= writer_ != nullptr &&
                        part.range.base == writer_->segment()->base();
      is_odd_ = true;
      if (!hints_.events) continue;
      hints_.events(Severity::kError, DescribeMissing(place_, part));
    }
    std::ranges::sort(missing_, {}, &OffsetRange::base);
    return absl::OkStatus();
  }

  // The log goes on at `resume`, and what was durable in front of that is gone
  // from `end` on. Which is told: later only this knows of it.
  void NoteLostEnd(Offset base, const ScannedSegment& scanned, Offset end,
                   Offset resume) {
    if (!place_.may_have_gaps || end >= resume) return;
    // With the next file, or else it is this one that ends too early.
    if (const auto next = NextAsClosed(base, scanned.file_bytes)) {
      missing_.push_back({*next, resume});
      return;
    }
    bool is_next = false;
    for (const std::string_view suffix :
         {kOffsetIndexSuffix, kTimeIndexSuffix}) {
      const auto info =
          place_.files->Info(place_.PathOf(SegmentFileName(end, suffix)));
      is_next |= end > base && info.ok();
    }
    missing_.push_back({is_next ? end : base, resume});
  }

  // Whether the last file is as long as when it was closed, and nothing was
  // durable since.
  bool HasAllOfClose(Offset base, int64_t bytes) const {
    if (hints_.known == nullptr) return false;
    const KnownSegment last{.base = base, .bytes = bytes};
    return hints_.known->segments.back() == last &&
           hints_.known->end >= hints_.recovery_point;
  }

  // Where the next file began, by what the close has noted, behind one that is
  // as long as it was.
  std::optional<Offset> NextAsClosed(Offset base, int64_t bytes) const {
    if (!hints_.clean_stop || hints_.known == nullptr) return std::nullopt;
    const std::vector<KnownSegment>& all = hints_.known->segments;
    const auto known =
        std::ranges::find(all, KnownSegment{.base = base, .bytes = bytes});
    if (known == all.end() || std::next(known) == all.end()) {
      return std::nullopt;
    }
    return std::next(known)->base;
  }

  // `next` is where the segment behind it begins, if there is one. A gap that
  // compaction left in a sealed segment may reach across the recovery point.
  absl::StatusOr<ScannedSegment> Scan(Offset base, std::optional<Offset> next) {
    const std::string path = PathOf(base);
    CAUCE_ASSIGN_OR_RETURN(auto file,
                           place_.files->Open(path, OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    ScanRange range{.base = base,
                    .bytes = size,
                    .index_interval_bytes = place_.index_interval_bytes,
                    .durable = hints_.recovery_point};
    if (!place_.may_have_gaps) range.no_gap_from = hints_.recovery_point;
    if (next) {
      range.up_to = *next;
    } else {
      range.boundary = hints_.recovery_point;
    }
    // What was durable need not be scanned: nobody changes it any more.
    if (base < hints_.recovery_point) {
      auto index = LoadIndexFiles(
          *place_.files,
          place_.PathOf(SegmentFileName(base, kOffsetIndexSuffix)),
          place_.PathOf(SegmentFileName(base, kTimeIndexSuffix)), base,
          place_.index_interval_bytes);
      if (index.ok()) {
        (*index)->KeepUpTo(hints_.recovery_point);
        return ScanSegmentTail(std::move(file), path, range, *std::move(index));
      }
    }
    return ScanSegment(std::move(file), path, range);
  }

  absl::Status TakeSealed(Offset base, Offset next) {
    if (hints_.clean_stop || next < hints_.recovery_point) {
      return Believe(base, next);
    }
    if (next == hints_.recovery_point) return TakeDurable(base, next);
    CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, Scan(base, next));
    // Otherwise batches are missing at the end of what was a whole segment:
    // its tail had not reached the disk. The gaps that our compaction leaves
    // are below the recovery point, and one below the log start was meant.
    NoteLoss(base, std::min(next, hints_.recovery_point), Gap::kAtTheEnd,
             scanned);
    const bool is_gap =
        hints_.is_brokers && scanned.bytes == scanned.file_bytes;
    const bool whole =
        scanned.next == next ||
        (scanned.damage.ok() && (next <= hints_.log_start || is_gap));
    if (!whole && scanned.next >= hints_.recovery_point) {
      // Cut, it is the last one, and the next recovery must read it alike.
      CAUCE_ASSIGN_OR_RETURN(ScannedSegment last, Scan(base, std::nullopt));
      if (last.next < hints_.recovery_point) {
        return KeepDamaged(base, next, last);
      }
      CAUCE_RETURN_IF_ERROR(CheckIsSegment(base, next));
      return CutAt(base, std::move(last));
    }
    if (!whole && !scanned.damage.ok()) {
      return KeepDamaged(base, next, scanned);
    }
    const bool has_tail = scanned.next == next && !scanned.damage.ok();
    return has_tail ? KeepWithoutTail(base, next, scanned)
                    : Keep(base, next, scanned);
  }

  // All of it was durable, but perhaps not that what a failed write had left
  // behind it was cut off, before the log went on in the next segment.
  absl::Status TakeDurable(Offset base, Offset next) {
    CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned, Scan(base, next));
    const bool has_tail =
        scanned.next == next && scanned.bytes != scanned.file_bytes;
    return has_tail ? KeepWithoutTail(base, next, scanned)
                    : Believe(base, next);
  }

  // That the segment in front of `next` may be cut because that one is there.
  absl::Status CheckIsSegment(Offset base, Offset next) const {
    const auto unread = std::ranges::find(unread_, next, &UnreadSegment::base);
    if (unread == unread_.end()) return absl::OkStatus();
    return Annotate(
        unread->why,
        fmt::format("{}: what stands in it at or behind offset {} is not cut "
                    "off, and the partition is not opened, until {} can be "
                    "read, or is moved away while nothing has the directory "
                    "open",
                    PathOf(base), next.value, PathOf(next)));
  }

  // What stands behind a segment that reaches to the next one is no part of the
  // log, and yet is kept aside: it may be what another name should not hide.
  absl::Status KeepWithoutTail(Offset base, Offset next,
                               const ScannedSegment& scanned) {
    CAUCE_RETURN_IF_ERROR(CheckIsSegment(base, next));
    CAUCE_RETURN_IF_ERROR(CheckFormat(base, scanned));
    if (!scanned.damage.ok()) {
      Report(
          fmt::format("{}: ends at position {}; cut off what follows there: {}",
                      PathOf(base), scanned.bytes, MessageOf(scanned.damage)));
    }
    const TailToKeep keep = TailOf(base, scanned.bytes, next);
    const absl::Status kept = keep();
    if (ReasonOf(kept) != Reason::kDiskFull) {
      CAUCE_RETURN_IF_ERROR(kept);
      return Keep(base, next, scanned);
    }
    // Whoever opens the log by its recovery point, or after a clean stop, would
    // take all of the file for the segment: that has to wait.
    Report(
        fmt::format("{}; it stays in the file, and nothing is appended, "
                    "until there is room for it elsewhere",
                    MessageOf(kept)));
    CAUCE_RETURN_IF_ERROR(Keep(base, next, scanned, Behind::kStays));
    tails_.push_back({sealed_.back(), keep});
    unsettled_from_ = std::min(unsettled_from_, next);
    return absl::OkStatus();
  }

  absl::Status TakeLast(Offset base) {
    ScannedSegment scanned;
    if (hints_.clean_stop) {
      CAUCE_ASSIGN_OR_RETURN(scanned,
                             ScanEnd(place_.At(base), hints_.recovery_point));
      if (scanned.files_are_spoiled) {
        Tell(Severity::kInfo, MadeAnewLine(PathOf(base), scanned));
      }
    } else {
      CAUCE_ASSIGN_OR_RETURN(scanned, Scan(base, std::nullopt));
    }
    // A scan of the file alone comes to it, or to zeros once others follow.
    const bool tells_itself =
        !scanned.damage.ok() || scanned.bytes < scanned.file_bytes;
    NoteLoss(base, hints_.recovery_point, Gap::kNone, scanned);
    const bool torn = !scanned.damage.ok();
    const bool may_be_cut =
        !hints_.clean_stop && scanned.next >= hints_.recovery_point;
    if (torn && !may_be_cut) {
      CAUCE_RETURN_IF_ERROR(CheckGoesOn(base, scanned));
      CAUCE_ASSIGN_OR_RETURN(const Offset end, EndBehindDamage(base, scanned));
      // Not at the base, where a file stands already.
      resume_at_ = std::max({hints_.recovery_point, end, base + 1});
      // One that has all its bytes is whole once these are put right: nobody
      // could tell that later from what was noted of it.
      const bool is_all_there = tells_itself && end == scanned.next &&
                                HasAllOfClose(base, scanned.file_bytes);
      if (!is_all_there) NoteLostEnd(base, scanned, end, *resume_at_);
      return KeepDamaged(base, *resume_at_, scanned);
    }
    if (torn) return CutAt(base, std::move(scanned));
    return Resume(base, std::move(scanned));
  }

  // That a log whose last segment is damaged can go on behind it.
  absl::Status CheckGoesOn(Offset base, const ScannedSegment& scanned) const {
    if (base < Offset{INT64_MAX}) return absl::OkStatus();
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}: holds what is no batch, and no record has an offset "
                    "so high; move it away while nothing has the directory "
                    "open: {}",
                    PathOf(base), MessageOf(scanned.damage)));
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
        fmt::format("{} at position {}: the log ends at offset {}{}, and "
                    "records up to offset {} were durable",
                    PathOf(base), scanned.bytes, scanned.next.value,
                    InFrontOfZeros(scanned.file_bytes - scanned.bytes),
                    durable.value));
  }

  absl::Status Believe(Offset base, Offset next) {
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, SealedBytes(place_.At(base)));
    sealed_.push_back(std::make_shared<Segment>(
        place_.At(base), OpenMode::kReadWrite, bytes, next));
    return absl::OkStatus();
  }

  // As it is: its indexes may be all that leads past the damage.
  absl::Status KeepDamaged(Offset base, Offset next,
                           const ScannedSegment& scanned) {
    ReportDamage(scanned.damage);
    Learn(scanned);
    CAUCE_RETURN_IF_ERROR(Believe(base, next));
    Segment& segment = *sealed_.back();
    // Batches may stand behind the damage that were not durable.
    return MakeDurable(segment, scanned.durable_bytes);
  }

  // Where the batches end that can still be read behind the damage: their
  // offsets must not be given again.
  absl::StatusOr<Offset> EndBehindDamage(Offset base,
                                         const ScannedSegment& scanned) {
    CAUCE_ASSIGN_OR_RETURN(
        const bool is_anothers,
        BeginsBehindDurable(place_.At(base), hints_.recovery_point));
    if (is_anothers) return scanned.next;
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

  // What becomes of what stands in a file behind its segment's end.
  enum class Behind { kIsCut, kStays };

  // A sealed segment that was scanned whole: its indexes are written anew.
  absl::Status Keep(Offset base, Offset next, const ScannedSegment& scanned,
                    Behind behind = Behind::kIsCut) {
    scanned.index->Seal();
    auto segment = std::make_shared<Segment>(
        place_.At(base), OpenMode::kReadWrite, scanned.bytes, next);
    CAUCE_RETURN_IF_ERROR(segment->WriteIndexFiles(*scanned.index));
    CAUCE_RETURN_IF_ERROR(MakeDurable(*segment, scanned.durable_bytes, behind));
    Learn(scanned);
    sealed_.push_back(std::move(segment));
    // Nothing counts as durable whose name is not.
    CAUCE_RETURN_IF_ERROR(SyncNames());
    if (hints_.progress && tails_.empty() && !OwesLists(base)) {
      hints_.progress(std::max(hints_.log_start, FirstBase()), next,
                      scanned.bytes);
    }
    return absl::OkStatus();
  }

  // Whether the lists of what was aborted are to be made anew, from a segment
  // on that is not above `base`: the next recovery has to begin there too.
  bool OwesLists(Offset base) {
    const auto& lists = leftovers_.lists;
    owes_lists_ |= has_producers_ || (!lists.empty() && lists.back() >= base);
    return owes_lists_;
  }

  // Once for all the names that are there.
  absl::Status SyncNames() {
    if (!names_unsynced_) return absl::OkStatus();
    names_unsynced_ = false;
    return place_.files->SyncDirectory(place_.directory);
  }

  // Cuts the file where the segment ends, and syncs it. Nobody knows whether
  // what the scan read behind `durable_bytes` is more than a page in memory,
  // which a sync that failed has left clean: it is written again.
  absl::Status MakeDurable(Segment& segment, int64_t durable_bytes,
                           Behind behind = Behind::kIsCut) {
    CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    segment.MarkDirty();
    if (behind == Behind::kIsCut && size != segment.bytes()) {
      CAUCE_RETURN_IF_ERROR(file->Truncate(segment.bytes()));
    }
    if (!hints_.clean_stop) {
      CAUCE_RETURN_IF_ERROR(RewriteTail(*file, durable_bytes, segment.bytes()));
    }
    return segment.Sync();
  }

  // What another release wrote whole is no torn tail: nothing of it is changed.
  absl::Status CheckFormat(Offset base, const ScannedSegment& scanned) const {
    if (scanned.damage.ok()) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(const auto file,
                           place_.files->Open(PathOf(base), OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    CAUCE_ASSIGN_OR_RETURN(
        const bool is_other,
        IsOfOtherFormat(*file, scanned.bytes, size, scanned.damage));
    if (!is_other) return absl::OkStatus();
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("{}; it is whole, so nothing is cut off and the partition "
                    "is not opened: read it with the release that wrote it, or "
                    "move the file away while nothing has the directory open",
                    MessageOf(scanned.damage)));
  }

  // What a torn append cannot have left is no end of the log: its offsets would
  // be given again.
  absl::Status CheckNotOverwritten(Offset base,
                                   const ScannedSegment& scanned) const {
    if (scanned.bytes > 0 || scanned.damage.ok()) return absl::OkStatus();
    CAUCE_ASSIGN_OR_RETURN(const auto known, FindOverwritten(place_.At(base)));
    if (!known) return absl::OkStatus();
    return MakeError(
        Reason::kCorruptFile,
        fmt::format("{}; no append leaves that, and {}: records were "
                    "overwritten, so nothing is cut off and the partition is "
                    "not opened; close the directory and restore the file from "
                    "a copy, or let cauce log repair take out what it holds",
                    MessageOf(scanned.damage), *known));
  }

  absl::Status CutAt(Offset base, ScannedSegment scanned) {
    CAUCE_RETURN_IF_ERROR(CheckFormat(base, scanned));
    CAUCE_RETURN_IF_ERROR(CheckNotOverwritten(base, scanned));
    Report(fmt::format(
        "{}: the log ends at offset {}, position {}; cut off "
        "what follows there: {}",
        PathOf(base), scanned.next.value, scanned.bytes,
        scanned.damage.ok() ? std::string_view("the next segment begins later")
                            : MessageOf(scanned.damage)));
    cut_ = true;
    const TailToKeep keep = TailOf(base, scanned.bytes, scanned.next);
    const absl::Status kept = keep();
    const bool is_full = ReasonOf(kept) == Reason::kDiskFull;
    if (!is_full) CAUCE_RETURN_IF_ERROR(kept);
    CAUCE_RETURN_IF_ERROR(SetAsideFollowers());
    if (!is_full) return Resume(base, std::move(scanned));
    // The log is whole in front of it: it can be read, and records be deleted
    // from it, which makes room.
    Report(
        fmt::format("{}; it stays in the file, and nothing is appended, "
                    "until there is room for it elsewhere",
                    MessageOf(kept)));
    return Resume(base, std::move(scanned), keep);
  }

  // Durably, before the cut is made: a broker's segment that ends at a batch
  // and has others behind it may have a gap, so that a recovery which comes in
  // between would take them for the log's. Newest first, for the same reason.
  absl::Status SetAsideFollowers() {
    return SetAside({followers_.rbegin(), followers_.rend()},
                    "follows the cut");
  }

  // What stands there from `position` on, where the log ends at `end`.
  TailToKeep TailOf(Offset base, int64_t position, Offset end) const {
    return {.files = place_.files,
            .directory = place_.directory,
            .log = PathOf(base),
            .place = PathOf(end),
            .position = position,
            .events = hints_.events};
  }

  // With `keep` what stands behind the end is left there for now.
  absl::Status Resume(Offset base, ScannedSegment scanned,
                      KeepTail keep = nullptr) {
    Learn(scanned);
    const std::shared_ptr<SegmentIndex> index = scanned.index;
    const int64_t durable_bytes = scanned.durable_bytes;
    const SegmentPlace place = place_.At(base);
    auto writer =
        keep == nullptr
            ? SegmentWriter::Resume(place, std::move(scanned), hints_.now)
            : SegmentWriter::ResumeBeforeTail(place, std::move(scanned),
                                              hints_.now, std::move(keep));
    CAUCE_RETURN_IF_ERROR(writer.status());
    writer_ = *std::move(writer);
    if (hints_.clean_stop) return absl::OkStatus();
    // Also where nothing is appended: a close leaves index files that are true
    // up to the end, and here they need not be.
    writer_->NoteUnsealed();
    // One that is large keeps its descriptor, and is not worth the wait.
    if (hints_.is_synced_later && !cut_ &&
        writer_->segment()->bytes() - durable_bytes <= kSyncedLaterMax) {
      return ResumeUnsynced(*writer_->segment(), *index, durable_bytes);
    }
    CAUCE_RETURN_IF_ERROR(RenewIndexFiles(*writer_->segment(), *index));
    // Also where its end is the recovery point: a cut that was not synced saves
    // the point first, and a power loss would bring back what it took.
    CAUCE_RETURN_IF_ERROR(
        MakeDurable(*writer_->segment(), durable_bytes,
                    writer_->is_settled() ? Behind::kIsCut : Behind::kStays));
    return SyncNames();
  }

  // What is needed for a sync of all of the file system to make it durable.
  absl::Status ResumeUnsynced(Segment& segment, const SegmentIndex& index,
                              int64_t durable_bytes) {
    owes_sync_ = true;
    CAUCE_ASSIGN_OR_RETURN(const bool is_indexed,
                           ShortIndexHolds(segment, index));
    if (!is_indexed) {
      CAUCE_RETURN_IF_ERROR(segment.bytes() > 0 ? segment.WriteTimeIndex(index)
                                                : segment.RemoveIndexFiles());
    }
    CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
    segment.MarkDirty();
    return RewriteTail(*file, durable_bytes, segment.bytes());
  }

  void Learn(const ScannedSegment& scanned) {
    epochs_.Join(scanned.epochs);
    has_producers_ |= scanned.has_producers;
  }

  // Those that are there may be of a log that was cut since.
  absl::Status RenewIndexFiles(Segment& segment, const SegmentIndex& index) {
    if (segment.bytes() > 0) return segment.WriteIndexFiles(index);
    return segment.RemoveIndexFiles();
  }

  // After a clean stop: the log would go on at their names, far away.
  absl::Status SetAsideAboveEnd(std::vector<Offset>& bases) {
    if (!hints_.clean_stop) return absl::OkStatus();
    size_t above = 0;
    Offset end = hints_.recovery_point;
    if (hints_.known != nullptr) {
      end = std::max(end, hints_.known->end);
      CAUCE_ASSIGN_OR_RETURN(above, CountBehindClose(place_, bases, end));
    }
    if (above == 0) {
      CAUCE_ASSIGN_OR_RETURN(above, CountAboveEnd(place_, bases, end));
    }
    const auto first = bases.end() - static_cast<ptrdiff_t>(above);
    for (auto base = first; base != bases.end(); ++base) {
      const AboveEndWords words =
          DescribeAboveEnd(place_.At(*base), end);
      CAUCE_RETURN_IF_ERROR(SetAside({*base}, words.what));
    }
    bases.erase(first, bases.end());
    return absl::OkStatus();
  }

  absl::Status SetAside(const std::vector<Offset>& bases,
                        std::string_view why) {
    for (const Offset base : bases) {
      const std::string path = PathOf(base);
      CAUCE_ASSIGN_OR_RETURN(const std::string cut, cut_files_.SetAside(path));
      Report(fmt::format("{}: {}; it is no part of the log, and kept as {}",
                         path, why, cut));
    }
    if (bases.empty()) return absl::OkStatus();
    return place_.files->SyncDirectory(place_.directory);
  }

  absl::StatusOr<RecoveredLog> Finish() {
    const Offset log_start = std::max(hints_.log_start, FirstBase());
    if (writer_ != nullptr && writer_->segment()->next() < log_start) {
      // Records below the start are gone for good: offsets must not come back.
      resume_at_ = log_start;
      CAUCE_RETURN_IF_ERROR(SealLast());
    } else if (writer_ != nullptr && lacks_in_last_) {
      // Behind it the log goes on in another one: where this one grew again its
      // size would tell nothing.
      resume_at_ = writer_->segment()->next();
      CAUCE_RETURN_IF_ERROR(SealLast());
    }
    if (writer_ == nullptr) {
      // Damage may end below the start, which was saved apart from it.
      const Offset base = std::max(resume_at_.value_or(log_start), log_start);
      CAUCE_ASSIGN_OR_RETURN(
          writer_, SegmentWriter::Create(place_.At(base), hints_.now));
      names_unsynced_ = true;
      // That of the first segment tells of no offset that was given out: its
      // first sync makes it durable.
      if (base > Offset{0}) CAUCE_RETURN_IF_ERROR(SyncNames());
    }
    if (!tails_.empty()) {
      writer_->SettleFirst([tails = std::move(tails_)]() -> absl::Status {
        for (const SealedTail& tail : tails) CAUCE_RETURN_IF_ERROR(tail());
        return absl::OkStatus();
      });
    }
    return RecoveredLog{.sealed = std::move(sealed_),
                        .writer = std::move(writer_),
                        .log_start = log_start,
                        .unsettled_from = unsettled_from_,
                        .names_unsynced = names_unsynced_,
                        .owes_sync = owes_sync_,
                        .epochs = std::move(epochs_),
                        .has_producers = has_producers_,
                        .leftovers = leftovers_,
                        .missing = std::move(missing_),
                        .is_odd = is_odd_};
  }

  // It is not the one that is written any more.
  absl::Status SealLast() {
    CAUCE_RETURN_IF_ERROR(writer_->Seal());
    CAUCE_RETURN_IF_ERROR(writer_->segment()->Sync());
    sealed_.push_back(writer_->segment());
    writer_ = nullptr;
    return absl::OkStatus();
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

  void ReportDamage(const absl::Status& damage) {
    is_odd_ = true;
    if (hints_.events) {
      hints_.events(Severity::kError,
                    fmt::format("records that were durable are damaged; the "
                                "file is kept and the log goes on behind them: "
                                "{}",
                                MessageOf(damage)));
    }
  }

  void Report(const std::string& line) { Tell(Severity::kWarning, line); }
  void Tell(Severity severity, const std::string& line) {
    is_odd_ = true;
    if (hints_.events) hints_.events(severity, line);
  }

  const SegmentPlace& place_;
  const RecoveryHints& hints_;
  SegmentSet::List sealed_;
  std::unique_ptr<SegmentWriter> writer_;
  CutFiles cut_files_;
  std::vector<UnreadSegment> unread_;
  // The segments behind the one that is looked at.
  std::span<const Offset> followers_;
  // Those that found no room, and where the first of their segments ends.
  std::vector<SealedTail> tails_;
  Offset unsettled_from_{INT64_MAX};
  EpochEvidence epochs_;
  bool has_producers_ = false;
  Leftovers leftovers_;
  bool owes_lists_ = false;
  bool cut_ = false;
  std::vector<OffsetRange> missing_;
  bool lacks_in_last_ = false;  // batches are gone from within the last one
  bool is_odd_ = false;
  // The stopped process may have made names and not synced them.
  bool names_unsynced_ = true;
  bool owes_sync_ = false;
  // Where a new active segment begins when none can be resumed.
  std::optional<Offset> resume_at_;
};

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(const SegmentPlace& place,
                                        const RecoveryHints& hints) {
  return Recovery(place, hints).Run();
}

}  // namespace cauce
