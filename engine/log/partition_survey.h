// What a partition's files hold and what is wrong with them: all that a repair
// has to know before it can be planned.
//
// Reads every segment twice at most; nothing is changed. For who has the
// directory to himself, one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_check.h"
#include "engine/log/segment_survey.h"

namespace cauce {

// A segment that stays.
struct SurveyedSegment {
  Offset base;
  Offset named;             // what its file is called by, the strays gone
  bool is_waiting = false;  // and by kWaitingLogSuffix, for another to go
  std::string why_renamed;  // where that is another
  int64_t file_bytes = 0;
  int64_t whole_bytes = 0;      // of whole batches
  std::optional<Offset> first;  // where the first of them begins
  Offset next;                  // behind the last of them; the base without one
  std::vector<UnreadableBytes> unreadable;
  std::vector<std::string> kept_as;  // of each of these; empty for zeros
  // One of its index files is missing or of no use.
  bool needs_indexes = false;

  bool is_renamed() const { return is_waiting || named != base; }
  // What its file is called, the strays gone.
  std::string FileName() const;
};

// A file that must go out of the way: it is no part of the log, or a segment
// whose name another one needs before its own is free.
struct StrayFile {
  std::string path;
  std::string kept_as;
  std::string why;
  // Where it should have been one: the offsets that it would have held begin
  // here, and end where the next segment begins.
  std::optional<Offset> base;
  int64_t bytes = 0;
};

struct PartitionSurvey {
  std::vector<StrayFile> strays;
  std::vector<SurveyedSegment> segments;  // in the order of their bases
  // Those whose file is to be called otherwise, by their bases, in an order in
  // which each name is free.
  std::vector<Offset> renamed;
  std::vector<Finding> left;  // what no repair can mend
  // Nothing of it is to be touched: `left` says why.
  bool is_untouchable = false;
};

// `partition` as PartitionCheck has it. `summary` and `progress` are those of
// SegmentCheck.
absl::StatusOr<PartitionSurvey> SurveyPartition(
    FileSystem& files, const PartitionToCheck& partition,
    VerifySummary& summary, const SegmentCheck::Progress& progress);

}  // namespace cauce
