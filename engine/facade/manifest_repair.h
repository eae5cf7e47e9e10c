// Takes out of `cauce.segments` what it says of partitions whose segments are
// not those of the last close any more: else each opening, and each look, would
// miss for ever what a repair has said is gone.
//
// Makes tasks; nothing is changed before they are run. For who has the
// directory to himself.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "engine/facade/repair_task.h"

namespace cauce {

class ManifestRepair {
 public:
  // Both are borrowed, by the tasks too.
  ManifestRepair(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  // Reads the one that the mark of the last stop names; where that was none in
  // order, the one of the last close before. One that is damaged counts for
  // nobody. Reason::kUnsupportedFormat where a newer release wrote it, and
  // errors of reading it. Where a directory cannot be looked at that too, and
  // the parts of the others count.
  absl::Status Look(bool clean_stop);

  // Nothing where it does not tell of the partition.
  std::optional<KnownLog> Find(const TopicPartition& name) const;

  // A step for each partition of which something is to be forgotten, and each
  // range that no other step tells is lost; the first one forgets them all. To
  // be run behind what is done to their logs. What it says of the others stays.
  RepairTasks Forget(std::span<const PartitionRepair> partitions) const;

 private:
  FileSystem& files_;
  const std::string& directory_;
  Manifest manifest_;
  bool clean_stop_ = false;
};

}  // namespace cauce
