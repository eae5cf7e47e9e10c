#include "cauce/inspect.h"

#include <map>
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/missing_partitions.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/index_walk.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_check.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What it means that one of the checkpoints is lost.
std::string_view AdviceFor(std::string_view checkpoint) {
  if (checkpoint == kLogStartFile) {
    return "restore it from a copy before anything opens the directory for "
           "writing: without it deleted records that still stand in a segment "
           "come back";
  }
  if (checkpoint == kRecoveryPointFile) {
    return "restore it from a copy, or leave it to the next opening, which "
           "then reads every segment and takes the first bad batch for the end "
           "of its log";
  }
  return "nothing: only Kafka's brokers read it";
}

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool IsCorrupt(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason == Reason::kCorruptFile || reason == Reason::kUnsupportedFormat;
}

// The walk over a directory.
class Verification {
 public:
  Verification(FileSystem& files, std::string_view directory,
               const VerifyOptions& options,
               const std::function<void(const Finding&)>& found)
      : files_(files),
        directory_(directory),
        options_(options),
        found_(found) {}

  absl::StatusOr<VerifySummary> Run() {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
    CAUCE_RETURN_IF_ERROR(CheckDirectoryFiles());
    for (const DirectoryEntry& entry : entries) {
      const auto name = ParseTopicPartition(entry.name);
      if (!entry.is_directory || !name) continue;
      CAUCE_RETURN_IF_ERROR(CheckPartition(*name, entry.name));
    }
    CAUCE_RETURN_IF_ERROR(CheckCatalogued());
    return summary_;
  }

 private:
  absl::Status CheckDirectoryFiles() {
    CAUCE_ASSIGN_OR_RETURN(clean_stop_, HasCleanShutdown(files_, directory_));
    for (const std::string_view name : {kRecoveryPointFile, kLogStartFile,
                                        kHighWatermarkFile, kFirstDirtyFile}) {
      auto checkpoint = ReadOffsetCheckpoint(files_, directory_, name);
      CAUCE_RETURN_IF_ERROR(
          TellCorrupt(checkpoint.status(), PathOf(name), AdviceFor(name)));
      if (checkpoint.ok()) checkpoints_[name] = *std::move(checkpoint);
    }
    const auto properties = ReadMetaProperties(files_, directory_);
    CAUCE_RETURN_IF_ERROR(TellCorrupt(
        properties.status(), PathOf(kMetaPropertiesFile),
        "restore it from a copy, or move it away: the directory then gets a "
        "new id"));
    auto catalog = TopicCatalog::Load(files_, directory_);
    CAUCE_RETURN_IF_ERROR(TellCorrupt(
        catalog.status(), PathOf(kCatalogFile),
        "restore it from a copy; without it topics keep their records and "
        "lose their configs"));
    if (catalog.ok() && !catalog->damage().empty()) {
      Tell({.gravity = Gravity::kNote,
            .file = PathOf(kCatalogFile),
            .what = catalog->damage(),
            .advice = "nothing: its other copy is whole, and the next change "
                      "of a topic mends it"});
    }
    if (catalog.ok()) catalog_ = *std::move(catalog);
    return absl::OkStatus();
  }

  // That each partition the catalogue names is there.
  absl::Status CheckCatalogued() {
    const auto missing = FindMissingPartitions(files_, directory_);
    // It was told that the catalogue is damaged.
    if (IsCorrupt(missing.status())) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(missing.status());
    for (const MissingPartition& partition : *missing) {
      Tell({.file = partition.path,
            .what = fmt::format(
                "the catalogue names partition {}, and its directory is "
                "missing: {}; records up to offset {} were durable",
                partition.name.ToString(), partition.what,
                BoundsOf(partition.name).durable.value),
            .advice = "restore the directory from a copy before anything "
                      "opens this one for writing"});
    }
    return absl::OkStatus();
  }

  absl::Status CheckPartition(const TopicPartition& name,
                              const std::string& directory_name) {
    ++summary_.partitions;
    const std::string directory = PathOf(directory_name);
    const auto id = ReadPartitionMetadata(files_, directory);
    CAUCE_RETURN_IF_ERROR(TellCorrupt(
        id.status(), fmt::format("{}/{}", directory, kPartitionMetadataFile),
        "restore it from a copy; it holds the topic's id"));
    const auto epochs = ReadEpochCheckpoint(files_, directory);
    CAUCE_RETURN_IF_ERROR(TellCorrupt(
        epochs.status(), fmt::format("{}/{}", directory, kEpochFile),
        "restore it from a copy, or delete it: it is rebuilt from "
        "the log"));
    return CheckLog(name, directory);
  }

  absl::Status CheckLog(const TopicPartition& name,
                        const std::string& directory) {
    PartitionToCheck partition{
        .directory = directory,
        .clean_stop = clean_stop_,
        .decompressed_bytes_max = options_.decompressed_bytes_max};
    partition.bounds_now = [&]() -> absl::StatusOr<PartitionToCheck::Bounds> {
      for (const std::string_view checkpoint :
           {kRecoveryPointFile, kLogStartFile}) {
        auto now = ReadOffsetCheckpoint(files_, directory_, checkpoint);
        if (IsCorrupt(now.status())) continue;
        CAUCE_RETURN_IF_ERROR(now.status());
        checkpoints_[checkpoint] = *std::move(now);
      }
      return BoundsOf(name);
    };
    partition.bounds = BoundsOf(name);
    partition.start_is_known = checkpoints_[kLogStartFile].contains(name);
    partition.may_have_gaps = MayHaveGaps(name);
    const SegmentCheck::Progress progress = [this] {
      if (options_.progress && summary_.batches % kProgressBatches == 0) {
        options_.progress(summary_);
      }
    };
    return PartitionCheck(files_, partition, summary_, found_, progress).Run();
  }

  // Unless its topic was made here and was never compacted.
  bool MayHaveGaps(const TopicPartition& name) const {
    const TopicEntry* const topic = catalog_.Find(name.topic);
    return topic == nullptr || cauce::MayHaveGaps(*topic);
  }

  // A checkpoint that is damaged, which was told, says nothing.
  PartitionToCheck::Bounds BoundsOf(const TopicPartition& name) {
    const auto offset = [&](std::string_view checkpoint) {
      const OffsetCheckpoint& offsets = checkpoints_[checkpoint];
      const auto found = offsets.find(name);
      return found == offsets.end() ? Offset{0} : found->second;
    };
    return {offset(kRecoveryPointFile), offset(kLogStartFile)};
  }

  // Tells of a small file that is damaged; returns any error other than that
  // and that the file is absent.
  absl::Status TellCorrupt(const absl::Status& status, const std::string& path,
                           std::string_view advice) {
    if (status.ok() || absl::IsNotFound(status)) return absl::OkStatus();
    if (!IsCorrupt(status)) return status;
    Tell({.file = path,
          .what = std::string(status.message()),
          .advice = std::string(advice)});
    return absl::OkStatus();
  }

  void Tell(const Finding& finding) {
    ++(finding.gravity == Gravity::kNote ? summary_.notes : summary_.damages);
    found_(finding);
  }

  std::string PathOf(std::string_view name) const {
    return fmt::format("{}/{}", directory_, name);
  }

  static constexpr int64_t kProgressBatches = 64;

  FileSystem& files_;
  const std::string directory_;
  const VerifyOptions& options_;
  const std::function<void(const Finding&)>& found_;
  VerifySummary summary_;
  bool clean_stop_ = false;
  TopicCatalog catalog_;  // empty where it cannot be read
  std::map<std::string_view, OffsetCheckpoint> checkpoints_;  // by file
};

absl::Status DumpLog(FileSystem& files, const std::string& path,
                     const std::function<bool(const DumpedEntry&)>& take) {
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                         files.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  BatchScanner scanner;
  scanner.Start(std::move(file), path, 0, bytes);
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
    if (!batch) return absl::OkStatus();
    if (!take({.position = scanner.batch_position(),
               .batch = &*batch,
               .offset = batch->last_offset(),
               .timestamp = batch->max_timestamp()})) {
      return absl::OkStatus();
    }
  }
}

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

}  // namespace

absl::StatusOr<VerifySummary> VerifyDirectory(
    FileSystem& files, std::string_view directory, const VerifyOptions& options,
    const std::function<void(const Finding&)>& found) {
  return Verification(files, directory, options, found).Run();
}

absl::Status DumpFile(FileSystem& files, std::string_view path,
                      const std::function<bool(const DumpedEntry&)>& take) {
  const std::string file(path);
  const auto name = ParseSegmentFileName(NameOf(path));
  if (name && name->suffix == kLogSuffix) return DumpLog(files, file, take);
  if (name && name->suffix == kOffsetIndexSuffix) {
    return DumpIndex<OffsetEntry>(files, file, name->base, take);
  }
  if (name && name->suffix == kTimeIndexSuffix) {
    return DumpIndex<TimeEntry>(files, file, name->base, take);
  }
  return absl::InvalidArgumentError(fmt::format(
      "{}: not a file of a segment, which is called by twenty digits and "
      ".log, .index or .timeindex",
      path));
}

absl::StatusOr<std::vector<std::string>> ListSegmentFiles(
    FileSystem& files, std::string_view partition_directory,
    SegmentFiles which) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(partition_directory));
  std::vector<std::string> paths;
  // By name they are in the order of their base offsets, a segment's log in
  // between its indexes.
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    const bool index =
        file->suffix == kOffsetIndexSuffix || file->suffix == kTimeIndexSuffix;
    if (file->suffix == kLogSuffix ||
        (index && which == SegmentFiles::kLogsAndIndexes)) {
      paths.push_back(fmt::format("{}/{}", partition_directory, entry.name));
    }
  }
  return paths;
}

}  // namespace cauce
