#include "engine/io/pooled_file_system.h"

#include <utility>

namespace cauce {

PooledFileSystem::PooledFileSystem(FileSystem& files,
                                   std::shared_ptr<FilePool> pool)
    : files_(files), pool_(std::move(pool)) {}

absl::StatusOr<std::unique_ptr<File>> PooledFileSystem::Open(
    std::string_view path, OpenMode mode) {
  return pool_->WithRoom([&] { return files_.Open(path, mode); });
}

absl::Status PooledFileSystem::CreateDirectories(std::string_view path) {
  return pool_->WithRoom([&] { return files_.CreateDirectories(path); });
}

absl::Status PooledFileSystem::CreateDirectory(std::string_view path) {
  return files_.CreateDirectory(path);
}

absl::StatusOr<std::vector<DirectoryEntry>> PooledFileSystem::List(
    std::string_view directory) {
  return pool_->WithRoom([&] { return files_.List(directory); });
}

absl::StatusOr<FileInfo> PooledFileSystem::Info(std::string_view path) {
  return files_.Info(path);
}

absl::Status PooledFileSystem::Rename(std::string_view from,
                                      std::string_view to) {
  return files_.Rename(from, to);
}

absl::Status PooledFileSystem::RemoveFile(std::string_view path) {
  return files_.RemoveFile(path);
}

absl::Status PooledFileSystem::RemoveDirectory(std::string_view path) {
  return files_.RemoveDirectory(path);
}

absl::Status PooledFileSystem::SyncDirectory(std::string_view directory) {
  return pool_->WithRoom([&] { return files_.SyncDirectory(directory); });
}

absl::StatusOr<std::unique_ptr<WholeSync>> PooledFileSystem::OpenWholeSync(
    std::string_view file) {
  return pool_->WithRoom([&] { return files_.OpenWholeSync(file); });
}

absl::StatusOr<std::unique_ptr<FileLock>> PooledFileSystem::Lock(
    std::string_view path, std::string_view owner) {
  return pool_->WithRoom([&] { return files_.Lock(path, owner); });
}

absl::StatusOr<std::unique_ptr<FileWatch>> PooledFileSystem::Watch(
    std::span<const std::string> directories) {
  return pool_->WithRoom([&] { return files_.Watch(directories); });
}

}  // namespace cauce
