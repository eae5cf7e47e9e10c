#include "engine/log/foreign_segments.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/index_walk.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// No file is there: it is gone, or something else stands in its place.
bool IsNone(const absl::Status& seen) {
  return absl::IsNotFound(seen) || absl::IsFailedPrecondition(seen);
}

// A batch of a file, and how many bytes that lacks.
struct SeenBatch {
  const RecordBatch& batch;
  int64_t position = 0;
  int64_t lacks = 0;
};

// What an entry says of the batch that ends in its offset.
enum class Says { kTrue, kMayBe, kFalse };

// Compaction takes records out of a batch, and their times: a copy that is
// older has the same or later ones.
Says Ask(const TimeEntry& entry, const SeenBatch& seen) {
  const Timestamp time = seen.batch.max_timestamp();
  if (entry.timestamp == time) return Says::kTrue;
  return time < entry.timestamp ? Says::kFalse : Says::kMayBe;
}

// What was taken out in front of it moved it, and in an older copy nothing was.
Says Ask(const OffsetEntry& entry, const SeenBatch& seen) {
  const bool is_there = entry.position == seen.position ||
                        entry.position == seen.position + seen.lacks;
  return is_there ? Says::kTrue : Says::kMayBe;
}

// What an index says of the batches of a file, one after the other. What it
// says of those behind the last one counts for nothing: they may have been cut.
template <class Entry>
class Witness {
 public:
  static absl::StatusOr<Witness> Of(const SegmentPlace& place,
                                    std::string_view suffix) {
    const std::string path = place.PathOf(SegmentFileName(place.base, suffix));
    auto walk = IndexWalk<Entry>::Open(*place.files, path, place.base);
    // Others tell of what is no file.
    if (IsNone(walk.status())) walk = IndexWalk<Entry>(path, place.base);
    CAUCE_RETURN_IF_ERROR(walk.status());
    return Witness(*std::move(walk));
  }

  absl::Status Look(const SeenBatch& seen) {
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const auto entry, Next());
      if (!entry || entry->offset > seen.batch.last_offset()) {
        return absl::OkStatus();
      }
      // Batches keep their ends, however often they are compacted.
      const bool is_of_it = entry->offset == seen.batch.last_offset();
      const Says says = is_of_it ? Ask(*entry, seen) : Says::kFalse;
      is_for_ |= says == Says::kTrue;
      is_against_ |= says == Says::kFalse;
      walk_.Pop();
    }
  }

  // Whether nothing that follows can make it speak against the file.
  absl::StatusOr<bool> IsSilent() {
    if (is_against_) return false;
    CAUCE_ASSIGN_OR_RETURN(const auto entry, Next());
    return !entry;
  }

  bool is_for() const { return is_for_; }
  bool is_against() const { return is_against_; }

 private:
  explicit Witness(IndexWalk<Entry> walk) : walk_(std::move(walk)) {}

  // A damaged index says nothing.
  absl::StatusOr<std::optional<Entry>> Next() {
    auto entry = walk_.Peek();
    if (ReasonOf(entry.status()) != Reason::kCorruptFile) return entry;
    is_for_ = is_against_ = false;
    return std::nullopt;
  }

  IndexWalk<Entry> walk_;
  bool is_for_ = false;
  bool is_against_ = false;
};

// Whether a segment that was noted, other than the one called by `base`, ended
// where these batches do, and began with them or in front: it may be that one.
bool EndsAsAnother(const KnownLog& noted, Offset base,
                   const OffsetRange& batches) {
  for (size_t i = 0; i < noted.segments.size(); ++i) {
    const bool is_last = i + 1 == noted.segments.size();
    const Offset next = is_last ? noted.end : noted.segments[i + 1].base;
    const Offset begin = noted.segments[i].base;
    if (begin == base || begin > batches.base) continue;
    if (next == batches.next) return true;
  }
  return false;
}

// Whether another name in the directory says that a segment begins at `first`,
// of which the file is gone, or begins elsewhere: that one's was rolled to, or
// compacted, after the close has noted anything.
absl::StatusOr<bool> IsMissed(const SegmentPlace& place, Offset first) {
  if (first == place.base) return false;
  const auto other = FirstBatchOffset(place.At(first));
  if (other.ok()) return *other != first;
  if (!absl::IsNotFound(other.status())) return other.status();
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    const auto index =
        place.files->Info(place.PathOf(SegmentFileName(first, suffix)));
    if (index.ok()) return true;
  }
  return false;
}

// Where the batches lie that are all of the file's bytes; nothing where its
// indexes say of one of them what is true, or of none what is not. It lacks so
// many bytes of those that it had.
absl::StatusOr<std::optional<OffsetRange>> Contradicted(
    const SegmentPlace& place, int64_t lacks) {
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<const File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  CAUCE_ASSIGN_OR_RETURN(
      auto offsets, Witness<OffsetEntry>::Of(place, kOffsetIndexSuffix));
  CAUCE_ASSIGN_OR_RETURN(auto times,
                         Witness<TimeEntry>::Of(place, kTimeIndexSuffix));
  BatchScanner scanner;
  scanner.Start(std::move(file), path, 0, bytes);
  std::optional<OffsetRange> batches;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool no_offset, offsets.IsSilent());
    CAUCE_ASSIGN_OR_RETURN(const bool no_time, times.IsSilent());
    if (no_offset && no_time) return std::nullopt;
    const auto batch = scanner.Next();
    // What is damaged is not whole.
    if (IsDamage(batch.status())) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(batch.status());
    if (!*batch) break;
    const SeenBatch seen{**batch, scanner.batch_position(), lacks};
    CAUCE_RETURN_IF_ERROR(offsets.Look(seen));
    CAUCE_RETURN_IF_ERROR(times.Look(seen));
    if (offsets.is_for() || times.is_for()) return std::nullopt;
    if (!batches) batches = {seen.batch.base_offset(), {}};
    batches->next = seen.batch.next_offset();
  }
  const bool is_against = offsets.is_against() || times.is_against();
  if (!is_against || scanner.position() != bytes) return std::nullopt;
  return batches;
}

// `had` is what the segment was that the close has noted by this name.
absl::StatusOr<bool> HoldsAnothers(const SegmentPlace& place,
                                   const KnownLog& noted,
                                   const KnownSegment& had, int64_t bytes) {
  const int64_t lacks = std::max<int64_t>(had.bytes - bytes, 0);
  CAUCE_ASSIGN_OR_RETURN(const auto batches, Contradicted(place, lacks));
  if (!batches) return false;
  const bool is_last = had.base == noted.segments.back().base;
  if (is_last && batches->next > noted.end) return false;
  if (EndsAsAnother(noted, place.base, *batches)) return false;
  CAUCE_ASSIGN_OR_RETURN(const bool is_missed, IsMissed(place, batches->base));
  return !is_missed;
}

absl::StatusOr<std::optional<ForeignSegment>> FindAt(
    const SegmentPlace& place, const KnownLog& noted,
    const KnownSegment& had) {
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(const FileInfo before, place.files->Info(path));
  if (before.is_directory || before.bytes == had.bytes) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const bool is_anothers,
                         HoldsAnothers(place, noted, had, before.bytes));
  if (!is_anothers) return std::nullopt;
  // Another may have taken its place, and its indexes', while it was read.
  CAUCE_ASSIGN_OR_RETURN(const FileInfo after, place.files->Info(path));
  if (after.id != before.id || after.bytes != before.bytes) {
    return std::nullopt;
  }
  return ForeignSegment{place.base, after.bytes, had.bytes};
}

}  // namespace

absl::StatusOr<ForeignSegments> FindForeign(const SegmentPlace& place,
                                            const KnownLog& noted,
                                            std::span<const Offset> bases) {
  ForeignSegments foreign;
  for (const KnownSegment& had : noted.segments) {
    if (!std::ranges::binary_search(bases, had.base)) continue;
    const auto found = FindAt(place.At(had.base), noted, had);
    if (absl::IsResourceExhausted(found.status())) return found.status();
    if (found.ok() && *found) foreign.found.push_back(**found);
    const bool is_unread = !found.ok() && !IsNone(found.status());
    if (is_unread) foreign.unread.push_back({had.base, found.status()});
  }
  return foreign;
}

std::string DescribeForeign(const ForeignSegment& foreign) {
  return fmt::format(
      "is not the file that was closed: it has {} bytes, and {} were noted, "
      "and what its indexes say is not true of its batches: they are of "
      "another log",
      foreign.bytes, foreign.noted_bytes);
}

}  // namespace cauce
