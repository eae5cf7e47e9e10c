#include "engine/log/segment_scan.h"

#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Index files are at most this large, whatever a directory holds: more entries
// than batches fit into the largest segment are no index.
constexpr int64_t kIndexBytesMax = int64_t{1} << 28;

// A batch stands where its offsets say it should: behind the last one and
// within what an index of this segment can express.
absl::Status CheckPlace(const RecordBatch& batch, Offset base, Offset next,
                        const std::string& name, int64_t position) {
  const bool fits =
      batch.base_offset() >= next && batch.last_offset() - base <= INT32_MAX;
  if (fits) return absl::OkStatus();
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} at position {}: a batch with offsets {} to {} stands "
                  "where offset {} or later is expected, in a segment that "
                  "begins at {}",
                  name, position, batch.base_offset().value,
                  batch.last_offset().value, next.value, base.value));
}

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

void NoteEpoch(const RecordBatch& batch, ScannedSegment& scanned) {
  const LeaderEpoch epoch = batch.leader_epoch();
  const bool is_new =
      scanned.epochs.empty() || epoch > scanned.epochs.back().epoch;
  if (is_new) scanned.epochs.push_back({epoch, batch.base_offset()});
}

// Goes on with `scanned` from where `scanner` stands.
absl::Status Walk(BatchScanner& scanner, const std::string& name, Offset base,
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
    scanned.damage = CheckPlace(**batch, base, scanned.next, name, position);
    if (!scanned.damage.ok()) return absl::OkStatus();
    if (position == 0) scanned.first_timestamp = (*batch)->max_timestamp();
    scanned.index->Add(BatchFacts::Of(**batch, position));
    scanned.bytes = scanner.position();
    scanned.next = (*batch)->next_offset();
    NoteEpoch(**batch, scanned);
  }
}

}  // namespace

bool IsDamage(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kCorruptBatch ||
         reason == Reason::kUnsupportedFormat ||
         reason == Reason::kUnsupportedCodec;
}

absl::StatusOr<ScannedSegment> ScanSegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    Offset base, int64_t bytes, int64_t index_interval_bytes) {
  ScannedSegment scanned;
  scanned.index = std::make_shared<SegmentIndex>(base, index_interval_bytes);
  scanned.next = base;
  scanned.file_bytes = bytes;
  BatchScanner scanner;
  scanner.Start(file, name, 0, bytes);
  CAUCE_RETURN_IF_ERROR(Walk(scanner, name, base, scanned));
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
    Offset base, int64_t bytes, int64_t index_interval_bytes,
    std::unique_ptr<SegmentIndex> index) {
  const auto entry = index->offsets().last();
  if (!entry || entry->position >= bytes) {
    return ScanSegment(file, name, base, bytes, index_interval_bytes);
  }
  BatchScanner scanner;
  scanner.Start(file, name, 0, bytes);
  const auto first = scanner.Next();
  if (!first.ok() || !*first) {
    return ScanSegment(file, name, base, bytes, index_interval_bytes);
  }
  ScannedSegment scanned;
  scanned.file_bytes = bytes;
  scanned.first_timestamp = (*first)->max_timestamp();
  scanner.Restart(file, name, entry->position, bytes);
  const auto batch = scanner.Next();
  const bool holds =
      batch.ok() && *batch && (*batch)->last_offset() == entry->offset;
  if (!holds) {
    return ScanSegment(file, name, base, bytes, index_interval_bytes);
  }
  scanned.index = std::move(index);
  scanned.index->ResumeBehindEntry(BatchFacts::Of(**batch, entry->position));
  scanned.bytes = scanner.position();
  scanned.next = (*batch)->next_offset();
  NoteEpoch(**batch, scanned);
  CAUCE_RETURN_IF_ERROR(Walk(scanner, name, base, scanned));
  // A time entry for what is not there was written for another log.
  const auto last_time = scanned.index->times().last();
  if (last_time && last_time->offset >= scanned.next) {
    return ScanSegment(file, name, base, bytes, index_interval_bytes);
  }
  return scanned;
}

}  // namespace cauce
