// Mends what is saved of where the logs of a directory start and end: as the
// plans of its partitions have them, and before any of these is carried out, so
// that a recovery on the way neither cuts a log shorter nor shows what was
// deleted. What the logs hold is durable by then.
//
// Makes tasks; nothing is changed before they are run. For who has the
// directory to himself.
#pragma once

#include <span>
#include <string>

#include "cauce/file_system.h"
#include "engine/facade/repair_task.h"
#include "engine/facade/small_file_repair.h"

namespace cauce {

class BoundsRepair {
 public:
  // All are borrowed; the tasks borrow `files`. `partitions` are those that
  // were looked at.
  BoundsRepair(FileSystem& files, const std::string& directory,
               const SmallFileRepair& small,
               std::span<const PartitionRepair> partitions)
      : files_(files),
        directory_(directory),
        small_(small),
        partitions_(partitions) {}

  // A step for each start that moves; the first one saves them all.
  RepairTasks SaveStarts() const;
  // With `clean_stop` only where the ends move, or were lost, also in part.
  RepairTasks SaveEnds(bool clean_stop) const;
  // Of logs of which other records are read then no part counts as compacted:
  // what was kept for the sake of those that are gone may show them again.
  RepairTasks SaveFirstDirty() const;

 private:
  FileSystem& files_;
  const std::string& directory_;
  const SmallFileRepair& small_;
  const std::span<const PartitionRepair> partitions_;
};

}  // namespace cauce
