#include "engine/store/rocksdb_memory.h"

#include <algorithm>
#include <utility>

#include "engine/store/rocksdb_table.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace cauce {
namespace {

constexpr int64_t kKib = 1024;
constexpr int64_t kMib = 1024 * kKib;

// More than there is: it only counts.
constexpr size_t kNoBuffersMax = size_t{1} << 40;

rocksdb::CompressionType Compression() {
  const auto known = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(known, rocksdb::kLZ4Compression) !=
                   known.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

std::shared_ptr<rocksdb::TableFactory> Format(
    std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::BlockBasedTableOptions format;
  format.block_cache = std::move(cache);
  format.block_size = 16 * kKib;
  format.cache_index_and_filter_blocks = true;
  format.pin_l0_filter_and_index_blocks_in_cache = true;
  // Ten bits a key: one look in a hundred is in vain.
  format.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  format.checksum = rocksdb::kXXH3;
  format.format_version = 5;
  return std::shared_ptr<rocksdb::TableFactory>(
      rocksdb::NewBlockBasedTableFactory(format));
}

std::shared_ptr<rocksdb::Cache> NewCache(int64_t memory_max) {
  rocksdb::LRUCacheOptions options;
  options.capacity = static_cast<size_t>(memory_max);
  // A shard must hold the largest block, and what memtables are charged in.
  options.num_shard_bits = memory_max >= 64 * kMib ? 4 : 0;
  options.high_pri_pool_ratio = 0.5;  // for indexes and filters
  return rocksdb::NewLRUCache(options);
}

}  // namespace

RocksDbMemory::RocksDbMemory(const RocksDbOptions& options)
    : memory_max_(options.memory_max),
      cache_(NewCache(options.memory_max)),
      buffers_(std::make_shared<rocksdb::WriteBufferManager>(kNoBuffersMax,
                                                             cache_)),
      format_(Format(cache_)) {}

void RocksDbMemory::GrowTo(int64_t memory_max) {
  MutexLock lock(mutex_);
  if (memory_max <= memory_max_) return;
  memory_max_ = memory_max;
  cache_->SetCapacity(static_cast<size_t>(memory_max));
}

int64_t RocksDbMemory::table_bytes_max() const {
  return std::clamp(memory_max_ / 4, 128 * kKib, 64 * kMib);
}

void RocksDbMemory::Add(RocksDbTable& table) {
  MutexLock lock(mutex_);
  tables_.push_back({&table, table.weak_from_this()});
}

void RocksDbMemory::Remove(RocksDbTable& table) {
  MutexLock lock(mutex_);
  std::erase_if(tables_, [&table](const Listed& listed) {
    return listed.table == &table;
  });
}

bool RocksDbMemory::is_full() const {
  return buffers_->memory_usage() >= static_cast<size_t>(memory_max_ / 8 * 5);
}

std::shared_ptr<RocksDbTable> RocksDbMemory::Overfull() {
  const size_t held = buffers_->mutable_memtable_memory_usage();
  if (held < static_cast<size_t>(memory_max_ / 8 * 3)) return nullptr;
  // All are kept until the lock is let go: the last one to do so closes one.
  std::vector<std::shared_ptr<RocksDbTable>> tables;
  {
    MutexLock lock(mutex_);
    for (const Listed& listed : tables_) {
      std::shared_ptr<RocksDbTable> table = listed.alive.lock();
      if (table != nullptr) tables.push_back(std::move(table));
    }
  }
  const auto largest =
      std::ranges::max_element(tables, {}, [](const auto& table) {
        return table->unflushed_bytes();
      });
  return largest == tables.end() ? nullptr : *largest;
}

rocksdb::ColumnFamilyOptions RocksDbMemory::DataOptions() const {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kNoBuffersMax;  // tables flush themselves
  options.arena_block_size = static_cast<size_t>(
      std::clamp(table_bytes_max() / 64, 8 * kKib, kMib));
  options.max_write_buffer_number = 2;
  options.target_file_size_base =
      static_cast<uint64_t>(std::max(table_bytes_max(), 4 * kMib));
  options.max_bytes_for_level_base = 4 * options.target_file_size_base;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = Compression();
  options.table_factory = format_;
  return options;
}

rocksdb::ColumnFamilyOptions RocksDbMemory::MarkOptions() const {
  rocksdb::ColumnFamilyOptions options = DataOptions();
  options.arena_block_size = 4 * kKib;
  options.compression = rocksdb::kNoCompression;
  return options;
}

}  // namespace cauce
