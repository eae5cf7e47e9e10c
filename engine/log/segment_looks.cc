// Where a time is in a segment, and what stands in front of a record there.
#include <algorithm>
#include <cstddef>
#include <optional>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/segment.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A look-up reads little: the distance between two entries and one batch.
constexpr size_t kLookupBytes = 16 << 10;

// The first record of `batch` in [from, up_to) with `time` or a later one, and
// what stands in front of it in the batch.
absl::StatusOr<std::optional<FoundTime>> FindInBatch(const RecordBatch& batch,
                                                     Timestamp time,
                                                     Offset from, Offset up_to,
                                                     RecordReader& reader) {
  const bool may_hold =
      batch.max_timestamp() >= time && batch.next_offset() > from;
  if (!may_hold) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(reader.Open(batch));
  FoundTime found{.batch_base = batch.base_offset()};
  RecordView record;
  while (reader.Next(&record) && record.offset < up_to) {
    if (record.timestamp >= time && record.offset >= from) {
      found.record = {record.offset, record.timestamp};
      return found;
    }
    found.front.has_record = true;
  }
  CAUCE_RETURN_IF_ERROR(reader.status());
  return std::nullopt;
}

}  // namespace

absl::Status Segment::CheckEnd(const BatchScanner& scanner) const {
  // Zeros are the end of a file that is being recovered; what is part of the
  // log has none.
  if (scanner.position() >= scanner.end()) return absl::OkStatus();
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} at position {}: zeros stand where batches should, up to "
                  "position {}",
                  path(), scanner.position(), scanner.end()));
}

bool Segment::IsStoodInFor(const absl::Status& opened) const {
  return IsStandIn(opened) &&
         IsItselfInTheWay(*place_.files, place_.directory, path());
}

absl::StatusOr<std::optional<FoundTime>> Segment::FindByTime(
    Timestamp time, Offset from, Offset up_to, OnDamage on_damage) {
  BatchScanner scanner(kLookupBytes);
  SegmentFront front;
  CAUCE_ASSIGN_OR_RETURN(auto batch,
                         SeekTime(scanner, time, from, up_to, front));
  // Whatever is found behind it: times need not be in the order of offsets.
  const auto hidden = [&] {
    const bool is_asked = on_damage == OnDamage::kStop;
    return is_asked && front.hidden_time >= time ? front.hidden_by
                                                 : absl::OkStatus();
  };
  RecordReader reader;
  while (batch && batch->base_offset() < up_to) {
    if (batch->base_offset() <= from) front.ForgetHidden();
    auto found = FindInBatch(*batch, time, from, up_to, reader);
    const bool is_damage = IsDamage(found.status());
    if (!is_damage || on_damage == OnDamage::kStop) {
      CAUCE_RETURN_IF_ERROR(found.status());
    }
    if (found.ok() && *found) {
      CAUCE_RETURN_IF_ERROR(hidden());
      if ((*found)->front.has_record) return found;
      front.Reach((*found)->batch_base);
      (*found)->front = front;
      const bool is_first = (*found)->batch_base <= from;
      const bool stops = on_damage == OnDamage::kStop && !is_first;
      if (stops) CAUCE_RETURN_IF_ERROR(front.damage);
      return found;
    }
    if (is_damage) {
      front.PassDamage(found.status(), batch->max_timestamp());
    } else {
      front.Pass(*batch, scanner.position());
    }
    if (batch->next_offset() >= up_to) break;
    CAUCE_ASSIGN_OR_RETURN(batch, NextReadable(scanner, front));
  }
  CAUCE_RETURN_IF_ERROR(hidden());
  return std::nullopt;
}

absl::StatusOr<std::optional<RecordBatch>> Segment::SeekTime(
    BatchScanner& scanner, Timestamp time, Offset from, Offset up_to,
    SegmentFront& front) {
  CAUCE_ASSIGN_OR_RETURN(auto index, Index());
  TimeStretch stretch = index->StretchOf(time);
  const auto largest = [&] {
    return stretch.entry ? stretch.entry->timestamp : kNoTimestamp;
  };
  const auto start = [&] {
    return stretch.entry ? std::max(stretch.entry->offset, base()) : base();
  };
  if (stretch.is_sure && largest() < time) {
    const Offset behind = std::max(stretch.passed + 1, start());
    if (behind >= up_to) return std::nullopt;
    return SeekReadable(scanner, behind, front);
  }
  CAUCE_ASSIGN_OR_RETURN(auto batch, SeekReadable(scanner, start(), front));
  const auto holds = [&] {
    return !stretch.entry ||
           (batch && batch->last_offset() == stretch.entry->offset &&
            batch->max_timestamp() == stretch.entry->timestamp);
  };
  if (!holds()) {
    CAUCE_ASSIGN_OR_RETURN(index, RebuildIndex(index));
    stretch = index->StretchOf(time);
    CAUCE_ASSIGN_OR_RETURN(batch, SeekReadable(scanner, start(), front));
  }
  // The index of the segment that is written to stays as it was loaded.
  if (!holds()) return SeekReadable(scanner, base(), front);
  // No record in front of its entry has that time.
  if (stretch.entry) front.ForgetHidden();
  // Up to the first batch that may have the time.
  while (batch && batch->base_offset() < up_to &&
         batch->max_timestamp() < time) {
    const bool is_passed = batch->last_offset() <= stretch.passed;
    if (is_passed && BatchFacts::Of(*batch, 0).max_timestamp > largest()) {
      return batch;
    }
    if (batch->base_offset() <= from) front.ForgetHidden();
    front.Pass(*batch, scanner.position());
    CAUCE_ASSIGN_OR_RETURN(batch, NextReadable(scanner, front));
  }
  const bool is_whole = !front.met_damage;
  if (batch && batch->base_offset() > stretch.passed && largest() < time &&
      is_whole) {
    index->NoteSure(stretch);
  }
  return batch;
}

absl::StatusOr<SegmentFront> Segment::LookInFrontOf(Offset place) {
  BatchScanner scanner(kLookupBytes);
  const Offset before{place.value - 1};
  const auto batch = Seek(scanner, before);
  if (batch.ok() && *batch && (*batch)->base_offset() < place &&
      (*batch)->record_count() > 0) {
    SegmentFront front;
    front.Pass(**batch, scanner.position());
    return front;
  }
  CAUCE_ASSIGN_OR_RETURN(const auto index, Index());
  const auto entry = index->offsets().FindAtOrBelow(before.value);
  if (entry) {
    CAUCE_ASSIGN_OR_RETURN(auto front, WalkTo(place, entry->offset, scanner));
    if (front.has_record || !front.damage.ok()) return front;
  }
  return WalkTo(place, base(), scanner);
}

absl::StatusOr<SegmentFront> Segment::WalkTo(Offset place, Offset from,
                                             BatchScanner& scanner) {
  SegmentFront front;
  CAUCE_ASSIGN_OR_RETURN(auto batch, SeekReadable(scanner, from, front));
  // A segment's first batch begins where it does.
  const bool from_base = from == base() && !front.met_damage;
  if (from_base) front.next = base();
  while (batch && batch->base_offset() < place) {
    front.Pass(*batch, scanner.position());
    CAUCE_ASSIGN_OR_RETURN(batch, NextReadable(scanner, front));
  }
  if (batch) front.Reach(batch->base_offset());
  return front;
}

absl::StatusOr<std::optional<RecordBatch>> Segment::SeekReadable(
    BatchScanner& scanner, Offset offset, SegmentFront& front) {
  front = {};
  auto batch = Seek(scanner, offset);
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(
        const auto found, PassDamage(scanner, std::move(batch), front));
    if (!found || found->next_offset() > offset) return found;
    front.Pass(*found, scanner.position());
    batch = scanner.Next();
  }
}

absl::StatusOr<std::optional<RecordBatch>> Segment::NextReadable(
    BatchScanner& scanner, SegmentFront& front) {
  return PassDamage(scanner, scanner.Next(), front);
}

absl::StatusOr<std::optional<RecordBatch>> Segment::PassDamage(
    BatchScanner& scanner, absl::StatusOr<std::optional<RecordBatch>> batch,
    SegmentFront& front) {
  // Every time further on in the file.
  while (IsDamage(batch.status())) {
    const absl::Status why = batch.status();
    const Offset expected = scanner.offsets()->next.value_or(base());
    const int64_t end = scanner.end();
    CAUCE_ASSIGN_OR_RETURN(const auto claim, ReadClaim(scanner));
    batch = SeekBehind(scanner, scanner.position(), expected);
    CAUCE_RETURN_IF_ERROR(batch.status());
    // What stands around it bears out what its header says.
    const bool fits =
        claim && claim->base >= expected &&
        claim->end == (*batch ? scanner.batch_position() : end) &&
        claim->next <= (*batch ? (*batch)->base_offset() : next());
    front.PassDamage(why, fits ? claim->largest : SegmentFront::kAnyTime);
    // Its scanner may stand anywhere where it has found nothing.
    if (!*batch) return batch;
  }
  if (batch.ok() && !*batch) {
    const absl::Status zeros = CheckEnd(scanner);
    if (!zeros.ok()) front.PassDamage(zeros);
  }
  return batch;
}

}  // namespace cauce
