#include "engine/log/partition_logs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// A batch is seldom larger, and one is read.
constexpr size_t kFirstReadBytes = 4096;

constexpr std::array kSuffixes = {kLogSuffix, kOffsetIndexSuffix,
                                  kTimeIndexSuffix, kTxnIndexSuffix,
                                  kSnapshotSuffix};

bool LooksLikeASegments(std::string_view name) {
  return std::ranges::any_of(kSuffixes, [name](std::string_view suffix) {
    return name.ends_with(suffix);
  });
}

}  // namespace

absl::StatusOr<PartitionListing> PartitionLogs::List() const {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(partition_.directory));
  PartitionListing listing;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_log = file && file->suffix == kLogSuffix;
    const bool is_index = file && (file->suffix == kOffsetIndexSuffix ||
                                   file->suffix == kTimeIndexSuffix);
    if (entry.is_directory) {
      if (is_log) listing.directories.push_back(file->base);
      // What cannot be opened as one goes out of the way as one.
      if (is_index) listing.indexes.insert(entry.name);
    } else if (is_log) {
      listing.logs.push_back(file->base);
    } else if (file && file->suffix == kWaitingLogSuffix) {
      listing.waiting.push_back(file->base);
    } else if (is_index) {
      listing.indexes.insert(entry.name);
    } else if (!file && LooksLikeASegments(entry.name)) {
      listing.lookalikes.push_back(entry.name);
    }
  }
  std::ranges::sort(listing.logs);
  return listing;
}

std::string PartitionLogs::PathOf(Offset named) const {
  return JoinPath(partition_.directory, SegmentFileName(named, kLogSuffix));
}

ScanRange PartitionLogs::RangeOf(Offset base,
                                 std::optional<Offset> next) const {
  ScanRange range{.base = base};
  if (next) {
    range.up_to = *next;
  } else {
    range.boundary = partition_.bounds.durable;
  }
  if (!partition_.may_have_gaps) range.no_gap_from = partition_.bounds.durable;
  range.has_no_gaps = !partition_.may_have_gaps;
  return range;
}

ScanRange PartitionLogs::RangeOfAll(Offset base) const {
  return {.base = base, .has_no_gaps = !partition_.may_have_gaps};
}

absl::StatusOr<SegmentSurvey> PartitionLogs::Read(Offset named,
                                                  ScanRange range) const {
  return ReadFile(PathOf(named), range);
}

absl::StatusOr<SegmentSurvey> PartitionLogs::ReadFile(const std::string& path,
                                                      ScanRange range) const {
  CAUCE_ASSIGN_OR_RETURN(const std::shared_ptr<const File> file,
                         files_.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(range.bytes, file->Size());
  return SurveySegment(file, path, range);
}

absl::StatusOr<std::optional<LogFront>> PartitionLogs::Front(
    Offset named) const {
  return FrontOf(PathOf(named));
}

absl::StatusOr<std::optional<Offset>> PartitionLogs::FirstBase(
    Offset named) const {
  return BaseAt(named, 0);
}

absl::StatusOr<std::optional<Offset>> PartitionLogs::BaseAt(
    Offset named, int64_t position) const {
  CAUCE_ASSIGN_OR_RETURN(const auto front, FrontOf(PathOf(named), position));
  if (!front) return std::nullopt;
  return front->base;
}

absl::StatusOr<std::optional<SegmentSurvey>> PartitionLogs::ReadWaiting(
    Offset base) const {
  const std::string path =
      JoinPath(partition_.directory, SegmentFileName(base, kWaitingLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(const auto front, FrontOf(path));
  if (!front) return std::nullopt;
  return ReadFile(path, RangeOfAll(front->base));
}

absl::StatusOr<std::optional<LogFront>> PartitionLogs::FrontOf(
    const std::string& path, int64_t position) const {
  auto opened = files_.Open(path, OpenMode::kRead);
  // A link: whoever takes the segment says why.
  if (absl::IsFailedPrecondition(opened.status())) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(opened.status());
  const std::shared_ptr<const File> file = *std::move(opened);
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  BatchScanner scanner(kFirstReadBytes);
  scanner.Start(file, path, position, size);
  const auto batch = scanner.Next();
  if (!batch.ok() && !IsDamage(batch.status())) return batch.status();
  if (!batch.ok() || !*batch) return std::nullopt;
  LogFront front{.base = (*batch)->base_offset(),
                 .next = (*batch)->next_offset()};
  const auto second = scanner.Next();
  if (!second.ok() && !IsDamage(second.status())) return second.status();
  front.is_alone = second.ok() && !*second;
  if (second.ok() && *second) front.follower = (*second)->base_offset();
  return front;
}

}  // namespace cauce
