#include "engine/log/published_segments.h"

#include <algorithm>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/sync_error.h"

namespace cauce {

PublishedSegments::PublishedSegments(FileSystem& files, std::string directory,
                                     SegmentSet::List segments)
    : files_(files),
      directory_(std::move(directory)),
      set_(std::make_shared<const SegmentSet>(std::move(segments))) {}

std::shared_ptr<const SegmentSet> PublishedSegments::Get() const {
  MutexLock lock(mutex_);
  return set_;
}

void PublishedSegments::Publish(SegmentSet::List segments) {
  const auto now = std::make_shared<const SegmentSet>(std::move(segments));
  std::shared_ptr<const SegmentSet> before = now;
  {
    MutexLock lock(mutex_);
    set_.swap(before);
  }
  // Those at the front may be read to their end; in the place of any other
  // that is gone there are, or will be, other records.
  const Offset first = now->segments().front()->base();
  for (const auto& segment : before->segments()) {
    const Offset base = segment->base();
    if (base < first || now->Find(base) == segment) continue;
    segment->Supersede();
    ++cuts_;
  }
}

void PublishedSegments::PublishBehind(std::shared_ptr<Segment> next) {
  const auto before = Get();
  SegmentSet::List segments;
  segments.reserve(before->segments().size() + 1);
  segments = before->segments();
  segments.push_back(std::move(next));
  std::shared_ptr<const SegmentSet> now =
      std::make_shared<const SegmentSet>(std::move(segments));
  MutexLock lock(mutex_);
  set_.swap(now);
}

void PublishedSegments::NoteRoll(std::shared_ptr<Segment> sealed) {
  MutexLock lock(mutex_);
  unsynced_.push_back(std::move(sealed));
  ++names_made_;
}

void PublishedSegments::NoteRollAhead(std::shared_ptr<Segment> sealed) {
  {
    MutexLock lock(mutex_);
    without_indexes_ = sealed;
  }
  NoteRoll(std::move(sealed));
}

void PublishedSegments::IndexesWritten() {
  MutexLock lock(mutex_);
  without_indexes_ = nullptr;
}

void PublishedSegments::NoteNames() {
  MutexLock lock(mutex_);
  ++names_made_;
}

void PublishedSegments::Forget(const std::shared_ptr<Segment>& segment) {
  MutexLock lock(mutex_);
  std::erase(unsynced_, segment);
}

absl::Status PublishedSegments::Sync() {
  SegmentSet::List sealed;
  std::shared_ptr<Segment> without_indexes;
  std::shared_ptr<Segment> active;
  {
    MutexLock lock(mutex_);
    sealed = unsynced_;
    without_indexes = without_indexes_;
    active = set_->active();
  }
  for (const auto& segment : sealed) {
    CAUCE_RETURN_IF_ERROR(segment->Sync());
    // Whoever writes its index files holds a lock that this would wait for.
    if (segment == without_indexes) continue;
    CAUCE_RETURN_IF_ERROR(segment->SyncIndexFiles());
  }
  std::erase(sealed, without_indexes);
  CAUCE_RETURN_IF_ERROR(active->Sync());
  CAUCE_RETURN_IF_ERROR(SyncNames());
  MutexLock lock(mutex_);
  std::erase_if(unsynced_, [&](const auto& segment) {
    return std::find(sealed.begin(), sealed.end(), segment) != sealed.end();
  });
  for (const auto& segment : sealed) {
    sealed_and_synced_bytes_ += segment->bytes();
  }
  return absl::OkStatus();
}

absl::Status PublishedSegments::TakeWholeSync() {
  SegmentSet::List sealed;
  std::shared_ptr<Segment> active;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(names_failure_);
    sealed = unsynced_;
    active = set_->active();
  }
  for (const auto& segment : sealed) {
    CAUCE_RETURN_IF_ERROR(segment->TakeWholeSync());
  }
  CAUCE_RETURN_IF_ERROR(active->TakeWholeSync());
  MutexLock lock(mutex_);
  unsynced_.clear();
  for (const auto& segment : sealed) {
    sealed_and_synced_bytes_ += segment->bytes();
  }
  names_synced_ = names_made_;
  return absl::OkStatus();
}

absl::Status PublishedSegments::SyncNames() {
  int64_t made = 0;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(names_failure_);
    if (names_synced_ == names_made_) return absl::OkStatus();
    made = names_made_;
  }
  const absl::Status synced = files_.SyncDirectory(directory_);
  if (IsNotOpened(synced)) return SyncNotBegun(synced);
  MutexLock lock(mutex_);
  if (synced.ok()) {
    names_synced_ = std::max(names_synced_, made);
  } else {
    names_failure_ = synced;
  }
  return synced;
}

std::optional<int64_t> PublishedSegments::TakeSynced() {
  MutexLock lock(mutex_);
  if (sealed_and_synced_bytes_ == 0) return std::nullopt;
  return std::exchange(sealed_and_synced_bytes_, 0);
}

}  // namespace cauce
