// A step of a repair, and what does it. Plain values; a task is run once, by
// who has the directory to himself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/repair_plan.h"

namespace cauce {

// What is told, and what is done.
struct RepairTask {
  RepairStep step;
  // Null where an earlier one does it too.
  std::function<absl::Status()> run;
  // The directory of the partition that it is about; empty where it speaks for
  // more than one.
  std::string partition;
};
using RepairTasks = std::vector<RepairTask>;

// A partition that was looked at.
struct PartitionRepair {
  TopicPartition name;
  std::string directory;
  RepairPlan plan;
  // Where it ended when it was closed; 0 where that is not known.
  Offset known_end{0};
  // What makes the directory, where it is missing.
  RepairTasks make;
};

}  // namespace cauce
