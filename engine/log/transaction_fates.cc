#include "engine/log/transaction_fates.h"

#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "cauce/read.h"
#include "engine/base/status_macros.h"
#include "engine/log/end_marker.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How many markers are kept while reading ahead: 2 MiB of memory.
constexpr size_t kMarkersMax = 1 << 16;

}  // namespace

TransactionFates::TransactionFates(std::shared_ptr<Log> log)
    : log_(std::move(log)) {}

TransactionFates::~TransactionFates() = default;

Offset TransactionFates::position() const {
  return ahead_ == nullptr ? Offset{0} : ahead_->position();
}

void TransactionFates::Begin(Offset from) {
  markers_.clear();
  kept_ = 0;
  holes_.clear();
  cuts_ = log_->cuts();
  ahead_ = std::make_unique<LogCursor>(
      log_, from, CursorOptions{.up_to = ReadUpTo::kHighWatermark});
}

absl::StatusOr<Fate> TransactionFates::Of(const RecordBatch& batch) {
  // What was cut off says nothing any more.
  if (ahead_ == nullptr || cuts_ != log_->cuts()) Begin(batch.next_offset());
  if (ahead_->position() < batch.next_offset()) Begin(batch.next_offset());
  while (!holes_.empty() && holes_.front().offset <= batch.base_offset()) {
    holes_.pop_front();
  }
  // Whoever passes over damage does not come by what is told in there.
  DropUpTo(batch);
  const auto known = markers_.find(batch.producer_id().value);
  if (known == markers_.end() || known->second.empty()) {
    CAUCE_ASSIGN_OR_RETURN(const bool found, FindMarker(batch.producer_id()));
    if (!found) {
      CAUCE_RETURN_IF_ERROR(CheckNoHole(batch.base_offset(), {INT64_MAX}));
      return Fate::kOpen;
    }
  }
  const Marker marker = markers_.at(batch.producer_id().value).front();
  CAUCE_RETURN_IF_ERROR(CheckNoHole(batch.base_offset(), marker.offset));
  return marker.outcome == TransactionOutcome::kCommit ? Fate::kCommitted
                                                       : Fate::kNotShown;
}

void TransactionFates::Pass(const RecordBatch& batch) { DropUpTo(batch); }

void TransactionFates::DropUpTo(const RecordBatch& batch) {
  const auto found = markers_.find(batch.producer_id().value);
  if (found == markers_.end()) return;
  std::deque<Marker>& all = found->second;
  while (!all.empty() && all.front().offset <= batch.base_offset()) {
    all.pop_front();
    --kept_;
  }
  if (all.empty()) markers_.erase(found);
}

absl::StatusOr<bool> TransactionFates::FindMarker(ProducerId producer) {
  // Where nothing more is kept, and who asks for another producer goes on.
  std::optional<Offset> kept_up_to;
  has_read_ = true;
  for (;;) {
    const Offset position = ahead_->position();
    RecordBatch batch;
    const auto more = ahead_->NextBatch(&batch);
    if (IsDamage(more.status())) {
      CAUCE_RETURN_IF_ERROR(PassDamage(more.status()));
      continue;
    }
    CAUCE_RETURN_IF_ERROR(more.status());
    const auto marker = *more ? ParseEndMarker(batch) : std::nullopt;
    const bool found = marker && marker->end.producer_id == producer;
    if (marker && !found && kept_ >= kMarkersMax && !kept_up_to) {
      kept_up_to = position;
    }
    if (found || (marker && !kept_up_to)) Keep(*marker);
    if (!found && *more) continue;
    if (kept_up_to) ahead_->Seek(*kept_up_to);
    return found;
  }
}

absl::Status TransactionFates::PassDamage(const absl::Status& damage) {
  const Offset before = ahead_->position();
  CAUCE_ASSIGN_OR_RETURN(const Offset next, ahead_->SkipDamage());
  // Who looks for the first offset comes by what lies in front of it.
  if (next == before) return absl::OkStatus();
  const bool is_known = !holes_.empty() && holes_.back().offset >= next;
  if (!is_known) holes_.push_back({next, damage});
  return absl::OkStatus();
}

void TransactionFates::Keep(const EndMarker& marker) {
  std::deque<Marker>& all = markers_[marker.end.producer_id.value];
  // One that was read again.
  if (!all.empty() && all.back().offset >= marker.offset) return;
  all.push_back({marker.offset, marker.end.outcome});
  ++kept_;
}

absl::Status TransactionFates::CheckNoHole(Offset from, Offset up_to) const {
  for (const Hole& hole : holes_) {
    if (hole.offset <= from || hole.offset > up_to) continue;
    return Annotate(hole.damage,
                    fmt::format("whether the transaction of the batch at "
                                "offset {} was committed may stand in what "
                                "cannot be read",
                                from.value));
  }
  return absl::OkStatus();
}

}  // namespace cauce
