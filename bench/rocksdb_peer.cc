#include "bench/rocksdb_peer.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/string_view.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace cauce::bench {
namespace {

constexpr size_t kMemtableBytes = size_t{4} << 30;

absl::Status FromRocksDb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError("rocksdb: " + status.ToString());
}

}  // namespace

struct RocksDbPeer::Database {
  std::string directory;
  std::unique_ptr<rocksdb::DB> db;
  std::atomic<uint64_t> next_key = 0;
};

absl::StatusOr<RocksDbPeer> RocksDbPeer::Create(const std::string& directory) {
  auto database = std::make_unique<Database>();
  database->directory = directory;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kMemtableBytes;
  rocksdb::DB* db = nullptr;
  CAUCE_RETURN_IF_ERROR(
      FromRocksDb(rocksdb::DB::Open(options, directory, &db)));
  database->db.reset(db);
  return RocksDbPeer(std::move(database));
}

RocksDbPeer::RocksDbPeer(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}

RocksDbPeer::RocksDbPeer(RocksDbPeer&&) noexcept = default;

RocksDbPeer::~RocksDbPeer() {
  if (database_ == nullptr) return;
  database_->db = nullptr;
  std::error_code ignored;  // the run's own directory goes at its end
  std::filesystem::remove_all(database_->directory, ignored);
}

absl::Status RocksDbPeer::Put(const Payload& payload) {
  const uint64_t key = __builtin_bswap64(database_->next_key++);
  static_assert(sizeof key == Payload::kKeyBytes);
  const std::string_view value = *payload.records().front().value;
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocksDb(database_->db->Put(
      options, rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key),
      rocksdb::Slice(value.data(), value.size())));
}

absl::Status RocksDbPeer::Verify(const Payload& payload,
                                 int64_t records) const {
  const std::unique_ptr<rocksdb::Iterator> at(
      database_->db->NewIterator(rocksdb::ReadOptions()));
  int64_t found = 0;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    if (at->value().ToStringView() != *payload.records().front().value) {
      return absl::DataLossError(
          fmt::format("record {} is not what was put", found));
    }
    ++found;
  }
  CAUCE_RETURN_IF_ERROR(FromRocksDb(at->status()));
  if (found == records) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} records were put, {} can be read", records, found));
}

}  // namespace cauce::bench
