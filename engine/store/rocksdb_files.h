// RocksDB's files on Cauce's seam: one table's, below its directory.
//
// RocksDB knows an error by its kind alone; what the seam said, with the file
// and the advice, is kept for whoever has to tell it. A full disk is told to
// RocksDB as an error that may be tried again, as it does with merges, with the
// subcode kSpaceLimit by which it is known again. Where a manifest could not be
// written or synced, it may name a file or not, and RocksDB removes that file:
// here it stays, until a manifest is synced or the table is opened again.
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "rocksdb/file_system.h"

namespace cauce {

class RocksDbFiles final : public rocksdb::FileSystem {
 public:
  using IOStatus = rocksdb::IOStatus;
  using FileOptions = rocksdb::FileOptions;
  using IOOptions = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;

  // `files` is borrowed.
  explicit RocksDbFiles(cauce::FileSystem& files) : files_(files) {}

  // Why the last change failed that did; OK where none has.
  absl::Status failure() const;
  // Files that are written fail with this from now on.
  void Refuse(absl::Status why);
  absl::Status refusal() const;

  const char* Name() const override { return "CauceFiles"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             Debug*) override;
  IOStatus NewRandomAccessFile(
      const std::string& path, const FileOptions&,
      std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug*) override;
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           Debug*) override;
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        Debug*) override;
  IOStatus FileExists(const std::string& path, const IOOptions&,
                      Debug*) override;
  IOStatus GetChildren(const std::string& path, const IOOptions&,
                       std::vector<std::string>* names, Debug*) override;
  IOStatus DeleteFile(const std::string& path, const IOOptions&,
                      Debug*) override;
  IOStatus CreateDir(const std::string& path, const IOOptions&,
                     Debug*) override;
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&,
                              Debug*) override;
  IOStatus DeleteDir(const std::string& path, const IOOptions&,
                     Debug*) override;
  IOStatus GetFileSize(const std::string& path, const IOOptions&,
                       uint64_t* bytes, Debug*) override;
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions&,
                                   uint64_t* seconds, Debug*) override;
  IOStatus RenameFile(const std::string& from, const std::string& to,
                      const IOOptions&, Debug*) override;
  // Renames: RocksDB links what it takes over, and then removes the old name.
  IOStatus LinkFile(const std::string& from, const std::string& to,
                    const IOOptions&, Debug*) override;
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                       Debug*) override;
  // Nothing: a backend opens no directory twice, and against other processes
  // the engine has a lock of its own.
  IOStatus LockFile(const std::string& path, const IOOptions&,
                    rocksdb::FileLock** lock, Debug*) override;
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&,
                      Debug*) override;
  IOStatus GetTestDirectory(const IOOptions&, std::string* path,
                            Debug*) override;
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&,
                           std::string* absolute, Debug*) override;

  // For the open files: tells RocksDB of an error, and keeps it where it was
  // a change that failed.
  static IOStatus Told(const absl::Status& status);
  IOStatus Changed(const absl::Status& status);
  // The same for a manifest.
  IOStatus ManifestChanged(const absl::Status& status);
  // Whether changes are refused.
  IOStatus Refused() const;

 private:
  cauce::FileSystem& files_;
  mutable Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  bool keeps_files_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
