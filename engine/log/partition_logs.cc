#include "engine/log/partition_logs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/batch_runs.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/cut_files.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

constexpr std::array kSuffixes = {kLogSuffix, kOffsetIndexSuffix,
                                  kTimeIndexSuffix, kTxnIndexSuffix,
                                  kSnapshotSuffix};

// Mostly a batch or two.
constexpr size_t kFirstReadBytes = 4096;

bool LooksLikeASegments(std::string_view name) {
  return std::ranges::any_of(kSuffixes, [name](std::string_view suffix) {
    return name.ends_with(suffix);
  });
}

// The segment of which somebody writes a file called `name`, beside the one
// whose place it is to take.
std::optional<Offset> SegmentWrittenAs(std::string_view name) {
  constexpr std::string_view kUnfinished = ".tmp";
  if (name.ends_with(kUnfinishedCutSuffix)) {
    name.remove_suffix(kUnfinishedCutSuffix.size());
  } else if (name.ends_with(kUnfinished)) {
    name.remove_suffix(kUnfinished.size());
  } else {
    return std::nullopt;
  }
  const auto file = ParseSegmentFileName(name);
  if (!file) return std::nullopt;
  return file->base;
}

// The offsets of the next batch; nothing where none follows, or a damaged one.
absl::StatusOr<std::optional<OffsetRange>> NextWhole(BatchScanner& scanner) {
  const auto batch = scanner.Next();
  if (IsDamage(batch.status())) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(batch.status());
  if (!*batch) return std::nullopt;
  return OffsetRange{(*batch)->base_offset(), (*batch)->next_offset()};
}

}  // namespace

absl::StatusOr<PartitionListing> PartitionLogs::List() const {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(partition_.directory));
  PartitionListing listing;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    const bool is_log = file && file->suffix == kLogSuffix;
    const bool is_index = file && (file->suffix == kOffsetIndexSuffix ||
                                   file->suffix == kTimeIndexSuffix ||
                                   file->suffix == kTxnIndexSuffix);
    if (const auto base = SegmentWrittenAs(entry.name)) {
      listing.unfinished.emplace(entry.name, *base);
    } else if (entry.is_directory) {
      if (is_log) listing.directories.push_back(file->base);
      // What cannot be opened as one goes out of the way as one.
      if (is_index) listing.indexes.insert(entry.name);
    } else if (is_log) {
      listing.logs.push_back(file->base);
    } else if (file && file->suffix == kWaitingLogSuffix) {
      listing.waiting.push_back(file->base);
    } else if (is_index) {
      listing.indexes.insert(entry.name);
      listing.indexed.push_back(file->base);
    } else if (file && file->suffix == kSnapshotSuffix) {
      listing.snapshots.push_back(file->base);
    } else if (!file && LooksLikeASegments(entry.name)) {
      listing.lookalikes.push_back(entry.name);
    }
  }
  listing.swaps = CompleteSwaps(entries);
  std::ranges::sort(listing.logs);
  std::ranges::sort(listing.waiting);
  std::ranges::sort(listing.indexed);
  return listing;
}

std::string PartitionLogs::PathOf(const NamedLog& log) const {
  return JoinPath(partition_.directory, log.FileName());
}

absl::StatusOr<std::shared_ptr<const File>> PartitionLogs::Open(
    const NamedLog& log) const {
  return files_.Open(PathOf(log), OpenMode::kRead);
}

absl::StatusOr<bool> PartitionLogs::IsMisnamed(const NamedLog& log) const {
  CAUCE_ASSIGN_OR_RETURN(const auto file, Open(log));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  BatchScanner scanner(kFirstReadBytes);
  scanner.Start(file, PathOf(log), 0, bytes);
  CAUCE_ASSIGN_OR_RETURN(const auto first, NextWhole(scanner));
  if (!first || first->base == log.named) return false;
  CAUCE_ASSIGN_OR_RETURN(const auto second, NextWhole(scanner));
  return second && second->base == first->next;
}

absl::StatusOr<SegmentSurvey> PartitionLogs::Read(
    const NamedLog& log, std::span<const Offset> borders,
    const std::function<void(int64_t bytes)>& progress) const {
  CAUCE_ASSIGN_OR_RETURN(const auto file, Open(log));
  const BatchRuns::Gaps gaps = partition_.may_have_gaps
                                   ? BatchRuns::Gaps::kOfCompaction
                                   : BatchRuns::Gaps::kNone;
  return SurveySegment(file, PathOf(log),
                       {.named = log.named,
                        .borders = borders,
                        .gaps = gaps,
                        .progress = progress});
}

absl::Status PartitionLogs::SplitWhereTheyMeet(
    std::span<const NamedLog> logs, std::span<SegmentSurvey> surveys) const {
  std::vector<Offset> borders;
  // What lies behind the close is judged apart.
  if (partition_.clean_stop) borders.push_back(partition_.bounds.durable);
  for (const SegmentSurvey& survey : surveys) {
    for (const BatchRun& run : survey.runs) {
      borders.push_back(run.base);
      borders.push_back(run.next);
    }
  }
  std::ranges::sort(borders);
  for (size_t log = 0; log < logs.size(); ++log) {
    const bool is_cut = std::ranges::any_of(
        surveys[log].runs,
        [&](const BatchRun& run) { return IsCut(run, borders); });
    if (!is_cut) continue;
    CAUCE_ASSIGN_OR_RETURN(const auto file, Open(logs[log]));
    CAUCE_RETURN_IF_ERROR(
        SplitRuns(file, PathOf(logs[log]), borders, surveys[log]));
  }
  return absl::OkStatus();
}

}  // namespace cauce
