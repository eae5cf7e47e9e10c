#include "engine/log/aborted_walk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_name.h"

namespace cauce {

absl::StatusOr<AbortedIndex> AbortedWalk::FindIn(
    Offset base, std::span<const Offset> bases) {
  if (base < taken_to_) {
    producers_ = ProducerTable();
    taken_to_ = Offset{0};
  }
  AbortedIndex of_segment;
  for (size_t i = 0; i < bases.size() && bases[i] <= base; ++i) {
    const Offset each = bases[i];
    if (each < taken_to_) continue;
    const Offset next = i + 1 < bases.size() ? bases[i + 1] : Offset{INT64_MAX};
    AbortedIndex aborted;
    const absl::Status taken = Take(each, next, aborted);
    if (!taken.ok()) {
      // Half of it was: the next call begins anew.
      taken_to_ = Offset{INT64_MAX};
      return taken;
    }
    taken_to_ = each + 1;
    if (each == base) of_segment = std::move(aborted);
  }
  return of_segment;
}

absl::Status AbortedWalk::Take(Offset base, Offset next,
                               AbortedIndex& aborted) {
  const std::string path =
      JoinPath(directory_, SegmentFileName(base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                         files_.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  BatchScanner scanner;
  // In order: no CRC covers where a marker stands.
  scanner.Start(file, path, 0, size, BatchOffsets{.next = base, .up_to = next});
  for (;;) {
    const auto batch = scanner.Next();
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    if (!batch.ok() || !*batch) return absl::OkStatus();
    if (const auto ended = producers_.Take(**batch)) aborted.Add(*ended);
  }
}

}  // namespace cauce
