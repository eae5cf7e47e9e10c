#include "engine/log/segments_above_end.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/other_format.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_intruders.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kMendAccess =
    "mend what keeps it from being read, and verify again";
constexpr std::string_view kBehindCloseAdvice =
    "let cauce log repair put it aside; but where it is this log's, and older "
    "small files were put back, move .kafka_cleanshutdown away before anything "
    "opens the directory for writing, or repairs it";

// Whether a segment's file holds a batch, of this release or of another.
absl::StatusOr<bool> HoldsAny(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const auto first, FirstBatchOffset(place));
  if (first && *first >= place.base) return true;
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         ScanEnd(place, place.base));
  if (scanned.next != place.base) return true;
  if (scanned.damage.ok()) return false;
  CAUCE_ASSIGN_OR_RETURN(
      const auto file,
      place.files->Open(place.PathOf(SegmentFileName(place.base, kLogSuffix)),
                        OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  return IsOfOtherFormat(*file, scanned.bytes, bytes, scanned.damage);
}

// Over all of a segment's file, wherever its batches say they belong.
absl::Status StartAtFront(const SegmentPlace& place, BatchScanner& scanner) {
  std::string path = place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<const File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  scanner.Start(std::move(file), std::move(path), 0, bytes);
  return absl::OkStatus();
}

// Nothing at the end, and where it is damaged.
absl::StatusOr<std::optional<RecordBatch>> NextWhole(BatchScanner& scanner) {
  auto batch = scanner.Next();
  if (IsDamage(batch.status())) return std::nullopt;
  return batch;
}

}  // namespace

absl::StatusOr<size_t> CountAboveEnd(const SegmentPlace& place,
                                     std::span<const Offset> bases,
                                     Offset end) {
  const auto above = std::ranges::upper_bound(bases, end);
  if (above == bases.begin() || above == bases.end()) return size_t{0};
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment last,
                         ScanEnd(place.At(*std::prev(above)), end));
  if (last.next != end) return size_t{0};
  for (auto base = above; base != bases.end(); ++base) {
    CAUCE_ASSIGN_OR_RETURN(const bool holds_any, HoldsAny(place.At(*base)));
    if (holds_any) return size_t{0};
  }
  return static_cast<size_t>(std::distance(above, bases.end()));
}

absl::StatusOr<size_t> CountBehindClose(const SegmentPlace& place,
                                        std::span<const Offset> bases,
                                        Offset end) {
  size_t count = 0;
  for (; count < bases.size(); ++count) {
    const Offset base = bases[bases.size() - count - 1];
    if (base < end) break;
    // What is no file is told as that, and stays.
    const std::string path = place.PathOf(SegmentFileName(base, kLogSuffix));
    if (!WhatIsInTheWay(*place.files, path).ok()) break;
    if (base > end) continue;
    CAUCE_ASSIGN_OR_RETURN(const auto first, FirstBatchOffset(place.At(end)));
    if (!first) break;
  }
  return count;
}

absl::StatusOr<AboveEnd> FindBehindEnd(const SegmentPlace& place,
                                       std::span<const Offset> bases,
                                       Offset durable, Offset log_start) {
  const Offset floor = std::max(durable, log_start);
  size_t count = 0;
  while (count + 1 < bases.size()) {
    const Offset base = bases[bases.size() - count - 1];
    if (base <= floor) break;
    CAUCE_ASSIGN_OR_RETURN(const bool holds_any, HoldsAny(place.At(base)));
    if (holds_any) break;
    ++count;
  }
  if (count == 0) return AboveEnd();
  CAUCE_ASSIGN_OR_RETURN(
      const ScannedSegment last,
      ScanEnd(place.At(bases[bases.size() - count - 1]), durable));
  // Where it goes on behind that nobody knows.
  if (!last.damage.ok()) return AboveEnd();
  // A cut takes the newest segment first, and only then the end of this one.
  CAUCE_RETURN_IF_ERROR(
      place.files->Info(place.PathOf(SegmentFileName(bases.back(), kLogSuffix)))
          .status());
  while (count > 0 && bases[bases.size() - count] <= last.next) --count;
  return count > 0 ? AboveEnd{count, last.next} : AboveEnd();
}

absl::StatusOr<bool> BeginsBelowItsName(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(
      const auto file,
      place.files->Open(place.PathOf(SegmentFileName(place.base, kLogSuffix)),
                        OpenMode::kRead));
  char head[layout::kHeadBytes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(0, head));
  const bool may_begin_below =
      read == sizeof head && head[layout::kMagic] == layout::kMagicValue &&
      LoadBig<int64_t>(head + layout::kBaseOffset) < place.base.value;
  if (!may_begin_below) return false;
  CAUCE_ASSIGN_OR_RETURN(const auto first, FirstBatchOffset(place));
  return first && *first < place.base;
}

absl::StatusOr<bool> LiesBelowItsName(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const bool begins_below, BeginsBelowItsName(place));
  if (!begins_below) return false;
  BatchScanner scanner;
  CAUCE_RETURN_IF_ERROR(StartAtFront(place, scanner));
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, NextWhole(scanner));
    if (!batch) return true;
    if (batch->base_offset() >= place.base) return false;
  }
}

absl::StatusOr<bool> BeginsBehindDurable(const SegmentPlace& place,
                                         Offset durable) {
  if (place.base >= durable) return false;
  BatchScanner scanner;
  CAUCE_RETURN_IF_ERROR(StartAtFront(place, scanner));
  std::optional<Offset> expected;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, NextWhole(scanner));
    if (!batch || batch->base_offset() < durable) return false;
    if (expected) return batch->base_offset() == *expected;
    expected = batch->next_offset();
  }
}

AboveEndWords DescribeAboveEnd(const SegmentPlace& place,
                               std::optional<Offset> end) {
  const auto first = FirstBatchOffset(place);
  AboveEndWords words{.advice = kIntruderAdvice};
  std::string holds = "it holds no batch";
  if (!first.ok()) {
    holds = fmt::format("what it holds cannot be seen: {}",
                        MessageOf(first.status()));
    words.advice = kMendAccess;
  } else if (*first) {
    holds = fmt::format("its first batch begins at offset {}", (*first)->value);
    words.advice = kNameFirst;
    words.has_records = true;
  }
  const bool has_its_name = first.ok() && *first && **first >= place.base;
  words.what = fmt::format("is no segment of {}: {}",
                           has_its_name ? "the log" : "that name", holds);
  if (end) {
    words.what +=
        has_its_name
            ? fmt::format(", and the log was closed at offset {}, and nobody "
                          "has opened it since",
                          end->value)
            : fmt::format(", and the log ends at offset {}", end->value);
    if (has_its_name) words.advice = kBehindCloseAdvice;
  }
  return words;
}

}  // namespace cauce
