// Which partitions the catalogue promises and the directory does not have.
//
// A topic that was made here and is live has a directory for each of its
// partitions; one that was imported for those that were here; one that is being
// made or removed promises none. Only reads; a writer may be at work on the
// directory. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/catalog/open_plan.h"

namespace cauce {

struct MissingPartition {
  TopicPartition name;
  std::string path;  // where its directory should be
  std::string what;  // what is there instead
};

// By topic and partition; `was_here` as PlanOpen has it. Whatever
// TopicCatalog::Load returns for a catalogue that cannot be read.
absl::StatusOr<std::vector<MissingPartition>> FindMissingPartitions(
    FileSystem& files, std::string_view directory, const WasHere& was_here);

}  // namespace cauce
