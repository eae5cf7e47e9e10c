// Shows what the files of segments hold, entry by entry.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/aborted_index.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/index_walk.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/producer_state.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"

namespace cauce {
namespace {

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "."
                                         : std::string(path.substr(0, slash));
}

// The walk over a log.
class LogDump {
 public:
  using Take = std::function<bool(const DumpedEntry&)>;
  using Damaged = std::function<void(const absl::Status&)>;

  LogDump(FileSystem& files, const std::string& path, Offset base,
          const Take& take, const Damaged& damaged)
      : files_(files),
        path_(path),
        base_(base),
        take_(take),
        damaged_(damaged) {}

  absl::Status Run() {
    CAUCE_ASSIGN_OR_RETURN(file_, files_.Open(path_, OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(bytes_, file_->Size());
    scanner_.Start(file_, path_, 0, bytes_);
    Offset next = base_;
    for (;;) {
      absl::StatusOr<std::optional<RecordBatch>> batch = scanner_.Next();
      if (!batch.ok() && IsDamage(batch.status()) && damaged_) {
        batch = PassDamage(batch.status(), next);
      }
      CAUCE_RETURN_IF_ERROR(batch.status());
      if (!*batch) return absl::OkStatus();
      next = (*batch)->next_offset();
      if (!take_({.position = scanner_.batch_position(),
                  .batch = &**batch,
                  .offset = (*batch)->last_offset(),
                  .timestamp = (*batch)->max_timestamp()})) {
        return absl::OkStatus();
      }
    }
  }

 private:
  // Tells of `damage` and returns the batch that is found behind it; the damage
  // itself where none is.
  absl::StatusOr<std::optional<RecordBatch>> PassDamage(
      const absl::Status& damage, Offset next) {
    const int64_t position = scanner_.position();
    BatchScanner finder;
    CAUCE_ASSIGN_OR_RETURN(
        const auto found,
        FindBatchBehind(finder,
                        {file_, path_, position, bytes_, {.next = next}},
                        EntriesBehind(position)));
    if (!found) return damage;
    const int64_t begin = finder.batch_position();
    damaged_(MakeError(ReasonOf(damage),
                       fmt::format("{}; the next whole batch begins at "
                                   "position {}",
                                   MessageOf(damage), begin)));
    // Wherever the ones behind say they belong.
    scanner_.Start(file_, path_, begin, bytes_);
    return scanner_.Next();
  }

  // Where the offset index says that batches begin behind `position`: hints,
  // for which one that cannot be read has none.
  NextPosition EntriesBehind(int64_t position) {
    const std::string path = path_.substr(0, path_.size() - kLogSuffix.size()) +
                             std::string(kOffsetIndexSuffix);
    auto opened = IndexWalk<OffsetEntry>::Open(files_, path, base_);
    auto walk = std::make_shared<IndexWalk<OffsetEntry>>(
        opened.ok() ? *std::move(opened) : IndexWalk<OffsetEntry>(path, base_));
    return [walk, position]() -> absl::StatusOr<std::optional<int64_t>> {
      for (;;) {
        const auto entry = walk->Peek();
        if (!entry.ok() || !*entry) return std::nullopt;
        const int64_t at = (*entry)->position;
        walk->Pop();
        if (at > position) return at;
      }
    };
  }

  FileSystem& files_;
  const std::string& path_;
  const Offset base_;
  const Take& take_;
  const Damaged& damaged_;
  std::shared_ptr<const File> file_;
  int64_t bytes_ = 0;
  BatchScanner scanner_;
};

DumpedEntry ToDumped(int64_t position, const OffsetEntry& entry) {
  return {.position = position,
          .offset = entry.offset,
          .batch_position = entry.position};
}
DumpedEntry ToDumped(int64_t position, const TimeEntry& entry) {
  return {.position = position,
          .offset = entry.offset,
          .timestamp = entry.timestamp};
}

template <class Entry>
absl::Status DumpIndex(FileSystem& files, const std::string& path, Offset base,
                       const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_ASSIGN_OR_RETURN(IndexWalk<Entry> walk,
                         IndexWalk<Entry>::Open(files, path, base));
  if (!walk.exists()) {
    return absl::NotFoundError(fmt::format("{}: there is no such file", path));
  }
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto entry, walk.Peek());
    if (!entry || !take(ToDumped(walk.position(), *entry))) {
      return absl::OkStatus();
    }
    walk.Pop();
  }
}

absl::Status DumpAborted(FileSystem& files, const std::string& path,
                         Offset base,
                         const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_RETURN_IF_ERROR(files.Info(path).status());
  CAUCE_ASSIGN_OR_RETURN(const AbortedIndex index,
                         ReadAborted(files, DirectoryOf(path), base));
  int64_t position = 0;
  for (const AbortedTransaction& each : index.entries()) {
    const DumpedAbort abort{each.producer_id, each.first, each.last,
                            each.last_stable};
    if (!take({.position = position, .abort = &abort, .offset = each.last})) {
      break;
    }
    position += AbortedIndex::kEntryBytes;
  }
  return absl::OkStatus();
}

absl::Status DumpSnapshot(FileSystem& files, const std::string& path, Offset at,
                          const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_ASSIGN_OR_RETURN(const auto producers,
                         ReadSnapshot(files, DirectoryOf(path), at));
  int64_t position = kSnapshotHeaderBytes;
  for (const ProducerState& each : producers) {
    const KnownBatch batch = each.last_batch().value_or(KnownBatch{});
    const DumpedProducer producer{.producer_id = each.id(),
                                  .epoch = each.epoch(),
                                  .last_sequence = batch.last_sequence,
                                  .last_offset = batch.last,
                                  .last_offset_delta = batch.last_offset_delta,
                                  .last_timestamp = each.last_timestamp(),
                                  .coordinator_epoch = each.coordinator_epoch(),
                                  .transaction = each.transaction()};
    if (!take({.position = position,
               .producer = &producer,
               .offset = batch.last,
               .timestamp = each.last_timestamp()})) {
      break;
    }
    position += kSnapshotEntryBytes;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DumpFile(FileSystem& files, std::string_view path,
                      const std::function<bool(const DumpedEntry&)>& take,
                      const std::function<void(const absl::Status&)>& damaged) {
  if (!take) {
    return DumpFile(
        files, path, [](const DumpedEntry&) { return true; }, damaged);
  }
  const std::string file(path);
  const auto name = ParseSegmentFileName(NameOf(path));
  if (name && name->suffix == kLogSuffix) {
    return LogDump(files, file, name->base, take, damaged).Run();
  }
  if (name && name->suffix == kOffsetIndexSuffix) {
    return DumpIndex<OffsetEntry>(files, file, name->base, take);
  }
  if (name && name->suffix == kTimeIndexSuffix) {
    return DumpIndex<TimeEntry>(files, file, name->base, take);
  }
  if (name && name->suffix == kTxnIndexSuffix) {
    return DumpAborted(files, file, name->base, take);
  }
  if (name && name->suffix == kSnapshotSuffix) {
    return DumpSnapshot(files, file, name->base, take);
  }
  return absl::InvalidArgumentError(fmt::format(
      "{}: not a file of a segment, which is called by twenty digits and "
      ".log, .index, .timeindex, .txnindex or .snapshot",
      path));
}

absl::StatusOr<std::vector<std::string>> ListSegmentFiles(
    FileSystem& files, std::string_view partition_directory,
    SegmentFiles which) {
  CAUCE_ASSIGN_OR_RETURN(const std::string directory,
                         files.Resolve(partition_directory));
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::vector<std::string> paths;
  // By name they are in the order of their base offsets, a segment's log in
  // between its indexes.
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    const bool index = file->suffix == kOffsetIndexSuffix ||
                       file->suffix == kTimeIndexSuffix ||
                       file->suffix == kTxnIndexSuffix ||
                       file->suffix == kSnapshotSuffix;
    if (file->suffix == kLogSuffix ||
        (index && which == SegmentFiles::kLogsAndIndexes)) {
      paths.push_back(fmt::format("{}/{}", directory, entry.name));
    }
  }
  return paths;
}

}  // namespace cauce
