// Mends a data directory that nothing has open, where recovery, which runs by
// itself when a directory is opened, must not: it takes out what is no whole
// batch and keeps all that is.
//
// A repair is a list of steps, made from what is found and then carried out;
// PlanRepair stops before that and writes nothing. No offset changes, and no
// whole batch goes unless as much contradicts its offset as confirms it, or it
// stands behind the end that the last close has noted. What goes of logs and
// small files, but zeros at their end, is kept beside in files called `.cut`,
// which no reader takes for records and no repair writes over. One that was
// killed leaves a directory at least as whole as before: run it again. Then
// VerifyDirectory tells only of what was left, a second repair finds no work,
// and Kafka's tools read it. Where batches were taken out, or are gone to the
// last byte, and where whole segments are missing, a batch without records says
// so, as compaction leaves them: readers go on behind it without an error; and
// a marker, where a transaction may have ended there. In a topic that may have
// gaps what is gone or taken out leaves one, of which nobody tells after the
// repair. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

enum class RepairAction {
  kSetAside,      // `file` leaves the log and is kept as `renamed_to`; a
                  // segment that waits there for its name gets that later
  kRename,        // `file`, a segment's log, gets the name it should have
  kRemoveBytes,   // `file`, a segment's log, loses `removed`, which may be no
                  // bytes where records are missing
  kBeginSegment,  // `file` is made, empty: the log goes on at its offset
  kFillGap,       // `file` is made: a segment's log that says of the offsets
                  // `filled` that there are no records
  kWriteIndexes,  // the indexes of `file`, a segment's log, are written
  kWriteAnew,     // `file` is written from what else is known
};

// A transaction that may have ended in what is lost: another marker takes the
// place of the one that is gone, and is part of the log as any.
struct EndedTransaction {
  ProducerId producer_id;
  int16_t producer_epoch = 0;
  int32_t coordinator_epoch = 0;
  OffsetRange offsets;  // of its records, as far as they lie in front
  Offset marker;        // where it is written
  TransactionOutcome outcome = TransactionOutcome::kAbort;
  // What is left of the list of aborted transactions says so. Else nobody
  // knows: it counts as aborted, so that none of it is taken for committed.
  bool is_known = false;
  friend bool operator==(const EndedTransaction&,
                         const EndedTransaction&) = default;
};

struct RemovedBytes {
  int64_t position = 0;  // in the file as it was
  int64_t bytes = 0;
  int64_t kept_bytes = 0;  // without the zeros at their end
  std::string kept_as;     // empty where all of them are zeros
  // A batch without records is written in their place that says so of these.
  OffsetRange filled;
  std::vector<EndedTransaction> ended;  // by markers among these
  OffsetRange lost;  // no record has these any more: so many at most
  // And such as stood behind them, of which nobody knows how many: a log that
  // was not closed ends there.
  bool is_more_lost = false;
  std::string why;
  friend bool operator==(const RemovedBytes&, const RemovedBytes&) = default;
};

// One thing that is done. Where a stop cuts it short the next repair does the
// rest.
struct RepairStep {
  RepairAction action = RepairAction::kSetAside;
  std::string file;                   // its path
  std::string renamed_to;             // of kSetAside and kRename
  std::vector<RemovedBytes> removed;  // of kRemoveBytes, as they lie there
  OffsetRange filled;                 // of kFillGap
  std::vector<EndedTransaction> ended;  // the same, as above
  OffsetRange lost;                   // of the other actions, as above
  bool is_more_lost = false;          // the same
  std::string why;
  friend bool operator==(const RepairStep&, const RepairStep&) = default;
};

struct RepairSummary {
  int64_t partitions = 0;  // that were looked at
  int64_t steps = 0;
  int64_t bytes_removed = 0;
  int64_t offsets_lost = 0;
  bool is_more_lost = false;      // nobody knows how many
  int64_t transactions_lost = 0;  // that count as aborted from now on
  int64_t left = 0;  // what no repair can mend
};

struct RepairOptions {
  // Only this topic's partitions are looked at; empty means all. Damaged files
  // that speak for all topics are then left, and with a checkpoint or the list
  // of topics everything else: written anew they would forget the others.
  std::string topic;
  // And of these only this one.
  std::optional<PartitionId> partition;
  // Bound for a batch's records once decompressed.
  size_t decompressed_bytes_max = kDecompressedBytesMax;
  // Told how far looking has come; may be empty.
  std::function<void(const VerifyProgress&)> progress;
  // Told of each step: before anything is done in PlanRepair, else once it is
  // done. May be empty.
  std::function<void(const RepairStep&)> step;
  // Told of what stays as it is, with what to do about it. May be empty. A file
  // that cannot be read stays: then nothing of its partition is touched, and
  // without a checkpoint or the list of topics no log. So does a partition of
  // which a step fails; a disk that fails or is full ends the repair. A note is
  // not counted: of what was set aside earlier, or of a transaction of which
  // nobody knows whether it ended in what is lost, and which has no marker.
  std::function<void(const Finding&)> left;
};

// What RepairDirectory would do. Takes no lock and writes nothing: while
// something writes the directory the plan is worth little, and `left` is told,
// as a note, of who may. FailedPrecondition,
// as there, where something else than a file is in the place of the lock; one
// that may not be read is no hindrance.
absl::StatusOr<RepairSummary> PlanRepair(FileSystem& files,
                                         std::string_view directory,
                                         const RepairOptions& options);

// Locks the directory, makes the plan and carries it out. Whoever finds a
// segment's file again puts it in that one's place and repairs once more. But
// what lies below the start that is saved by then counts as deleted: where the
// oldest segments are missing, or a whole partition, they are to be put back
// before the repair. Another partition's segment that was put here by hand,
// with offsets that fit, is taken for this one's. Reason::kLocked,
// naming the holder, where something has it open; kUnsupportedFormat, with
// nothing changed, where a newer release wrote a file that is of all topics: of
// a partition's own the partition is left; kInvalidOption for
// what is no data directory; NotFound where there is no such directory, or no
// partition that `options` names.
absl::StatusOr<RepairSummary> RepairDirectory(FileSystem& files,
                                              std::string_view directory,
                                              const RepairOptions& options);

}  // namespace cauce
