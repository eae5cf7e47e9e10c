#include "engine/log/batch_behind.h"

#include <algorithm>
#include <ranges>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

// What `scanner` finds at a place where a batch may begin.
enum class Found { kBatch, kDamage, kEnd };

absl::StatusOr<Found> LookAt(int64_t position, const DamagedPlace& damaged,
                             BatchScanner& scanner,
                             std::optional<RecordBatch>& batch) {
  BatchOffsets offsets = damaged.offsets;
  // What is damaged is a gap of its own.
  offsets.no_gap_from = BatchOffsets().no_gap_from;
  offsets.doubts_gaps = false;
  scanner.Start(damaged.file, damaged.name, position, damaged.end, offsets);
  auto found = scanner.Next();
  const bool may_reach_over = offsets.next && *offsets.next < offsets.boundary;
  if (IsDamage(found.status()) && may_reach_over) {
    // All up to the boundary may have been in what is damaged.
    offsets.next = offsets.boundary;
    scanner.Start(damaged.file, damaged.name, position, damaged.end, offsets);
    found = scanner.Next();
  }
  if (!found.ok() && !IsDamage(found.status())) return found.status();
  if (!found.ok()) return Found::kDamage;
  batch = *found;
  return batch ? Found::kBatch : Found::kEnd;
}

// Where the damaged batch says it ends; its own position where it does not.
absl::StatusOr<int64_t> ClaimedEnd(const DamagedPlace& damaged) {
  char head[layout::kLengthExcludes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         damaged.file->Read(damaged.position, head));
  if (read < sizeof head) return damaged.position;
  return damaged.position + layout::ClaimedBytes(head);
}

}  // namespace

NextPosition EntriesBehind(const OffsetIndex& index, int64_t position) {
  const auto all = std::views::iota(size_t{0}, index.size());
  const size_t first = *std::ranges::partition_point(
      all, [&](size_t at) { return index[at].position <= position; });
  return [&index, count = index.size(),
          at = first]() mutable -> absl::StatusOr<std::optional<int64_t>> {
    if (at >= count) return std::nullopt;
    return index[at++].position;
  };
}

absl::StatusOr<std::optional<RecordBatch>> FindBatchBehind(
    BatchScanner& scanner, const DamagedPlace& damaged,
    const NextPosition& entries) {
  std::optional<RecordBatch> batch;
  CAUCE_ASSIGN_OR_RETURN(const int64_t claimed, ClaimedEnd(damaged));
  if (claimed > damaged.position && claimed < damaged.end) {
    CAUCE_ASSIGN_OR_RETURN(const Found found,
                           LookAt(claimed, damaged, scanner, batch));
    if (found == Found::kBatch) return batch;
  }
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto entry, entries());
    if (!entry || *entry >= damaged.end) return std::nullopt;
    if (*entry <= damaged.position) continue;
    CAUCE_ASSIGN_OR_RETURN(const Found found,
                           LookAt(*entry, damaged, scanner, batch));
    if (found == Found::kBatch) return batch;
    // Nothing but zeros: none of the entries behind leads anywhere.
    if (found == Found::kEnd) return std::nullopt;
  }
}

absl::StatusOr<std::optional<BatchClaim>> ReadClaim(BatchScanner& scanner) {
  const int64_t position = scanner.position();
  CAUCE_ASSIGN_OR_RETURN(const std::string_view bytes,
                         scanner.Load(position + layout::kRecords));
  const bool is_header =
      std::ssize(bytes) >= layout::kRecords &&
      layout::MayBeBatch(bytes.data(), scanner.end() - position);
  if (!is_header) return std::nullopt;
  const char* const head = bytes.data();
  const Offset base{LoadBig<int64_t>(head + layout::kBaseOffset)};
  const auto delta = LoadBig<int32_t>(head + layout::kLastOffsetDelta);
  if (base < Offset{0} || delta < 0) return std::nullopt;
  if (base.value > INT64_MAX - delta - 1) return std::nullopt;
  return BatchClaim{
      .base = base,
      .next = base + delta + 1,
      .end = position + layout::ClaimedBytes(head),
      .largest = {LoadBig<int64_t>(head + layout::kMaxTimestamp)}};
}

}  // namespace cauce
