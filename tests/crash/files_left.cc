#include "tests/crash/files_left.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

constexpr int64_t kFileBytesMax = 1 << 20;

// Those that end otherwise do.
constexpr std::array<std::string_view, 8> kDoNotMatter = {
    ".lock",
    // On their way out, or never renamed to what they were to be.
    kDeletedSuffix, ".tmp", kOffsetIndexSuffix, kTimeIndexSuffix,
    // They get a line for each partition that is opened; an engine says where
    // its logs begin.
    kRecoveryPointFile, kLogStartFile,
    // Made anew where it is spoiled: it repeats what the catalogue says.
    kPartitionMetadataFile};

bool Matters(std::string_view name) {
  return std::ranges::none_of(
      kDoNotMatter, [&](std::string_view end) { return name.ends_with(end); });
}

absl::Status Collect(FileSystem& files, const std::string& directory,
                     FileBytes& all) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.is_directory) {
      CAUCE_RETURN_IF_ERROR(Collect(files, path, all));
    } else if (Matters(entry.name)) {
      CAUCE_ASSIGN_OR_RETURN(all[path],
                             ReadWholeFile(files, path, kFileBytesMax));
    }
  }
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
    SegmentIndex& made = *scanned.index;
    CAUCE_RETURN_IF_ERROR(
        Compare(PathOf(base, kOffsetIndexSuffix), made.EncodeOffsets()));
    const std::string times = PathOf(base, kTimeIndexSuffix);
    const bool as_active =
        kind == Kind::kActive && Compare(times, made.EncodeTimes()).ok();
    if (as_active) return absl::OkStatus();
    made.Seal();
    return Compare(times, made.EncodeTimes());
  }

  // A file that is not there has no entries.
  absl::Status Compare(const std::string& path, const std::string& made) const {
    auto found = ReadWholeFile(files_, path, kFileBytesMax);
    if (absl::IsNotFound(found.status())) found = std::string();
    CAUCE_RETURN_IF_ERROR(found.status());
    // Zeros at the end are no entries: a size that reached the disk alone.
    const std::string_view entries =
        std::string_view(*found).substr(0, found->find_last_not_of('\0') + 1);
    const bool ends_early = !entries.empty() && made.starts_with(entries);
    if (*found == made || ends_early) return absl::OkStatus();
    return absl::DataLossError(fmt::format("{}: holds {}, and its log makes {}",
                                           path, Hex(*found), Hex(made)));
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
