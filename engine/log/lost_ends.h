// Whether a transaction that is open where offsets were lost has ended there,
// and how.
//
// Nothing is taken for committed on no evidence: what is not known is treated
// as aborted, by a marker in the place of the lost one, which all who read the
// log understand. Pure; any thread.
#pragma once

#include <optional>
#include <span>

#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"

namespace cauce {

// One whose records stand in front of what was lost.
struct OpenTransaction {
  ProducerId producer_id;
  int16_t epoch = 0;
  int32_t coordinator_epoch = 0;
  OffsetRange offsets;  // of its records so far
};

// What is left that speaks of the lost offsets, and of its producer.
struct LossEvidence {
  OffsetRange lost;
  // What the lists of aborted transactions have of it, in the order of the
  // markers, as far as these stand there or behind.
  std::span<const AbortedTransaction> listed;
  // Where the last one began that is in the list of the segment which held the
  // lost offsets.
  std::optional<Offset> begun_last;
  // The headers say of all of it what it was; and which may be a marker of this
  // producer, and whether one of those there ends no transaction that is open:
  // which one it ended is not known.
  bool has_headers = false;
  std::optional<Offset> seen;
  bool sees_stranger = false;
  // Where the producer's open transaction began, by a snapshot from behind.
  std::optional<Offset> open_behind;
};

enum class LostEnd {
  kNone,       // it goes on behind
  kAborted,    // as a list says
  kCommitted,  // it ended, and a list of all that were aborted has it not
  kUnknown,
};

struct JudgedEnd {
  LostEnd end = LostEnd::kNone;
  std::optional<Offset> marker;  // where that stood, as far as it is known
};

JudgedEnd JudgeLostEnd(const OpenTransaction& open,
                       const LossEvidence& evidence);

}  // namespace cauce
