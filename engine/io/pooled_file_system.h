// A file system that shares its process's descriptors with a FilePool: where
// none is left for a file, a directory or a lock, the pool closes a file, and
// the call is tried again.
//
// Files opened here are not the pool's: they stay open as long as their owner
// holds them, so hold them for one piece of work. All else is as the file
// system beneath answers. Thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"

namespace cauce {

class PooledFileSystem final : public FileSystem {
 public:
  // `pool` is of `files`, which is borrowed.
  PooledFileSystem(FileSystem& files, std::shared_ptr<FilePool> pool);

  int OpenFilesMax() const override { return files_.OpenFilesMax(); }
  absl::StatusOr<int64_t> FreeBytes(std::string_view path) override {
    return files_.FreeBytes(path);
  }
  int forks() const override { return files_.forks(); }
  absl::StatusOr<std::string> Resolve(std::string_view path) override {
    return files_.Resolve(path);
  }
  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override;
  absl::Status CreateDirectories(std::string_view path) override;
  absl::Status CreateDirectory(std::string_view path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override;
  absl::StatusOr<FileInfo> Info(std::string_view path) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status RemoveFile(std::string_view path) override;
  absl::Status RemoveDirectory(std::string_view path) override;
  absl::Status SyncDirectory(std::string_view directory) override;
  absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view file) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override;
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override;

 private:
  FileSystem& files_;
  const std::shared_ptr<FilePool> pool_;
};

}  // namespace cauce
