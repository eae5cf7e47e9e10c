#include "bench/peers/leveldb_store.h"

#include <atomic>
#include <utility>

#include "bench/peers/record_key.h"
#include "bench/peers/scratch_directory.h"
#include "engine/base/status_macros.h"
#include "leveldb/cache.h"
#include "leveldb/db.h"
#include "leveldb/options.h"
#include "leveldb/write_batch.h"

namespace cauce::bench {
namespace {

constexpr size_t kMemtableBytes = size_t{1} << 30;  // the most it takes
constexpr size_t kCacheBytes = size_t{4} << 30;

absl::Status FromLevelDb(const leveldb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNotFound()) return absl::NotFoundError("leveldb: no such key");
  return absl::UnavailableError("leveldb: " + status.ToString());
}

leveldb::Slice SliceOf(std::string_view bytes) {
  return leveldb::Slice(bytes.data(), bytes.size());
}

leveldb::ReadOptions Verified() {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

// Every block is read from its file, and verified.
leveldb::ReadOptions ScanOptions() {
  leveldb::ReadOptions options = Verified();
  options.fill_cache = false;
  return options;
}

class Store final : public RecordStore {
 public:
  Store(const std::string& directory, Survives survives)
      : directory_(directory),
        cache_(leveldb::NewLRUCache(kCacheBytes)),
        survives_(survives) {}

  absl::Status Open() {
    leveldb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = kMemtableBytes;
    options.block_cache = cache_.get();
    options.compression = leveldb::kNoCompression;
    leveldb::DB* db = nullptr;
    CAUCE_RETURN_IF_ERROR(
        FromLevelDb(leveldb::DB::Open(options, directory_.path(), &db)));
    db_.reset(db);
    return absl::OkStatus();
  }

  absl::Status Append(std::span<const Record> records) override {
    const auto count = static_cast<uint64_t>(records.size());
    uint64_t number = next_.fetch_add(count);
    leveldb::WriteOptions options;
    options.sync = survives_ == Survives::kPowerLoss;
    leveldb::WriteBatch batch;
    for (const Record& record : records) {
      batch.Put(SliceOf(KeyOf(number++).view()), SliceOf(*record.value));
    }
    return FromLevelDb(db_->Write(options, &batch));
  }

  absl::Status Settle() override {
    db_->CompactRange(nullptr, nullptr);
    return absl::OkStatus();
  }

  absl::Status Scan(
      absl::FunctionRef<void(std::string_view)> show) const override {
    const std::unique_ptr<leveldb::Iterator> at(
        db_->NewIterator(ScanOptions()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      show({at->value().data(), at->value().size()});
    }
    return FromLevelDb(at->status());
  }

  absl::Status Get(
      int64_t number,
      absl::FunctionRef<void(std::string_view)> show) const override {
    std::string value;
    CAUCE_RETURN_IF_ERROR(FromLevelDb(db_->Get(
        Verified(), SliceOf(KeyOf(static_cast<uint64_t>(number)).view()),
        &value)));
    show(value);
    return absl::OkStatus();
  }

 private:
  const ScratchDirectory directory_;
  const std::unique_ptr<leveldb::Cache> cache_;
  const Survives survives_;
  std::unique_ptr<leveldb::DB> db_;
  std::atomic<uint64_t> next_ = 0;
};

}  // namespace

StoreKind LevelDbStore() {
  return {
      "LevelDB",
      [](const std::string& directory,
         Survives survives) -> absl::StatusOr<std::unique_ptr<RecordStore>> {
        auto store = std::make_unique<Store>(directory, survives);
        CAUCE_RETURN_IF_ERROR(store->Open());
        return store;
      }};
}

}  // namespace cauce::bench
