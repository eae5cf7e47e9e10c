#include "engine/log/kept_tail.h"

#include "engine/base/status_macros.h"
#include "engine/log/cut_files.h"
#include "fmt/format.h"

namespace cauce {

absl::Status TailToKeep::operator()() const {
  CAUCE_ASSIGN_OR_RETURN(
      const auto kept,
      CutFiles(*files, directory).KeepBytes(log, position, place));
  if (kept && events) {
    events(Severity::kWarning,
           fmt::format("{}: what was cut off is kept here", *kept));
  }
  return absl::OkStatus();
}

absl::Status SealedTail::operator()() const {
  const absl::Status kept = keep();
  if (absl::IsNotFound(kept)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(kept);
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment->OpenFile());
  segment->MarkDirty();
  CAUCE_RETURN_IF_ERROR(file->Truncate(segment->bytes()));
  segment->MarkDirty();
  return segment->Sync();
}

}  // namespace cauce
