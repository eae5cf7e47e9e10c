#include "tools/cli/record_source.h"

#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tools/cli/note.h"

namespace cauce::cli {

bool IsUnreadableBatch(const absl::Status& failure) {
  return IsDamage(failure) || ReasonOf(failure) == Reason::kBatchTooLarge;
}

bool IsNoFile(const absl::Status& failure) {
  return absl::IsPermissionDenied(failure) ||
         (absl::IsFailedPrecondition(failure) &&
          ReasonOf(failure) == Reason::kNone);
}

void RecordSource::Add(SourcePart part) {
  lanes_.push_back({std::move(part), std::nullopt});
}

absl::Status RecordSource::ReadAvailable(const Take& take,
                                         const GiveUp& give_up) {
  for (auto lane = lanes_.begin(); lane != lanes_.end();) {
    const auto more = ReadPart(*lane, take);
    if (more.ok() && !*more) break;
    if (!more.ok()) {
      absl::Status given_up = give_up ? give_up(more.status()) : more.status();
      if (!given_up.ok()) return given_up;
    }
    const bool is_done = !more.ok() || lane->part.up_to.has_value();
    damage_seen_ |= lane->part.is_cut_short;
    if (is_done || cursors_ > kCursorsMax) CloseCursor(*lane);
    lane = is_done ? lanes_.erase(lane) : std::next(lane);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RecordSource::ReadPart(Lane& lane, const Take& take) {
  if (absl::Status opened = OpenCursor(lane); !opened.ok()) return opened;
  if (!lane.cursor) return true;
  return ReadLane(lane, take);
}

absl::Status RecordSource::OpenCursor(Lane& lane) {
  if (lane.cursor) return absl::OkStatus();
  const SourcePart& part = lane.part;
  if (!part.up_to && cursors_ >= kCursorsMax) {
    // To look for more takes less than a cursor.
    const auto more = part.partition.WaitFor(part.from, absl::ZeroDuration());
    if (!more.ok()) return more.status();
    // A log that was cut since is told of by its cursor.
    const bool is_cut = part.partition.high_watermark() < part.from;
    if (!*more && !is_cut) return absl::OkStatus();
  }
  lane.cursor.emplace(
      part.partition.Read(part.from, {.isolation = isolation_}));
  ++cursors_;
  return absl::OkStatus();
}

void RecordSource::CloseCursor(Lane& lane) {
  if (!lane.cursor) return;
  lane.part.from = lane.cursor->position();
  lane.cursor.reset();
  --cursors_;
}

absl::StatusOr<bool> RecordSource::ReadLane(Lane& lane, const Take& take) {
  Cursor& cursor = *lane.cursor;
  for (;;) {
    if (lane.part.up_to && cursor.position() >= *lane.part.up_to) {
      return true;
    }
    RecordBatch batch;
    const auto found = cursor.NextBatch(&batch);
    if (!found.ok()) {
      if (absl::Status status = PassDamage(lane, found.status());
          !status.ok()) {
        return status;
      }
      continue;
    }
    if (!*found) return true;
    const auto more = ReadBatch(lane, batch, take);
    if (!more.ok() || !*more) return more;
    lane.part.from = batch.next_offset();
  }
}

absl::StatusOr<bool> RecordSource::ReadBatch(Lane& lane,
                                             const RecordBatch& batch,
                                             const Take& take) {
  if (batch.is_control()) return true;
  absl::Status status = reader_.Open(batch);
  RecordView record;
  while (status.ok() && reader_.Next(&record)) {
    if (record.offset < lane.part.from) continue;
    if (lane.part.up_to && record.offset >= *lane.part.up_to) return true;
    const Item item{lane.part.partition.name().partition,
                    batch.timestamp_type(), record};
    if (take(item) == Next::kStop) return false;
  }
  if (status.ok()) status = reader_.status();
  if (status.ok()) return true;
  // The cursor is behind the batch already: its CRC was right.
  if (on_damage_ == OnDamage::kStop || !IsUnreadableBatch(status)) {
    return status;
  }
  damage_seen_ = true;
  Note(fmt::format("passed by: {}", MessageOf(status)));
  return true;
}

absl::Status RecordSource::PassDamage(Lane& lane, const absl::Status& damage) {
  const Offset start = lane.part.partition.log_start();
  if (ReasonOf(damage) == Reason::kOffsetOutOfRange &&
      lane.cursor->position() < start) {
    // Retention was faster: no record that is there is left out.
    Note(fmt::format("{}: the records from offset {} to {} have gone meanwhile",
                     lane.part.partition.name().ToString(),
                     lane.cursor->position().value, start.value));
    lane.cursor->Seek(start);
    return absl::OkStatus();
  }
  const bool is_passed = IsUnreadableBatch(damage) || IsNoFile(damage);
  if (on_damage_ == OnDamage::kStop || !is_passed) return damage;
  const Offset before = lane.cursor->position();
  damage_seen_ = true;
  const auto next = lane.cursor->SkipDamage();
  if (!next.ok()) return next.status();
  // It was not a segment that may not be read.
  if (!IsUnreadableBatch(damage) && *next <= before) return damage;
  Note(fmt::format("passed by: {}; reading goes on at offset {}",
                   MessageOf(damage), next->value));
  return absl::OkStatus();
}

}  // namespace cauce::cli
