// Which transactions of a partition may have ended in what its files lack, and
// what takes the place of their markers.
//
// Reads the logs once more, as they were surveyed, where anything is missing;
// and the lists of aborted transactions and the snapshots beside them, which
// may say what no batch does any more: each file once, however many places are
// lost. Lists that an earlier repair has set aside are read as well: it may
// have been stopped before it wrote what they say. Changes nothing. For who has
// the directory to himself, one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/listed_aborts.h"
#include "engine/log/partition_check.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

struct LostEnds {
  std::vector<EndedTransaction> ended;  // in the order of their markers
  // Those for whose markers is no room, as notes: each offset that was lost
  // gets what it may have held, so nothing is found there again.
  std::vector<Finding> left;
  // Bases of segments whose .txnindex has one that begins in front of such a
  // marker and ends behind: to Kafka's consumers it would be over there.
  std::set<Offset> outdated_lists;
  // How many transactions were weighed, each once for every place where it was
  // open in front of what is lost.
  int64_t weighed = 0;
};

// What a survey does not go beyond; that it would have is told as left.
struct LostEndLimits {
  // Some 100 bytes are kept of each that may have ended: 400 MiB at the most.
  int64_t weighed_max = 1 << 22;
  size_t listed_max = ListedAborts::kEntriesMax;
  // Of those for whose markers is no room: more are counted.
  size_t told_max = 1 << 12;
};

struct LogsToSearch {
  std::span<const SurveyedSegment> segments;  // in the order of their bases
  // Of which the .txnindex is set aside, by base: nothing follows from what is
  // not in it.
  std::set<Offset> refused_lists;
  LostEndLimits limits;
};

absl::StatusOr<LostEnds> FindLostEnds(FileSystem& files,
                                      const PartitionToCheck& partition,
                                      const LogsToSearch& logs);

}  // namespace cauce
