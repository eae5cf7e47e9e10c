// The memory that all tables of a backend share: one cache of blocks, to which
// what was written and is not yet in files is charged, and who of the tables
// has to write its part.
//
// RocksDB flushes by itself nothing: a table writes its mark first. It would
// also take the table that is being written to, however little that holds; here
// the one that holds most is asked, once all together hold too much.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "rocksdb/cache.h"
#include "rocksdb/options.h"
#include "rocksdb/write_buffer_manager.h"

namespace cauce {

class RocksDbTable;

class RocksDbMemory final {
 public:
  explicit RocksDbMemory(const RocksDbOptions& options);

  // Never shrinks; tables that are open keep the sizes of their files.
  void GrowTo(int64_t memory_max);

  void Add(RocksDbTable& table);
  void Remove(RocksDbTable& table);
  // After a write: the table that holds most, where it is time that it flushes.
  std::shared_ptr<RocksDbTable> Overfull();
  // Whether what was written takes as much as it may, together with what of it
  // is on the way to files.
  bool is_full() const;
  // What one table may hold before it flushes.
  int64_t table_bytes_max() const;

  // Of a table's values, and of its mark.
  rocksdb::ColumnFamilyOptions DataOptions() const;
  rocksdb::ColumnFamilyOptions MarkOptions() const;

  const std::shared_ptr<rocksdb::Cache>& cache() const { return cache_; }
  const std::shared_ptr<rocksdb::WriteBufferManager>& buffers() const {
    return buffers_;
  }

 private:
  std::atomic<int64_t> memory_max_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> buffers_;
  const std::shared_ptr<rocksdb::TableFactory> format_;
  struct Listed {
    RocksDbTable* table;
    std::weak_ptr<RocksDbTable> alive;
  };
  Mutex mutex_;  // a leaf
  std::vector<Listed> tables_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
