// A log as a survey finds it, before it is judged what of it is believed, and
// what else is known of its partition. Plain values.
#pragma once

#include <optional>
#include <vector>

#include "cauce/types.h"
#include "engine/log/batch_runs.h"
#include "engine/log/former_names.h"

namespace cauce {

// A file that is called like a segment's log, as it was found.
struct FoundLog {
  Offset named;
  bool is_waiting = false;     // for that name, which an earlier repair gave it
  bool is_blank = false;       // it has no bytes but zeros
  // It is called and as long as one that the log had when it was closed.
  bool is_listed = false;
  // What it was called before, where that is known (former_names.h).
  std::optional<FormerName> former_name;
  std::vector<BatchRun> runs;  // as they lie, split where others have borders

  // Where the batch at its front begins, if there is one.
  std::optional<Offset> FrontBase() const {
    if (runs.empty() || runs.front().position != 0) return std::nullopt;
    return runs.front().base;
  }
};

// What else is known of the partition.
struct KnownOfLog {
  Offset durable{0};    // what lies below was synced once
  Offset log_start{0};  // what lies below is gone
  bool start_is_known = false;
  bool clean_stop = false;  // then `durable` is where it ended
  // Where the last close, behind which nobody wrote, has noted that it ended.
  std::optional<Offset> closed_end;
  bool may_have_gaps = true;
};

}  // namespace cauce
