#include "engine/log/batch_search.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

// Mostly a batch is near.
constexpr int64_t kFirstPieceBytes = 4 << 10;
constexpr int64_t kPieceBytes = 256 << 10;

// The log may have ended in what is damaged, and that is a gap of its own.
DamagedPlace WithoutBoundary(DamagedPlace place) {
  place.offsets.boundary = BatchOffsets().boundary;
  place.offsets.no_gap_from = BatchOffsets().no_gap_from;
  place.offsets.doubts_gaps = false;
  return place;
}

}  // namespace

BatchSearch::BatchSearch(const DamagedPlace& place, const Limits& limits)
    : place_(WithoutBoundary(place)),
      limits_(limits),
      tried_bytes_max_(std::min(
          limits.tried,
          kTriedBytes + kTriedFactor * (place.end - place.position))) {}

absl::StatusOr<std::optional<FoundBatch>> BatchSearch::Run() {
  left_bytes_ = limits_.first;
  CAUCE_ASSIGN_OR_RETURN(auto first, FirstFrom(place_.position + 1));
  vain_bytes_ = first ? 0 : limits_.first - left_bytes_;
  if (!first) return std::nullopt;
  left_bytes_ = limits_.better;
  CAUCE_ASSIGN_OR_RETURN(bool confirmed, IsConfirmed(*first));
  if (confirmed) return first;
  for (int64_t from = first->position + 1;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto other, FirstFrom(from));
    vain_bytes_ = limits_.better - left_bytes_;
    if (!other) return first;
    CAUCE_ASSIGN_OR_RETURN(confirmed, IsConfirmed(*other));
    if (confirmed) {
      const bool agree =
          other->position >= first->end && other->base >= first->next;
      return agree ? first : other;
    }
    from = other->position + 1;
  }
}

absl::StatusOr<std::optional<FoundBatch>> BatchSearch::RunToEnd() {
  for (int64_t from = place_.position + 1;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto found, FirstFrom(from));
    if (!found) return std::nullopt;
    CAUCE_ASSIGN_OR_RETURN(const bool leads_there, LeadsToEnd(*found));
    if (leads_there) return found;
    // Nor do those behind it, as far as it leads.
    from = std::max(found->position + 1, scanner_.position());
  }
}

absl::StatusOr<bool> BatchSearch::LeadsToEnd(const FoundBatch& batch) {
  BatchOffsets offsets = place_.offsets;
  offsets.next = batch.next;
  scanner_.Start(place_.file, place_.name, batch.end, place_.end, offsets);
  for (;;) {
    const auto next = scanner_.Next();
    if (!next.ok() && !IsDamage(next.status())) return next.status();
    if (!next.ok() || !*next) break;
    tried_bytes_ += scanner_.position() - scanner_.batch_position();
  }
  return scanner_.position() == place_.end;
}

absl::StatusOr<std::optional<FoundBatch>> BatchSearch::FirstFrom(int64_t from) {
  std::string piece;
  int64_t piece_bytes = kFirstPieceBytes;
  for (int64_t at = from; at <= place_.end - kBatchHeaderBytes;) {
    if (left_bytes_ <= 0) return std::nullopt;
    // No header is zeros alone.
    const int64_t data = place_.file->NextData(at);
    at = std::max(at, data - kBatchHeaderBytes + 1);
    if (at > place_.end - kBatchHeaderBytes) break;
    piece.resize(static_cast<size_t>(std::min(piece_bytes, place_.end - at)));
    CAUCE_ASSIGN_OR_RETURN(const size_t read, place_.file->Read(at, piece));
    piece.resize(read);
    left_bytes_ -= static_cast<int64_t>(read);
    const int64_t places = static_cast<int64_t>(read) - kBatchHeaderBytes + 1;
    for (int64_t i = 0; i < places; ++i) {
      const char* const head = piece.data() + i;
      const void* const magic =
          std::memchr(head + layout::kMagic, layout::kMagicValue,
                      static_cast<size_t>(places - i));
      if (magic == nullptr) break;
      i = static_cast<const char*>(magic) - piece.data() - layout::kMagic;
      if (!IsPlausible(piece.data() + i, at + i)) continue;
      CAUCE_ASSIGN_OR_RETURN(auto found, TryAt(at + i));
      if (found) return found;
      if (gave_up()) return std::nullopt;
    }
    // The last places of a piece have only a part of their header in it.
    at += piece_bytes - kBatchHeaderBytes + 1;
    piece_bytes = std::min(2 * piece_bytes, kPieceBytes);
  }
  return std::nullopt;
}

bool BatchSearch::IsPlausible(const char* head, int64_t position) const {
  const int64_t base = LoadBig<int64_t>(head + layout::kBaseOffset);
  const int64_t delta = LoadBig<int32_t>(head + layout::kLastOffsetDelta);
  return layout::MayBeBatch(head, place_.end - position) &&
         Offset{base} >= place_.offsets.next.value_or(Offset{0}) &&
         delta >= 0 && base < place_.offsets.up_to.value - delta;
}

absl::StatusOr<std::optional<FoundBatch>> BatchSearch::TryAt(int64_t position) {
  char head[layout::kHeadBytes];
  CAUCE_ASSIGN_OR_RETURN(const size_t read, place_.file->Read(position, head));
  if (read < sizeof head) return std::nullopt;
  tried_bytes_ += layout::ClaimedBytes(head);
  if (gave_up()) return std::nullopt;
  scanner_.Start(place_.file, place_.name, position, place_.end,
                 place_.offsets);
  const auto batch = scanner_.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  if (!batch.ok() || !*batch) return std::nullopt;
  return FoundBatch{position, scanner_.position(), (*batch)->base_offset(),
                    (*batch)->next_offset()};
}

absl::StatusOr<bool> BatchSearch::IsConfirmed(const FoundBatch& batch) const {
  char head[layout::kHeadBytes] = {};
  const int64_t left = place_.end - batch.end;
  const auto wanted = static_cast<size_t>(std::min<int64_t>(left, sizeof head));
  CAUCE_ASSIGN_OR_RETURN(const size_t read,
                         place_.file->Read(batch.end, {head, wanted}));
  // The end of the file, or zeros that were written ahead.
  if (IsZeros({head, read})) return true;
  const Offset base{LoadBig<int64_t>(head + layout::kBaseOffset)};
  if (base == batch.next) return true;
  return read == sizeof head && base > batch.next &&
         layout::MayBeBatch(head, left);
}

}  // namespace cauce
