#include "engine/backup/source_segments.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

class Listing {
 public:
  Listing(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  absl::StatusOr<std::vector<SourceSegment>> Run() {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(directory_));
    for (const DirectoryEntry& entry : entries) {
      const auto file = ParseSegmentFileName(entry.name);
      if (!file || entry.is_directory) continue;
      if (file->suffix == kLogSuffix) logs_.push_back(file->base);
      if (file->suffix == kDeletedLogSuffix) retired_.push_back(file->base);
    }
    std::ranges::sort(logs_);
    std::ranges::sort(retired_);
    for (const Offset base : logs_) segments_.push_back({base});
    for (const Offset base : CompleteSwaps(entries))
      CAUCE_RETURN_IF_ERROR(TakeSwap(base));
    std::ranges::sort(segments_, {}, &SourceSegment::base);
    return std::move(segments_);
  }

 private:
  // As a reader does (LogView::AddSwap), but for one that is damaged.
  absl::Status TakeSwap(Offset base) {
    auto swap = Scan(base, kSwapLogSuffix);
    // A link, a pipe: whatever it is, no cleaner has made it.
    if (absl::IsFailedPrecondition(swap.status())) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(swap.status());
    CAUCE_ASSIGN_OR_RETURN(
        const auto sources,
        SourcesOf(*swap, {logs_, retired_},
                  [this](Offset source, std::string_view suffix) {
                    return FindSource(source, suffix);
                  }));
    swap->is_whole &= CoversSources(*swap, sources);
    const bool comes_back =
        !swap->is_whole && !SourcesToTakeBack(base, sources).empty();
    if (!comes_back && !WhyNoSwap(*swap, logs_).empty())
      return absl::OkStatus();
    if (!swap->is_whole) return Damaged(base);
    std::erase_if(segments_, [&](const SourceSegment& each) {
      return each.base >= base && each.base < swap->next;
    });
    segments_.push_back({.base = base, .is_swap = true});
    return absl::OkStatus();
  }

  absl::StatusOr<FoundSwap> Scan(Offset base, std::string_view suffix) const {
    const std::string path = PathOf(base, suffix);
    CAUCE_ASSIGN_OR_RETURN(std::unique_ptr<File> opened,
                           files_.Open(path, OpenMode::kRead));
    const std::shared_ptr<const File> file = std::move(opened);
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
    CAUCE_ASSIGN_OR_RETURN(
        const ScannedSegment scanned,
        ScanSegment(file, path, {.base = base, .bytes = bytes}));
    return FoundSwap{.base = base,
                     .next = scanned.next,
                     .is_whole = scanned.damage.ok() &&
                                 scanned.bytes == bytes && bytes > 0};
  }

  absl::StatusOr<FoundSwap> FindSource(Offset base,
                                       std::string_view suffix) const {
    auto found = Scan(base, suffix);
    // It has given way by now, or nobody can read it.
    const bool is_none = absl::IsNotFound(found.status()) ||
                         absl::IsFailedPrecondition(found.status()) ||
                         absl::IsPermissionDenied(found.status());
    if (is_none) return FoundSwap{.base = base, .next = base};
    return found;
  }

  absl::Status Damaged(Offset base) const {
    return absl::FailedPreconditionError(fmt::format(
        "{}: a compacted log whose writer was stopped as it took the place of "
        "segments is damaged, or ends too early: open the directory for "
        "writing once, which takes back what it was made from as far as that "
        "is there, then back up again",
        PathOf(base, kSwapLogSuffix)));
  }

  std::string PathOf(Offset base, std::string_view suffix) const {
    return JoinPath(directory_, SegmentFileName(base, suffix));
  }

  FileSystem& files_;
  const std::string& directory_;
  std::vector<Offset> logs_;
  std::vector<Offset> retired_;
  std::vector<SourceSegment> segments_;
};

}  // namespace

std::string_view SourceSegment::log_suffix() const {
  return is_swap ? kSwapLogSuffix : kLogSuffix;
}

absl::StatusOr<std::vector<SourceSegment>> ListSourceSegments(
    FileSystem& files, const std::string& directory) {
  return Listing(files, directory).Run();
}

}  // namespace cauce
