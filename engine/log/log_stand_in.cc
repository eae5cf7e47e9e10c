#include "engine/log/log_stand_in.h"

#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<bool> IsNoFile(FileSystem& files, std::string_view path) {
  const absl::Status opened = files.Open(path, OpenMode::kRead).status();
  if (absl::IsNotFound(opened) || absl::IsPermissionDenied(opened)) {
    return false;
  }
  if (!absl::IsFailedPrecondition(opened)) {
    CAUCE_RETURN_IF_ERROR(opened);
    return false;
  }
  const absl::Status seen = files.Info(path).status();
  if (absl::IsFailedPrecondition(seen) || absl::IsNotFound(seen)) return false;
  CAUCE_RETURN_IF_ERROR(seen);
  return true;
}

bool IsStandIn(const absl::Status& opened) {
  const bool is_no_file =
      absl::IsFailedPrecondition(opened) || absl::IsPermissionDenied(opened);
  // Of an open file it is we who say no more.
  return is_no_file && ReasonOf(opened) == Reason::kNone;
}

absl::Status WhatIsInTheWay(FileSystem& files, std::string_view path) {
  absl::Status opened = files.Open(path, OpenMode::kRead).status();
  return IsStandIn(opened) ? std::move(opened) : absl::OkStatus();
}

bool IsItselfInTheWay(FileSystem& files, std::string_view directory,
                      std::string_view path) {
  if (WhatIsInTheWay(files, path).ok()) return false;
  const auto around = files.Info(directory);
  if (!around.ok() || !around->is_directory) return false;
  // A link is refused as what it is; else where nobody may look.
  const absl::Status seen = files.Info(path).status();
  return seen.ok() || absl::IsFailedPrecondition(seen);
}

std::string_view AdviceOnStandIn(FileSystem& files, std::string_view path,
                                 const absl::Status& why) {
  if (absl::IsPermissionDenied(why)) {
    return "mend what keeps it from being read";
  }
  // A repair does not follow a link, and leaves it: the file may be elsewhere.
  if (absl::IsFailedPrecondition(files.Info(path).status())) {
    return "put the file itself there, or move the link away, while nothing "
           "has the directory open";
  }
  return "let cauce log repair put it aside, or move it away, while nothing "
         "has the directory open";
}

absl::Status AdviseOnStandIn(FileSystem& files, std::string_view directory,
                             std::string_view path,
                             const absl::Status& failed) {
  // Of what may not be read the file system says what to do.
  if (!IsStandIn(failed) || absl::IsPermissionDenied(failed)) return failed;
  if (!IsItselfInTheWay(files, directory, path)) return failed;
  const absl::Status why = WhatIsInTheWay(files, path);
  if (why.ok()) return failed;
  return absl::Status(why.code(),
                      fmt::format("{}; {}", MessageOf(why),
                                  AdviceOnStandIn(files, path, why)));
}

}  // namespace cauce
