#include "tests/crash/files_left.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

constexpr int64_t kFileBytesMax = 1 << 20;

// Those that end otherwise do.
constexpr std::array<std::string_view, 11> kDoNotMatter = {
    ".lock",
    // On their way out, or never renamed to what they were to be.
    kDeletedSuffix, ".tmp", kOffsetIndexSuffix, kTimeIndexSuffix,
    // Made anew from the log where they are not there.
    kSnapshotSuffix, kTxnIndexSuffix,
    // They get a line for each partition that is opened; an engine says where
    // its logs begin.
    kRecoveryPointFile, kLogStartFile, kLogStartCopyFile,
    // Made anew where it is spoiled: it repeats what the catalogue says.
    kPartitionMetadataFile};

bool Matters(std::string_view name) {
  return std::ranges::none_of(
      kDoNotMatter, [&](std::string_view end) { return name.ends_with(end); });
}

// Whether it is of a log that has records, or had some.
bool IsOfALog(const std::string& path, const std::string& bytes) {
  const bool is_first = path.ends_with(SegmentFileName(Offset{0}, kLogSuffix));
  return path.ends_with(kLogSuffix) && (!is_first || !bytes.empty());
}

absl::Status Collect(FileSystem& files, const std::string& directory,
                     FileBytes& all) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  FileBytes own;
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      CAUCE_RETURN_IF_ERROR(Collect(files, path, all));
    } else if (Matters(entry.name)) {
      CAUCE_ASSIGN_OR_RETURN(own[path],
                             ReadWholeFile(files, path, kFileBytesMax));
    }
  }
  // Whoever opens a partition that has no records yet makes these two anew.
  const bool holds_log = std::ranges::any_of(
      own, [](const auto& file) { return IsOfALog(file.first, file.second); });
  std::erase_if(own, [&](const auto& file) {
    return !holds_log && (file.first.ends_with(kLogSuffix) ||
                          file.first.ends_with(kEpochFile));
  });
  all.merge(own);
  return absl::OkStatus();
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  }
  return hex;
}

class PartitionIndexes {
 public:
  PartitionIndexes(FileSystem& files, std::string directory, Offset log_start,
                   const IndexCheck& check)
      : files_(files),
        directory_(std::move(directory)),
        log_start_(log_start),
        check_(check) {}

  absl::Status Check() const {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
    std::vector<Offset> bases;  // in order, as the names are
    for (const DirectoryEntry& entry : entries) {
      const auto segment = ParseSegmentFileName(entry.name);
      if (segment && segment->suffix == kLogSuffix) {
        bases.push_back(segment->base);
      }
    }
    for (size_t i = 0; i < bases.size(); ++i) {
      const bool is_last = i + 1 == bases.size();
      if (!is_last && bases[i + 1] <= log_start_) continue;
      CAUCE_RETURN_IF_ERROR(
          CheckSegment(bases[i], is_last ? Kind::kActive : Kind::kSealed));
    }
    return absl::OkStatus();
  }

 private:
  enum class Kind { kSealed, kActive };

  absl::Status CheckSegment(Offset base, Kind kind) const {
    const std::string log = PathOf(base, kLogSuffix);
    CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                           files_.Open(log, OpenMode::kRead));
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    CAUCE_ASSIGN_OR_RETURN(
        const ScannedSegment scanned,
        ScanSegment(file, log,
                    {.base = base,
                     .bytes = bytes,
                     .index_interval_bytes = check_.interval_bytes}));
    CAUCE_RETURN_IF_ERROR(scanned.damage);
    const SegmentIndex& made = *scanned.index;
    CAUCE_ASSIGN_OR_RETURN(std::string offsets,
                           ReadIndex(PathOf(base, kOffsetIndexSuffix)));
    // Zeros at the end are no entries: a size that reached the disk alone.
    offsets.resize(offsets.find_last_not_of('\0') + 1);
    const bool is_missing = offsets.empty() && !made.offsets().empty();
    if (is_missing || !made.EncodeOffsets().starts_with(offsets)) {
      return Differs(PathOf(base, kOffsetIndexSuffix), offsets,
                     made.EncodeOffsets());
    }
    CAUCE_ASSIGN_OR_RETURN(const auto sealed, SealEverywhere(file, log, base));
    const bool needs_one = kind == Kind::kSealed ? !sealed->times().empty()
                                                 : !made.times().empty();
    return CheckTimes(base, made.times(), sealed->times(), needs_one);
  }

  // Each entry is one of those that sealing would make, wherever it was done:
  // a segment that was closed, or could not be left, is written on. None that
  // the log makes is missing in front of the last.
  absl::Status CheckTimes(Offset base, const TimeIndex& made,
                          const TimeIndex& sealed, bool needs_one) const {
    const std::string path = PathOf(base, kTimeIndexSuffix);
    CAUCE_ASSIGN_OR_RETURN(const std::string bytes, ReadIndex(path));
    TimeIndex found;
    CAUCE_RETURN_IF_ERROR(Annotate(found.DecodeFrom(base, bytes), path));
    const auto holds = [](const TimeIndex& index, const TimeEntry& entry) {
      const auto there = index.FindAtOrBelow(entry.key());
      return there && there->timestamp == entry.timestamp &&
             there->offset == entry.offset;
    };
    if (found.empty() && needs_one) return Differs(path, "", made.Encode(base));
    for (size_t i = 0; i < found.size(); ++i) {
      if (holds(sealed, found[i])) continue;
      return Differs(path, bytes, sealed.Encode(base));
    }
    for (size_t i = 0; i < made.size() && !found.empty(); ++i) {
      const bool is_behind = made[i].offset > found.last()->offset;
      if (is_behind || holds(found, made[i])) continue;
      return Differs(path, bytes, made.Encode(base));
    }
    return absl::OkStatus();
  }

  // The index of a segment that was sealed behind each of its batches.
  static absl::StatusOr<std::unique_ptr<SegmentIndex>> SealEverywhere(
      const std::shared_ptr<const File>& file, const std::string& log,
      Offset base) {
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    auto sealed = std::make_unique<SegmentIndex>(base, INT64_MAX);
    BatchScanner scanner;
    scanner.Start(file, log, 0, bytes, BatchOffsets{.next = base});
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
      if (!batch) return sealed;
      sealed->Add(BatchFacts::Of(*batch, scanner.batch_position()));
      sealed->Seal();
    }
  }

  // Nothing where there is no such file.
  absl::StatusOr<std::string> ReadIndex(const std::string& path) const {
    auto found = ReadWholeFile(files_, path, kFileBytesMax);
    if (absl::IsNotFound(found.status())) return std::string();
    return found;
  }

  static absl::Status Differs(const std::string& path, std::string_view found,
                              std::string_view made) {
    return absl::DataLossError(fmt::format("{}: holds {}, and its log makes {}",
                                           path, Hex(found), Hex(made)));
  }

  std::string PathOf(Offset base, std::string_view suffix) const {
    return JoinPath(directory_, SegmentFileName(base, suffix));
  }

  FileSystem& files_;
  const std::string directory_;
  const Offset log_start_;
  const IndexCheck& check_;
};

}  // namespace

absl::StatusOr<FileBytes> FilesThatMatter(FileSystem& files,
                                          std::string_view directory) {
  FileBytes all;
  CAUCE_RETURN_IF_ERROR(Collect(files, std::string(directory), all));
  return all;
}

std::string DifferenceOf(const FileBytes& before, const FileBytes& after) {
  std::string difference;
  for (const auto& [path, bytes] : before) {
    const auto now = after.find(path);
    if (now == after.end()) {
      difference += fmt::format("{} is gone; ", path);
    } else if (now->second != bytes) {
      difference += fmt::format("{} had {} bytes and has {} others; ", path,
                                bytes.size(), now->second.size());
    }
  }
  for (const auto& [path, bytes] : after) {
    if (!before.contains(path)) difference += fmt::format("{} is new; ", path);
  }
  return difference;
}

absl::Status CheckIndexFiles(FileSystem& files, std::string_view directory,
                             const IndexCheck& check) {
  for (const auto& [partition, start] : check.log_starts) {
    CAUCE_RETURN_IF_ERROR(PartitionIndexes(files,
                                           JoinPath(directory, partition),
                                           Offset{start}, check)
                              .Check());
  }
  return absl::OkStatus();
}

}  // namespace cauce::test
