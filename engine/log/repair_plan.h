// What to do to a partition that was surveyed, so that all that can be read of
// it is read without an error, and nothing of it is read otherwise than before.
//
// Pure: a list of steps, in the order in which they are to be done; who carries
// it out makes the logs durable and saves `bounds` first. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/gap_batch.h"
#include "engine/log/partition_check.h"
#include "engine/log/partition_survey.h"

namespace cauce {

// A gap of more offsets is left: it comes of a wrong number in a checkpoint or
// in a file's name rather than of records.
inline constexpr int64_t kFilledOffsetsMax = 64 * kGapOffsetsMax;

struct RepairPlan {
  std::vector<RepairStep> steps;
  // What is to be saved as durable before the first step, so that no recovery
  // on the way cuts the log shorter: where it ends once it is repaired.
  Offset end{0};
  Offset log_start{0};
  // Why its start is another, if it is, and what is missing in front of it.
  std::string why_start;
  OffsetRange lost_at_start;
  // Of the segments that were there at the last close some are not, nor will
  // be, or the log ends lower: what was noted of it is to be forgotten. And
  // which of their offsets no step tells of as lost; and the offsets of those
  // that lack batches from within, of which nobody knows which.
  bool forgets_known = false;
  // It goes on behind the close that is noted: its end is to be saved.
  bool has_outgrown_close = false;
  std::vector<OffsetRange> lost_unseen;
  std::vector<OffsetRange> lacking;
  std::vector<Finding> left;  // what no repair can mend
};

RepairPlan PlanPartitionRepair(const PartitionToCheck& partition,
                               const PartitionSurvey& survey);

}  // namespace cauce
