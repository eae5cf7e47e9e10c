#include "engine/store/rocksdb_share.h"

#include <algorithm>

namespace cauce {

RocksDbShare::RocksDbShare(const RocksDbOptions& options)
    : memory_(std::make_shared<RocksDbMemory>(options)),
      threads_max_(options.threads) {}

void RocksDbShare::Admit(const RocksDbOptions& options) {
  MutexLock lock(mutex_);
  memory_->GrowTo(options.memory_max);
  threads_max_ = std::max(threads_max_, options.threads);
}

std::shared_ptr<RocksDbThreads> RocksDbShare::Threads() {
  MutexLock lock(mutex_);
  std::shared_ptr<RocksDbThreads> threads = threads_.lock();
  if (threads == nullptr) {
    threads = std::make_shared<RocksDbThreads>(threads_max_);
    threads_ = threads;
  }
  return threads->has_threads() ? threads : nullptr;
}

bool RocksDbShare::Take(const std::string& directory) {
  MutexLock lock(mutex_);
  return taken_.insert(directory).second;
}

void RocksDbShare::LetGo(const std::string& directory) {
  MutexLock lock(mutex_);
  taken_.erase(directory);
}

}  // namespace cauce
