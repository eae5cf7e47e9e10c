#include "engine/log/log_view.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/overwritten_log.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segments_above_end.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How often a tail is scanned again because the recovery point has moved. Each
// time a writer has saved it in between, which costs more than the scan.
constexpr int kScansMax = 8;

}  // namespace

LogView::LogView(const SegmentPlace& place, const LogBounds& bounds,
                 Hooks hooks)
    : place_(place),
      hooks_(std::move(hooks)),
      listing_(place, hooks_),
      bounds_(bounds) {}

absl::StatusOr<std::unique_ptr<LogView>> LogView::Open(
    const SegmentPlace& place, const LogBounds& bounds, Hooks hooks) {
  std::unique_ptr<LogView> view(new LogView(place, bounds, std::move(hooks)));
  CAUCE_RETURN_IF_ERROR(view->Relist());
  return view;
}

absl::Status LogView::Refresh() {
  const absl::Status followed = Follow();
  // A file went after it was listed: retention or a cut is at work.
  return absl::IsNotFound(followed) ? ListAgain() : followed;
}

absl::Status LogView::Follow() {
  if (known_.is_unopened) return FollowUnopened();
  if (known_.tail == nullptr) return Relist();  // there was no file yet
  if (place_.may_have_gaps) {
    CAUCE_ASSIGN_OR_RETURN(const Listed listed, ListFiles());
    CAUCE_ASSIGN_OR_RETURN(const bool swaps_are, SwapsAreTheSame(listed));
    if (listed.logs.empty() || !swaps_are) return ListAgain();
    // Nothing was deleted: the same names are there. A swap whose writer was
    // killed stays, and is no reason to begin anew at each look.
    if (!listed.swaps.empty()) return FollowBesideSwaps();
  }
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases, List());
  CAUCE_ASSIGN_OR_RETURN(const bool same, TailIsTheSame(bases));
  // The log was cut, or went on so fast that nothing we know is left.
  if (!same) return ListAgain();
  CAUCE_ASSIGN_OR_RETURN(const bool sealed_are, SealedAreTheSame(bases));
  if (!sealed_are) return ListAgain();
  DropDeleted(bases.front());
  CAUCE_RETURN_IF_ERROR(ExtendTail());
  const Offset tail = known_.segments.back()->base();
  const auto next = std::upper_bound(bases.begin(), bases.end(), tail);
  if (next == bases.end()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(SealTail(*next));
  return AddFrom(*next);
}

absl::Status LogView::FollowUnopened() {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases, List());
  CAUCE_ASSIGN_OR_RETURN(bounds_, hooks_.bounds_now());
  // Nobody writes behind it as long as it is there, and no more of it is known
  // to have been durable.
  const Segment& last = *known_.segments.back();
  const bool is_same = !bases.empty() && bases.back() == last.base() &&
                       bounds_.recovery_point == last.next() &&
                       !WhatIsInTheWay(*place_.files, last.path()).ok();
  if (!is_same) return Relist();
  DropDeleted(bases.front());
  return absl::OkStatus();
}

absl::StatusOr<OffsetRange> LogView::FindLostEnd() {
  for (int looks = 0; looks < kScansMax; ++looks) {
    CAUCE_ASSIGN_OR_RETURN(Offset end, FindEnd());
    if (end >= bounds_.recovery_point) break;
    // The bounds may be older than a cut: they and what is there must agree
    // when both are read once more, and the bounds stay as they are meanwhile.
    const Offset before = bounds_.recovery_point;
    CAUCE_RETURN_IF_ERROR(ListAgain());
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hooks_.bounds_now());
    const bool stayed =
        before == bounds_.recovery_point && before == now.recovery_point;
    CAUCE_ASSIGN_OR_RETURN(end, FindEnd());
    if (stayed && end < before) return OffsetRange{end, before};
  }
  return OffsetRange();
}

OffsetRange LogView::FindHidden() const {
  const auto hidden = listing_.hidden();
  if (!hidden) return {};
  return {known_.segments.back()->next(), *hidden + 1};
}

absl::StatusOr<OffsetRange> LogView::FindBehindTorn() const {
  // One that cannot be opened, or is damaged below the point, ends elsewhere.
  if (known_.tail == nullptr || known_.is_unopened) return OffsetRange();
  // Mostly there is nothing, or zeros to the end, which were written ahead.
  if (!known_.is_torn) return OffsetRange();
  const Segment& last = *known_.segments.back();
  CAUCE_ASSIGN_OR_RETURN(
      const std::shared_ptr<File> file,
      place_.files->Open(last.path(), OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment behind,
                         ScanEnd(last.place(), bounds_.recovery_point));
  const Offset end = behind.next;
  const bool is_torn = !behind.damage.ok() && end >= bounds_.recovery_point;
  if (!is_torn) return OffsetRange();
  const ScanRange range{
      .base = last.base(),
      .bytes = behind.file_bytes,
      .index_interval_bytes = place_.index_interval_bytes,
      .boundary = bounds_.recovery_point};
  const int64_t good_bytes = behind.bytes;
  CAUCE_RETURN_IF_ERROR(ScanBehindDamage(file, last.path(), range, behind));
  if (behind.next <= end) {
    CAUCE_ASSIGN_OR_RETURN(const int64_t offsets,
                           OffsetsOfWholeAt(file, last.path(), good_bytes,
                                            behind.file_bytes));
    if (offsets == 0) return OffsetRange();
    behind.next = end + std::min(offsets, INT64_MAX - end.value);
  }
  // A writer has written what is in front before what is behind.
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment again,
                         ScanEnd(last.place(), bounds_.recovery_point));
  const bool is_still_torn = !again.damage.ok() && again.next == end;
  return is_still_torn ? OffsetRange{end, behind.next} : OffsetRange();
}

absl::StatusOr<Offset> LogView::FindEnd() const {
  const SegmentSet::List& segments = known_.segments;
  const Segment& last = *segments.back();
  const bool is_in_doubt = segments.size() > 1 &&
                           last.base() > bounds_.recovery_point &&
                           last.next() == last.base();
  if (!is_in_doubt) return last.next();
  const SegmentPlace& before = segments[segments.size() - 2]->place();
  const auto scanned = ScanEnd(before, bounds_.recovery_point);
  if (absl::IsResourceExhausted(scanned.status())) return scanned.status();
  // What cannot be read tells why when reading comes to it. And the mark of the
  // close is looked for last: whoever wrote before has closed again.
  if (!scanned.ok() || !hooks_.closed_now()) return last.next();
  return scanned->next;
}

absl::StatusOr<bool> LogView::TailIsTheSame(const std::vector<Offset>& bases) {
  Segment& tail = *known_.segments.back();
  if (!std::binary_search(bases.begin(), bases.end(), tail.base())) {
    return false;
  }
  // By its name: the file we have open may have left the log.
  auto named = place_.files->Open(tail.path(), OpenMode::kRead);
  if (absl::IsNotFound(named.status())) return false;
  CAUCE_RETURN_IF_ERROR(named.status());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*named)->Size());
  const auto known = tail.OpenFile();
  if (absl::IsNotFound(known.status())) return false;
  CAUCE_RETURN_IF_ERROR(known.status());
  CAUCE_ASSIGN_OR_RETURN(const int64_t known_size, (*known)->Size());
  if (size < tail.bytes() || known_size < size) return false;
  std::string header(known_.tail_header.size(), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         (*named)->Read(known_.tail_position, header));
  return read == header.size() && header == known_.tail_header;
}

absl::Status LogView::FollowBesideSwaps() {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases, List());
  CAUCE_ASSIGN_OR_RETURN(const bool same, TailIsTheSame(bases));
  if (!same) return ListAgain();
  CAUCE_ASSIGN_OR_RETURN(const bool sealed_are, SealedAreTheSame(bases));
  if (!sealed_are) return ListAgain();
  return ExtendTail();
}

absl::StatusOr<bool> LogView::SwapsAreTheSame(const Listed& listed) const {
  if (listed.swaps.empty() && known_.listed.swaps.empty()) return true;
  if (!(listed == known_.listed)) return false;
  for (const auto& [base, id] : known_.swap_ids) {
    const auto info = place_.files->Info(
        place_.PathOf(SegmentFileName(base, kSwapLogSuffix)));
    if (absl::IsNotFound(info.status())) return false;
    CAUCE_RETURN_IF_ERROR(info.status());
    if (info->id != id) return false;
  }
  return true;
}

absl::StatusOr<bool> LogView::SealedAreTheSame(
    const std::vector<Offset>& bases) const {
  bool front_is_the_same = false;
  for (const auto& [base, id] : known_.ids) {
    if (base < bases.front()) {
      // Whoever deletes it has said so before; a list may also have been made
      // while it got another name.
      CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hooks_.bounds_now());
      if (now.log_start < bases.front()) return false;
      continue;
    }
    if (!std::binary_search(bases.begin(), bases.end(), base)) {
      CAUCE_ASSIGN_OR_RETURN(const bool is_lost, IsLost(base));
      if (!front_is_the_same || !is_lost) return false;
      // Whoever reads there is told.
      continue;
    }
    const auto info =
        place_.files->Info(place_.PathOf(SegmentFileName(base, kLogSuffix)));
    if (absl::IsNotFound(info.status())) return false;
    CAUCE_RETURN_IF_ERROR(info.status());
    if (info->id != id) return false;
    front_is_the_same = true;
  }
  return true;
}

absl::StatusOr<bool> LogView::IsLost(Offset base) const {
  CAUCE_ASSIGN_OR_RETURN(const Listed now, ListFiles());
  return now.swaps.empty() && !std::ranges::binary_search(now.logs, base);
}

absl::Status LogView::ListAgain() {
  CAUCE_ASSIGN_OR_RETURN(bounds_, hooks_.bounds_now());
  return Relist();
}

absl::Status LogView::RefreshNames() {
  return place_.may_have_gaps ? Refresh() : ListAgain();
}

absl::Status LogView::AllowGaps() {
  place_.may_have_gaps = true;
  listing_.AllowGaps();
  return ListAgain();
}

absl::Status LogView::Relist() {
  Known before = std::exchange(known_, {});
  if (absl::Status added = AddFrom(Offset{0}); !added.ok()) {
    known_ = std::move(before);
    return added;
  }
  if (!known_.segments.empty()) return absl::OkStatus();
  known_.has_no_file = true;
  if (before.has_no_file &&
      before.segments.front()->base() == bounds_.log_start) {
    // Another one in its place would look like a cut.
    known_.segments = std::move(before.segments);
    return absl::OkStatus();
  }
  known_.segments.push_back(std::make_shared<Segment>(
      place_.At(bounds_.log_start), OpenMode::kRead, 0, bounds_.log_start));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Offset>> LogView::List() {
  std::optional<Offset> seen;
  if (!known_.segments.empty()) seen = known_.segments.back()->base();
  return listing_.List(bounds_.recovery_point, seen);
}

absl::Status LogView::AddFrom(Offset base) {
  if (!place_.may_have_gaps) return AddListed(base, Listed());
  const Known before = known_;
  for (int lists = 0; lists < kScansMax; ++lists) {
    CAUCE_ASSIGN_OR_RETURN(const Listed listed, ListFiles());
    CAUCE_RETURN_IF_ERROR(AddListed(base, listed));
    // Compaction may have been faster: what was added stands side by side.
    CAUCE_ASSIGN_OR_RETURN(const Listed now, ListFiles());
    if (now == listed) {
      known_.listed = listed;
      return absl::OkStatus();
    }
    known_ = before;
  }
  return absl::UnavailableError(fmt::format(
      "{}: its segments have changed during each of {} looks at them; read "
      "again",
      place_.directory, kScansMax));
}

absl::StatusOr<LogView::Listed> LogView::ListFiles() const {
  // Both at once: one becomes the other.
  Listed listed;
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place_.files->List(place_.directory));
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (entry.is_directory || !file) continue;
    if (file->suffix == kLogSuffix) listed.logs.push_back(file->base);
    if (file->suffix == kDeletedLogSuffix) {
      listed.retired.push_back(file->base);
    }
  }
  std::ranges::sort(listed.logs);
  listed.swaps = CompleteSwaps(entries);
  if (listed.swaps.empty()) listed.retired.clear();
  std::ranges::sort(listed.retired);
  return listed;
}

absl::Status LogView::AddListed(Offset from, const Listed& listed) {
  CAUCE_ASSIGN_OR_RETURN(std::vector<Offset> bases, List());
  for (const Offset base : listed.swaps) {
    if (base < from) continue;
    CAUCE_ASSIGN_OR_RETURN(const auto next, AddSwap(base, listed));
    if (!next) continue;
    std::erase_if(bases,
                  [&](Offset each) { return each >= base && each < *next; });
  }
  const auto first = std::lower_bound(bases.begin(), bases.end(), from);
  for (auto at = first; at != bases.end(); ++at) {
    const SegmentPlace place = place_.At(*at);
    const bool is_last = std::next(at) == bases.end();
    const absl::Status added =
        is_last ? AddTail(place) : AddSealed(place, *std::next(at));
    // Retention may have been faster.
    if (!absl::IsNotFound(added)) CAUCE_RETURN_IF_ERROR(added);
  }
  std::ranges::sort(known_.segments, {},
                    [](const auto& each) { return each->base(); });
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Offset>> LogView::AddSwap(Offset base,
                                                       const Listed& listed) {
  const std::string path = place_.PathOf(SegmentFileName(base, kSwapLogSuffix));
  // In this order: another that came since is found to be another.
  const auto info = place_.files->Info(path);
  auto opened = place_.files->Open(path, OpenMode::kRead);
  // It has its own name by now, or is none.
  if (!info.ok() || !opened.ok()) return std::nullopt;
  const std::shared_ptr<File> file = *std::move(opened);
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  CAUCE_ASSIGN_OR_RETURN(
      const ScannedSegment scanned,
      ScanSegment(file, path,
                  {.base = base,
                   .bytes = size,
                   .index_interval_bytes = place_.index_interval_bytes}));
  FoundSwap found{.base = base,
                  .next = scanned.next,
                  .is_whole = scanned.damage.ok() && scanned.bytes == size};
  // As who opens it for writing does: one that was cut at the end of a batch
  // would hide what its sources have behind that.
  CAUCE_ASSIGN_OR_RETURN(
      const auto sources,
      SourcesOf(found, {listed.logs, listed.retired},
                [this](Offset source, std::string_view suffix) {
                  return FindSource(source, suffix);
                }));
  found.is_whole &= CoversSources(found, sources);
  if (!found.is_whole) {
    const std::vector<Offset> back = SourcesToTakeBack(base, sources);
    for (const Offset each : back) CAUCE_RETURN_IF_ERROR(AddRetired(each));
    if (!back.empty()) return std::nullopt;
  }
  const std::vector<Offset>& logs = listed.logs;
  if (!WhyNoSwap(found, logs).empty()) return std::nullopt;
  if (!found.is_whole) {
    // It is what there is up to the next one: reading comes to the damage.
    const auto behind = std::ranges::upper_bound(logs, base);
    found.next =
        behind == logs.end() ? std::max(found.next, base + 1) : *behind;
  }
  known_.segments.push_back(std::make_shared<Segment>(
      place_.At(base), OpenMode::kRead, size, found.next, kSwapSuffix));
  known_.segments.back()->ShareLiveIndex(scanned.index);
  known_.swap_ids[base] = info->id;
  return found.next;
}

absl::StatusOr<ScannedSegment> LogView::ScanAs(Offset base,
                                               std::string_view suffix) const {
  const std::string path = place_.PathOf(SegmentFileName(base, suffix));
  auto opened = place_.files->Open(path, OpenMode::kRead);
  CAUCE_RETURN_IF_ERROR(opened.status());
  const std::shared_ptr<File> file = *std::move(opened);
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  return ScanSegment(file, path,
                     {.base = base,
                      .bytes = size,
                      .index_interval_bytes = place_.index_interval_bytes});
}

absl::StatusOr<FoundSwap> LogView::FindSource(Offset base,
                                              std::string_view suffix) const {
  // Where it ends is all that counts of one that is there.
  const auto scanned = suffix == kLogSuffix
                           ? ScanEnd(place_.At(base), bounds_.recovery_point)
                           : ScanAs(base, suffix);
  // It has given way by now, or nobody can read it.
  const bool is_none = absl::IsNotFound(scanned.status()) ||
                       absl::IsFailedPrecondition(scanned.status()) ||
                       absl::IsPermissionDenied(scanned.status());
  if (is_none) return FoundSwap{.base = base, .next = base};
  CAUCE_RETURN_IF_ERROR(scanned.status());
  const bool is_all =
      scanned->damage.ok() && scanned->bytes == scanned->file_bytes;
  return FoundSwap{.base = base,
                   .next = scanned->next,
                   .is_whole = is_all && scanned->bytes > 0};
}

absl::Status LogView::AddRetired(Offset base) {
  const auto scanned = ScanAs(base, kDeletedLogSuffix);
  // A writer has given it its name back: the names are listed once more.
  if (absl::IsNotFound(scanned.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(scanned.status());
  known_.segments.push_back(std::make_shared<Segment>(
      place_.At(base), OpenMode::kRead, scanned->file_bytes,
      std::max(scanned->next, base + 1), kDeletedSuffix));
  known_.segments.back()->ShareLiveIndex(scanned->index);
  return absl::OkStatus();
}

absl::Status LogView::AddSealed(const SegmentPlace& place, Offset next) {
  // Before its size: that another file has its name from then on is noticed.
  CAUCE_RETURN_IF_ERROR(NoteId(place.base));
  CAUCE_ASSIGN_OR_RETURN(int64_t bytes, SealedBytes(place));
  if (next >= bounds_.recovery_point && !hooks_.closed_now()) {
    // On a full disk a recovery leaves there what it would cut off, and the
    // point in front of it. What cannot be read tells why when reading comes
    // to it.
    const auto scanned = ScanEnd(place, bounds_.recovery_point);
    if (absl::IsResourceExhausted(scanned.status())) return scanned.status();
    if (scanned.ok() && scanned->next == next) bytes = scanned->bytes;
  }
  known_.segments.push_back(
      std::make_shared<Segment>(place, OpenMode::kRead, bytes, next));
  return absl::OkStatus();
}

absl::StatusOr<ScannedSegment> LogView::ScanTail(const SegmentPlace& place) {
  for (int scans = 0; scans < kScansMax; ++scans) {
    CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned,
                           ScanEnd(place, bounds_.recovery_point));
    if (scanned.damage.ok() || scanned.next >= bounds_.recovery_point) {
      return scanned;
    }
    // The log may have been cut before it was scanned, and be written again.
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hooks_.bounds_now());
    if (now.recovery_point == bounds_.recovery_point) return scanned;
    bounds_ = now;
  }
  return absl::UnavailableError(fmt::format(
      "{}: its recovery point has moved during each of {} scans, to {} during "
      "the last one; read again",
      place.directory, kScansMax, bounds_.recovery_point.value));
}

absl::Status LogView::AddTail(const SegmentPlace& place) {
  auto scan = ScanTail(place);
  // That may as well be of the bounds, which are read from a file too.
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  const absl::Status why =
      scan.ok() ? absl::OkStatus() : WhatIsInTheWay(*place.files, path);
  if (!why.ok() && !known_.segments.empty()) {
    CAUCE_ASSIGN_OR_RETURN(bounds_, hooks_.bounds_now());
    // Only what came there since it was listed.
    if (place.base >= bounds_.recovery_point) return why;
    // It hides none of those in front of it: reading comes to it.
    known_.is_unopened = true;
    return AddSealed(place, bounds_.recovery_point);
  }
  CAUCE_RETURN_IF_ERROR(
      AdviseOnStandIn(*place.files, place.directory, path, scan.status()));
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, std::move(scan));
  known_.tail_header = scanned.last_header;
  known_.tail_position = scanned.last_position;
  bool is_damaged =
      !scanned.damage.ok() && scanned.next < bounds_.recovery_point;
  if (!scanned.damage.ok() && scanned.bytes == 0) {
    // Nobody is writing that one: what is behind it would be missing.
    CAUCE_ASSIGN_OR_RETURN(const bool begins_below, BeginsBelowItsName(place));
    CAUCE_ASSIGN_OR_RETURN(const auto overwritten, FindOverwritten(place));
    is_damaged |= begins_below || overwritten.has_value();
  }
  known_.is_torn = !scanned.damage.ok() && !is_damaged;
  if (is_damaged) {
    // It is part of the log, so that reading comes to it, and so is what can
    // be read behind it, unless it is another log's.
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                           place.files->Open(path, OpenMode::kRead));
    const ScanRange range{.base = place.base,
                          .bytes = scanned.file_bytes,
                          .index_interval_bytes = place.index_interval_bytes,
                          .boundary = bounds_.recovery_point};
    CAUCE_ASSIGN_OR_RETURN(const bool is_anothers,
                           BeginsBehindDurable(place, bounds_.recovery_point));
    if (!is_anothers) {
      CAUCE_RETURN_IF_ERROR(ScanBehindDamage(file, path, range, scanned));
    }
    // Reading comes to it where it ends behind its name.
    const Offset end = std::max(bounds_.recovery_point, place.base + 1);
    if (scanned.next < end) {
      scanned.bytes = scanned.file_bytes;
      scanned.next = end;
    }
  }
  known_.segments.push_back(std::make_shared<Segment>(
      place, OpenMode::kRead, scanned.bytes, scanned.next));
  known_.segments.back()->ShareLiveIndex(scanned.index);
  known_.tail = std::move(scanned.index);
  return absl::OkStatus();
}

absl::Status LogView::ExtendTail() {
  Segment& segment = *known_.segments.back();
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  // Mostly there is nothing new, and zeros that need not all be looked at.
  char head[kBatchHeaderBytes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(segment.bytes(), head));
  if (IsZeros({head, read})) return absl::OkStatus();
  ScanRange range{.base = segment.base(), .boundary = bounds_.recovery_point};
  if (!place_.may_have_gaps) range.no_gap_from = bounds_.recovery_point;
  BatchOffsets offsets = range.Offsets();
  offsets.next = segment.next();
  BatchScanner scanner;
  scanner.Start(file, segment.path(), segment.bytes(), size, offsets);
  for (;;) {
    const auto batch = scanner.Next();
    // A batch that is not whole yet, or zeros written ahead.
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    if (!batch.ok() || !*batch) return absl::OkStatus();
    known_.tail->Add(BatchFacts::Of(**batch, scanner.batch_position()));
    known_.tail_header = (*batch)->bytes().substr(0, kBatchHeaderBytes);
    known_.tail_position = scanner.batch_position();
    segment.Publish(scanner.position(), (*batch)->next_offset());
  }
}

absl::Status LogView::NoteId(Offset base) {
  if (!place_.may_have_gaps) return absl::OkStatus();
  const auto info =
      place_.files->Info(place_.PathOf(SegmentFileName(base, kLogSuffix)));
  // A link is none that compaction has made.
  if (absl::IsFailedPrecondition(info.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(info.status());
  known_.ids[base] = info->id;
  return absl::OkStatus();
}

absl::Status LogView::SealTail(Offset next) {
  const std::shared_ptr<Segment> tail = known_.segments.back();
  // Before its size, and that by its name: it may be another file already.
  CAUCE_RETURN_IF_ERROR(NoteId(tail->base()));
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         place_.files->Info(tail->path()));
  if (info.bytes == tail->bytes()) {
    tail->ShareLiveIndex(nullptr);
    return absl::OkStatus();
  }
  // What stands there was not on its way, it is damaged: reading comes to it.
  known_.segments.pop_back();
  return AddSealed(tail->place(), next);
}

void LogView::DropDeleted(Offset first) {
  std::erase_if(known_.ids,
                [first](const auto& each) { return each.first < first; });
  std::erase_if(known_.segments, [first](const auto& segment) {
    return segment->base() < first;
  });
}

}  // namespace cauce
