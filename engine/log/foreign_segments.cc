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

// A batch of a file, and where it begins there.
struct SeenBatch {
  const RecordBatch& batch;
  int64_t position = 0;
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
  return entry.position == seen.position ? Says::kTrue : Says::kMayBe;
}

int64_t BytesInFront(const OffsetEntry& entry, const SeenBatch& seen) {
  return entry.position - seen.position;
}
int64_t BytesInFront(const TimeEntry& /*entry*/, const SeenBatch& /*seen*/) {
  return 0;
}

// Ends of batches of which something says that a file has no such one. A bit
// that is wrong in one entry, or in the base offset of one batch, speaks of one
// end alone, whatever else is said of that.
class Accusations {
 public:
  void Add(Offset at) {
    are_several_ |= first_ && *first_ != at;
    if (!first_) first_ = at;
  }
  void Add(const Accusations& other) {
    are_several_ |= other.are_several_;
    if (other.first_) Add(*other.first_);
  }

  bool empty() const { return !first_; }
  bool are_several() const { return are_several_; }

 private:
  std::optional<Offset> first_;
  bool are_several_ = false;
};

// What an index says of the batches of a file, one after the other. What it
// says of those behind the last one counts for nothing: they may have been cut.
// Nor does it speak against a file by what it says from `end` on, where the log
// was written since.
template <class Entry>
class Witness {
 public:
  static absl::StatusOr<Witness> Of(const SegmentPlace& place,
                                    std::string_view suffix, Offset end) {
    const std::string path = place.PathOf(SegmentFileName(place.base, suffix));
    auto walk = IndexWalk<Entry>::Open(*place.files, path, place.base);
    // Others tell of what is no file.
    if (IsNone(walk.status())) walk = IndexWalk<Entry>(path, place.base);
    CAUCE_RETURN_IF_ERROR(walk.status());
    return Witness(*std::move(walk), end);
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
      if (entry->offset < end_) {
        if (says == Says::kFalse) against_.Add(entry->offset);
        if (is_of_it) moved_ = BytesInFront(*entry, seen);
        if (!first_) first_ = entry->offset;
      }
      walk_.Pop();
    }
  }

  // Whether nothing that follows can make it speak against the file.
  absl::StatusOr<bool> IsSilent() {
    if (!against_.empty()) return false;
    CAUCE_ASSIGN_OR_RETURN(const auto entry, Next());
    return !entry;
  }

  bool is_for() const { return is_for_; }
  const Accusations& against() const { return against_; }
  // Whether it knows of a batch in front of `base`.
  bool BeginsBefore(Offset base) const { return first_ && *first_ < base; }
  // How many bytes are missing in front of the last batch that it knows.
  std::optional<int64_t> moved() const { return moved_; }

 private:
  Witness(IndexWalk<Entry> walk, Offset end)
      : walk_(std::move(walk)), end_(end) {}

  // A damaged index says nothing.
  absl::StatusOr<std::optional<Entry>> Next() {
    auto entry = walk_.Peek();
    if (ReasonOf(entry.status()) != Reason::kCorruptFile) return entry;
    is_for_ = false;
    against_ = {};
    first_ = std::nullopt;
    moved_ = std::nullopt;
    return std::nullopt;
  }

  IndexWalk<Entry> walk_;
  Offset end_;
  bool is_for_ = false;
  Accusations against_;
  std::optional<Offset> first_;
  std::optional<int64_t> moved_;
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

// What the close has noted of a segment, and of the log.
struct Noted {
  const KnownSegment& had;
  Offset end;
  // Of the last segment, where they are known.
  KnownTimes times;
  bool may_have_gaps = true;

  // Whether it had this batch, or had none such. Indexes are not checked by
  // anything: this is.
  Says Ask(const RecordBatch& batch) const {
    if (times.largest == kNoTimestamp) return Says::kMayBe;
    const Timestamp time = batch.max_timestamp();
    if (time > times.largest) return Says::kFalse;
    if (batch.last_offset() != times.largest_at) return Says::kMayBe;
    if (time == times.largest) return Says::kTrue;
    // Compaction may have taken out what had that time.
    return may_have_gaps ? Says::kMayBe : Says::kFalse;
  }
};

// What stands in a file, and what is said of that.
struct Evidence {
  Witness<OffsetEntry> offsets;
  Witness<TimeEntry> times;
  std::optional<OffsetRange> batches;
  int64_t bytes_before_end = 0;  // of batches in front of the noted end
  bool is_noted = false;         // one of them has the time that was noted
  Accusations denied;            // those that what was noted speaks against

  // Whether nothing that follows can make them speak against the file. A time
  // tells more than a position, which is the same in any log whose records have
  // the same sizes.
  absl::StatusOr<bool> IsSettled() {
    if (IsOwn()) return true;
    CAUCE_ASSIGN_OR_RETURN(const bool no_time, times.IsSilent());
    if (!no_time || !denied.empty()) return false;
    if (offsets.is_for()) return true;
    return offsets.IsSilent();
  }

  // Batches that do not follow one another are damaged, whosever they are.
  bool IsInOrder(const RecordBatch& next) const {
    return !batches || batches->next <= next.base_offset();
  }

  absl::Status Look(const SeenBatch& seen, const Noted& noted) {
    CAUCE_RETURN_IF_ERROR(offsets.Look(seen));
    CAUCE_RETURN_IF_ERROR(times.Look(seen));
    const RecordBatch& batch = seen.batch;
    if (!batches) batches = {batch.base_offset(), {}};
    batches->next = batch.next_offset();
    if (batch.last_offset() >= noted.end) return absl::OkStatus();
    bytes_before_end =
        seen.position + static_cast<int64_t>(batch.bytes().size());
    const Says says = noted.Ask(batch);
    is_noted |= says == Says::kTrue;
    if (says == Says::kFalse) denied.Add(batch.last_offset());
    return absl::OkStatus();
  }

  // Whether they speak against all that was seen.
  bool AreAgainst(const Noted& noted) const {
    if (IsOwn() || !batches || !AreEnough()) return false;
    // Where the front is gone, or times are denied, a position says nothing.
    const bool is_gone = offsets.BeginsBefore(batches->base) ||
                         times.BeginsBefore(batches->base);
    if (is_gone || !denied.empty()) return true;
    const int64_t lacks = noted.had.bytes - bytes_before_end;
    return !offsets.is_for() && (lacks < 0 || offsets.moved() != lacks);
  }

 private:
  bool IsOwn() const { return times.is_for() || is_noted; }

  // Never one alone, of all that can be wrong by itself: of several batches, or
  // what was noted and an index of the same one.
  bool AreEnough() const {
    Accusations indexes = offsets.against();
    indexes.Add(times.against());
    Accusations all = denied;
    all.Add(indexes);
    return all.are_several() || (!denied.empty() && !indexes.empty());
  }
};

// Where the batches lie that are all of the file's bytes, one behind the other;
// nothing where what is said of one of them is true, or of too few what is not.
absl::StatusOr<std::optional<OffsetRange>> Contradicted(
    const SegmentPlace& place, const Noted& noted) {
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<const File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  CAUCE_ASSIGN_OR_RETURN(
      auto offsets,
      Witness<OffsetEntry>::Of(place, kOffsetIndexSuffix, noted.end));
  CAUCE_ASSIGN_OR_RETURN(
      auto times, Witness<TimeEntry>::Of(place, kTimeIndexSuffix, noted.end));
  Evidence evidence{std::move(offsets), std::move(times)};
  BatchScanner scanner;
  scanner.Start(std::move(file), path, 0, bytes);
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool is_settled, evidence.IsSettled());
    if (is_settled) return std::nullopt;
    const auto batch = scanner.Next();
    // What is damaged is not whole.
    if (IsDamage(batch.status())) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(batch.status());
    if (!*batch) break;
    if (!evidence.IsInOrder(**batch)) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(
        evidence.Look({**batch, scanner.batch_position()}, noted));
  }
  const bool is_whole = scanner.position() == bytes;
  if (!is_whole || !evidence.AreAgainst(noted)) return std::nullopt;
  return evidence.batches;
}

// `had` is what the segment was that the close has noted by this name.
absl::StatusOr<bool> HoldsAnothers(const SegmentPlace& place,
                                   const KnownLog& noted,
                                   const KnownSegment& had) {
  const bool is_last = had.base == noted.segments.back().base;
  CAUCE_ASSIGN_OR_RETURN(
      const auto batches,
      Contradicted(place, {had, noted.end, is_last ? noted.times : KnownTimes(),
                           place.may_have_gaps}));
  if (!batches) return false;
  if (is_last && batches->base >= noted.end) return false;
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
                         HoldsAnothers(place, noted, had));
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
