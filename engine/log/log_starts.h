// Where the logs of a data directory begin, as two files say it: Kafka's
// `log-start-offset-checkpoint`, which has no checksum, and our copy of it,
// which has one.
//
// A start that was asked for stands in both before the deletion is acknowledged
// and before a file goes; both are replaced with one sync of the directory,
// their names in any order. So of two that differ the higher one was never
// acknowledged, or is damaged, and the lower one holds: no number that went
// astray in one file deletes anything. The higher one holds where the oldest
// segment begins just there: then nothing lies below it, as where a full disk
// had the files go first, or a broker deleted records.
//
// One of them alone counts whole: the other is damaged or is not there, as in
// a broker's directory. Functions of the files; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"

namespace cauce {

// Both say where a log begins, and not the same.
struct StartDifference {
  TopicPartition partition;
  Offset original;  // as Kafka's file says
  Offset copy;
  Offset taken;  // one of these

  // "orders-0 starts at offset 500, and ...", with what is done, and why.
  std::string Describe() const;
};

struct LogStarts {
  OffsetCheckpoint starts;
  std::vector<StartDifference> differences;  // by partition
  // Of reading either: Reason::kCorruptFile where it is damaged,
  // kUnsupportedFormat of a newer release, and what keeps it from being read.
  // NotFound where there is none, and of Kafka's where it is empty.
  absl::Status original;
  absl::Status copy;
  // Whether writing both would change neither.
  bool is_settled = false;

  // Whether nothing tells of starts that were saved: what could not be read
  // has no whole copy.
  bool is_lost() const;
  // The first error but for damage: nobody may go on without that file.
  absl::Status Unread() const;
};

LogStarts ReadLogStarts(FileSystem& files, const std::string& directory);

// Makes both durable. absl::ResourceExhaustedError where they would be larger
// than is read.
absl::Status WriteLogStarts(FileSystem& files, const std::string& directory,
                            const OffsetCheckpoint& starts);

}  // namespace cauce
