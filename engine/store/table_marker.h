// The file by which a directory is known as a table, of which release, and
// whether what else is in it counts.
//
// It is there before anything else, and says while the rest is made that this
// counts for nothing yet: what a crash in the midst leaves is nobody's table. A
// directory with files and without a marker is no table, or was one. Written as
// a whole: a new file that takes the old one's name. Any thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

inline constexpr std::string_view kTableMarkerName = "cauce.table";

enum class MarkerState {
  kNone,    // no directory, or an empty one
  kInWork,  // being made: nothing in it counts
  kWhole,
};

// Reason::kCorruptFile for files without a marker, for one that is none, and
// for one that says "damaged"; kUnsupportedFormat for a newer release's.
absl::StatusOr<MarkerState> ReadTableMarker(FileSystem& files,
                                            std::string_view directory);

// `state` is not kNone. Durable on return; the directory must exist.
absl::Status WriteTableMarker(FileSystem& files, std::string_view directory,
                              MarkerState state);

// Nobody opens what is in the directory any more: the marker says so, or is
// gone where the disk has no room for another. Durable on return.
absl::Status MarkDamaged(FileSystem& files, std::string_view directory);

// Whether there is a marker, of whatever state and release.
absl::StatusOr<bool> HasTableMarker(FileSystem& files,
                                    std::string_view directory);

// Whether a table may have a file of that name. Pure.
bool IsTableFile(std::string_view name);

// Removes all that is in the directory, the marker last. FailedPrecondition,
// and nothing is removed, where anything is there that no table has, or that
// another database of RocksDB's may have where there is no marker.
absl::Status ClearTable(FileSystem& files, std::string_view directory);

// Removes the directory with all that is in it, the marker first; durable on
// return. OK where there is none; FailedPrecondition as above.
absl::Status RemoveTable(FileSystem& files, std::string_view directory);

}  // namespace cauce
