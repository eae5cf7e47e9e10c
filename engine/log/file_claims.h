// What speaks for the offsets of batches that continue each other, of what was
// found in a partition's files (offset_claim.h).
//
// Goes by the files alone, as they were found. Pure; for one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "cauce/types.h"
#include "engine/log/batch_runs.h"
#include "engine/log/found_log.h"
#include "engine/log/offset_claim.h"

namespace cauce {

class FileClaims {
 public:
  // Both are borrowed.
  FileClaims(std::span<const FoundLog> found, const KnownOfLog& known);

  // Of runs [first, end) of that log, which continue each other.
  OffsetClaim Of(size_t log, size_t first, size_t end) const;

  // Whether runs [first, end) of that log go on where another log ends, or end
  // where another one begins.
  bool MeetsAnother(size_t log, size_t first, size_t end) const;

 private:
  // The offsets of a run and what it holds: the same of two are one.
  using Batches = std::tuple<Offset, Offset, uint64_t>;

  static Batches BatchesOf(const BatchRun& run);

  // What the name of its own file says to a chain.
  OffsetClaim::Name OwnName(size_t log, size_t first) const;
  bool IsMetInFront(size_t log, Offset base, Offset next) const;
  bool IsMetBehind(size_t log, size_t first, Offset next) const;

  std::span<const FoundLog> found_;
  const KnownOfLog& known_;
  // Of each, behind the runs that continue its first one.
  std::vector<size_t> front_ends_;
  // And behind those that lie back to back with it.
  std::vector<size_t> stretch_ends_;
  // The names of those that begin as they are called, sorted.
  std::vector<Offset> agreeing_;
  // By where logs begin, as called and as their first batches say, and end.
  std::multimap<Offset, size_t> begins_;
  std::multimap<Offset, size_t> ends_;
  // Of what several files hold the best that the name of one says to it.
  std::map<Batches, OffsetClaim::Name> held_;
};

}  // namespace cauce
