#include "engine/io/file_pool.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// EMFILE and ENFILE. A full disk has the same code, but a reason as well.
bool NoDescriptorLeft(const absl::Status& status) {
  return status.code() == absl::StatusCode::kResourceExhausted &&
         ReasonOf(status) == Reason::kNone;
}

}  // namespace

FilePool::FilePool(FileSystem& files, int open_max)
    : files_(files),
      share_(std::max(1, files.OpenFilesMax() / 4 * 3)),
      open_max_(std::min(open_max, share_)) {
  CAUCE_CHECK(open_max >= 1);
}

FilePool::~FilePool() {
  MutexLock lock(mutex_);
  CAUCE_CHECK(open_count_ == 0);
}

int FilePool::open_count() const {
  MutexLock lock(mutex_);
  return open_count_;
}

int64_t FilePool::looks() const {
  MutexLock lock(mutex_);
  return looks_;
}

void FilePool::CloseIdle() {
  // Closed after the lock is released: closing the last descriptor of a big
  // file that was removed frees its blocks, which takes a while.
  std::vector<std::shared_ptr<File>> idle;
  MutexLock lock(mutex_);
  for (size_t slot = 0; slot < open_.files.size();) {
    PooledFile& file = *open_.files[slot];
    if (!file.mutex_.TryLock()) {  // in use at this moment
      ++slot;
      continue;
    }
    const bool used = std::exchange(file.used_since_idle_check_, false);
    if (used || file.file_.use_count() > 1) {
      ++slot;
    } else {
      idle.push_back(std::move(file.file_));
      Remove(file);  // another file is in this slot now
    }
    file.mutex_.Unlock();
  }
}

void FilePool::MakeRoom() {
  std::vector<std::shared_ptr<File>> closed;
  bool crowded;
  {
    MutexLock lock(mutex_);
    while (open_count_ >= open_max_) {
      std::shared_ptr<File> file = TakeAny(Haste::kSecondChance);
      if (file == nullptr) break;
      closed.push_back(std::move(file));
    }
    crowded = open_count_ >= share_;
    ++open_count_;
  }
  if (crowded) SyncAndCloseOne();
}

void FilePool::GiveRoomBack() {
  MutexLock lock(mutex_);
  --open_count_;
}

bool FilePool::CloseOne() {
  std::shared_ptr<File> file;
  MutexLock lock(mutex_);
  file = TakeAny(Haste::kAny);
  return file != nullptr;
}

bool FilePool::SyncAndCloseOne() {
  PooledFile* file = nullptr;
  {
    MutexLock lock(mutex_);
    for (PooledFile* each : pinned_.files) {
      if (!each->mutex_.TryLock()) continue;
      // What could not be synced once is not to be believed the next time.
      if (each->lost_.ok() && each->file_.use_count() == 1) {
        file = each;
        break;
      }
      each->mutex_.Unlock();
    }
  }
  if (file == nullptr) return false;
  // Nobody has the file, nor gets it while its lock is held: nothing is
  // written between the sync and the closing.
  file->lost_ = file->file_->Sync();
  if (file->lost_.ok()) {
    MutexLock lock(mutex_);
    Remove(*file);
    file->file_ = nullptr;
  }
  const bool closed = file->lost_.ok();
  file->mutex_.Unlock();
  return closed;
}

bool FilePool::MakeRoomAfter(const absl::Status& status) {
  return NoDescriptorLeft(status) && (CloseOne() || SyncAndCloseOne());
}

absl::Status FilePool::NoRoom(const absl::Status& status) const {
  if (!NoDescriptorLeft(status)) return status;
  return absl::ResourceExhaustedError(
      fmt::format("{}; the limit is {}, and {} files of this engine are open, "
                  "all of them in use",
                  MessageOf(status), files_.OpenFilesMax(), open_count()));
}

void FilePool::Enter(PooledFile& file) {
  MutexLock lock(mutex_);
  Enlist(file, RowOf(file));
}

void FilePool::Move(PooledFile& file) {
  MutexLock lock(mutex_);
  if (file.row_ == nullptr || file.row_ == &RowOf(file)) return;
  Strike(file);
  Enlist(file, RowOf(file));
}

FilePool::Row& FilePool::RowOf(const PooledFile& file) {
  if (file.pins_ == 0) return open_;
  return file.may_close_unsynced_ ? unsynced_ : pinned_;
}

void FilePool::Leave(PooledFile& file) {
  MutexLock lock(mutex_);
  if (file.row_ != nullptr) Remove(file);
}

std::shared_ptr<File> FilePool::TakeAny(Haste haste) {
  std::shared_ptr<File> taken = TakeOne(open_, haste);
  return taken != nullptr ? taken : TakeOne(unsynced_, haste);
}

// The clock algorithm: the hand passes by what was used since it last came,
// so in two rounds it finds a file unless every one is in use.
std::shared_ptr<File> FilePool::TakeOne(Row& row, Haste haste) {
  for (size_t looks = 2 * row.files.size(); looks > 0; --looks) {
    row.hand = row.hand < row.files.size() ? row.hand : 0;
    ++looks_;
    PooledFile& file = *row.files[row.hand];
    // Only tried: whoever holds it may be waiting for the pool's lock.
    if (!file.mutex_.TryLock()) {
      ++row.hand;
      continue;
    }
    const bool passed_by = haste == Haste::kSecondChance &&
                           std::exchange(file.used_since_look_, false);
    std::shared_ptr<File> taken;
    if (!passed_by && file.file_.use_count() == 1) {
      taken = std::move(file.file_);
      file.closed_unsynced_ |= file.pins_ > 0;
      Remove(file);
    } else {
      ++row.hand;
    }
    file.mutex_.Unlock();
    if (taken != nullptr) return taken;
  }
  return nullptr;
}

void FilePool::Enlist(PooledFile& file, Row& row) {
  // Where there is no memory for that it is in no row as it goes.
  row.files.push_back(&file);
  file.row_ = &row;
  file.slot_ = row.files.size() - 1;
}

void FilePool::Strike(PooledFile& file) {
  std::vector<PooledFile*>& files = std::exchange(file.row_, nullptr)->files;
  files[file.slot_] = files.back();
  files[file.slot_]->slot_ = file.slot_;
  files.pop_back();
}

void FilePool::Remove(PooledFile& file) {
  Strike(file);
  --open_count_;
}

PooledFile::PooledFile(FilePool& pool, std::string path, OpenMode mode)
    : pool_(pool), path_(std::move(path)), mode_(mode) {}

PooledFile::~PooledFile() {
  // With the lock, since the pool may be about to sync and close the file.
  MutexLock lock(mutex_);
  pool_.Leave(*this);
}

absl::StatusOr<std::shared_ptr<File>> PooledFile::Acquire() {
  MutexLock lock(mutex_);
  used_since_look_ = true;
  used_since_idle_check_ = true;
  CAUCE_RETURN_IF_ERROR(lost_);
  if (file_ != nullptr) return file_;

  pool_.MakeRoom();
  absl::StatusOr<std::unique_ptr<File>> opened = Open();
  if (!opened.ok()) {
    pool_.GiveRoomBack();
    return std::move(opened).status();
  }
  file_ = *std::move(opened);
  // Created once: opened again it must be there.
  if (mode_ != OpenMode::kRead) mode_ = OpenMode::kReadWrite;
  pool_.Enter(*this);
  return file_;
}

absl::StatusOr<std::unique_ptr<File>> PooledFile::Open() {
  FileSystem& files = pool_.files_;
  const auto open = [&files, path = path_, mode = mode_] {
    return files.Open(path, mode);
  };
  if (mode_ != OpenMode::kRead) return pool_.WithRoom(open);
  // By its name alone it may be another: whoever reads on at a position in it
  // would not notice. Looked at on both sides, since it may change in between.
  const auto before = files.Info(path_);
  CAUCE_ASSIGN_OR_RETURN(std::unique_ptr<File> file, pool_.WithRoom(open));
  const auto after = files.Info(path_);
  CAUCE_RETURN_IF_ERROR(before.status());
  CAUCE_RETURN_IF_ERROR(after.status());
  const uint64_t known = id_ == 0 ? before->id : id_;
  if (before->id != known || after->id != known) {
    return absl::NotFoundError(fmt::format(
        "{}: another file has its name by now: look for what is there anew",
        path_));
  }
  id_ = known;
  return file;
}

void PooledFile::Pin() {
  MutexLock lock(mutex_);
  if (++pins_ == 1) pool_.Move(*this);
}

void PooledFile::Unpin() {
  MutexLock lock(mutex_);
  CAUCE_CHECK(pins_ > 0);
  if (--pins_ == 0) pool_.Move(*this);
}

void PooledFile::MayCloseUnsynced(bool may) {
  MutexLock lock(mutex_);
  may_close_unsynced_ = may;
  pool_.Move(*this);
}

bool PooledFile::TakeClosedUnsynced() {
  MutexLock lock(mutex_);
  return std::exchange(closed_unsynced_, false);
}

absl::Status PooledFile::lost() const {
  MutexLock lock(mutex_);
  return lost_;
}

absl::Status PooledFile::RenameTo(std::string path) {
  MutexLock lock(mutex_);
  const absl::Status renamed = pool_.files_.Rename(path_, path);
  if (renamed.ok()) path_ = std::move(path);
  return renamed;
}

std::string PooledFile::path() const {
  MutexLock lock(mutex_);
  return path_;
}

}  // namespace cauce
