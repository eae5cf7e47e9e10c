// `partition.metadata`: which topic, by id, a partition's directory belongs to.
// A directory that outlived its topic is told from the new topic of the same
// name by it.
//
// Kafka's file and format. One writer per directory; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

inline constexpr std::string_view kPartitionMetadataFile = "partition.metadata";

// `path` is for the messages. Reason::kCorruptFile; kUnsupportedFormat for
// another version.
absl::StatusOr<TopicId> ParsePartitionMetadata(std::string_view path,
                                               std::string_view bytes);
std::string FormatPartitionMetadata(const TopicId& id);

// absl::NotFoundError where the directory has none, as before Kafka 2.8.
absl::StatusOr<TopicId> ReadPartitionMetadata(
    FileSystem& files, std::string_view partition_directory);
absl::Status WritePartitionMetadata(FileSystem& files,
                                    std::string_view partition_directory,
                                    const TopicId& id);

}  // namespace cauce
