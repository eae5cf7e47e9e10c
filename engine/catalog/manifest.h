// `cauce.segments`: what every partition of a directory held when the directory
// was closed, and what the checkpoints of their bounds said. engine/FORMAT.md
// has its layout.
//
// A view of the files: it may be removed at any time. All of it counts where
// the mark of a clean stop names its checksum (clean_shutdown.h), and the mark
// goes before anything changes: so it tells of no other moment than the last
// close. Without it a partition's part counts where nobody has changed its
// directory and its last file since.
// Each partition's part is found without a look at the others. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

inline constexpr std::string_view kManifestFile = "cauce.segments";

// Larger ones are neither written nor read: some 400 000 partitions of four
// segments.
inline constexpr int64_t kManifestBytesMax = 64 << 20;

// What is known of one partition.
struct ManifestRow {
  // The bytes of its part, which are those of EncodeKnownLog; none where only
  // its bounds are known.
  std::string_view part;
  // As the checkpoints say; nothing where they leave it out.
  std::optional<Offset> recovery_point;
  std::optional<Offset> log_start;

  friend bool operator==(const ManifestRow&, const ManifestRow&) = default;
};
using ManifestRows = std::map<TopicPartition, ManifestRow>;

// What a file holds, said briefly: its bytes are others where this is another.
// Of one that is not there it is the same as of no other.
struct FileSum {
  int32_t bytes = -1;
  uint32_t crc = 0;

  friend bool operator==(const FileSum&, const FileSum&) = default;
};

// Of the files that bounds are read from: recovery points, log starts and
// their copy.
using BoundsSums = std::array<FileSum, 3>;
// Fails where one of them is there and cannot be read.
absl::StatusOr<BoundsSums> SumBounds(FileSystem& files,
                                     std::string_view directory);

// How many bytes the file takes.
int64_t ManifestBytes(const ManifestRows& rows);
// The bytes of the file; nothing where they would be too many.
std::optional<std::string> FormatManifest(const ManifestRows& rows,
                                          const BoundsSums& sums);

// What stands for all of it in the mark of a clean stop: the checksum of what
// follows that in the file, which is looked at. Nothing where these bytes are
// none of a manifest.
std::optional<uint32_t> ManifestChecksum(std::string_view bytes);

class Manifest {
 public:
  // Of nothing.
  Manifest() = default;

  // `path` is for the messages. Reason::kCorruptFile, also of an older release,
  // whose parts had other fields; kUnsupportedFormat of a newer one.
  static absl::StatusOr<Manifest> Parse(std::string_view path,
                                        std::string bytes);

  // The partition's part; nothing where the file does not tell of it. Lives as
  // long as the manifest.
  std::optional<std::string_view> Find(const TopicPartition& partition) const;

  // All of them, by topic and partition.
  void ForEach(absl::FunctionRef<void(std::string_view topic, PartitionId,
                                      const ManifestRow&)>
                   see) const;
  ManifestRows rows() const;
  // Of the checkpoints that its rows tell of.
  const BoundsSums& sums() const { return sums_; }

 private:
  // The row of a topic's partitions.
  struct Topic {
    std::string_view name;
    const char* rows = nullptr;
    size_t count = 0;
  };

  ManifestRow RowAt(const char* row) const;

  std::shared_ptr<const std::string> bytes_;  // what the views are of
  std::vector<Topic> topics_;                 // by name
  BoundsSums sums_;
};

}  // namespace cauce
