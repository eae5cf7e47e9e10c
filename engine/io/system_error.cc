#include "engine/io/system_error.h"

#include <string.h>

#include <cerrno>
#include <string>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

std::string Message(std::string_view path, std::string_view operation,
                    int error) {
  const char* words = strerrordesc_np(error);
  std::string text =
      fmt::format("{}: {}: {}", path, operation,
                  words != nullptr ? words : fmt::format("errno {}", error));
  if (error == EMFILE) {
    text += "; raise the limit of open files (ulimit -n)";
  } else if (error == ENFILE) {
    text += "; raise fs.file-max";
  } else if (error == ELOOP) {
    text += "; a symbolic link is not followed here, use what it points to";
  }
  return text;
}

}  // namespace

absl::Status NameError(std::string_view path, std::string_view operation,
                       int error) {
  const std::string text = Message(path, operation, error);
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case ENOSPC:
    case EDQUOT:
      return MakeError(Reason::kDiskFull, text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(text);
    case EBUSY:
    case EISDIR:
    case ELOOP:
    case ENOTDIR:
    case ENOTEMPTY:
    case EXDEV:
      return absl::FailedPreconditionError(text);
    case EINVAL:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(text);
    default:
      return MakeError(Reason::kDiskFailed, text);
  }
}

absl::Status DataError(std::string_view path, std::string_view operation,
                       int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return MakeError(full ? Reason::kDiskFull : Reason::kDiskFailed,
                   Message(path, operation, error));
}

}  // namespace cauce
