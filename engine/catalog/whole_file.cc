#include "engine/catalog/whole_file.h"

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// No file system that is in use tells times apart less finely.
constexpr absl::Duration kCoarsestTick = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(FileSystem& files,
                                          std::string_view path,
                                          int64_t bytes_max) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > bytes_max) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: is {} bytes long, limit is {}", path,
                                 size, bytes_max));
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  CAUCE_ASSIGN_OR_RETURN(const size_t read, file->Read(0, bytes));
  bytes.resize(read);
  return bytes;
}

absl::Status ReplaceFiles(FileSystem& files, std::string_view directory,
                          std::span<const std::string_view> names,
                          std::string_view bytes) {
  absl::Status written;
  for (const std::string_view name : names) {
    const std::string path = JoinPath(directory, name);
    if (written.ok()) written = WriteAndSyncFile(files, path + ".tmp", bytes);
  }
  if (!written.ok()) {
    // On a full disk the half of it would keep others from their room. What
    // cannot be removed the next replacement writes over.
    for (const std::string_view name : names) {
      files.RemoveFile(JoinPath(directory, name) + ".tmp").IgnoreError();
    }
    return written;
  }
  for (const std::string_view name : names) {
    const std::string path = JoinPath(directory, name);
    CAUCE_RETURN_IF_ERROR(files.Rename(path + ".tmp", path));
  }
  // A rename is not durable until its directory is.
  return files.SyncDirectory(directory);
}

absl::Status ReplaceFile(FileSystem& files, std::string_view directory,
                         std::string_view name, std::string_view bytes) {
  return ReplaceFiles(files, directory, {&name, 1}, bytes);
}

absl::Status WriteAndSyncFile(FileSystem& files, std::string_view path,
                              std::string_view bytes) {
  CAUCE_ASSIGN_OR_RETURN(const auto file,
                         files.Open(path, OpenMode::kOpenOrCreate));
  // One that a crash left behind may be longer.
  CAUCE_RETURN_IF_ERROR(file->Truncate(0));
  CAUCE_RETURN_IF_ERROR(file->Write(0, bytes));
  return file->Sync();
}

FileStamps LookAtStamps(FileSystem& files, std::string_view directory,
                        std::initializer_list<std::string_view> names,
                        absl::Time now) {
  std::vector<FileStamp> stamps;
  for (const std::string_view name : names) {
    const auto info = files.Info(JoinPath(directory, name));
    FileStamp& stamp = stamps.emplace_back();
    if (absl::IsNotFound(info.status())) continue;
    // Who reads it is told what is wrong.
    if (!info.ok() || now - info->modified < kCoarsestTick) return std::nullopt;
    stamp = {info->modified, info->bytes};
  }
  return stamps;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/",
                     name);
}

}  // namespace cauce
