#include "engine/log/segment_intruders.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <set>

#include "absl/status/status.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What a file shows where a segment's first batch should begin.
enum class Front {
  kBatch,    // one, or so it says
  kNothing,  // what may be left of one: nothing, zeros, or anything at all
  kForeign,  // less than a header, and other bytes than it would begin with
};

bool BeginsWithBatch(std::string_view head, Offset base) {
  if (head.size() < layout::kHeadBytes) return false;
  const Offset first{LoadBig<int64_t>(head.data() + layout::kBaseOffset)};
  if (first == base) return true;
  // Compaction may have taken the batches in front of it.
  return head[layout::kMagic] == layout::kMagicValue && first > base &&
         first.value - base.value <= INT32_MAX;
}

bool IsForeign(std::string_view head, Offset base) {
  if (std::ssize(head) >= kBatchHeaderBytes || IsZeros(head)) return false;
  std::array<char, sizeof(int64_t)> own;
  StoreBig<int64_t>(own.data(), base.value);
  const std::string_view begin(own.data(), own.size());
  return !begin.starts_with(head.substr(0, own.size()));
}

absl::StatusOr<Front> LookAtFront(const SegmentPlace& place) {
  const auto file = place.files->Open(
      place.PathOf(SegmentFileName(place.base, kLogSuffix)), OpenMode::kRead);
  // A link, or what else is no file.
  if (absl::IsFailedPrecondition(file.status())) return Front::kNothing;
  CAUCE_RETURN_IF_ERROR(file.status());
  std::string head(static_cast<size_t>(kBatchHeaderBytes), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, (*file)->Read(0, head));
  head.resize(read);
  if (BeginsWithBatch(head, place.base)) return Front::kBatch;
  return IsForeign(head, place.base) ? Front::kForeign : Front::kNothing;
}

// Where the segment in front of `base` ends, where that file is an intruder
// there.
absl::StatusOr<std::optional<Offset>> EndAround(const SegmentPlace& place,
                                                Offset host, Offset base,
                                                Offset durable) {
  CAUCE_ASSIGN_OR_RETURN(const Front front, LookAtFront(place.At(base)));
  const bool may_be_one =
      front == Front::kForeign || (front == Front::kNothing && base < durable);
  if (!may_be_one) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         ScanEnd(place.At(host), durable));
  if (scanned.next <= base) return std::nullopt;
  return scanned.next;
}

}  // namespace

absl::StatusOr<SegmentListing> ListSegments(const SegmentPlace& place,
                                            const ListingHints& hints) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  std::vector<Offset> named;
  std::set<Offset> indexed;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (entry.is_directory || !file) continue;
    if (file->suffix == kLogSuffix) named.push_back(file->base);
    if (file->suffix == kOffsetIndexSuffix) indexed.insert(file->base);
  }
  std::ranges::sort(named);
  SegmentListing listing;
  for (const Offset base : named) {
    const auto known =
        std::ranges::find(hints.intruders, base, &Intruder::base);
    if (known != hints.intruders.end()) {
      listing.intruders.push_back(*known);
      continue;
    }
    const bool was_seen = hints.seen && base <= *hints.seen;
    if (!was_seen && !listing.bases.empty() && !indexed.contains(base)) {
      const Offset host = listing.bases.back();
      const auto end = EndAround(place, host, base, hints.durable);
      // A file may have gone since it was listed.
      if (!end.ok() && !absl::IsNotFound(end.status())) {
        listing.unread.push_back(end.status());
      }
      if (end.ok() && *end) {
        listing.intruders.push_back({base, host, **end});
        continue;
      }
    }
    listing.bases.push_back(base);
  }
  return listing;
}

std::string DescribeIntruder(const SegmentPlace& place,
                             const Intruder& intruder) {
  return fmt::format(
      "is no segment: no batch of offset {} begins in it, and {} holds the "
      "records up to offset {}; it is passed over",
      intruder.base.value,
      place.PathOf(SegmentFileName(intruder.host, kLogSuffix)),
      intruder.host_end.value);
}

}  // namespace cauce
