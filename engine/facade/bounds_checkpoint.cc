#include "engine/facade/bounds_checkpoint.h"

#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kWithoutRecoveryPoints =
    "recovery looks at every segment, which takes longer and loses nothing";
constexpr std::string_view kWithoutLogStarts =
    "every log starts where its oldest segment does, so records that were "
    "deleted by request from the middle of a segment show again; delete them "
    "once more";

// What a damaged checkpoint does not say, the files bound: `consequence`.
OffsetCheckpoint ReadOrTell(FileSystem& files, const std::string& directory,
                            std::string_view name, std::string_view consequence,
                            const EventSink& events, absl::Status& failure) {
  auto entries = ReadOffsetCheckpoint(files, directory, name);
  if (entries.ok()) return *std::move(entries);
  if (ReasonOf(entries.status()) != Reason::kCorruptFile) {
    failure.Update(entries.status());
  } else if (events) {
    events(Severity::kWarning,
           fmt::format("{}; it is taken for empty and written anew: {}",
                       MessageOf(entries.status()), consequence));
  }
  return {};
}

}  // namespace

BoundsCheckpoint::BoundsCheckpoint(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

absl::Status BoundsCheckpoint::Load(const EventSink& events) {
  absl::Status failure;
  const OffsetCheckpoint recovery_points =
      ReadOrTell(files_, directory_, kRecoveryPointFile, kWithoutRecoveryPoints,
                 events, failure);
  const OffsetCheckpoint log_starts = ReadOrTell(
      files_, directory_, kLogStartFile, kWithoutLogStarts, events, failure);
  MutexLock lock(mutex_);
  for (const auto& [partition, offset] : recovery_points) {
    bounds_[partition].recovery_point = offset;
  }
  for (const auto& [partition, offset] : log_starts) {
    bounds_[partition].log_start = offset;
  }
  return failure;
}

LogBounds BoundsCheckpoint::Of(const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  const auto found = bounds_.find(partition);
  return found == bounds_.end() ? LogBounds{} : found->second;
}

absl::Status BoundsCheckpoint::Save(const TopicPartition& partition,
                                    const LogBounds& bounds) {
  MutexLock lock(mutex_);
  bounds_[partition] = bounds;
  changed_ = true;
  return SaveLocked();
}

void BoundsCheckpoint::Set(const TopicPartition& partition,
                           const LogBounds& bounds) {
  MutexLock lock(mutex_);
  LogBounds& known = bounds_[partition];
  changed_ = changed_ || known != bounds;
  known = bounds;
}

void BoundsCheckpoint::Forget(const std::string& topic) {
  MutexLock lock(mutex_);
  const auto erased = std::erase_if(
      bounds_, [&](const auto& entry) { return entry.first.topic == topic; });
  changed_ = changed_ || erased > 0;
}

absl::Status BoundsCheckpoint::SaveAll() {
  MutexLock lock(mutex_);
  return changed_ ? SaveLocked() : absl::OkStatus();
}

void BoundsCheckpoint::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

absl::Status BoundsCheckpoint::SaveLocked() {
  if (closed_) return MakeError(Reason::kClosed, "the engine was closed");
  OffsetCheckpoint recovery_points;
  OffsetCheckpoint log_starts;
  for (const auto& [partition, bounds] : bounds_) {
    recovery_points[partition] = bounds.recovery_point;
    if (bounds.log_start > Offset{0}) log_starts[partition] = bounds.log_start;
  }
  // The start first: a log never ends before it begins.
  CAUCE_RETURN_IF_ERROR(
      WriteOffsetCheckpoint(files_, directory_, kLogStartFile, log_starts));
  CAUCE_RETURN_IF_ERROR(WriteOffsetCheckpoint(
      files_, directory_, kRecoveryPointFile, recovery_points));
  changed_ = false;
  return absl::OkStatus();
}

}  // namespace cauce
