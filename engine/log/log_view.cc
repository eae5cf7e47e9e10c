#include "engine/log/log_view.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How often a tail is scanned again because the recovery point has moved. Each
// time a writer has saved it in between, which costs more than the scan.
constexpr int kScansMax = 8;

}  // namespace

LogView::LogView(const SegmentPlace& place, const LogBounds& bounds,
                 BoundsNow bounds_now, ClosedNow closed_now)
    : place_(place),
      bounds_now_(std::move(bounds_now)),
      closed_now_(std::move(closed_now)),
      listing_(place, bounds_now_, closed_now_),
      bounds_(bounds) {}

absl::StatusOr<std::unique_ptr<LogView>> LogView::Open(
    const SegmentPlace& place, const LogBounds& bounds, BoundsNow bounds_now,
    ClosedNow closed_now) {
  std::unique_ptr<LogView> view(
      new LogView(place, bounds, std::move(bounds_now), std::move(closed_now)));
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
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases, List());
  CAUCE_ASSIGN_OR_RETURN(const bool same, TailIsTheSame(bases));
  // The log was cut, or went on so fast that nothing we know is left.
  if (!same) return ListAgain();
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
  CAUCE_ASSIGN_OR_RETURN(bounds_, bounds_now_());
  // Nobody writes behind it as long as it is there, and no more of it is known
  // to have been durable.
  const Segment& last = *known_.segments.back();
  const bool is_same = !bases.empty() && bases.back() == last.base() &&
                       bounds_.recovery_point == last.next() &&
                       !WhatIsInTheWay(last.place()).ok();
  if (!is_same) return Relist();
  DropDeleted(bases.front());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Offset>> LogView::FindLostEnd() {
  const auto is_short = [this] {
    return known_.segments.back()->next() < bounds_.recovery_point;
  };
  for (int looks = 0; is_short() && looks < kScansMax; ++looks) {
    // The bounds may be older than a cut: they and what is there must agree
    // when both are read once more, and the bounds stay as they are meanwhile.
    const Offset before = bounds_.recovery_point;
    CAUCE_RETURN_IF_ERROR(ListAgain());
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, bounds_now_());
    const bool stayed =
        before == bounds_.recovery_point && before == now.recovery_point;
    if (stayed && is_short()) return before;
  }
  return std::nullopt;
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
  CAUCE_ASSIGN_OR_RETURN(const auto known, tail.OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const int64_t known_size, known->Size());
  if (size < tail.bytes() || known_size < size) return false;
  std::string header(known_.tail_header.size(), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         (*named)->Read(known_.tail_position, header));
  return read == header.size() && header == known_.tail_header;
}

absl::Status LogView::ListAgain() {
  CAUCE_ASSIGN_OR_RETURN(bounds_, bounds_now_());
  return Relist();
}

absl::Status LogView::Relist() {
  Known before = std::exchange(known_, {});
  if (absl::Status added = AddFrom(Offset{0}); !added.ok()) {
    known_ = std::move(before);
    return added;
  }
  if (!known_.segments.empty()) return absl::OkStatus();
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
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases, List());
  const auto first = std::lower_bound(bases.begin(), bases.end(), base);
  for (auto at = first; at != bases.end(); ++at) {
    const SegmentPlace place = place_.At(*at);
    const bool is_last = std::next(at) == bases.end();
    const absl::Status added =
        is_last ? AddTail(place) : AddSealed(place, *std::next(at));
    // Retention may have been faster.
    if (!absl::IsNotFound(added)) CAUCE_RETURN_IF_ERROR(added);
  }
  return absl::OkStatus();
}

absl::Status LogView::AddSealed(const SegmentPlace& place, Offset next) {
  CAUCE_ASSIGN_OR_RETURN(int64_t bytes, SealedBytes(place));
  if (next >= bounds_.recovery_point && !closed_now_()) {
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
    CAUCE_ASSIGN_OR_RETURN(const LogBounds now, bounds_now_());
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
  const absl::Status why = scan.ok() ? absl::OkStatus() : WhatIsInTheWay(place);
  if (!why.ok() && !known_.segments.empty()) {
    CAUCE_ASSIGN_OR_RETURN(bounds_, bounds_now_());
    // Only what came there since it was listed.
    if (place.base >= bounds_.recovery_point) return why;
    // It hides none of those in front of it: reading comes to it.
    known_.is_unopened = true;
    return AddSealed(place, bounds_.recovery_point);
  }
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, std::move(scan));
  known_.tail_header = scanned.last_header;
  known_.tail_position = scanned.last_position;
  const bool is_damaged =
      !scanned.damage.ok() && scanned.next < bounds_.recovery_point;
  if (is_damaged) {
    // It is part of the log, so that reading comes to it, and so is what can
    // be read behind it.
    const std::string path =
        place.PathOf(SegmentFileName(place.base, kLogSuffix));
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                           place.files->Open(path, OpenMode::kRead));
    const ScanRange range{.base = place.base,
                          .bytes = scanned.file_bytes,
                          .index_interval_bytes = place.index_interval_bytes,
                          .boundary = bounds_.recovery_point};
    CAUCE_RETURN_IF_ERROR(ScanBehindDamage(file, path, range, scanned));
    if (scanned.next < bounds_.recovery_point) {
      scanned.bytes = scanned.file_bytes;
      scanned.next = bounds_.recovery_point;
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

absl::Status LogView::SealTail(Offset next) {
  const std::shared_ptr<Segment> tail = known_.segments.back();
  CAUCE_ASSIGN_OR_RETURN(const auto file, tail->OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size == tail->bytes()) {
    tail->ShareLiveIndex(nullptr);
    return absl::OkStatus();
  }
  // What stands there was not on its way, it is damaged: reading comes to it.
  known_.segments.pop_back();
  return AddSealed(tail->place(), next);
}

void LogView::DropDeleted(Offset first) {
  std::erase_if(known_.segments, [first](const auto& segment) {
    return segment->base() < first;
  });
}

}  // namespace cauce
