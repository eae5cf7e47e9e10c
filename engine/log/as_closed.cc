#include "engine/log/as_closed.h"

#include <algorithm>

#include "absl/status/status.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// It is not there, or a link or a pipe stands in its place.
bool IsAnother(const absl::Status& seen) {
  return absl::IsNotFound(seen) || absl::IsFailedPrecondition(seen);
}

}  // namespace

absl::StatusOr<bool> IsAsClosed(FileSystem& files, const std::string& directory,
                                const KnownLog& known,
                                const LogBounds& bounds) {
  const bool reaches_as_far = bounds.recovery_point == known.end &&
                              bounds.log_start <= known.end;
  if (!reaches_as_far) return false;
  const auto info = files.Info(directory);
  if (IsAnother(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  if (!IsUnchanged(known.directory, *info)) return false;
  const auto last = files.Info(JoinPath(
      directory, SegmentFileName(known.segments.back().base, kLogSuffix)));
  if (IsAnother(last.status())) return false;
  CAUCE_RETURN_IF_ERROR(last.status());
  if (!LogIsUnchanged(known, *last)) return false;
  // A copy that was laid over the directory takes its time back with it.
  CAUCE_ASSIGN_OR_RETURN(
      const auto bases,
      ListSegmentBases({.files = &files, .directory = directory}));
  return std::ranges::equal(bases, known.segments, {}, {}, &KnownSegment::base);
}

absl::StatusOr<bool> IsSameDirectory(FileSystem& files,
                                     const std::string& directory,
                                     const KnownLog& known) {
  const auto info = files.Info(directory);
  if (IsAnother(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  return known.directory.id != 0 && info->is_directory &&
         info->id == known.directory.id;
}

}  // namespace cauce
