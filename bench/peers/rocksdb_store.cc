#include "bench/peers/rocksdb_store.h"

#include <atomic>
#include <utility>

#include "bench/peers/record_key.h"
#include "bench/peers/scratch_directory.h"
#include "engine/base/status_macros.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace cauce::bench {
namespace {

// Nothing is flushed, or compacted, while records are appended.
constexpr size_t kMemtableBytes = size_t{4} << 30;
constexpr size_t kCacheBytes = size_t{4} << 30;

absl::Status FromRocksDb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNotFound()) return absl::NotFoundError("rocksdb: no such key");
  return absl::UnavailableError("rocksdb: " + status.ToString());
}

rocksdb::Slice SliceOf(std::string_view bytes) {
  return rocksdb::Slice(bytes.data(), bytes.size());
}

// Every block is read from its file, and verified.
rocksdb::ReadOptions ScanOptions() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  return options;
}

class Store final : public RecordStore {
 public:
  Store(const std::string& directory, Survives survives)
      : directory_(directory), survives_(survives) {}

  absl::Status Open() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = kMemtableBytes;
    options.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(kCacheBytes);
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    CAUCE_RETURN_IF_ERROR(
        FromRocksDb(rocksdb::DB::Open(options, directory_.path(), &db)));
    db_.reset(db);
    return absl::OkStatus();
  }

  absl::Status Append(std::span<const Record> records) override {
    const auto count = static_cast<uint64_t>(records.size());
    uint64_t number = next_.fetch_add(count);
    rocksdb::WriteOptions options;
    options.sync = survives_ == Survives::kPowerLoss;
    rocksdb::WriteBatch batch;
    for (const Record& record : records) {
      CAUCE_RETURN_IF_ERROR(FromRocksDb(
          batch.Put(SliceOf(KeyOf(number++).view()), SliceOf(*record.value))));
    }
    return FromRocksDb(db_->Write(options, &batch));
  }

  absl::Status Sync() override { return FromRocksDb(db_->SyncWAL()); }

  absl::Status Settle() override {
    return FromRocksDb(db_->Flush(rocksdb::FlushOptions()));
  }

  absl::Status Scan(
      absl::FunctionRef<void(std::string_view)> show) const override {
    const std::unique_ptr<rocksdb::Iterator> at(
        db_->NewIterator(ScanOptions()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      show(at->value().ToStringView());
    }
    return FromRocksDb(at->status());
  }

  absl::Status Get(
      int64_t number,
      absl::FunctionRef<void(std::string_view)> show) const override {
    rocksdb::PinnableSlice value;
    CAUCE_RETURN_IF_ERROR(FromRocksDb(db_->Get(
        rocksdb::ReadOptions(), db_->DefaultColumnFamily(),
        SliceOf(KeyOf(static_cast<uint64_t>(number)).view()), &value)));
    show(value.ToStringView());
    return absl::OkStatus();
  }

 private:
  const ScratchDirectory directory_;
  const Survives survives_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<uint64_t> next_ = 0;
};

}  // namespace

StoreKind RocksDbStore() {
  return {
      "RocksDB",
      [](const std::string& directory,
         Survives survives) -> absl::StatusOr<std::unique_ptr<RecordStore>> {
        auto store = std::make_unique<Store>(directory, survives);
        CAUCE_RETURN_IF_ERROR(store->Open());
        return store;
      }};
}

}  // namespace cauce::bench
