#include "engine/log/segment_intruders.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

bool BeginsWithBatch(std::string_view head, Offset base) {
  if (head.size() < layout::kHeadBytes) return false;
  const Offset first{LoadBig<int64_t>(head.data() + layout::kBaseOffset)};
  if (first == base) return true;
  // Compaction may have taken the batches in front of it.
  return head[layout::kMagic] == layout::kMagicValue && first > base &&
         first.value - base.value <= INT32_MAX;
}

// Whether the file of that name begins with a batch that may stand there.
absl::StatusOr<bool> HasABatch(const SegmentPlace& place) {
  const auto file = place.files->Open(
      place.PathOf(SegmentFileName(place.base, kLogSuffix)), OpenMode::kRead);
  // A link, or what else is no file.
  if (absl::IsFailedPrecondition(file.status())) return false;
  CAUCE_RETURN_IF_ERROR(file.status());
  std::string head(static_cast<size_t>(kBatchHeaderBytes), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, (*file)->Read(0, head));
  head.resize(read);
  return BeginsWithBatch(head, place.base);
}

// Where segments end, asked again and again of the same one: however many
// files stand among its offsets, it is read once.
class Ends {
 public:
  Ends(const SegmentPlace& place, Offset durable)
      : place_(place), durable_(durable) {}

  absl::StatusOr<Offset> Of(Offset base) {
    if (base_ != base) {
      base_ = base;
      end_ = Find(base);
    }
    return end_;
  }

 private:
  absl::StatusOr<Offset> Find(Offset base) const {
    const SegmentPlace host = place_.At(base);
    CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                           ScanEnd(host, durable_));
    if (durable_ <= base || scanned.next <= durable_) return scanned.next;
    // No writer saves a point within a batch: such a one is not what was
    // durable there, nor is what continues it, and the log may have gone on at
    // a name among its offsets.
    CAUCE_ASSIGN_OR_RETURN(const auto across, FindAcross(host, scanned));
    return across.value_or(scanned.next);
  }

  // Where the batch begins that the recovery point is in the middle of.
  absl::StatusOr<std::optional<Offset>> FindAcross(
      const SegmentPlace& host, const ScannedSegment& scanned) const {
    const std::string path =
        host.PathOf(SegmentFileName(host.base, kLogSuffix));
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                           host.files->Open(path, OpenMode::kRead));
    const auto entry =
        scanned.index->offsets().FindAtOrBelow(durable_.value);
    BatchScanner scanner;
    scanner.Start(std::move(file), path, entry ? entry->position : 0,
                  scanned.bytes);
    for (;;) {
      const auto batch = scanner.Next();
      if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
      if (!batch.ok() || !*batch) return std::nullopt;
      if ((*batch)->next_offset() <= durable_) continue;
      const Offset first = (*batch)->base_offset();
      if (first < durable_) return first;
      return std::nullopt;
    }
  }

  const SegmentPlace& place_;
  const Offset durable_;
  std::optional<Offset> base_;  // the one asked of last
  absl::StatusOr<Offset> end_;
};

// The file `base` behind the segment `host`, where it is an intruder there.
absl::StatusOr<std::optional<Intruder>> FindIntruder(const SegmentPlace& place,
                                                     Offset host, Offset base,
                                                     Ends& ends) {
  CAUCE_ASSIGN_OR_RETURN(const bool has_a_batch, HasABatch(place.At(base)));
  if (has_a_batch) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const Offset end, ends.Of(host));
  if (end <= base) return std::nullopt;
  return Intruder{base, host, end};
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
    if (!file) continue;
    const bool is_listed = !entry.is_directory || hints.lists_directories;
    if (is_listed && file->suffix == kLogSuffix) named.push_back(file->base);
    if (entry.is_directory) continue;
    if (file->suffix == kOffsetIndexSuffix) indexed.insert(file->base);
  }
  std::ranges::sort(named);
  SegmentListing listing;
  for (const ForeignSegment& each : hints.foreign) {
    const auto info = place.files->Info(
        place.PathOf(SegmentFileName(each.base, kLogSuffix)));
    // Else somebody has put it back.
    if (info.ok() && info->bytes == each.bytes) listing.foreign.push_back(each);
  }
  if (hints.noted != nullptr) {
    CAUCE_ASSIGN_OR_RETURN(ForeignSegments all,
                           FindForeign(place, *hints.noted, named));
    listing.foreign = std::move(all.found);
    listing.unread = std::move(all.unread);
  }
  for (const ForeignSegment& each : listing.foreign) {
    std::erase(named, each.base);
  }
  Ends ends(place, hints.durable);
  for (const Offset base : named) {
    const auto known =
        std::ranges::find(hints.intruders, base, &Intruder::base);
    if (known != hints.intruders.end()) {
      listing.intruders.push_back(*known);
      continue;
    }
    const bool was_seen = hints.seen && base <= *hints.seen;
    if (!was_seen && !listing.bases.empty() && !indexed.contains(base)) {
      const auto found = FindIntruder(place, listing.bases.back(), base, ends);
      // A file may have gone since it was listed.
      if (!found.ok() && !absl::IsNotFound(found.status())) {
        listing.unread.push_back({base, found.status()});
      }
      if (found.ok() && *found) {
        listing.intruders.push_back(**found);
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
