#include "engine/facade/known_logs.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/read.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"

namespace cauce {
namespace {

// What it had below `point`. It is no more as it was closed.
KnownLog UpTo(const KnownLog& log, Offset point) {
  KnownLog below;
  below.directory.id = log.directory.id;
  below.end = point;
  for (const KnownSegment& segment : log.segments) {
    if (segment.base < point) below.segments.push_back(segment);
  }
  for (const OffsetRange& range : log.missing) {
    if (range.base >= point) continue;
    below.missing.push_back({range.base, std::min(range.next, point)});
  }
  return below;
}

}  // namespace

KnownLogs::KnownLogs(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

void KnownLogs::Begin(Manifest manifest) {
  MutexLock lock(mutex_);
  manifest_ = std::move(manifest);
}

std::optional<KnownLog> KnownLogs::Find(const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  return FindHere(partition);
}

std::optional<KnownLog> KnownLogs::FindHere(
    const TopicPartition& partition) const {
  const auto newer = newer_.find(partition);
  if (newer == newer_.end()) return FindKnown(manifest_, partition);
  auto log = DecodeKnownLog(newer->second);
  if (!log.ok()) return std::nullopt;
  return *std::move(log);
}

void KnownLogs::Set(const TopicPartition& partition, const KnownLog& log) {
  MutexLock lock(mutex_);
  newer_.insert_or_assign(partition, EncodeKnownLog(log).value_or(""));
}

void KnownLogs::Forget(const TopicPartition& partition) {
  MutexLock lock(mutex_);
  newer_.insert_or_assign(partition, "");
}

void KnownLogs::Forget(const std::string& topic) {
  MutexLock lock(mutex_);
  for (const auto& [partition, row] : manifest_.rows()) {
    if (partition.topic == topic) newer_.insert_or_assign(partition, "");
  }
  for (auto& [partition, part] : newer_) {
    if (partition.topic == topic) part.clear();
  }
}

void KnownLogs::AddTo(ManifestRows& rows) const {
  MutexLock lock(mutex_);
  AddHere(rows);
}

void KnownLogs::AddHere(ManifestRows& rows) const {
  for (const auto& [partition, row] : manifest_.rows()) {
    if (!row.part.empty()) rows[partition].part = row.part;
  }
  for (const auto& [partition, part] : newer_) {
    if (part.empty()) {
      rows.erase(partition);
    } else {
      rows[partition].part = part;
    }
  }
}

absl::Status KnownLogs::Save() {
  MutexLock lock(mutex_);
  return SaveHere();
}

absl::Status KnownLogs::SaveForgotten() {
  MutexLock lock(mutex_);
  const bool is_told = std::ranges::any_of(
      newer_, [this](const auto& each) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return each.second.empty() && manifest_.Find(each.first);
      });
  return is_told ? SaveHere() : absl::OkStatus();
}

absl::Status KnownLogs::CutAt(const TopicPartition& partition, Offset point) {
  MutexLock lock(mutex_);
  return LowerHere(partition, point + 1, point);
}

absl::Status KnownLogs::CutTo(const TopicPartition& partition, Offset end) {
  MutexLock lock(mutex_);
  return LowerHere(partition, end, end);
}

absl::Status KnownLogs::LowerHere(const TopicPartition& partition, Offset from,
                                  Offset end) {
  const auto known = FindHere(partition);
  if (known && known->end >= from) {
    newer_.insert_or_assign(partition,
                            EncodeKnownLog(UpTo(*known, end)).value_or(""));
  }
  const auto saved = FindKnown(manifest_, partition);
  const bool reaches_on =
      saved && saved->end >= from && *saved != UpTo(*saved, end);
  return reaches_on ? SaveHere() : absl::OkStatus();
}

void KnownLogs::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

absl::Status KnownLogs::SaveHere() {
  if (closed_) return absl::OkStatus();
  ManifestRows rows;
  AddHere(rows);
  LeaveOutParts(rows);
  std::optional<std::string> bytes = FormatManifest(rows, BoundsSums());
  // Too much to be noted: nothing is, rather than what was before.
  if (!bytes) bytes = FormatManifest({}, BoundsSums());
  CAUCE_RETURN_IF_ERROR(ReplaceFile(files_, directory_, kManifestFile, *bytes));
  CAUCE_ASSIGN_OR_RETURN(
      manifest_,
      Manifest::Parse(JoinPath(directory_, kManifestFile), *std::move(bytes)));
  newer_.clear();
  return absl::OkStatus();
}

}  // namespace cauce
