// `meta.properties`: whose data directory this is: the cluster's id, the
// broker's number and the directory's own id.
//
// Kafka's file, in the format of Java's properties. What we do not know in it
// is kept when it is written again. One writer; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/file_system.h"

namespace cauce {

inline constexpr std::string_view kMetaPropertiesFile = "meta.properties";

struct MetaProperties {
  std::optional<std::string> cluster_id;    // printable ASCII
  std::optional<int32_t> node_id;           // "broker.id" in version 0
  std::optional<std::string> directory_id;  // as TopicIdText writes ids
  // Lines of other keys as they stand in the file, continued ones joined.
  std::vector<std::string> other_lines;

  friend bool operator==(const MetaProperties&,
                         const MetaProperties&) = default;
};

// Reads versions 0 (of ZooKeeper's times) and 1. `path` is for the messages.
// Reason::kCorruptFile; kUnsupportedFormat for another version.
absl::StatusOr<MetaProperties> ParseMetaProperties(std::string_view path,
                                                   std::string_view bytes);

// Always as version 1. Reason::kInvalidOption where a field does not hold what
// its comment says.
absl::StatusOr<std::string> FormatMetaProperties(
    const MetaProperties& properties);

// absl::NotFoundError where the directory has none.
absl::StatusOr<MetaProperties> ReadMetaProperties(FileSystem& files,
                                                  std::string_view directory);
absl::Status WriteMetaProperties(FileSystem& files, std::string_view directory,
                                 const MetaProperties& properties);

// Gives the directory ids of its own where it has no file yet; one that it has
// is read, and left as it is. The error of one that is damaged says what to do.
absl::Status EnsureMetaProperties(FileSystem& files, std::string_view directory,
                                  Random& random);

}  // namespace cauce
