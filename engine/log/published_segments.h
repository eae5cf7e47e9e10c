// The segments of a partition as everybody sees them, and which of them a sync
// has to cover.
//
// Get() never waits for files: it is one look. Publishing belongs to the
// partition's one writer, Sync() to one thread at a time; both may go on at
// once, and a cut may sync the segment whose front it keeps meanwhile: whoever
// of the two comes later waits. Invariant: a sealed segment is noted here
// before a set is published in which it is not the active one, so that no sync
// passes it by. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
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

  // The same where `next` is new behind those that there are, of which none is
  // gone: none of them is looked at, however many there are.
  void PublishBehind(std::shared_ptr<Segment> next);

  // How often a segment was marked so. Any thread.
  int64_t cuts() const { return cuts_.load(); }

  // `sealed` is followed by a segment whose name is new in the directory.
  void NoteRoll(std::shared_ptr<Segment> sealed);
  // The same where who rolls still writes the index files of `sealed`: until
  // IndexesWritten a Sync leaves them alone, and makes no more of it durable
  // than its log. So no recovery point may be noted meanwhile.
  void NoteRollAhead(std::shared_ptr<Segment> sealed);
  void IndexesWritten();
  // Names that were found in the directory are not known to be durable.
  void NoteNames();
  // `segment` is no longer part of the log.
  void Forget(const std::shared_ptr<Segment>& segment);

  // Makes durable what was written before the call: sealed segments, with
  // their indexes but where these are still written, the active one, and new
  // names. Where there is no descriptor
  // for one of these the error is SyncNotBegun: the next call goes on there.
  absl::Status Sync();

  // The same where a sync of all their file system has succeeded, and nothing
  // was written or named since it began.
  absl::Status TakeWholeSync();

  // Makes new names durable; does nothing where there are none. Before a roll
  // makes another: of two, a power loss might keep the later alone. Where it
  // fails every Sync from then on does, but where it was not begun.
  absl::Status SyncNames();

  // How many bytes of sealed segments syncs have made durable since the last
  // call; nothing where they were none.
  std::optional<int64_t> TakeSynced();

 private:
  FileSystem& files_;
  const std::string directory_;
  std::atomic<int64_t> cuts_ = 0;
  mutable Mutex mutex_;
  std::shared_ptr<const SegmentSet> set_ ABSL_GUARDED_BY(mutex_);
  // Sealed and not yet synced, oldest first.
  SegmentSet::List unsynced_ ABSL_GUARDED_BY(mutex_);
  // The one of them whose index files somebody writes.
  std::shared_ptr<Segment> without_indexes_ ABSL_GUARDED_BY(mutex_);
  int64_t sealed_and_synced_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Names are durable when as many were synced as made.
  int64_t names_made_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t names_synced_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status names_failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
