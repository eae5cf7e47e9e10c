// The files beside a partition's logs that tell of producers: its `.snapshot`s,
// and the `.txnindex` of a segment.
//
// The log has all that they say, so one that is damaged or gone is made anew.
// Functions without state, of the directory `directory` of `files`; for the one
// who writes the partition, and reading for any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_state.h"

namespace cauce {

// Up to which offsets there are snapshots, smallest first.
absl::StatusOr<std::vector<Offset>> ListSnapshots(FileSystem& files,
                                                  const std::string& directory);

// NotFound; Reason::kCorruptFile, kUnsupportedFormat.
absl::StatusOr<std::vector<ProducerState>> ReadSnapshot(
    FileSystem& files, const std::string& directory, Offset at);
// Whether what a snapshot was read with says that it is of no use, however
// often it is read: damaged, of a newer release, no file, or a file that may
// not be read.
bool IsUnusable(const absl::Status& read);
// Its name is left for another to sync.
absl::Status WriteSnapshot(FileSystem& files, const std::string& directory,
                           Offset at,
                           const std::vector<ProducerState>& producers);
// One that is not there is no error.
absl::Status RemoveSnapshot(FileSystem& files, const std::string& directory,
                            Offset at);
// Returns whether there were any; where it fails some may be gone. Their names
// are left for another to sync.
absl::StatusOr<bool> RemoveSnapshotsBelow(FileSystem& files,
                                          const std::string& directory,
                                          Offset end);

// Empty where there is none. Reason::kCorruptFile, kUnsupportedFormat.
absl::StatusOr<AbortedIndex> ReadAborted(FileSystem& files,
                                         const std::string& directory,
                                         Offset base);
// The same of those in front of the first that is damaged or unknown: empty,
// too, for one that is larger than any, or no file.
absl::StatusOr<AbortedIndex> ReadAbortedFront(FileSystem& files,
                                              const std::string& directory,
                                              Offset base);
// The base of the segment whose list a repair has set aside as `name`; nothing
// for the name of anything else.
std::optional<Offset> BaseOfKeptAborted(std::string_view name);
// As ReadAborted.
absl::StatusOr<AbortedIndex> ReadKeptAborted(FileSystem& files,
                                             const std::string& directory,
                                             const std::string& name);
// Makes the file hold `index`, durably but for its name; removes it where that
// is empty.
absl::Status WriteAborted(FileSystem& files, const std::string& directory,
                          Offset base, const AbortedIndex& index);
// Removes the file where it is there and lists nothing.
absl::Status RemoveEmptyAborted(FileSystem& files, const std::string& directory,
                                Offset base);

}  // namespace cauce
