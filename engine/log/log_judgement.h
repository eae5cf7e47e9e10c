// What a partition's log is, of all that lies in its files: which batches are
// believed to be where they say, which file is a segment and by which name, and
// which is none.
//
// No CRC covers a base offset, so offsets are believed on evidence, and all of
// it is weighed once, as it was found: what is taken for damage makes nothing
// else right. Batches that continue each other are sure of their offsets, and
// so is one that stands where its file is called; of those that contradict each
// other the ones stay for which more speaks (offset_claim.h), and how much
// there is comes last; within a file what may lie within a record does. A file
// that contradicts its own name, and what is better known, is of another log,
// and nothing of it stays. One batch alone is believed where what stands around
// it agrees with it (lone_batches.h), and else counts as damage, which is told:
// at a wrong offset nobody would notice. Where
// compaction may have left gaps, order is all that there is to agree with: a
// wrong offset that lies in order is not found there.
//
// So no two segments have an offset in common, each has its batches in order,
// and judging what comes of it changes nothing. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "cauce/types.h"
#include "engine/log/found_log.h"

namespace cauce {

enum class LogFate {
  kSegment,   // of the log
  kInside,    // without a batch, within the offsets of another one
  kCopy,      // others have its offsets
  kForeign,   // of another log: its name and what is known contradict it
  kNoBatch,   // it has no batch that can stand there, and may have held some
  kInTheWay,  // another one needs its name
  kAboveEnd,  // without a batch of it: the log was closed below its name
};

struct JudgedLog {
  LogFate fate = LogFate::kSegment;
  // What it is to be called, of a segment.
  Offset base;
  // Of its runs those that stay.
  std::vector<size_t> stay;
  // Of a file that begins as it is called those that others are believed
  // instead of: records that were read by that name, and are not any more.
  std::vector<size_t> displaced;
  // The one that has its offsets, or needs its name.
  std::optional<size_t> other;
  // Not all of its batches could be weighed in so many rounds.
  bool is_undecided = false;
};

// What is believed makes other batches known; it seldom goes further.
inline constexpr int kJudgeRoundsMax = 64;

// Of each of `found` in turn. They are sorted by their names, those that wait
// behind all others; no two of either kind have the same.
std::vector<JudgedLog> JudgeLogs(std::span<const FoundLog> found,
                                 const KnownOfLog& known,
                                 int rounds_max = kJudgeRoundsMax);

}  // namespace cauce
