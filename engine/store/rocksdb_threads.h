// The threads in which RocksDB writes files and merges them, shared by all
// tables of a backend.
//
// RocksDB's own live as long as the process. These begin with the object and
// are joined with it, by when every table that used them must be closed.
// Flushes go before merges, and where there is more than one thread, merges
// leave one to flushes. Thread-safe.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "cauce/env.h"
#include "engine/base/mutex.h"
#include "rocksdb/env.h"

namespace cauce {

class RocksDbThreads final {
 public:
  using Task = Executor::Task;

  // `threads` is at least 1.
  explicit RocksDbThreads(int threads);
  ~RocksDbThreads();

  // Null where the system has no thread left for this process.
  bool has_threads() const { return executor_ != nullptr; }

  struct Job {
    Task run;
    Task drop;  // instead of run; may be empty
    const void* tag = nullptr;
  };
  void Flush(Job job) { Add(std::move(job), kFlushes); }
  void Merge(Job job) { Add(std::move(job), kMerges); }
  // Drops what waits there with this tag; returns how many those were.
  int DropFlushes(const void* tag) { return Drop(tag, kFlushes); }
  int DropMerges(const void* tag) { return Drop(tag, kMerges); }

  int merges_max() const { return merges_max_; }

 private:
  enum Queue { kFlushes, kMerges };

  void Add(Job job, Queue queue);
  int Drop(const void* tag, Queue queue);
  void RunOne();

  const int merges_max_;
  Mutex mutex_;
  std::array<std::deque<Job>, 2> queues_ ABSL_GUARDED_BY(mutex_);
  int merging_ ABSL_GUARDED_BY(mutex_) = 0;
  const std::unique_ptr<Executor> executor_;
};

// RocksDB's view of them, and of one table's files.
class RocksDbEnv final : public rocksdb::EnvWrapper {
 public:
  RocksDbEnv(std::shared_ptr<rocksdb::FileSystem> files,
             std::shared_ptr<RocksDbThreads> threads);

  void Schedule(void (*run)(void*), void* with, Priority priority, void* tag,
                void (*drop)(void*)) override;
  int UnSchedule(void* tag, Priority priority) override;
  void StartThread(void (*run)(void*), void* with) override;
  void WaitForJoin() override {}
  unsigned int GetThreadPoolQueueLen(Priority) const override { return 0; }
  void SetBackgroundThreads(int, Priority) override {}
  int GetBackgroundThreads(Priority priority) override;
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void LowerThreadPoolIOPriority(Priority) override {}
  void LowerThreadPoolCPUPriority(Priority) override {}
  rocksdb::Status LowerThreadPoolCPUPriority(Priority,
                                             rocksdb::CpuPriority) override {
    return rocksdb::Status::OK();
  }

 private:
  const std::shared_ptr<RocksDbThreads> threads_;
};

}  // namespace cauce
