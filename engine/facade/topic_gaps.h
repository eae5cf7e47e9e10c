// Which topics may have gaps of compaction, as the process that writes the
// directory has saved by now: for who reads beside it.
//
// A topic is altered in the catalogue before anything of it is compacted, so
// that whoever looks here behind a file that it misses knows why. Read anew
// only where it was saved since. Thread-safe; its lock is a leaf.
#pragma once

#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "engine/catalog/file_stamp.h"

namespace cauce {

class TopicGaps {
 public:
  // `files` is borrowed.
  TopicGaps(FileSystem& files, std::string directory);

  // `now` is the time of day. False of a topic that is not there. Where the
  // catalogue cannot be read, as when it was read last: who asks for topics is
  // told.
  bool MayHave(const std::string& topic, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  FileSystem& files_;
  const std::string directory_;
  Mutex mutex_;
  FileStamps seen_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> topics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
