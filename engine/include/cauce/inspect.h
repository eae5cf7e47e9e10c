// Looks into a data directory without opening it: what its files hold, and
// whether they are whole.
//
// Reads only: takes no lock, writes nothing, and may run while an engine
// writes the same directory. Memory is bounded, whatever the files say: by the
// largest batch, and by the small files, lists of aborted transactions and
// snapshots of producers, which are read whole (64 MiB each at most). Functions
// may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

enum class Gravity {
  kNote,    // nothing is lost: what a killed writer leaves and opening mends
  kDamage,  // bytes that were right once are not any more
};

// Something that is not as a clean stop leaves it.
struct Finding {
  Gravity gravity = Gravity::kDamage;
  std::string file;                 // its path
  std::optional<int64_t> position;  // in the file
  std::optional<Offset> offset;     // of the record concerned, or the next
  std::string what;
  std::string advice;  // what to do about it
};

// What was looked at, and what came of it.
struct VerifySummary {
  int64_t partitions = 0;
  int64_t segments = 0;
  int64_t batches = 0;
  int64_t records = 0;
  int64_t bytes = 0;  // of batches
  int64_t notes = 0;
  int64_t damages = 0;
};

// How far looking has come.
struct VerifyProgress {
  VerifySummary so_far;
  // Of segments' .log files: what of them is done, and what was there at the
  // beginning. A writer at work may make it more.
  int64_t files = 0;
  int64_t files_total = 0;
  int64_t file_bytes = 0;
  int64_t file_bytes_total = 0;
};

struct VerifyOptions {
  // Bound for a batch's records once decompressed.
  size_t decompressed_bytes_max = kDecompressedBytesMax;
  // Told how far the work has come, after every few batches and every segment;
  // may be empty.
  std::function<void(const VerifyProgress&)> progress;
};

// Verifies every partition of `directory`, which may be a symbolic link:
//   batches are whole, have the CRC their header says and offsets that grow,
//   and every record can be decoded;
//   indexes grow, lead to the batches they name and have a log;
//   a log begins where it should and reaches as far as it was durable;
//   the partitions that the catalogue names are there;
//   the small files can be read.
// What is wrong with a file, also that it cannot be read, goes to `found`,
// which may be empty, and the next one is looked at. Fails only where it cannot
// look at all: NotFound where there is no such directory;
// Reason::kInvalidOption for one that neither an engine nor a broker has made;
// ResourceExhausted where the process may open no more files or has no memory
// left, which says nothing of the directory.
absl::StatusOr<VerifySummary> VerifyDirectory(
    FileSystem& files, std::string_view directory, const VerifyOptions& options,
    const std::function<void(const Finding&)>& found);

// A .txnindex file: a transaction that was aborted.
struct DumpedAbort {
  ProducerId producer_id;
  Offset first;  // of its records
  Offset last;   // its marker
  Offset last_stable;
};

// A .snapshot file: what is known of a producer.
struct DumpedProducer {
  ProducerId producer_id;
  int16_t epoch = -1;
  int32_t last_sequence = -1;
  Offset last_offset;             // of its last batch; -1 for none
  int32_t last_offset_delta = 0;  // of the same
  Timestamp last_timestamp;
  int32_t coordinator_epoch = -1;
  std::optional<Offset> transaction;  // where its open one begins
};

// What DumpFile came upon in one of a segment's files.
struct DumpedEntry {
  int64_t position = 0;  // of the batch or the entry in its file
  // Of these three, that which belongs to the kind of file; all are null in an
  // .index and a .timeindex file.
  const RecordBatch* batch = nullptr;
  const DumpedAbort* abort = nullptr;
  const DumpedProducer* producer = nullptr;
  // An index: the offset, with where its batch begins in the log or with the
  // timestamp up to it.
  Offset offset;
  std::optional<int64_t> batch_position;
  Timestamp timestamp;
};

// Walks over a segment's file, whose kind and base offset its name tells, and
// hands each batch or entry to `take` until that returns false. OK at the end,
// and at zeros written ahead of it. Reason::kCorruptBatch and kCorruptFile
// name the place; InvalidArgument for the name of another kind of file. Without
// a `take` it only looks whether the file is whole. Where a whole batch is
// found behind one that is damaged, as by a verification, `damaged` is told of
// the damage, if it is given, and the walk goes on there.
absl::Status DumpFile(
    FileSystem& files, std::string_view path,
    const std::function<bool(const DumpedEntry&)>& take,
    const std::function<void(const absl::Status&)>& damaged = nullptr);

// The .log files of a partition's directory, oldest first, or its indexes and
// snapshots too. NotFound where there is no such directory.
enum class SegmentFiles { kLogs, kLogsAndIndexes };
absl::StatusOr<std::vector<std::string>> ListSegmentFiles(
    FileSystem& files, std::string_view partition_directory,
    SegmentFiles which);

}  // namespace cauce
