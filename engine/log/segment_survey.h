// What lies in a segment's log for whoever looks at every byte: its whole
// batches, wherever they say that they belong, and what is none. What repair
// stands on.
//
// Goes by the log alone, and so finds whole batches that no index leads to.
// Whether one may stand where it does is for others to judge (log_judgement.h).
// Memory is bounded by the largest batch and by kPlacesMax. Pure but for
// reading the file; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/batch_runs.h"

namespace cauce {

// Where bytes begin that are no whole batch, up to the next run or the end.
struct DamagedBytes {
  int64_t position = 0;
  std::string why;
};

struct SegmentSurvey {
  // More runs and damaged places are no log any more.
  static constexpr size_t kPlacesMax = 100'000;
  // How often the file's bytes are read, at most, for a batch that is better
  // confirmed than the next one: past it the next one is taken.
  static constexpr int64_t kVainFactor = 16;

  int64_t file_bytes = 0;
  std::vector<BatchRun> runs;         // as they lie in the file
  std::vector<DamagedBytes> damaged;  // and these
  bool is_blank = false;              // it has no bytes but zeros
  // Why it is not to be touched: it holds batches of another format.
  std::string other_format;
};

// What is known of a log before it is read.
struct SurveyHints {
  Offset named;  // what its file is called by, which may be wrong
  // Where others may begin, or the log may end, sorted: what the partition's
  // files are called by, but for those that are misnamed, and the saved end.
  // Borrowed.
  std::span<const Offset> borders;
  BatchRuns::Gaps gaps = BatchRuns::Gaps::kOfCompaction;
  // Told of bytes that were read, now and then; may be empty.
  std::function<void(int64_t bytes)> progress;
};

// Fails only where the file cannot be read, and with FailedPrecondition past
// kPlacesMax.
absl::StatusOr<SegmentSurvey> SurveySegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const SurveyHints& hints);

// Reads the runs again in which some of `cuts` lie, which are sorted, and
// splits them there as RunParts does. Fails as above.
absl::Status SplitRuns(const std::shared_ptr<const File>& file,
                       const std::string& name, std::span<const Offset> cuts,
                       SegmentSurvey& survey);

}  // namespace cauce
