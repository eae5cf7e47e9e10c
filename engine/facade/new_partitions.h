// Furnishes the directories of partitions that are opened for the first time.
//
// The first few of a topic one by one. Whoever goes on to open many pays less
// for each: those that follow are furnished along with one, with one sync of
// the file system for all of them. No more are furnished in vain than were
// opened, and none where the disk is nearly full. Thread-safe; one is furnished
// after the other.
#pragma once

#include <cstddef>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/partition_directories.h"
#include "engine/io/free_space.h"

namespace cauce {

class NewPartitions {
 public:
  // All are borrowed; `space` may be null.
  NewPartitions(FileSystem& files, PartitionDirectories& directories,
                const FreeSpace* space)
      : files_(files), directories_(directories), space_(space) {}

  // As PartitionDirectories::Furnish, of one without a segment. `whole`, which
  // may be null, syncs for many.
  absl::Status Furnish(const TopicEntry& topic, PartitionId partition,
                       WholeSync* whole) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // With those that follow it, up to the first that is not as it was made: so
  // where none is, as where the last are opened first, few are looked at.
  // Returns whether that was worth it and has succeeded.
  bool FurnishMany(const TopicEntry& topic, PartitionId partition,
                   WholeSync& whole) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether it is as it was made, and `whole` syncs it.
  bool IsNew(const TopicEntry& topic, PartitionId partition,
             const WholeSync& whole) const;

  // Whether the disk is so full that others need the room of so many.
  bool IsTooMuch(size_t partitions) const;

  FileSystem& files_;
  PartitionDirectories& directories_;
  const FreeSpace* const space_;
  Mutex mutex_;
  // Of one topic at a time: how many somebody has opened, and those that are
  // furnished already and nobody has.
  TopicId topic_ ABSL_GUARDED_BY(mutex_);
  size_t opened_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<PartitionId> ahead_ ABSL_GUARDED_BY(mutex_);
  // A sync of all that failed once fails for good: each opening would write
  // for all of them in vain.
  bool has_failed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
