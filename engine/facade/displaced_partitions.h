// Directories of a data directory that may be a partition's which is missing,
// by another name: `orders-1.bak`, `old-orders-1`, a number that the topic does
// not have.
//
// Told by the topic's id in their `partition.metadata`, and by records in them;
// of a topic that has no id nothing is found. One of which that cannot be read
// may be any topic's. Looks once, and changes nothing; for one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

class DisplacedPartitions {
 public:
  // Reads the ids of all directories in `directory`. `files` is borrowed. Fails
  // where the list cannot be read, or where the process may open no more files.
  static absl::StatusOr<DisplacedPartitions> In(FileSystem& files,
                                                const std::string& directory);

  struct Found {
    std::string path;
    // OK where it has the id and holds records; else why nobody knows.
    absl::Status read;
  };

  // The first one that has this id of a topic, or may have, holds records, or
  // may, and is none that is in its place: one of the topic's own partitions,
  // or, where its id cannot be read, of any topic's. `is_open` says of a name
  // whether its directory is what it says.
  std::optional<Found> Find(
      std::string_view topic, const TopicId& id,
      absl::FunctionRef<bool(const TopicPartition&)> is_open) const;

 private:
  DisplacedPartitions(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  FileSystem& files_;
  const std::string directory_;
  // By the directories' names; those without an id are left out.
  std::map<std::string, absl::StatusOr<TopicId>> ids_;
};

}  // namespace cauce
