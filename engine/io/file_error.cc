#include "engine/io/file_error.h"

#include <string.h>

#include <cerrno>
#include <limits>
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
  } else if (error == EFBIG) {
    text += "; raise the limit of file sizes (ulimit -f)";
  } else if (error == ELOOP) {
    text += "; a symbolic link is not followed here, use what it points to";
  } else if (error == EACCES || error == EPERM) {
    text +=
        "; run this as its owner, or give the user who runs it the right to "
        "it (ls -ld shows who has it)";
  } else if (error == EROFS) {
    text += "; mount it for writing, or open the directory read-only";
  } else if (error == EIO) {
    text +=
        "; the disk fails there: see the system's log (dmesg), and restore "
        "what cannot be read from a copy, on a disk that works";
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
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return MakeError(full ? Reason::kDiskFull : Reason::kDiskFailed,
                   Message(path, operation, error));
}

absl::Status LockedError(std::string_view path, std::string_view owner) {
  std::string holder(owner.substr(0, kOwnerBytesMax));
  for (char& c : holder) {  // kept on one line, without control characters
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (holder.empty()) holder = "by a holder that left no name";
  return MakeError(
      Reason::kLocked,
      fmt::format("{}: is open elsewhere: {}; close it there or open read-only",
                  path, holder));
}

absl::Status ReadOnlyError(std::string_view path) {
  return MakeError(Reason::kReadOnly,
                   fmt::format("{}: is open for reading only", path));
}

absl::Status CheckRange(std::string_view path, int64_t position, size_t bytes) {
  constexpr auto kMax =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (position >= 0 && bytes <= kMax - static_cast<uint64_t>(position)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: {} bytes at position {}: no such place in a file", path,
                  bytes, position));
}

}  // namespace cauce
