#include "engine/log/outgrown_close.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Follows batches that continue each other, from file to file.
class Chain {
 public:
  Chain(const SegmentPlace& place, Offset next) : place_(place), next_(next) {}

  Offset next() const { return next_; }

  // Goes on in the file called by `base`, at `position`, as long as each batch
  // begins where the one in front ends. Returns whether any did.
  absl::StatusOr<bool> Follow(Offset base, int64_t position) {
    const Offset before = next_;
    std::string path = place_.PathOf(SegmentFileName(base, kLogSuffix));
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<const File> file,
                           place_.files->Open(path, OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    scanner_.Start(std::move(file), std::move(path), position, bytes);
    for (;;) {
      const auto batch = scanner_.Next();
      if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
      const bool goes_on = batch.ok() && *batch &&
                           (*batch)->base_offset() == next_ &&
                           (*batch)->leader_epoch() >= epoch_;
      if (!goes_on) return next_ > before;
      next_ = (*batch)->next_offset();
      epoch_ = (*batch)->leader_epoch();
    }
  }

 private:
  const SegmentPlace& place_;
  Offset next_;
  LeaderEpoch epoch_;
  BatchScanner scanner_;
};

// It is not there, or no file.
bool IsNone(const absl::Status& seen) {
  return absl::IsNotFound(seen) || absl::IsFailedPrecondition(seen);
}

absl::StatusOr<bool> HasGrown(const SegmentPlace& place,
                              const KnownSegment& last) {
  const auto info =
      place.files->Info(place.PathOf(SegmentFileName(last.base, kLogSuffix)));
  if (IsNone(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  return !info->is_directory && info->bytes > last.bytes;
}

}  // namespace

absl::StatusOr<std::optional<Offset>> FindOutgrown(const SegmentPlace& place,
                                                   const KnownLog& known) {
  const KnownSegment& last = known.segments.back();
  CAUCE_ASSIGN_OR_RETURN(const bool has_grown, HasGrown(place, last));
  if (!has_grown) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const std::vector<Offset> bases,
                         ListSegmentBases(place));
  auto behind = std::ranges::upper_bound(bases, last.base);
  if (behind == bases.end() || *behind <= known.end) return std::nullopt;
  Chain chain(place, known.end);
  bool is_confirmed = false;
  CAUCE_ASSIGN_OR_RETURN(bool goes_on, chain.Follow(last.base, last.bytes));
  for (; goes_on && behind != bases.end() && *behind == chain.next();
       ++behind) {
    auto follows = chain.Follow(*behind, 0);
    // Gone, or no file: what lies in front of it is known all the same.
    if (IsNone(follows.status())) break;
    CAUCE_ASSIGN_OR_RETURN(goes_on, std::move(follows));
    is_confirmed |= goes_on;
  }
  if (!is_confirmed) return std::nullopt;
  return chain.next();
}

std::string DescribeOutgrown(Offset end, Offset closed) {
  return fmt::format(
      "the mark of a clean stop and what was noted then say that the log was "
      "closed at offset {}, and its files continue without a gap up to offset "
      "{}: they are older than the log, and do not count for it",
      closed.value, end.value);
}

}  // namespace cauce
