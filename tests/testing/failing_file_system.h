// A file system that does what another one does until it is told to fail, and
// writes down the changes that are made through it.
//
// A write that fails leaves half of its bytes behind, as a real one may.
// Thread-safe; what it wraps must outlive it and its files.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"

namespace cauce::test {

enum class FileCall {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kTruncate,
  kSetModified,
  kRename,
  kRemove,
  kCreateDirectory,
  kSyncDirectory,
  kSyncWhole,
  kFreeBytes,
  kList,
  kInfo,
  kWatch,  // with every directory to be watched
};

class FailingFileSystem : public FileSystem {
 public:
  explicit FailingFileSystem(FileSystem& real) : real_(real) {}

  // From now on `call` fails with `cause` wherever the path ends in `suffix`,
  // after `good` more have succeeded, `bad` times or until Mend().
  void Fail(FileCall call, std::string_view suffix, absl::Status cause,
            int good = 0, int bad = std::numeric_limits<int>::max()) {
    MutexLock lock(mutex_);
    faults_.push_back({call, std::string(suffix), std::move(cause), good, bad});
  }
  // From now on `changes` more succeed and then none, as on a disk that goes
  // away; opening and reading go on.
  void FailAfter(int changes) {
    MutexLock lock(mutex_);
    changes_left_ = changes;
  }
  // From now on the disk says that so many bytes are free, and still takes all
  // that is written; nothing means what the real one says.
  void set_free_bytes(std::optional<int64_t> bytes) {
    MutexLock lock(mutex_);
    free_bytes_ = bytes;
  }
  // From now on `during` runs at the beginning of every such call, before any
  // effect, until Mend(). It may make calls of another kind.
  void set_during(FileCall call, std::string_view suffix,
                  std::function<void()> during) {
    MutexLock lock(mutex_);
    during_ =
        std::make_shared<During>(call, std::string(suffix), std::move(during));
  }
  void Mend() {
    MutexLock lock(mutex_);
    faults_.clear();
    during_ = nullptr;
    changes_left_ = std::numeric_limits<int>::max();
  }

  // From now on who asks gets a sync of all there is, worth it from so many
  // files on, which covers directories but for those that end in `elsewhere`.
  void offer_whole_sync(size_t files_min, std::string elsewhere = "?") {
    MutexLock lock(mutex_);
    whole_sync_ = {files_min, std::move(elsewhere)};
  }

  // From now on it says that so many forks lie between its opening and now, as
  // in a child. Nothing else changes.
  void set_forks(int forks) { forks_ = forks; }
  int forks() const override { return forks_; }

  // What has succeeded, in order, such as "sync /data/cauce.topics.tmp".
  std::vector<std::string> changes() const {
    MutexLock lock(mutex_);
    return changes_;
  }

  // How often `call` was made on paths that end in `suffix`, failed or not.
  int Count(FileCall call, std::string_view suffix) const {
    MutexLock lock(mutex_);
    int count = 0;
    for (const auto& [made, times] : made_) {
      if (made.first == call && made.second.ends_with(suffix)) count += times;
    }
    return count;
  }

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kOpen, path));
    CAUCE_ASSIGN_OR_RETURN(auto file, real_.Open(path, mode));
    return std::make_unique<FailingFile>(*this, std::string(path),
                                         std::move(file));
  }
  int OpenFilesMax() const override { return real_.OpenFilesMax(); }
  absl::StatusOr<int64_t> FreeBytes(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kFreeBytes, path));
    {
      MutexLock lock(mutex_);
      if (free_bytes_) return *free_bytes_;
    }
    return real_.FreeBytes(path);
  }
  absl::StatusOr<std::string> Resolve(std::string_view path) override {
    return real_.Resolve(path);
  }
  absl::Status CreateDirectory(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kCreateDirectory, path));
    return real_.CreateDirectory(path);
  }
  absl::Status CreateDirectories(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kCreateDirectory, path));
    return real_.CreateDirectories(path);
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kList, directory));
    return real_.List(directory);
  }
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kInfo, path));
    return real_.Info(path);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kRename, from, to));
    return real_.Rename(from, to);
  }
  absl::Status RemoveFile(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kRemove, path));
    return real_.RemoveFile(path);
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kRemove, path));
    return real_.RemoveDirectory(path);
  }
  absl::Status SyncDirectory(std::string_view directory) override {
    CAUCE_RETURN_IF_ERROR(Note(FileCall::kSyncDirectory, directory));
    return real_.SyncDirectory(directory);
  }
  absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view) override {
    MutexLock lock(mutex_);
    if (!whole_sync_) return nullptr;
    return std::make_unique<Whole>(*this, *whole_sync_);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    return real_.Lock(path, owner);
  }
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    for (const std::string& directory : directories) {
      CAUCE_RETURN_IF_ERROR(Note(FileCall::kWatch, directory));
    }
    return real_.Watch(directories);
  }

 private:
  struct Fault {
    FileCall call;
    std::string suffix;
    absl::Status cause;
    int good;  // so many calls succeed first,
    int bad;   // and so many fail then
  };

  struct During {
    During(FileCall call, std::string suffix, std::function<void()> run)
        : call(call), suffix(std::move(suffix)), run(std::move(run)) {}

    const FileCall call;
    const std::string suffix;
    const std::function<void()> run;
  };

  class FailingFile final : public File {
   public:
    FailingFile(FailingFileSystem& owner, std::string path,
                std::unique_ptr<File> real)
        : owner_(owner), path_(std::move(path)), real_(std::move(real)) {}

    absl::StatusOr<size_t> Read(int64_t position,
                                std::span<char> into) const override {
      CAUCE_RETURN_IF_ERROR(owner_.Note(FileCall::kRead, path_));
      return real_->Read(position, into);
    }
    absl::Status Write(int64_t position,
                       std::span<const std::string_view> parts) override {
      absl::Status fault = owner_.Note(FileCall::kWrite, path_);
      if (fault.ok()) return real_->Write(position, parts);
      std::string half;
      for (const std::string_view part : parts) half += part;
      half.resize(half.size() / 2);
      CAUCE_CHECK(real_->Write(position, {{half}}).ok());
      return fault;
    }
    absl::Status Sync() override {
      CAUCE_RETURN_IF_ERROR(owner_.Note(FileCall::kSync, path_));
      return real_->Sync();
    }
    absl::Status Truncate(int64_t size) override {
      CAUCE_RETURN_IF_ERROR(owner_.Note(FileCall::kTruncate, path_));
      return real_->Truncate(size);
    }
    absl::StatusOr<int64_t> Size() const override { return real_->Size(); }
    int64_t NextData(int64_t position) const override {
      return real_->NextData(position);
    }
    absl::Status SetModified(absl::Time modified) override {
      CAUCE_RETURN_IF_ERROR(owner_.Note(FileCall::kSetModified, path_));
      return real_->SetModified(modified);
    }

   private:
    FailingFileSystem& owner_;
    const std::string path_;
    const std::unique_ptr<File> real_;
  };

  struct WholeOffer {
    size_t files_min;
    std::string elsewhere;
  };

  class Whole final : public WholeSync {
   public:
    Whole(FailingFileSystem& owner, WholeOffer offer)
        : owner_(owner), offer_(std::move(offer)) {}

    size_t files_min() const override { return offer_.files_min; }
    bool Covers(std::string_view directory) const override {
      return !directory.ends_with(offer_.elsewhere);
    }
    absl::Status Sync() override {
      return owner_.Note(FileCall::kSyncWhole, "/");
    }

   private:
    FailingFileSystem& owner_;
    const WholeOffer offer_;
  };

  // How a change is called; null for what changes nothing.
  static const char* NameOf(FileCall call) {
    switch (call) {
      case FileCall::kOpen:
      case FileCall::kRead:
      case FileCall::kFreeBytes:
      case FileCall::kList:
      case FileCall::kInfo:
      case FileCall::kSetModified:
      case FileCall::kWatch:
        return nullptr;
      case FileCall::kWrite:
        return "write ";
      case FileCall::kSync:
      case FileCall::kSyncDirectory:
      case FileCall::kSyncWhole:
        return "sync ";
      case FileCall::kTruncate:
        return "truncate ";
      case FileCall::kRename:
        return "rename to ";
      case FileCall::kRemove:
        return "remove ";
      case FileCall::kCreateDirectory:
        return "create ";
    }
    return nullptr;
  }

  // Writes the call down, and returns how it is to fail. A rename goes `to`.
  absl::Status Note(FileCall call, std::string_view path,
                    std::string_view to = "") {
    std::shared_ptr<const During> during;
    {
      MutexLock lock(mutex_);
      during = during_;
    }
    if (during != nullptr && during->call == call &&
        path.ends_with(during->suffix)) {
      during->run();
    }
    MutexLock lock(mutex_);
    ++made_[{call, std::string(path)}];
    for (Fault& fault : faults_) {
      if (fault.call != call || !path.ends_with(fault.suffix)) continue;
      if (fault.good > 0) {
        --fault.good;
      } else if (fault.bad > 0) {
        --fault.bad;
        return fault.cause;
      }
    }
    if (NameOf(call) == nullptr) return absl::OkStatus();
    std::string change = NameOf(call) + std::string(to.empty() ? path : to);
    if (changes_left_ <= 0) return MakeError(Reason::kDiskFailed, change);
    --changes_left_;
    changes_.push_back(std::move(change));
    return absl::OkStatus();
  }

  FileSystem& real_;
  std::atomic<int> forks_ = 0;
  mutable Mutex mutex_;
  std::shared_ptr<const During> during_ ABSL_GUARDED_BY(mutex_);
  std::optional<int64_t> free_bytes_ ABSL_GUARDED_BY(mutex_);
  std::optional<WholeOffer> whole_sync_ ABSL_GUARDED_BY(mutex_);
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mutex_);
  int changes_left_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<int>::max();
  std::vector<std::string> changes_ ABSL_GUARDED_BY(mutex_);
  // How often each was made.
  std::map<std::pair<FileCall, std::string>, int> made_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce::test
