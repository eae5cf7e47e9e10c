#include "engine/log/stray_files.h"

#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/cut_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<StrayFiles> StrayFiles::In(FileSystem& files,
                                          std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(CutNames names, CutNames::In(files, directory));
  return StrayFiles(directory, std::move(names));
}

absl::Status StrayFiles::SetAside(std::string_view name, std::string why,
                                  std::optional<Offset> base) {
  CAUCE_ASSIGN_OR_RETURN(std::string kept_as, names_.PathFor(name));
  strays_.push_back({.path = JoinPath(directory_, name),
                     .kept_as = std::move(kept_as),
                     .why = std::move(why),
                     .base = base});
  return absl::OkStatus();
}

absl::Status StrayFiles::SetWeighedAside(std::string_view name, std::string why,
                                         std::optional<Offset> base,
                                         OffsetRange displaced) {
  CAUCE_RETURN_IF_ERROR(SetAside(name, std::move(why), base));
  strays_.back().displaced = displaced;
  strays_.back().is_weighed = true;
  return absl::OkStatus();
}

absl::Status StrayFiles::SetOrphanAside(std::string_view name, std::string why,
                                        Offset base) {
  CAUCE_RETURN_IF_ERROR(SetWeighedAside(name, std::move(why), base, {}));
  strays_.back().is_orphan = true;
  return absl::OkStatus();
}

absl::Status StrayFiles::SetStandInAside(std::string_view name,
                                         std::string_view why, Offset base) {
  CAUCE_RETURN_IF_ERROR(SetAside(name, std::string(why), base));
  strays_.back().is_stand_in = true;
  return absl::OkStatus();
}

void StrayFiles::LetWait(SurveyedSegment& segment) {
  StrayFile stray{.path = JoinPath(directory_, segment.FoundName()),
                  .why = segment.why_renamed +
                         "; others wait for its name and it for theirs",
                  .is_weighed = true};
  segment.steps_aside = true;
  stray.kept_as = JoinPath(directory_, segment.FileName());
  strays_.push_back(std::move(stray));
}

std::set<Offset> StrayFiles::ListsOfAborts() const {
  std::set<Offset> lists;
  for (const StrayFile& stray : strays_) {
    const std::string_view path = stray.path;
    const auto file = ParseSegmentFileName(path.substr(path.rfind('/') + 1));
    if (file && file->suffix == kTxnIndexSuffix) lists.insert(file->base);
  }
  return lists;
}

absl::Status StrayFiles::KeepUnreadable(const File& file,
                                        SurveyedSegment& segment) {
  const std::string name = segment.FoundName();
  for (const UnreadableBytes& bytes : segment.unreadable) {
    std::string path;
    if (!bytes.is_zeros()) {
      // Zeros behind all else change no index.
      segment.needs_indexes = true;
      CAUCE_ASSIGN_OR_RETURN(
          path,
          names_.PathFor(fmt::format("{}.{}", name, bytes.position),
                         FilePart{file, bytes.position, bytes.zeros_from}));
    }
    segment.needs_indexes |= bytes.end < segment.file_bytes;
    segment.kept_as.push_back(std::move(path));
  }
  return absl::OkStatus();
}

}  // namespace cauce
