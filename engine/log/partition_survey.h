// What a partition's files hold and what is wrong with them: all that a repair
// has to know before it can be planned.
//
// Three steps: every log is read, wherever its batches say that they belong;
// what is the log of all that is judged once (log_judgement.h); and each
// segment that keeps its name and its batches is checked within its records and
// against its indexes. So each log is read twice, a stretch of one whose
// offsets others have as well once more, and all of them where some are lost,
// for the transactions that may have ended there. Nothing is changed. For who
// has the directory to himself, one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_check.h"
#include "engine/log/stray_files.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

struct PartitionSurvey {
  std::vector<StrayFile> strays;
  std::vector<SurveyedSegment> segments;  // in the order of their bases
  // Those whose file is to be called otherwise, by their bases, in an order in
  // which each name is free.
  std::vector<Offset> renamed;
  // Transactions that may have ended in what is lost, and the markers that are
  // to say how, in their order.
  std::vector<EndedTransaction> ended;
  std::vector<Finding> left;  // what no repair can mend
  // Nothing of it is to be touched: `left` says why.
  bool is_untouchable = false;
};

// How often a survey passes all bytes: as they are read, and as what was found
// is checked.
inline constexpr int64_t kSurveyRounds = 2;

// `partition` as PartitionCheck has it. `summary` and `progress` are those of
// SegmentCheck.
absl::StatusOr<PartitionSurvey> SurveyPartition(
    FileSystem& files, const PartitionToCheck& partition,
    VerifySummary& summary, const SegmentCheck::Progress& progress);

}  // namespace cauce
