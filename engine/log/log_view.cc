#include "engine/log/log_view.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"

namespace cauce {

LogView::LogView(const SegmentPlace& place, Offset log_start,
                 Offset recovery_point)
    : place_(place), log_start_(log_start), recovery_point_(recovery_point) {}

absl::StatusOr<std::unique_ptr<LogView>> LogView::Open(
    const SegmentPlace& place, Offset log_start, Offset recovery_point) {
  std::unique_ptr<LogView> view(new LogView(place, log_start, recovery_point));
  CAUCE_RETURN_IF_ERROR(view->AddFrom(Offset{0}));
  if (view->segments_.empty()) {
    view->segments_.push_back(std::make_shared<Segment>(
        place.At(log_start), OpenMode::kRead, 0, log_start));
  }
  return view;
}

absl::Status LogView::Refresh() {
  if (tail_ == nullptr) {
    // There was no file yet.
    const SegmentSet::List none = std::exchange(segments_, {});
    CAUCE_RETURN_IF_ERROR(AddFrom(Offset{0}));
    if (segments_.empty()) segments_ = none;
    return absl::OkStatus();
  }
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases,
                         ListSegmentBases(place_));
  const Offset tail = segments_.back()->base();
  const bool tail_is_there =
      std::binary_search(bases.begin(), bases.end(), tail);
  const auto info = place_.files->Info(segments_.back()->path());
  const bool tail_was_cut =
      !info.ok() || info->bytes < segments_.back()->bytes();
  if (!tail_is_there || tail_was_cut) {
    // The log was cut, or went on so fast that nothing we know is left.
    segments_.clear();
    tail_ = nullptr;
    CAUCE_RETURN_IF_ERROR(AddFrom(Offset{0}));
    if (!segments_.empty()) return absl::OkStatus();
    segments_.push_back(std::make_shared<Segment>(
        place_.At(log_start_), OpenMode::kRead, 0, log_start_));
    return absl::OkStatus();
  }
  DropDeleted(bases.front());
  CAUCE_RETURN_IF_ERROR(ExtendTail());
  if (bases.back() == tail) return absl::OkStatus();
  // A segment follows, so this one is complete.
  segments_.back()->ShareLiveIndex(nullptr);
  return AddFrom(tail + 1);
}

absl::Status LogView::AddFrom(Offset base) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases,
                         ListSegmentBases(place_));
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
  CAUCE_ASSIGN_OR_RETURN(
      const FileInfo info,
      place.files->Info(place.PathOf(SegmentFileName(place.base, kLogSuffix))));
  segments_.push_back(
      std::make_shared<Segment>(place, OpenMode::kRead, info.bytes, next));
  return absl::OkStatus();
}

absl::Status LogView::AddTail(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned, ScanEnd(place));
  if (!scanned.damage.ok() && scanned.next < recovery_point_) {
    // The file as it is, so that reading comes to the damage.
    CAUCE_RETURN_IF_ERROR(AddSealed(place, recovery_point_));
    segments_.back()->ShareLiveIndex(scanned.index);
    tail_ = std::move(scanned.index);
    return absl::OkStatus();
  }
  segments_.push_back(std::make_shared<Segment>(place, OpenMode::kRead,
                                                scanned.bytes, scanned.next));
  segments_.back()->ShareLiveIndex(scanned.index);
  tail_ = std::move(scanned.index);
  return absl::OkStatus();
}

absl::Status LogView::ExtendTail() {
  Segment& segment = *segments_.back();
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  // Mostly there is nothing new, and zeros that need not all be looked at.
  char head[kBatchHeaderBytes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(segment.bytes(), head));
  if (std::all_of(head, head + read, [](char byte) { return byte == 0; })) {
    return absl::OkStatus();
  }
  BatchScanner scanner;
  scanner.Start(file, segment.path(), segment.bytes(), size);
  for (;;) {
    const auto batch = scanner.Next();
    // A batch that is not whole yet, or zeros written ahead.
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    if (!batch.ok() || !*batch) return absl::OkStatus();
    if ((*batch)->base_offset() < segment.next()) return absl::OkStatus();
    tail_->Add(BatchFacts::Of(**batch, scanner.batch_position()));
    segment.Publish(scanner.position(), (*batch)->next_offset());
  }
}

void LogView::DropDeleted(Offset first) {
  std::erase_if(segments_, [first](const auto& segment) {
    return segment->base() < first;
  });
}

}  // namespace cauce
