// The whole batches of a file folded into runs, so that a survey of any number
// of them stays small: a run is a stretch of batches that lie back to back and
// each begin where the one in front ends.
//
// No CRC covers a base offset, so what a batch says of itself is believed for
// how it continues others: in a run of two or more the offsets confirm each
// other. Where compaction may have left gaps, order is all that batches can
// confirm: there a run goes on across gaps, but the first and the last batch of
// a stretch stand alone if they continue nothing, since nothing confirms them
// from the other side. Pure; for one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cauce/types.h"

namespace cauce {

// How many offsets the indexes of one segment can tell apart.
inline constexpr int64_t kSegmentOffsetsMax = int64_t{INT32_MAX} + 1;

struct BatchRun {
  int64_t position = 0;
  int64_t end = 0;  // in the file
  Offset base;
  Offset next;
  int64_t batches = 1;
  // Begins where the one in front of it ends, in the file and in offsets: they
  // are one run that was split.
  bool is_linked = false;
  // It may as well lie within a record: a search led to it, and what is behind
  // its stretch is damaged, and does not go on from it.
  bool is_doubtful = false;
  // Of what the batches hold, whatever offsets they say: others have another
  // one, but for a rare accident.
  uint64_t contents = 0;

  friend bool operator==(const BatchRun&, const BatchRun&) = default;
};

class BatchRuns {
 public:
  enum class Gaps { kNone, kOfCompaction };

  explicit BatchRuns(Gaps gaps) : gaps_(gaps) {}

  // `batch` is one, and lies behind those that were added. Behind other bytes a
  // new stretch begins.
  void Add(const BatchRun& batch);

  const std::vector<BatchRun>& runs() const { return runs_; }
  std::vector<BatchRun> Take() { return std::move(runs_); }

 private:
  // The last run joins the one in front of it, where it is known to follow it.
  void JoinLast();

  const Gaps gaps_;
  std::vector<BatchRun> runs_;
  size_t stretch_ = 0;  // the first run of the stretch
};

// `contents` of one batch, by its CRC, which does not cover its offset.
constexpr uint64_t ContentsOf(uint32_t crc) {
  // Mixed, since those of several are added up; odd, so that none is lost.
  const uint64_t mixed = (uint64_t{crc} + 1) * 0x9E3779B97F4A7C15u;
  return (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9u;
}

// Whether one of `cuts`, which are sorted, lies within a run of several
// batches.
bool IsCut(const BatchRun& run, std::span<const Offset> cuts);

// Parts a run whose batches are added in order, so that none of `cuts`, which
// are sorted, lies in a part of several batches: a batch in which one lies is a
// part of its own. So it can be told of each part whether others have its
// offsets.
class RunParts {
 public:
  explicit RunParts(std::span<const Offset> cuts) : cuts_(cuts) {}

  void Add(const BatchRun& batch);

  std::vector<BatchRun> Take() { return std::move(parts_); }

 private:
  const std::span<const Offset> cuts_;
  std::vector<BatchRun> parts_;
  Offset last_base_;  // of the batch that was added last
};

}  // namespace cauce
