// What the tables of an engine's state stores share, for as long as one of its
// users has it. The engine knows no more of it than that there is one, so that
// it links without RocksDB. Thread-safe.
#pragma once

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "engine/base/mutex.h"

namespace cauce {

class RocksDbShare;

class SharedTables {
 public:
  // Returns what `admit` makes of what is there, which is null where nobody has
  // any. No two run at a time, so that the first may tidy up.
  using Admit = absl::FunctionRef<std::shared_ptr<RocksDbShare>(
      std::shared_ptr<RocksDbShare> there)>;
  std::shared_ptr<RocksDbShare> Join(Admit admit) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    std::shared_ptr<RocksDbShare> joined = admit(shared_.lock());
    shared_ = joined;
    return joined;
  }

 private:
  Mutex mutex_;
  std::weak_ptr<RocksDbShare> shared_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
