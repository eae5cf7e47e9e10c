// Remembers, for every partition that is compacted, up to where passes of
// compaction have come: Kafka's `cleaner-offset-checkpoint`.
//
// What it says is a hint: where it is lost, or older than it was, more is
// compacted once more. So it is saved after what it speaks of, but for a lower
// offset, before the log is cut to it; and a save that fails costs nothing but
// that. Thread-safe; its lock is a leaf.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/catalog/checkpoint_file.h"

namespace cauce {

class FirstDirtyCheckpoint {
 public:
  // `files` is borrowed.
  FirstDirtyCheckpoint(FileSystem& files, std::string directory);

  // A damaged file counts as empty, which is told to `events`.
  // Reason::kUnsupportedFormat for one of a newer version.
  absl::Status Load(const EventSink& events);

  // 0 where nothing is known.
  Offset Of(const TopicPartition& partition) const;

  // Remembers without saving.
  void Set(const TopicPartition& partition, Offset first_dirty);
  void Forget(const std::string& topic);

  // Does nothing where nothing has changed since. What could not be saved is
  // saved by the next.
  absl::Status Save() ABSL_LOCKS_EXCLUDED(saving_, mutex_);

  // The directory is somebody else's from now on: nothing is written any more.
  // Waits for a save on its way.
  void Close() ABSL_LOCKS_EXCLUDED(saving_, mutex_);

 private:
  FileSystem& files_;
  const std::string directory_;
  // Held while the file is written.
  Mutex saving_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable Mutex mutex_;
  OffsetCheckpoint entries_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
