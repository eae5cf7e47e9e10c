#include "engine/catalog/whole_file.h"

#include <memory>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What to do about something that is no file, and that `opened` is about.
std::string InTheWay(const absl::Status& opened) {
  return fmt::format("{}; move it away: only a file may stand there",
                     MessageOf(opened));
}

absl::Status RenameOnto(FileSystem& files, const std::string& path) {
  const std::string written = path + ".tmp";
  const absl::Status renamed = files.Rename(written, path);
  if (!absl::IsFailedPrecondition(renamed)) return renamed;
  // Nothing ever takes it from there while a directory is in its way.
  files.RemoveFile(written).IgnoreError();
  const absl::Status free = CheckNothingInPlaceOf(files, path);
  return absl::IsFailedPrecondition(free) ? free : renamed;
}

// Returns the file that holds `bytes` then, nothing of it synced.
absl::StatusOr<std::unique_ptr<File>> WriteFile(FileSystem& files,
                                                std::string_view path,
                                                std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(auto file, files.Open(path, OpenMode::kOpenOrCreate));
  // One that a crash left behind may be longer.
  CAUCE_RETURN_IF_ERROR(file->Truncate(0));
  CAUCE_RETURN_IF_ERROR(file->Write(0, bytes));
  return file;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(FileSystem& files,
                                          std::string_view path,
                                          int64_t bytes_max) {
  const auto opened = files.Open(path, OpenMode::kRead);
  if (absl::IsFailedPrecondition(opened.status()) && files.Info(path).ok()) {
    return MakeError(Reason::kCorruptFile, InTheWay(opened.status()));
  }
  CAUCE_RETURN_IF_ERROR(opened.status());
  const File& file = **opened;
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  if (size > bytes_max) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: is {} bytes long, limit is {}", path,
                                 size, bytes_max));
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file.Read(0, bytes));
  bytes.resize(read);
  return bytes;
}

absl::Status CheckNothingInPlaceOf(FileSystem& files, std::string_view path) {
  const absl::Status opened = files.Open(path, OpenMode::kRead).status();
  if (absl::IsNotFound(opened)) return absl::OkStatus();
  if (!absl::IsFailedPrecondition(opened)) return opened;
  // Of a link it is said what to do.
  if (!files.Info(path).ok()) return opened;
  return absl::FailedPreconditionError(InTheWay(opened));
}

absl::Status ReplaceFiles(FileSystem& files, std::string_view directory,
                          std::span<const WantedFile> wanted) {
  absl::Status written;
  for (const auto& [name, bytes] : wanted) {
    const std::string path = JoinPath(directory, name);
    if (written.ok()) written = WriteAndSyncFile(files, path + ".tmp", bytes);
  }
  if (!written.ok()) {
    // On a full disk the half of it would keep others from their room. What
    // cannot be removed the next replacement writes over.
    for (const auto& [name, bytes] : wanted) {
      files.RemoveFile(JoinPath(directory, name) + ".tmp").IgnoreError();
    }
    return written;
  }
  for (const auto& [name, bytes] : wanted) {
    CAUCE_RETURN_IF_ERROR(RenameOnto(files, JoinPath(directory, name)));
  }
  // A rename is not durable until its directory is.
  return files.SyncDirectory(directory);
}

absl::Status ReplaceFile(FileSystem& files, std::string_view directory,
                         std::string_view name, std::string_view bytes) {
  const WantedFile wanted{name, bytes};
  return ReplaceFiles(files, directory, {&wanted, 1});
}

absl::Status ReplaceUnnamed(FileSystem& files, std::string_view directory,
                            std::string_view name, std::string_view bytes) {
  const std::string path = JoinPath(directory, name);
  const auto known =
      ReadWholeFile(files, path, static_cast<int64_t>(bytes.size()));
  // What is damaged, or no file, the renaming deals with.
  const bool is_other = absl::IsNotFound(known.status()) ||
                        absl::IsFailedPrecondition(known.status()) ||
                        ReasonOf(known.status()) == Reason::kCorruptFile;
  if (!known.ok() && !is_other) return known.status();
  if (known.ok() && *known == bytes) {
    // Wherever that stops it holds the same.
    CAUCE_ASSIGN_OR_RETURN(const auto file,
                           files.Open(path, OpenMode::kReadWrite));
    CAUCE_RETURN_IF_ERROR(file->Write(0, bytes));
    return file->Sync();
  }
  CAUCE_RETURN_IF_ERROR(WriteAndSyncFile(files, path + ".tmp", bytes));
  return RenameOnto(files, path);
}

absl::Status MakeUnnamed(FileSystem& files, std::span<const NewFile> wanted,
                         WholeSync& whole) {
  const auto make = [&]() -> absl::Status {
    for (const NewFile& file : wanted) {
      CAUCE_RETURN_IF_ERROR(
          WriteFile(files, file.path + ".tmp", file.bytes).status());
    }
    CAUCE_RETURN_IF_ERROR(whole.Sync());
    for (const NewFile& file : wanted) {
      CAUCE_RETURN_IF_ERROR(RenameOnto(files, file.path));
    }
    return absl::OkStatus();
  };
  const absl::Status made = make();
  if (made.ok()) return made;
  // On a full disk they would keep others from their room.
  for (const NewFile& file : wanted) {
    files.RemoveFile(file.path + ".tmp").IgnoreError();
  }
  return made;
}

absl::Status WriteAndSyncFile(FileSystem& files, std::string_view path,
                              std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, WriteFile(files, path, bytes));
  return file->Sync();
}

absl::Status RemoveIfThere(FileSystem& files, std::string_view path) {
  absl::Status removed = files.RemoveFile(path);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/",
                     name);
}

}  // namespace cauce
