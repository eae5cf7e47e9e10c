// What the last close has noted of a partition's segments, for who reads beside
// other processes. All of it counts until one of them opens the directory for
// writing, who takes the mark of the close away before he changes anything;
// from then on, and after he was killed, what no writer can have changed.
//
// Read anew only where the mark or the notes are others. Thread-safe; its lock
// is a leaf.
#pragma once

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/catalog/file_stamp.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"

namespace cauce {

class LastClose {
 public:
  // `files` is borrowed.
  LastClose(FileSystem& files, std::string directory);

  // `now` is the time of day. Nothing where it does not count by now, was not
  // noted, or cannot be read: it only helps.
  std::optional<NotedLog> Find(const TopicPartition& partition, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  FileSystem& files_;
  const std::string directory_;
  Mutex mutex_;
  FileStamps seen_ ABSL_GUARDED_BY(mutex_);
  Manifest manifest_ ABSL_GUARDED_BY(mutex_);
  bool has_mark_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
