// Whether a transaction that is open where offsets were lost has ended there,
// and how.
//
// Nothing is taken for committed on no evidence: what is not known is treated
// as aborted, by a marker in the place of the lost one, which all who read the
// log understand. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

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

// A batch that may have been a marker, by a header that no CRC vouches for.
struct SeenEnd {
  ProducerId producer_id;
  Offset offset;
};

// What is left that speaks of the lost offsets.
struct LossEvidence {
  OffsetRange lost;
  // What the lists of aborted transactions say: all, and that of the segment
  // which held the lost offsets.
  std::span<const AbortedTransaction> listed;
  std::span<const AbortedTransaction> listed_here;
  // What the headers say of all of it, one after the other; nothing where they
  // do not.
  std::optional<std::vector<SeenEnd>> seen;
  // One of those ends no transaction that is open there: which one it ended is
  // not known.
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
