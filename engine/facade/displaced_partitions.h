// Directories of a data directory that may be a partition's which is missing,
// by another name: `orders-1.bak`, `old-orders-1`, a number that the topic does
// not have.
//
// Told by the topic's id in their `partition.metadata` alone, and by records in
// them; of a topic that has no id nothing is found. Looks once, and changes
// nothing; for one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

class DisplacedPartitions {
 public:
  // Reads the ids of all directories in `directory`. `files` is borrowed. One
  // whose id cannot be read is none; fails where the list cannot be read, or
  // where the process may open no more files.
  static absl::StatusOr<DisplacedPartitions> In(FileSystem& files,
                                                const std::string& directory);

  // The path of the first one that has this id, holds records and is none of
  // those that are in their place, which are told by their names.
  std::optional<std::string> Find(
      const TopicId& id,
      absl::FunctionRef<bool(const std::string&)> is_in_place) const;

 private:
  DisplacedPartitions(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  FileSystem& files_;
  const std::string directory_;
  std::map<std::string, TopicId> ids_;  // by the directories' names
};

}  // namespace cauce
