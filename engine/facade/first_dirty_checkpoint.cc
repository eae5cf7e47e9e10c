#include "engine/facade/first_dirty_checkpoint.h"

#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

FirstDirtyCheckpoint::FirstDirtyCheckpoint(FileSystem& files,
                                           std::string directory)
    : files_(files), directory_(std::move(directory)) {}

absl::Status FirstDirtyCheckpoint::Load(const EventSink& events) {
  auto entries = ReadOffsetCheckpoint(files_, directory_, kFirstDirtyFile);
  const bool is_damaged = ReasonOf(entries.status()) == Reason::kCorruptFile;
  if (!entries.ok() && !is_damaged) return entries.status();
  if (is_damaged && events) {
    events(Severity::kWarning,
           fmt::format("{}; it is taken for empty and written anew: logs are "
                       "compacted from their beginning once more",
                       MessageOf(entries.status())));
  }
  MutexLock lock(mutex_);
  changed_ = is_damaged;
  entries_ = is_damaged ? OffsetCheckpoint() : *std::move(entries);
  return absl::OkStatus();
}

Offset FirstDirtyCheckpoint::Of(const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  const auto found = entries_.find(partition);
  return found == entries_.end() ? Offset{0} : found->second;
}

void FirstDirtyCheckpoint::Set(const TopicPartition& partition,
                               Offset first_dirty) {
  MutexLock lock(mutex_);
  const auto [at, is_new] = entries_.try_emplace(partition);
  changed_ |= is_new || at->second != first_dirty;
  at->second = first_dirty;
}

void FirstDirtyCheckpoint::Forget(const std::string& topic) {
  MutexLock lock(mutex_);
  const auto forgotten = std::erase_if(entries_, [&topic](const auto& entry) {
    return entry.first.topic == topic;
  });
  changed_ |= forgotten > 0;
}

absl::Status FirstDirtyCheckpoint::Save() {
  MutexLock saving(saving_);
  OffsetCheckpoint entries;
  {
    MutexLock lock(mutex_);
    if (closed_ || !std::exchange(changed_, false)) return absl::OkStatus();
    entries = entries_;
  }
  const absl::Status saved =
      WriteOffsetCheckpoint(files_, directory_, kFirstDirtyFile, entries);
  MutexLock lock(mutex_);
  changed_ |= !saved.ok();
  return saved;
}

void FirstDirtyCheckpoint::Close() {
  MutexLock saving(saving_);
  MutexLock lock(mutex_);
  closed_ = true;
}

}  // namespace cauce
