#include "engine/log/segment_scan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_behind.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Index files are at most this large, whatever a directory holds: more entries
// than batches fit into the largest segment are no index.
constexpr int64_t kIndexBytesMax = int64_t{1} << 28;

// Where no more lies behind the batch of the last time entry it is looked at
// at once: it was read with what an index is checked by anyway. Times that are
// a little out of order need no more, and one that lies far ahead of its time
// is to keep nobody from opening a log.
constexpr int64_t kBehindTimesAtOnceMax = 64 << 10;

absl::StatusOr<std::string> ReadIndexFile(FileSystem& files,
                                          const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > kIndexBytesMax) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: has {} bytes, an index has at most {}",
                                 path, size, kIndexBytesMax));
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(0, bytes));
  bytes.resize(read);
  return bytes;
}

void Take(const RecordBatch& batch, const BatchScanner& scanner, Offset durable,
          ScannedSegment& scanned) {
  scanned.bytes = scanner.position();
  scanned.next = batch.next_offset();
  if (scanned.next <= durable) scanned.durable_bytes = scanned.bytes;
  scanned.last_header = batch.bytes().substr(0, kBatchHeaderBytes);
  scanned.last_position = scanner.batch_position();
  scanned.epochs.See(batch.leader_epoch(), batch.base_offset());
  scanned.has_producers |= batch.producer_id() >= ProducerId{0};
}

// Goes on with `scanned` from where `scanner` stands.
absl::Status Walk(BatchScanner& scanner, Offset durable,
                  ScannedSegment& scanned) {
  for (;;) {
    const auto batch = scanner.Next();
    if (!batch.ok()) {
      if (!IsDamage(batch.status())) return batch.status();
      scanned.damage = batch.status();
      return absl::OkStatus();
    }
    if (!*batch) return absl::OkStatus();
    const int64_t position = scanner.batch_position();
    if (position == 0) scanned.first_timestamp = (*batch)->max_timestamp();
    scanned.index->Add(BatchFacts::Of(**batch, position));
    Take(**batch, scanner, durable, scanned);
  }
}

// What an entry of an index is worth.
enum class Claim { kHolds, kLies };

// The time of a batch that made an offset entry, the last that has records: one
// whose records were compacted away has none. Where none of them has records,
// the largest of all batches up to there.
absl::StatusOr<Timestamp> TimeOfEntries(BatchScanner& scanner,
                                        const std::shared_ptr<const File>& file,
                                        const std::string& name,
                                        const ScanRange& range,
                                        const OffsetIndex& entries) {
  BatchOffsets offsets = range.Offsets();
  offsets.next = std::nullopt;
  for (size_t i = entries.size(); i > 0; --i) {
    const int64_t position = entries[i - 1].position;
    scanner.Restart(file, name, position, range.bytes, offsets);
    const auto batch = scanner.Next();
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    const bool has_records =
        batch.ok() && *batch && (*batch)->record_count() > 0;
    if (has_records) return BatchFacts::Of(**batch, position).max_timestamp;
  }
  Timestamp largest = kNoTimestamp;
  scanner.Restart(file, name, 0, entries.last()->position, range.Offsets());
  for (;;) {
    const auto batch = scanner.Next();
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    if (!batch.ok() || !*batch) return largest;
    largest = std::max(largest, BatchFacts::Of(**batch, 0).max_timestamp);
  }
}

// Whether the batch of the last time entry, `last`, has its timestamp. Reads
// little: from the offset entry in front of that batch on.
absl::StatusOr<Claim> CheckLastTime(BatchScanner& scanner,
                                    const std::shared_ptr<const File>& file,
                                    const std::string& name,
                                    const ScanRange& range,
                                    const OffsetIndex& entries,
                                    const TimeEntry& last) {
  const auto start = entries.FindAtOrBelow(last.offset.value);
  BatchOffsets offsets = range.Offsets();
  if (start) offsets.next = std::nullopt;
  scanner.Restart(file, name, start ? start->position : 0, range.bytes,
                  offsets);
  for (;;) {
    const auto batch = scanner.Next();
    if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
    if (!batch.ok() || !*batch) return Claim::kLies;
    if ((*batch)->last_offset() < last.offset) continue;
    const bool holds = (*batch)->last_offset() == last.offset &&
                       (*batch)->max_timestamp() == last.timestamp;
    return holds ? Claim::kHolds : Claim::kLies;
  }
}

// How far a walk behind the last time entry goes.
int64_t BytesBehindTimes(const SegmentIndex& index) {
  const OffsetRange claimed = index.claimed_behind_times();
  if (claimed.count() == 0) return 0;
  const auto start = index.offsets().FindAtOrBelow(claimed.base.value - 1);
  return index.offsets().last()->position - (start ? start->position : 0);
}

// Whether the time entries hold, and none is missing behind the last one, as
// far as little reading tells: by the batches of the last entries, and by those
// in between where they are few. Of more `index` does not know its largest
// time.
absl::StatusOr<Claim> CheckLargest(BatchScanner& scanner,
                                   const std::shared_ptr<const File>& file,
                                   const std::string& name,
                                   const ScanRange& range,
                                   const SegmentIndex& index) {
  CAUCE_ASSIGN_OR_RETURN(
      const Timestamp entry,
      TimeOfEntries(scanner, file, name, range, index.offsets()));
  const auto last = index.times().last();
  if (entry > index.largest_timestamp()) return Claim::kLies;
  if (last) {
    CAUCE_ASSIGN_OR_RETURN(
        const Claim claim,
        CheckLastTime(scanner, file, name, range, index.offsets(), *last));
    if (claim == Claim::kLies) return claim;
  }
  const int64_t bytes = BytesBehindTimes(index);
  if (bytes == 0 || bytes > kBehindTimesAtOnceMax) return Claim::kHolds;
  CAUCE_ASSIGN_OR_RETURN(const TimesBehind behind,
                         LookBehindTimes(scanner, file, name, range, index));
  index.NoteBehindTimes(behind.largest, behind.is_whole);
  return index.lacks_times() ? Claim::kLies : Claim::kHolds;
}

// Goes on with `scanned` behind the batch of the last entry of `index`, which
// must be there.
absl::StatusOr<Claim> WalkFromEntry(const std::shared_ptr<const File>& file,
                                    const std::string& name,
                                    const ScanRange& range, SegmentIndex& index,
                                    ScannedSegment& scanned) {
  const OffsetEntry entry = *index.offsets().last();
  BatchScanner scanner;
  scanner.Start(file, name, 0, range.bytes, range.Offsets());
  const auto first = scanner.Next();
  if (!first.ok() && !IsDamage(first.status())) return first.status();
  if (first.ok() && *first) {
    scanned.first_timestamp = (*first)->max_timestamp();
  }
  BatchOffsets offsets = range.Offsets();
  offsets.next = std::nullopt;
  scanner.Restart(file, name, entry.position, range.bytes, offsets);
  const auto batch = scanner.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  const bool holds =
      batch.ok() && *batch && (*batch)->last_offset() == entry.offset;
  if (!holds) return Claim::kLies;
  const BatchFacts facts = BatchFacts::Of(**batch, entry.position);
  offsets.next = (*batch)->next_offset();
  index.ResumeBehindEntry(facts);
  Take(**batch, scanner, range.durable, scanned);
  CAUCE_ASSIGN_OR_RETURN(
      const Claim claim,
      CheckLargest(scanner, file, name, range, index));
  if (claim == Claim::kLies) return claim;
  scanner.Start(file, name, scanned.bytes, range.bytes, offsets);
  CAUCE_RETURN_IF_ERROR(Walk(scanner, range.durable, scanned));
  return Claim::kHolds;
}

}  // namespace

BatchOffsets ScanRange::Offsets() const {
  // What an index of the segment can express.
  const Offset reach{base.value > INT64_MAX - INT32_MAX - 1
                         ? INT64_MAX
                         : base.value + INT32_MAX + 1};
  return {.next = base,
          .up_to = std::min(up_to, reach),
          .boundary = boundary,
          .no_gap_from = no_gap_from,
          .doubts_gaps = doubts_gaps};
}

std::string MadeAnewLine(const std::string& name,
                         const ScannedSegment& scanned) {
  const bool has_no_entry = scanned.disbelieved != nullptr &&
                            scanned.disbelieved->offsets().size() == 0 &&
                            scanned.index->offsets().size() > 0;
  std::string why;
  if (!scanned.unusable.ok()) {
    why = MessageOf(scanned.unusable);
  } else if (has_no_entry) {
    why = fmt::format(
        "they have no entry, and index.interval.bytes asks for one behind "
        "every {} bytes",
        scanned.index->interval_bytes());
  } else {
    why = "their entries lead to other batches, or say less than the log";
  }
  return fmt::format(
      "{}: its indexes are made anew from the log, which has all that they "
      "say: {}",
      name, why);
}

absl::StatusOr<ScannedSegment> ScanSegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range) {
  ScannedSegment scanned;
  scanned.index =
      std::make_shared<SegmentIndex>(range.base, range.index_interval_bytes);
  scanned.next = range.base;
  scanned.file_bytes = range.bytes;
  scanned.rebuilt = true;
  BatchScanner scanner;
  scanner.Start(file, name, 0, range.bytes, range.Offsets());
  CAUCE_RETURN_IF_ERROR(Walk(scanner, range.durable, scanned));
  return scanned;
}

absl::StatusOr<std::unique_ptr<SegmentIndex>> LoadIndexFiles(
    FileSystem& files, const std::string& offset_index_path,
    const std::string& time_index_path, Offset base,
    int64_t index_interval_bytes) {
  CAUCE_ASSIGN_OR_RETURN(const std::string offsets,
                         ReadIndexFile(files, offset_index_path));
  CAUCE_ASSIGN_OR_RETURN(const std::string times,
                         ReadIndexFile(files, time_index_path));
  auto index = SegmentIndex::Decode(base, index_interval_bytes, offsets, times);
  if (!index.ok()) return Annotate(index.status(), offset_index_path);
  return index;
}

absl::StatusOr<ScannedSegment> ScanSegmentTail(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range, std::shared_ptr<SegmentIndex> index) {
  const auto entry = index->offsets().last();
  if (entry && entry->position < range.bytes) {
    ScannedSegment scanned;
    scanned.file_bytes = range.bytes;
    scanned.index = index;
    CAUCE_ASSIGN_OR_RETURN(const Claim claim,
                           WalkFromEntry(file, name, range, *index, scanned));
    if (claim == Claim::kHolds) return scanned;
  }
  CAUCE_ASSIGN_OR_RETURN(ScannedSegment scanned,
                         ScanSegment(file, name, range));
  scanned.disbelieved = std::move(index);
  return scanned;
}

absl::StatusOr<TimesBehind> LookBehindTimes(
    BatchScanner& scanner, const std::shared_ptr<const File>& file,
    const std::string& name, const ScanRange& range,
    const SegmentIndex& index) {
  TimesBehind behind;
  const OffsetRange claimed = index.claimed_behind_times();
  if (claimed.count() == 0) return behind;
  const auto start = index.offsets().FindAtOrBelow(claimed.base.value - 1);
  BatchOffsets offsets = range.Offsets();
  if (start) offsets.next = std::nullopt;
  scanner.Restart(file, name, start ? start->position : 0, range.bytes,
                  offsets);
  for (;;) {
    auto batch = scanner.Next();
    if (IsDamage(batch.status())) {
      behind.is_whole = false;
      const int64_t damaged = scanner.position();
      offsets = *scanner.offsets();
      batch = FindBatchBehind(scanner,
                              {file, name, damaged, range.bytes, offsets},
                              EntriesBehind(index.offsets(), damaged));
    }
    CAUCE_RETURN_IF_ERROR(batch.status());
    if (!*batch || (*batch)->base_offset() >= claimed.next) return behind;
    if ((*batch)->last_offset() < claimed.base) continue;
    behind.largest =
        std::max(behind.largest, BatchFacts::Of(**batch, 0).max_timestamp);
  }
}

absl::Status ScanBehindDamage(const std::shared_ptr<const File>& file,
                              const std::string& name, const ScanRange& range,
                              ScannedSegment& scanned) {
  const absl::Status first = scanned.damage;
  const OffsetIndex& hints =
      (scanned.disbelieved ? *scanned.disbelieved : *scanned.index).offsets();
  BatchScanner scanner;
  int64_t damaged = scanned.bytes;
  while (!scanned.damage.ok()) {
    BatchOffsets offsets = range.Offsets();
    offsets.next = scanned.next;
    CAUCE_ASSIGN_OR_RETURN(
        const auto batch,
        FindBatchBehind(scanner, {file, name, damaged, range.bytes, offsets},
                        EntriesBehind(hints, damaged)));
    if (!batch) break;
    scanned.damage = absl::OkStatus();
    scanned.index->PassedDamage();
    scanner.StepBack();
    CAUCE_RETURN_IF_ERROR(Walk(scanner, range.durable, scanned));
    damaged = scanner.position();
  }
  scanned.damage = first;
  return absl::OkStatus();
}

}  // namespace cauce
