// Which offsets of a partition are taken, by which stretch of which log: what
// is believed of several logs side by side.
//
// No two stretches have an offset in common, those of one log lie in it as on
// the line, no other log's lies between them, and none is further from the
// first of its log than an index can tell. Pure; for one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "cauce/types.h"

namespace cauce {

// A stretch of batches in one of several logs.
struct LogPart {
  size_t log = 0;  // by its number
  int64_t position = 0;
  Offset base;
  Offset next;
};

class OffsetLine {
 public:
  // For so many logs.
  explicit OffsetLine(size_t logs) : spans_(logs) {}

  // Whether it would keep all of the above.
  bool HasRoomFor(const LogPart& part) const;

  // There must be room for it.
  void Take(const LogPart& part);

  bool IsFree(Offset base, Offset next) const;

  // The last part that begins below `offset`, and the first that does not; null
  // where there is none.
  const LogPart* Before(Offset offset) const;
  const LogPart* From(Offset offset) const;

  // From the first to the last part of a log; null where it has none.
  struct Span {
    Offset base;
    Offset next;
    int64_t position = 0;  // of the first
  };
  const Span* SpanOf(size_t log) const;

 private:
  std::map<Offset, LogPart> parts_;  // by their bases
  std::vector<Span> spans_;          // of those without a part base == next
};

}  // namespace cauce
