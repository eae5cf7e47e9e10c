// Reads the records of the partitions it was given, one partition after the
// other, each from an offset on and up to where it ends; may be asked again
// when more has been written. However many partitions there are, few cursors
// with their buffers are there at a time, and one that was read up to its end
// is let go of. For one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cauce/cursor.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce::cli {

// Whether a batch cannot be right, or cannot be decoded, be it that it grows
// too large: what --skip-damage goes past.
bool IsUnreadableBatch(const absl::Status& failure);

// Whether something else than a file stands where one should, or one that may
// not be read.
bool IsNoFile(const absl::Status& failure);

// One partition and what to read of it.
struct SourcePart {
  Partition partition;
  Offset from;
  // Read no record at or behind it; none while following.
  std::optional<Offset> up_to;
  // Records that stood behind its end are lost: who comes there sees damage.
  bool is_cut_short = false;
};

class RecordSource {
 public:
  enum class Next { kGoOn, kStop };

  // A record, where it lies, and whose time it has.
  struct Item {
    PartitionId partition;
    TimestampType timestamp_type;
    const RecordView& record;
  };
  using Take = std::function<Next(const Item&)>;
  // What a partition could not be read for: OK where the others are to be read
  // without it, else the error to end with.
  using GiveUp = std::function<absl::Status(const absl::Status&)>;

  explicit RecordSource(OnDamage on_damage,
                        Isolation isolation = Isolation::kReadUncommitted)
      : on_damage_(on_damage), isolation_(isolation) {}

  // From now on reads this one too.
  void Add(SourcePart part);

  // Hands every record there is now to `take`, until it answers kStop. With
  // kSkip damage is told by a note and passed by, as is what is no file in a
  // segment's place; else it ends the reading, as does what else fails, unless
  // `give_up` takes it.
  absl::Status ReadAvailable(const Take& take, const GiveUp& give_up = {});

  bool damage_seen() const { return damage_seen_; }

  // Of partitions that are followed so many stay open for what comes next; of
  // the others it is looked for anew.
  static constexpr size_t kCursorsMax = 64;

  // How many partitions there is something to read of, or may be; and how many
  // cursors are open.
  size_t parts() const { return lanes_.size(); }
  size_t cursors() const { return cursors_; }

 private:
  struct Lane {
    // `from` is where a cursor is to begin.
    SourcePart part;
    std::optional<Cursor> cursor;
  };

  // Opens the lane's cursor, unless there is nothing to read there.
  absl::Status OpenCursor(Lane& lane);
  void CloseCursor(Lane& lane);
  // All there is now of one partition; false when `take` wants no more.
  absl::StatusOr<bool> ReadPart(Lane& lane, const Take& take);
  // Returns false when `take` wants no more.
  absl::StatusOr<bool> ReadLane(Lane& lane, const Take& take);
  absl::StatusOr<bool> ReadBatch(Lane& lane, const RecordBatch& batch,
                                 const Take& take);
  absl::Status PassDamage(Lane& lane, const absl::Status& damage);

  std::list<Lane> lanes_;
  size_t cursors_ = 0;
  const OnDamage on_damage_;
  const Isolation isolation_;
  bool damage_seen_ = false;
  RecordReader reader_;
};

}  // namespace cauce::cli
