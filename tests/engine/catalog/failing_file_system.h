// A file system that writes down every change that is made through it, and
// fails all of them from a chosen one on, as a disk does that went away.
//
// What was done before that stays. A failed write has written nothing: what
// half of one leaves behind is only ever in a file nobody has been told of.
// For one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"

namespace cauce::test {

class FailingFileSystem : public FileSystem {
 public:
  // Borrows `real`.
  explicit FailingFileSystem(FileSystem& real) : real_(real) {}

  // From now on `changes` more succeed.
  void FailAfter(int changes) { left_ = changes; }
  void Mend() { left_ = std::numeric_limits<int>::max(); }

  // Such as "sync /data/cauce.topics.tmp", in order.
  const std::vector<std::string>& changes() const { return changes_; }

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    auto file = real_.Open(path, mode);
    if (!file.ok()) return file;
    return std::make_unique<FailingFile>(*this, std::string(path),
                                         *std::move(file));
  }
  absl::Status CreateDirectories(std::string_view path) override {
    return Change("create", path,
                  [&] { return real_.CreateDirectories(path); });
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    return real_.List(directory);
  }
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    return real_.Info(path);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    return Change("rename to", to, [&] { return real_.Rename(from, to); });
  }
  absl::Status RemoveFile(std::string_view path) override {
    return Change("remove", path, [&] { return real_.RemoveFile(path); });
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    return Change("remove", path, [&] { return real_.RemoveDirectory(path); });
  }
  absl::Status SyncDirectory(std::string_view directory) override {
    return Change("sync", directory,
                  [&] { return real_.SyncDirectory(directory); });
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    return real_.Lock(path, owner);
  }
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    return real_.Watch(directories);
  }

 private:
  class FailingFile final : public File {
   public:
    FailingFile(FailingFileSystem& system, std::string path,
                std::unique_ptr<File> real)
        : system_(system), path_(std::move(path)), real_(std::move(real)) {}

    absl::StatusOr<size_t> Read(int64_t position,
                                std::span<char> into) const override {
      return real_->Read(position, into);
    }
    absl::Status Write(int64_t position,
                       std::span<const std::string_view> parts) override {
      return system_.Change("write", path_,
                            [&] { return real_->Write(position, parts); });
    }
    absl::Status Sync() override {
      return system_.Change("sync", path_, [&] { return real_->Sync(); });
    }
    absl::Status Truncate(int64_t size) override {
      return system_.Change("truncate", path_,
                            [&] { return real_->Truncate(size); });
    }
    absl::StatusOr<int64_t> Size() const override { return real_->Size(); }

   private:
    FailingFileSystem& system_;
    const std::string path_;
    const std::unique_ptr<File> real_;
  };

  template <typename Act>
  absl::Status Change(std::string_view what, std::string_view path, Act act) {
    const std::string change = std::string(what) + " " + std::string(path);
    if (left_ <= 0) return MakeError(Reason::kDiskFailed, change);
    --left_;
    changes_.push_back(change);
    return act();
  }

  FileSystem& real_;
  int left_ = std::numeric_limits<int>::max();
  std::vector<std::string> changes_;
};

}  // namespace cauce::test
