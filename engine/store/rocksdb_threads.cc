#include "engine/store/rocksdb_threads.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "rocksdb/system_clock.h"

namespace cauce {
namespace {

// After a failure RocksDB sleeps for a second, so as not to try in vain all the
// time. Here nothing is tried again but a merge that found the disk full, and a
// close would wait.
class ShortSleeps final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "ShortSleeps"; }
  void SleepForMicroseconds(int micros) override {
    target_->SleepForMicroseconds(std::min(micros, 10'000));
  }
};

}  // namespace

RocksDbThreads::RocksDbThreads(int threads)
    : merges_max_(std::max(1, threads - 1)),
      executor_(NewThreadPool(threads)) {}

RocksDbThreads::~RocksDbThreads() = default;

void RocksDbThreads::Add(Job job, Queue queue) {
  {
    MutexLock lock(mutex_);
    queues_[queue].push_back(std::move(job));
  }
  executor_->Schedule([this] { RunOne(); });
}

int RocksDbThreads::Drop(const void* tag, Queue queue) {
  std::vector<Job> dropped;
  {
    MutexLock lock(mutex_);
    std::deque<Job> kept;
    for (Job& job : queues_[queue]) {
      if (job.tag == tag) {
        dropped.push_back(std::move(job));
      } else {
        kept.push_back(std::move(job));
      }
    }
    queues_[queue] = std::move(kept);
  }
  for (Job& job : dropped) {
    if (job.drop) job.drop();
  }
  return static_cast<int>(dropped.size());
}

// There is one of these in the executor for each job that waits; those of jobs
// that were dropped, or wait for a merge to end, find nothing to do.
void RocksDbThreads::RunOne() {
  Job job;
  bool merges = false;
  {
    MutexLock lock(mutex_);
    std::deque<Job>& flushes = queues_[kFlushes];
    std::deque<Job>& merges_waiting = queues_[kMerges];
    if (!flushes.empty()) {
      job = std::move(flushes.front());
      flushes.pop_front();
    } else if (!merges_waiting.empty() && merging_ < merges_max_) {
      job = std::move(merges_waiting.front());
      merges_waiting.pop_front();
      ++merging_;
      merges = true;
    } else {
      return;
    }
  }
  job.run();
  if (!merges) return;
  MutexLock lock(mutex_);
  --merging_;
  // Whose turn came while no more merges might run.
  if (!queues_[kMerges].empty()) executor_->Schedule([this] { RunOne(); });
}

RocksDbEnv::RocksDbEnv(std::shared_ptr<rocksdb::FileSystem> files,
                       std::shared_ptr<RocksDbThreads> threads)
    : EnvWrapper(rocksdb::NewCompositeEnv(files)),
      threads_(std::move(threads)) {
  // RocksDB asks for these two directly, past the wrapper.
  file_system_ = std::move(files);
  system_clock_ = std::make_shared<ShortSleeps>(target()->GetSystemClock());
}

void RocksDbEnv::Schedule(void (*run)(void*), void* with, Priority priority,
                          void* tag, void (*drop)(void*)) {
  RocksDbThreads::Job job = {.run = [run, with] { run(with); }, .tag = tag};
  if (drop != nullptr) job.drop = [drop, with] { drop(with); };
  if (priority == HIGH) {
    threads_->Flush(std::move(job));
  } else {
    threads_->Merge(std::move(job));
  }
}

int RocksDbEnv::UnSchedule(void* tag, Priority priority) {
  return priority == HIGH ? threads_->DropFlushes(tag)
                          : threads_->DropMerges(tag);
}

void RocksDbEnv::StartThread(void (*run)(void*), void* with) {
  threads_->Merge({.run = [run, with] { run(with); }});
}

int RocksDbEnv::GetBackgroundThreads(Priority priority) {
  if (priority == HIGH) return 1;
  return priority == LOW ? threads_->merges_max() : 0;
}

}  // namespace cauce
