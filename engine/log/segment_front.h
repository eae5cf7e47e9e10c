// What stands right in front of a place in a segment, as who walks towards it
// finds: he tells of each batch and each damage that he passes. Pure; for one
// thread at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

struct SegmentFront {
  // Of damage that says nothing of its times.
  static constexpr Timestamp kAnyTime{INT64_MAX};

  // Whether the last that was met is a record, and no damage.
  bool has_record = false;
  // Else why what stands behind the last record cannot be read. OK where
  // nothing stands there.
  absl::Status damage;
  // Whether any was met at all.
  bool met_damage = false;
  // The largest time that what damage hides may have, and which that is: OK
  // where none was met.
  Timestamp hidden_time;
  absl::Status hidden_by;
  // The offsets that are left out behind the last record.
  OffsetRange gap;
  // Where what was met last ends, in the file and in offsets. Nothing where
  // the walk has begun there, or in front of it stands damage.
  int64_t position = 0;
  std::optional<Offset> next;

  // The walk goes over `batch`, which ends at `end` in the file.
  void Pass(const RecordBatch& batch, int64_t end);
  // Over what cannot be read, of which no record has a later time than
  // `largest`.
  void PassDamage(const absl::Status& why, Timestamp largest = kAnyTime);
  // What was hidden so far is not asked for.
  void ForgetHidden() { hidden_by = absl::OkStatus(); }
  // The walk is in front of a batch that begins at `base`.
  void Reach(Offset base);

  friend bool operator==(const SegmentFront&, const SegmentFront&) = default;
};

}  // namespace cauce
