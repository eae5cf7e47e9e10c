#include "engine/log/producer_replay.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"

namespace cauce {
namespace {

using FoundBatch = absl::StatusOr<std::optional<RecordBatch>>;

// `found` is what `scanner` came upon in `segment`: a batch, nothing at the
// end, or damage; then what stands behind that.
FoundBatch BehindDamage(Segment& segment, BatchScanner& scanner,
                        FoundBatch found) {
  while (!found.ok() && IsDamage(found.status())) {
    // Every time further on in the file.
    found =
        segment.SeekBehind(scanner, scanner.position(),
                           scanner.offsets()->next.value_or(segment.base()));
  }
  return found;
}

class Walk {
 public:
  Walk(Offset from, Offset up_to, const Replay& replay)
      : up_to_(up_to), expected_(from), replay_(replay) {}

  // False where all of the range was seen.
  absl::StatusOr<bool> Take(Segment& segment) {
    FoundBatch found = segment.Seek(scanner_, expected_);
    for (;;) {
      is_damaged_ |= IsDamage(found.status());
      CAUCE_ASSIGN_OR_RETURN(const auto batch,
                             BehindDamage(segment, scanner_, std::move(found)));
      if (!batch) {
        // Zeros are the end of no segment that is part of a log.
        is_damaged_ |= scanner_.position() < scanner_.end();
        return true;
      }
      if (batch->base_offset() >= up_to_) return false;
      if (batch->next_offset() > expected_) {
        PassUpTo(batch->base_offset());
        replay_.take(*batch, segment);
        expected_ = batch->next_offset();
      }
      found = scanner_.Next();
    }
  }

  // What is behind the last batch and in front of `end` was not read.
  void PassUpTo(Offset end) {
    const OffsetRange gap{expected_, end};
    const bool is_damaged = std::exchange(is_damaged_, false);
    if (gap.base >= gap.next) return;
    if (is_damaged || replay_.is_missing(gap)) replay_.pass_damage(end);
  }

 private:
  const Offset up_to_;
  Offset expected_;
  const Replay& replay_;
  BatchScanner scanner_;
  bool is_damaged_ = false;  // what lies behind the last batch
};

}  // namespace

absl::Status ReplayBatches(const SegmentSet& set, Offset from, Offset up_to,
                           const Replay& replay) {
  if (from >= up_to) return absl::OkStatus();
  Walk walk(from, up_to, replay);
  for (std::shared_ptr<Segment> segment = set.Find(from);
       segment != nullptr && segment->base() < up_to;
       segment = set.After(segment->base())) {
    CAUCE_ASSIGN_OR_RETURN(const bool goes_on, walk.Take(*segment));
    if (!goes_on) break;
  }
  walk.PassUpTo(up_to);
  return absl::OkStatus();
}

}  // namespace cauce
