// Where the logs of a data directory begin, as two files say it: Kafka's
// `log-start-offset-checkpoint`, which has no checksum, and our copy of it,
// which has one.
//
// A start that was asked for stands in both before the deletion is acknowledged
// and before a file goes; both are replaced with one sync of the directory,
// their names in any order. So of two that differ the higher one was never
// acknowledged, or is damaged, and the lower one holds: no number that went
// astray in one file deletes anything. But no lower than the oldest segment
// begins, as far as the two allow: below that nothing is left, as where a full
// disk had the files go first, or a broker deleted records.
//
// A whole file that leaves a log out says that it starts with its oldest
// segment. A broker leaves out those, and knows of no copy: of a topic that it
// made, or made again under the same name, one file alone has a line, as of a
// name that was damaged. So such a log starts with its oldest segment, and with
// whatever is found of it where none is seen.
//
// One file alone counts whole: the other is damaged or is not there, as in a
// broker's directory. Functions of the files; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"

namespace cauce {

// Both files are whole, and do not say the same of where a log begins.
struct StartDifference {
  TopicPartition partition;
  // Of Kafka's file and of ours: nothing where that leaves it out.
  std::optional<Offset> original;
  std::optional<Offset> copy;
  // Where its oldest segment begins; nothing where none is seen.
  std::optional<Offset> first;
  // What holds; nothing where it is left out of `LogStarts::starts`.
  std::optional<Offset> taken;

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
