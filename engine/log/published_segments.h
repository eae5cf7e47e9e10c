// The segments of a partition as everybody sees them, and which of them a sync
// has to cover.
//
// Get() never waits for files: it is one look. Publishing belongs to the
// partition's one writer, syncing to one thread at a time; both may go on at
// once. Invariant: a sealed segment is noted here before a set is published in
// which it is not the active one, so that no sync passes it by. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"

namespace cauce {

class PublishedSegments {
 public:
  // In `directory` of `files`, which outlives this.
  PublishedSegments(FileSystem& files, std::string directory,
                    SegmentSet::List segments);

  std::shared_ptr<const SegmentSet> Get() const;

  // Everybody who asks from now on gets `segments`. Those that are gone, but
  // for the oldest, are marked: others have taken, or will take, their place.
  void Publish(SegmentSet::List segments);

  // `sealed` is followed by a segment whose name is new in the directory.
  void NoteRoll(std::shared_ptr<Segment> sealed);
  // `segment` is no longer part of the log.
  void Forget(const std::shared_ptr<Segment>& segment);

  // Makes durable what was written before the call: sealed segments, with
  // their indexes, the active one, and new names.
  absl::Status Sync();

 private:
  FileSystem& files_;
  const std::string directory_;
  mutable Mutex mutex_;
  std::shared_ptr<const SegmentSet> set_ ABSL_GUARDED_BY(mutex_);
  // Sealed and not yet synced, oldest first.
  SegmentSet::List unsynced_ ABSL_GUARDED_BY(mutex_);
  bool names_unsynced_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
