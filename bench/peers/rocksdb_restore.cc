#include "bench/peers/rocksdb_restore.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <string_view>

#include "cauce/record.h"
#include "engine/base/status_macros.h"

namespace cauce::bench {
namespace {

constexpr uint32_t kBatchRecords = 1000;

absl::Status FromRocksDb(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus()
                     : absl::UnavailableError(status.ToString());
}

rocksdb::Slice SliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

absl::Status RestoreByWriteBatches(Cursor& changelog,
                                   const std::string& directory) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* opened = nullptr;
  CAUCE_RETURN_IF_ERROR(
      FromRocksDb(rocksdb::DB::Open(options, directory, &opened)));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions write;
  write.disableWAL = true;
  rocksdb::WriteBatch batch;
  RecordView record;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const bool is_there, changelog.Next(&record));
    if (!is_there || batch.Count() == kBatchRecords) {
      CAUCE_RETURN_IF_ERROR(FromRocksDb(db->Write(write, &batch)));
      batch.Clear();
    }
    if (!is_there) break;
    CAUCE_RETURN_IF_ERROR(FromRocksDb(
        record.value ? batch.Put(SliceOf(*record.key), SliceOf(*record.value))
                     : batch.Delete(SliceOf(*record.key))));
  }
  CAUCE_RETURN_IF_ERROR(FromRocksDb(db->Flush(rocksdb::FlushOptions())));
  return FromRocksDb(db->Close());
}

}  // namespace cauce::bench
