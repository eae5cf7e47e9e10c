// Whether single batches are where they say, which continue no other in their
// file: by what stands around them and by what is already known.
//
// Each side of such a batch meets what is there, or is explained by bytes that
// are no batch, where something stood, or by the end of the file, or lies in
// order where there may be gaps; or else it is a gap without a reason. A side
// that is met speaks for a batch, and a gap against it. The first batch of a
// file may contradict its name: then it counts what meets the batch and what
// would if the name was right, and the name keeps it damage where as much
// speaks for it, unless files have each other's names (exchanged_names.h).
// What a log is called says nothing of others where that name was nobody's.
// Of the names around a batch kNamesMax are looked at: where more could speak
// against it it is not believed. Pure; for one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "cauce/types.h"
#include "engine/log/batch_runs.h"
#include "engine/log/found_log.h"
#include "engine/log/offset_line.h"

namespace cauce {

class LoneBatches {
 public:
  static constexpr int kNamesMax = 1024;

  // All are borrowed; `line` has what is believed so far and may grow.
  LoneBatches(std::span<const FoundLog> found, const KnownOfLog& known,
              const OffsetLine& line);

  // Of a batch that is a run of its own: the one at `run` of that log.
  bool IsBelieved(size_t log, size_t run) const;

 private:
  enum class Side { kMeets, kExplained, kInOrder, kGap };

  Side FrontOf(const LogPart& part, size_t run) const;
  Side BackOf(const LogPart& part, size_t run) const;
  // The side on which another lies back to back with a batch.
  Side Beside(bool is_in_order) const;

  // Whether it goes on from what lies in front of the one in front of it.
  bool MeetsFrontAcross(const LogPart& part, size_t run) const;

  // Whether a name of another file says that these offsets are its own.
  bool IsClaimed(const LogPart& part, Side front) const;
  bool IsClaimedBy(size_t other, const LogPart& part, Side front) const;
  // Whether what is known lies right in front of it and right behind it.
  bool FillsAHole(const LogPart& part) const;
  // Whether batches of it continue each other, and others have their offsets.
  bool IsForeign(size_t log) const;
  // Whether others have exactly its batches. What is taken stays so: each of
  // them is looked for until it is found, once.
  bool IsCopy(size_t log) const;

  // Of one at the front of its file that does not begin as that is called.
  bool MayFollowItsName(const LogPart& part) const;
  bool SpeaksMoreForBatch(const LogPart& part, size_t run) const;

  // Whether others have the place that its file is called by.
  bool IsHomeless(const LogPart& part) const;
  // Whether it could begin a segment of a name that belongs to none.
  bool FitsAVacatedName(const LogPart& part) const;

  // Where it would be if the name of its file was right.
  LogPart AsNamed(const LogPart& part) const;

  // Whether the place is met in front, or behind.
  bool MeetsFront(const LogPart& part) const;
  bool MeetsBack(const LogPart& part, size_t run) const;
  // Whether nothing that is known says that the name of a log is wrong.
  bool NameMayBeRight(size_t log) const;
  // Whether anything but order can be asked for: not where compaction leaves
  // no gaps any more.
  bool IsConfirmedBehind(const LogPart& part) const;
  // Whether the log was closed below its end.
  bool IsAboveEnd(const LogPart& part) const;

  std::span<const FoundLog> found_;
  const KnownOfLog& known_;
  const OffsetLine& line_;
  // Of those that do not wait; none that was nobody's.
  std::map<Offset, size_t> names_;
  // Of these, of logs that hold anything: nothing else claims an offset.
  std::map<Offset, size_t> claims_;
  // Of each log, whether batches of it continue each other; and how many of its
  // runs others are known to have.
  std::vector<bool> has_chain_;
  mutable std::vector<size_t> taken_;
  // By where the first batch of a log begins, and where its last one ends.
  std::map<Offset, size_t> fronts_;
  std::map<Offset, size_t> ends_;
  const std::vector<bool> exchanged_;  // of each, whether it has another's name
};

}  // namespace cauce
