#include "engine/log/producer_replay.h"

#include <memory>
#include <optional>

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

}  // namespace

absl::Status ReplayBatches(const SegmentSet& set, Offset from, Offset up_to,
                           TakeBatch take) {
  if (from >= up_to) return absl::OkStatus();
  BatchScanner scanner;
  for (std::shared_ptr<Segment> segment = set.Find(from);
       segment != nullptr && segment->base() < up_to;
       segment = set.After(segment->base())) {
    FoundBatch found = segment->Seek(scanner, from);
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const auto batch,
                             BehindDamage(*segment, scanner, std::move(found)));
      if (!batch) break;
      if (batch->base_offset() >= up_to) return absl::OkStatus();
      if (batch->next_offset() > from) take(*batch, *segment);
      found = scanner.Next();
    }
  }
  return absl::OkStatus();
}

}  // namespace cauce
