// A bound on how many files are open at once.
//
// An engine with ten thousand partitions has more files than a process has
// descriptors. A PooledFile is a path that is opened on first use and may be
// closed behind its owner's back while nobody uses it; the next use opens it
// again. Invariant: what was written through a file is synced through the very
// descriptor that wrote it (a fresh one need not report that an earlier write
// was lost), or is written again through the one that is synced. So a file in
// use is never closed; one that is pinned only where the process has no
// descriptor left, after it was synced, or where its owner has said that it
// will write again what no sync covers.
//
// Thread-safe. Acquire() on an open file takes no lock but the file's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"

namespace cauce {

class PooledFile;

class FilePool {
 public:
  // Keeps at most `open_max` (at least one) of its files open, and at most
  // three quarters of what the process may have: the rest is for whoever else
  // opens something. `files` and the pool must outlive every PooledFile made
  // with it.
  //
  // The bound gives way where it must: when a file is opened while every open
  // one is in use, or pinned and not to be closed unsynced, there is one more,
  // and the next opening closes what it can down to the bound. At the three
  // quarters a pinned file that nobody uses is synced and closed; only files in
  // use can go beyond.
  FilePool(FileSystem& files, int open_max);
  ~FilePool();
  FilePool(const FilePool&) = delete;
  FilePool& operator=(const FilePool&) = delete;

  // Closes the files that were not used since the previous call, so that an
  // idle engine holds no descriptors. Upkeep calls it.
  void CloseIdle();

  // How many files are open now: for metrics and tests.
  int open_count() const;
  // How many were looked at so far to find one to close: for tests.
  int64_t looks() const;

  // Returns what `attempt` does, which needs a descriptor for a moment or for
  // longer: where none is left, closes a file and lets it try again.
  template <class Attempt>
  auto WithRoom(Attempt attempt) -> decltype(attempt());

 private:
  friend class PooledFile;

  // How hard to look for a file to close.
  enum class Haste {
    kSecondChance,  // one that was used since the last look is passed by once
    kAny,           // the system has no descriptor left
  };

  // Files that are open, in no order: each knows its place.
  struct Row {
    std::vector<PooledFile*> files;
    size_t hand = 0;  // where the next look for one to close begins
  };

  // A file was opened, is pinned from now on, or no more, or is destroyed: all
  // under its own lock, which cannot be named here.
  void Enter(PooledFile& file) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  void Move(PooledFile& file) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  void Leave(PooledFile& file);
  // Counts one more file as open, after closing others down to the bound.
  void MakeRoom();
  void GiveRoomBack();
  static const absl::Status& StatusOf(const absl::Status& status) {
    return status;
  }
  template <class T>
  static const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
    return result.status();
  }

  // Returns whether there was a file to close.
  bool CloseOne();
  // The same for pinned files, which it makes durable first.
  // A file's lock is taken in one place and let go in another.
  bool SyncAndCloseOne() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  // Whether another try may find a descriptor.
  bool MakeRoomAfter(const absl::Status& status);
  // The error of who found none, and what to do about it.
  absl::Status NoRoom(const absl::Status& status) const;
  // From the files that may be closed, synced ones first.
  std::shared_ptr<File> TakeAny(Haste haste)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<File> TakeOne(Row& row, Haste haste)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where an open file belongs, by what is known under its own lock.
  Row& RowOf(const PooledFile& file) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  void Enlist(PooledFile& file, Row& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Strike(PooledFile& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // It was closed.
  void Remove(PooledFile& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  const int share_;  // of what the process may have open
  const int open_max_;

  // May be taken while a file's own lock is held; under it a file's lock is
  // only ever tried.
  mutable Mutex mutex_;
  Row open_ ABSL_GUARDED_BY(mutex_);
  // Those that are not to be closed, apart: ten thousand of them must not be
  // looked at for each file that is opened beside them.
  Row pinned_ ABSL_GUARDED_BY(mutex_);
  // And those that are pinned and may be closed all the same.
  Row unsynced_ ABSL_GUARDED_BY(mutex_);
  int64_t looks_ ABSL_GUARDED_BY(mutex_) = 0;
  int open_count_ ABSL_GUARDED_BY(mutex_) = 0;  // and those being opened
};

// One file of a pool. Thread-safe.
class PooledFile {
 public:
  // Opens nothing yet. A file that `mode` creates is created by the first
  // Acquire; later ones find it gone when it was removed meanwhile.
  PooledFile(FilePool& pool, std::string path, OpenMode mode);
  ~PooledFile();
  PooledFile(const PooledFile&) = delete;
  PooledFile& operator=(const PooledFile&) = delete;

  // Returns the open file, opening it where it is closed. It stays open at
  // least as long as the pointer is held: hold it for one piece of work, not
  // for long, since the pool passes it by when it looks for one to close.
  // Errors are those of FileSystem::Open; NotFound also where one that is only
  // read has another file's name by now, as another process may bring about.
  absl::StatusOr<std::shared_ptr<File>> Acquire();

  // Between Pin and as many Unpins the pool does not close the file without
  // syncing it first, but as MayCloseUnsynced says. Pin while the acquired
  // pointer is held and before the first unsynced write; unpin after the sync.
  // Where the pool's own sync failed, every later Acquire does: what was
  // written may be lost.
  void Pin();
  void Unpin();

  // Whether the pool may close the file without a sync while it is pinned,
  // where it has no other to close; it may not at first. For an owner that,
  // before it syncs, writes again what no sync has covered: what was written
  // through another descriptor may be lost, and nobody told.
  void MayCloseUnsynced(bool may);
  // Whether that was done since the last call. Ask while the acquired pointer
  // is held.
  bool TakeClosedUnsynced();
  // Why every Acquire fails: the pool's own sync did. OK otherwise.
  absl::Status lost() const;

  // Renames the file on the disk; no Acquire in between sees the old name.
  absl::Status RenameTo(std::string path);

  std::string path() const;

 private:
  friend class FilePool;

  // The file as its mode says; of one that is only read the one it was before.
  absl::StatusOr<std::unique_ptr<File>> Open()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FilePool& pool_;
  // Where the pool has it, null while closed: guarded by pool_.mutex_. In the
  // row that RowOf says: what it goes by changes under both locks.
  FilePool::Row* row_ = nullptr;
  size_t slot_ = 0;

  mutable Mutex mutex_;
  std::string path_ ABSL_GUARDED_BY(mutex_);
  OpenMode mode_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<File> file_ ABSL_GUARDED_BY(mutex_);  // null while closed
  uint64_t id_ ABSL_GUARDED_BY(mutex_) = 0;  // FileInfo's; 0 while not known
  int pins_ ABSL_GUARDED_BY(mutex_) = 0;
  bool may_close_unsynced_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_unsynced_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status lost_ ABSL_GUARDED_BY(mutex_);  // why nobody may use it
  bool used_since_look_ ABSL_GUARDED_BY(mutex_) = false;
  bool used_since_idle_check_ ABSL_GUARDED_BY(mutex_) = false;
};

template <class Attempt>
auto FilePool::WithRoom(Attempt attempt) -> decltype(attempt()) {
  // Each try may lose what it freed to another thread.
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    auto opened = attempt();
    if (opened.ok()) return opened;
    if (!MakeRoomAfter(StatusOf(opened))) return NoRoom(StatusOf(opened));
  }
  return attempt();
}

}  // namespace cauce
