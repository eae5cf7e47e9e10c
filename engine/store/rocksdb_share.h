// What several backends share, as those of one engine do: the memory, the
// threads, and which tables are open.
//
// Where they ask for different bounds the largest counts: of memory from then
// on, of threads once those that run have ended. Thread-safe.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "engine/store/rocksdb_memory.h"
#include "engine/store/rocksdb_threads.h"

namespace cauce {

class RocksDbShare final {
 public:
  explicit RocksDbShare(const RocksDbOptions& options);

  // For one more backend.
  void Admit(const RocksDbOptions& options) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<RocksDbMemory>& memory() const { return memory_; }
  // Those of the tables that are open, or new ones; null where the process has
  // no thread left.
  std::shared_ptr<RocksDbThreads> Threads() ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether nobody has the table in that directory; then the caller has.
  bool Take(const std::string& directory) ABSL_LOCKS_EXCLUDED(mutex_);
  void LetGo(const std::string& directory) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::shared_ptr<RocksDbMemory> memory_;
  Mutex mutex_;
  int threads_max_ ABSL_GUARDED_BY(mutex_);
  std::weak_ptr<RocksDbThreads> threads_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> taken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
