#include "engine/io/file_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;

// Files in memory that count their descriptors and may have only so many.
class CountingFiles final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    if (open_.load() >= open_max_.load()) {
      return absl::ResourceExhaustedError("Too many open files");
    }
    auto file = memory_->Open(path, mode);
    if (!file.ok()) return file.status();
    {
      MutexLock lock(mutex_);
      ++opens_[std::string(path)];
    }
    return std::make_unique<CountedFile>(*this, *std::move(file));
  }

  // How often `path` was opened so far.
  int opens(const std::string& path) {
    MutexLock lock(mutex_);
    return opens_[path];
  }
  int open() const { return open_; }
  void set_open_max(int count) { open_max_ = count; }
  // What is said of the limit.
  void set_limit(int count) { limit_ = count; }
  int OpenFilesMax() const override { return limit_; }
  // What syncs answer from now on, and how many there were.
  void set_sync(absl::Status status) {
    MutexLock lock(mutex_);
    sync_ = std::move(status);
  }
  int syncs() const { return syncs_; }

  absl::Status CreateDirectory(std::string_view path) override {
    return memory_->CreateDirectory(path);
  }
  absl::Status CreateDirectories(std::string_view path) override {
    return memory_->CreateDirectories(path);
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    return memory_->List(directory);
  }
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    return memory_->Info(path);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    return memory_->Rename(from, to);
  }
  absl::Status RemoveFile(std::string_view path) override {
    return memory_->RemoveFile(path);
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    return memory_->RemoveDirectory(path);
  }
  absl::Status SyncDirectory(std::string_view directory) override {
    return memory_->SyncDirectory(directory);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    return memory_->Lock(path, owner);
  }
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    return memory_->Watch(directories);
  }

 private:
  class CountedFile final : public File {
   public:
    CountedFile(CountingFiles& owner, std::unique_ptr<File> file)
        : owner_(owner), file_(std::move(file)) {
      ++owner_.open_;
    }
    ~CountedFile() override { --owner_.open_; }

    absl::StatusOr<size_t> Read(int64_t position,
                                std::span<char> into) const override {
      return file_->Read(position, into);
    }
    absl::Status Write(int64_t position,
                       std::span<const std::string_view> parts) override {
      return file_->Write(position, parts);
    }
    absl::Status Sync() override {
      ++owner_.syncs_;
      MutexLock lock(owner_.mutex_);
      return owner_.sync_;
    }
    absl::Status Truncate(int64_t size) override {
      return file_->Truncate(size);
    }
    absl::StatusOr<int64_t> Size() const override { return file_->Size(); }

   private:
    CountingFiles& owner_;
    const std::unique_ptr<File> file_;
  };

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  std::atomic<int> open_ = 0;
  std::atomic<int> open_max_ = 1'000'000;
  std::atomic<int> limit_ = std::numeric_limits<int>::max();
  std::atomic<int> syncs_ = 0;
  Mutex mutex_;
  absl::Status sync_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> opens_ ABSL_GUARDED_BY(mutex_);
};

// A pool with files "/0", "/1" and so on, which are created on first use.
struct Files {
  Files(int count, int open_max) : pool(disk, open_max) {
    for (int i = 0; i < count; ++i) {
      all.push_back(std::make_unique<PooledFile>(pool, "/" + std::to_string(i),
                                                 OpenMode::kCreate));
    }
  }

  PooledFile& operator[](int i) { return *all[static_cast<size_t>(i)]; }
  void Use(int i) { EXPECT_THAT((*this)[i].Acquire(), IsOk()); }
  int opens(int i) { return disk.opens("/" + std::to_string(i)); }

  CountingFiles disk;
  FilePool pool;
  std::vector<std::unique_ptr<PooledFile>> all;
};

TEST(FilePool, OpensAFileOnFirstUseAndOnceOnly) {
  Files files(2, 10);
  EXPECT_EQ(files.disk.open(), 0);
  files.Use(0);
  files.Use(0);
  EXPECT_EQ(files.opens(0), 1);
  EXPECT_EQ(files.opens(1), 0);
  EXPECT_EQ(files.pool.open_count(), 1);
}

TEST(FilePool, KeepsNoMoreThanItsBoundOpen) {
  Files files(20, 3);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto file = files[i].Acquire();
      ASSERT_THAT(file, IsOk());
      EXPECT_THAT((*file)->Write(round, std::to_string(i % 10)), IsOk());
      EXPECT_THAT((*file)->Size(), IsOkAndHolds(round + 1));
      EXPECT_LE(files.disk.open(), 3);
      EXPECT_EQ(files.pool.open_count(), files.disk.open());
    }
  }
}

TEST(FilePool, AFileThatIsUsedAgainOutlivesOneThatIsNot) {
  Files files(5, 3);
  for (int i = 0; i < 4; ++i) files.Use(i);  // the fourth closed the first
  files.Use(1);
  files.Use(4);

  files.Use(1);
  EXPECT_EQ(files.opens(1), 1);
  files.Use(2);
  EXPECT_EQ(files.opens(2), 2);
}

TEST(FilePool, NeverClosesAPinnedFile) {
  Files files(10, 2);
  files.Use(0);
  files[0].Pin();
  files[0].Pin();
  files[0].Unpin();
  for (int i = 1; i < 10; ++i) files.Use(i);
  files.pool.CloseIdle();
  files.pool.CloseIdle();
  files.Use(0);
  EXPECT_EQ(files.opens(0), 1);

  files[0].Unpin();
  for (int i = 1; i < 10; ++i) files.Use(i);
  files.Use(0);
  EXPECT_EQ(files.opens(0), 2);
}

TEST(FilePool, ClosesAPinnedFileWhoseOwnerWritesAgainWhatItHolds) {
  Files files(10, 2);
  for (int i = 0; i < 9; ++i) {
    files.Use(i);
    files[i].Pin();
    files[i].MayCloseUnsynced(true);
    EXPECT_LE(files.disk.open(), 2) << i;
  }
  EXPECT_EQ(files.disk.syncs(), 0);
  files.Use(0);
  EXPECT_EQ(files.opens(0), 2);
  // Told once.
  EXPECT_TRUE(files[0].TakeClosedUnsynced());
  EXPECT_FALSE(files[0].TakeClosedUnsynced());

  // One that is synced goes first, and is none of those.
  files[0].Unpin();
  files.Use(9);
  const int before = files.opens(0);
  files.Use(0);
  EXPECT_EQ(files.opens(0), before + 1);
  EXPECT_FALSE(files[0].TakeClosedUnsynced());
}

TEST(FilePool, KeepsAPinnedFileThatMayBeClosedNoMore) {
  Files files(10, 2);
  files.Use(0);
  files[0].Pin();
  files[0].MayCloseUnsynced(true);
  files[0].MayCloseUnsynced(false);
  for (int i = 1; i < 10; ++i) files.Use(i);
  files.Use(0);
  EXPECT_EQ(files.opens(0), 1);
  EXPECT_FALSE(files[0].TakeClosedUnsynced());
}

TEST(FilePool, NeverClosesAFileThatSomebodyHolds) {
  Files files(10, 2);
  const auto held = files[0].Acquire();
  ASSERT_THAT(held, IsOk());
  for (int i = 1; i < 10; ++i) files.Use(i);
  files.pool.CloseIdle();
  files.pool.CloseIdle();
  files.Use(0);
  EXPECT_EQ(files.opens(0), 1);
  EXPECT_EQ(files.disk.open(), 1);
}

TEST(FilePool, ExceedsItsBoundWhileAllArePinnedAndThenComesBack) {
  Files files(6, 2);
  for (int i = 0; i < 5; ++i) {
    files.Use(i);
    files[i].Pin();
  }
  EXPECT_EQ(files.disk.open(), 5);

  for (int i = 0; i < 5; ++i) files[i].Unpin();
  files.Use(5);
  EXPECT_EQ(files.disk.open(), 2);
}

TEST(FilePool, CloseIdleClosesWhatWasNotUsedSinceTheCallBefore) {
  Files files(3, 10);
  for (int i = 0; i < 3; ++i) files.Use(i);
  files.pool.CloseIdle();
  EXPECT_EQ(files.disk.open(), 3);

  files.Use(1);
  files.pool.CloseIdle();
  EXPECT_EQ(files.disk.open(), 1);
  files.Use(1);
  EXPECT_EQ(files.opens(1), 1);

  files.pool.CloseIdle();
  files.pool.CloseIdle();
  EXPECT_EQ(files.disk.open(), 0);
}

TEST(FilePool, AFileIsCreatedOnce) {
  Files files(1, 10);
  files.Use(0);
  files.pool.CloseIdle();
  files.pool.CloseIdle();
  files.Use(0);
  EXPECT_EQ(files.opens(0), 2);

  files.pool.CloseIdle();
  files.pool.CloseIdle();
  ASSERT_THAT(files.disk.RemoveFile("/0"), IsOk());
  EXPECT_THAT(files[0].Acquire(), StatusIs(absl::StatusCode::kNotFound));
}

TEST(FilePool, AReaderStaysAReaderWhenItIsOpenedAgain) {
  Files files(1, 10);
  files.Use(0);
  PooledFile reader(files.pool, "/0", OpenMode::kRead);
  for (int i = 0; i < 2; ++i) {
    const auto file = reader.Acquire();
    ASSERT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, "x"), HasReason(Reason::kReadOnly));
    files.pool.CloseIdle();
    files.pool.CloseIdle();
  }
}

// Who reads on at a position in it would not notice.
TEST(FilePool, AReaderDoesNotTakeAnotherFileThatHasItsName) {
  Files files(2, 10);
  files.Use(0);
  files.Use(1);
  PooledFile reader(files.pool, "/0", OpenMode::kRead);
  ASSERT_THAT(reader.Acquire(), IsOk());
  ASSERT_THAT(files[1].RenameTo("/0"), IsOk());
  // The one that it has open is still the one it was.
  ASSERT_THAT(reader.Acquire(), IsOk());
  files.pool.CloseIdle();
  files.pool.CloseIdle();
  EXPECT_THAT(reader.Acquire(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(files.pool.open_count(), 0);
  PooledFile another(files.pool, "/0", OpenMode::kRead);
  EXPECT_THAT(another.Acquire(), IsOk());
}

TEST(FilePool, AFileIsFoundUnderItsNewName) {
  Files files(1, 10);
  files.Use(0);
  ASSERT_THAT(files[0].RenameTo("/renamed"), IsOk());
  EXPECT_EQ(files[0].path(), "/renamed");
  files.pool.CloseIdle();
  files.pool.CloseIdle();
  files.Use(0);
  EXPECT_EQ(files.disk.opens("/renamed"), 1);
}

TEST(FilePool, ARenameThatFailsLeavesTheOldName) {
  Files files(1, 10);
  files.Use(0);
  EXPECT_THAT(files[0].RenameTo("/absent/name"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(files[0].path(), "/0");
}

TEST(FilePool, APinnedFileStaysReadableAfterItIsUnlinked) {
  Files files(5, 2);
  {
    const auto file = files[0].Acquire();
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(0, "text"), IsOk());
    files[0].Pin();
  }
  ASSERT_THAT(files.disk.RemoveFile("/0"), IsOk());
  for (int i = 1; i < 5; ++i) files.Use(i);

  const auto file = files[0].Acquire();
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT((*file)->Size(), IsOkAndHolds(4));
}

TEST(FilePool, ClosesAFileAndTriesAgainWhenTheSystemHasNoDescriptorLeft) {
  Files files(3, 100);
  files.Use(0);
  files.Use(1);
  files.disk.set_open_max(2);
  files.Use(2);
  EXPECT_EQ(files.disk.open(), 2);
  EXPECT_EQ(files.pool.open_count(), 2);
}

TEST(FilePool, SyncsAndClosesAPinnedFileWhereThereIsNoOther) {
  Files files(3, 100);
  for (int i = 0; i < 2; ++i) {
    files.Use(i);
    files[i].Pin();
  }
  files.disk.set_open_max(2);

  files.Use(2);
  EXPECT_EQ(files.disk.open(), 2);
  EXPECT_EQ(files.disk.syncs(), 1);
  // It is what it was for who pinned it.
  files.Use(0);
  files.Use(1);
  for (int i = 0; i < 2; ++i) files[i].Unpin();
}

TEST(FilePool, AFileThatThePoolCouldNotSyncIsLost) {
  Files files(2, 100);
  files.Use(0);
  files[0].Pin();
  files.disk.set_open_max(1);
  files.disk.set_sync(MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(files[1].Acquire(),
              StatusIs(absl::StatusCode::kResourceExhausted));

  // The failure is not told twice: who syncs the file must not believe it.
  files.disk.set_sync(absl::OkStatus());
  EXPECT_THAT(files[0].Acquire(), HasReason(Reason::kDiskFailed));
  files[0].Unpin();
}

TEST(FilePool, AFileThatIsLostStaysSoHoweverOftenRoomIsLookedFor) {
  Files files(3, 100);
  files.Use(0);
  files[0].Pin();
  files.disk.set_open_max(1);
  files.disk.set_sync(MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(files[1].Acquire(),
              StatusIs(absl::StatusCode::kResourceExhausted));

  files.disk.set_sync(absl::OkStatus());
  EXPECT_THAT(files[2].Acquire(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(files[0].Acquire(), HasReason(Reason::kDiskFailed));
  files[0].Unpin();
}

TEST(FilePool, MakesRoomWithoutALookAtPinnedFiles) {
  constexpr int kPinned = 100;
  Files files(2 * kPinned, 10);
  for (int i = 0; i < kPinned; ++i) {
    files.Use(i);
    files[i].Pin();
  }
  const int64_t before = files.pool.looks();

  for (int i = kPinned; i < 2 * kPinned; ++i) files.Use(i);
  // Each new file finds the one before it, passes it by, and closes it.
  EXPECT_LE(files.pool.looks() - before, 2 * kPinned);
  EXPECT_EQ(files.pool.open_count(), kPinned + 1);

  // Unpinned ones are found again.
  for (int i = 0; i < kPinned; ++i) files[i].Unpin();
  files.Use(2 * kPinned - 2);
  EXPECT_EQ(files.pool.open_count(), 10);
}

TEST(FilePool, LeavesAQuarterOfTheLimitToOthersWhateverIsPinned) {
  CountingFiles disk;
  disk.set_limit(20);
  FilePool pool(disk, 100);
  std::vector<std::unique_ptr<PooledFile>> all;
  for (int i = 0; i < 40; ++i) {
    all.push_back(std::make_unique<PooledFile>(pool, "/" + std::to_string(i),
                                               OpenMode::kCreate));
    ASSERT_THAT(all.back()->Acquire(), IsOk());
    if (i % 2 == 0) all.back()->Pin();
    ASSERT_LE(disk.open(), 15);
  }
}

TEST(FilePool, SaysSoWhenNoDescriptorCanBeFreed) {
  Files files(3, 100);
  const auto first = files[0].Acquire();
  ASSERT_THAT(first, IsOk());
  files.disk.set_open_max(1);
  EXPECT_THAT(files[1].Acquire(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(files.pool.open_count(), 1);
}

TEST(FilePool, AFileThatCannotBeOpenedTakesNoRoom) {
  Files files(1, 1);
  PooledFile absent(files.pool, "/absent", OpenMode::kRead);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(absent.Acquire(), StatusIs(absl::StatusCode::kNotFound));
  }
  EXPECT_EQ(files.pool.open_count(), 0);
}

TEST(FilePool, ADestroyedFileIsClosedAndForgotten) {
  Files files(4, 10);
  for (int i = 0; i < 4; ++i) files.Use(i);
  files.all.erase(files.all.begin() + 1);
  EXPECT_EQ(files.disk.open(), 3);
  EXPECT_EQ(files.pool.open_count(), 3);
  files.all.clear();
  EXPECT_EQ(files.disk.open(), 0);
  EXPECT_EQ(files.pool.open_count(), 0);
}

// Many threads, few descriptors: everybody always reads their own file's
// bytes, and a pinned write is synced through the descriptor that made it.
TEST(FilePool, ThreadsThatShareItAlwaysGetTheFileTheyAskFor) {
  constexpr int kFiles = 24;
  constexpr int kThreads = 4;
  constexpr int kSteps = 5000;
  const test::Seed seed;
  Files files(kFiles, 4);
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_THAT((*files[i].Acquire())->Write(0, std::string(1, 'A' + i)),
                IsOk());
  }
  const auto work = [&](int thread) {
    std::mt19937 random(seed.value() + static_cast<uint32_t>(thread));
    for (int step = 0; step < kSteps; ++step) {
      const int i = static_cast<int>(random() % kFiles);
      if (step % 500 == 0) {
        files.pool.CloseIdle();
        PooledFile own(files.pool, "/" + std::to_string(i), OpenMode::kRead);
        EXPECT_THAT(own.Acquire(), IsOk());
        continue;
      }
      auto file = files[i].Acquire();
      ASSERT_THAT(file, IsOk());
      char first = '?';
      EXPECT_THAT((*file)->Read(0, {&first, 1}), IsOkAndHolds(1u));
      EXPECT_EQ(first, 'A' + i);
      if (step % 10 != 0) continue;

      const File* const written_through = file->get();
      files[i].Pin();
      EXPECT_THAT((*file)->Write(1 + thread, "x"), IsOk());
      file->reset();
      const auto again = files[i].Acquire();
      ASSERT_THAT(again, IsOk());
      EXPECT_EQ(again->get(), written_through);
      EXPECT_THAT((*again)->Sync(), IsOk());
      files[i].Unpin();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();

  files.pool.CloseIdle();
  files.pool.CloseIdle();
  EXPECT_EQ(files.disk.open(), 0);
}

}  // namespace
}  // namespace cauce
