#include "bench/peers/rocksdb_kept_table.h"

#include <utility>
#include <vector>

#include "cauce/state_store.h"
#include "engine/base/status_macros.h"
#include "engine/store/rocksdb_memory.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace cauce::bench {
namespace {

absl::Status FromRocksDb(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus()
                     : absl::UnavailableError("rocksdb: " + status.ToString());
}

rocksdb::Slice SliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

rocksdb::WriteOptions WriteOptionsOf(RocksDbLog log) {
  rocksdb::WriteOptions options;
  options.disableWAL = log == RocksDbLog::kNone;
  options.sync = log == RocksDbLog::kSynced;
  return options;
}

class Table final : public KeptTable {
 public:
  explicit Table(RocksDbLog log) : write_(WriteOptionsOf(log)) {}
  ~Table() override {
    if (db_ == nullptr) return;
    for (rocksdb::ColumnFamilyHandle* const family : families_) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();
  }

  absl::Status Open(const std::string& directory) {
    const RocksDbOptions store;
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.max_background_jobs = store.threads;
    options.max_open_files = store.open_files_max;
    options.write_buffer_manager = memory_.buffers();
    rocksdb::ColumnFamilyOptions data = memory_.DataOptions();
    rocksdb::ColumnFamilyOptions marks = memory_.MarkOptions();
    // A store's table flushes itself at that size. RocksDB makes its log as
    // long as the largest of them.
    data.write_buffer_size = static_cast<size_t>(memory_.table_bytes_max());
    marks.write_buffer_size = data.write_buffer_size;
    rocksdb::DB* db = nullptr;
    CAUCE_RETURN_IF_ERROR(FromRocksDb(rocksdb::DB::Open(
        options, directory,
        {{rocksdb::kDefaultColumnFamilyName, data},
         // That of a store's table.
         {"mark", marks}},
        &families_, &db)));
    db_.reset(db);
    return absl::OkStatus();
  }

  absl::Status Put(std::string_view key, std::string_view value) override {
    return FromRocksDb(
        db_->Put(write_, families_[0], SliceOf(key), SliceOf(value)));
  }

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    const rocksdb::Status found = db_->Get(
        rocksdb::ReadOptions(), families_[0], SliceOf(key), &value);
    if (found.IsNotFound()) return false;
    if (!found.ok()) return FromRocksDb(found);
    return true;
  }

  absl::Status Scan(absl::FunctionRef<void(std::string_view, std::string_view)>
                        show) const override {
    const std::unique_ptr<rocksdb::Iterator> at(
        db_->NewIterator(rocksdb::ReadOptions(), families_[0]));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      show(at->key().ToStringView(), at->value().ToStringView());
    }
    return FromRocksDb(at->status());
  }

 private:
  const rocksdb::WriteOptions write_;
  RocksDbMemory memory_{RocksDbOptions()};
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeptTable>> OpenRocksDbTable(
    const std::string& directory, RocksDbLog log) {
  auto table = std::make_unique<Table>(log);
  CAUCE_RETURN_IF_ERROR(table->Open(directory));
  return table;
}

}  // namespace cauce::bench
