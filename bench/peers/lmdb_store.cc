#include "bench/peers/lmdb_store.h"

#include <lmdb.h>

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "bench/peers/record_key.h"
#include "bench/peers/scratch_directory.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

// Of addresses, not of memory or disk: more than any contest writes.
constexpr size_t kMapBytes = size_t{1} << 38;

absl::Status FromLmdb(int code) {
  if (code == MDB_SUCCESS) return absl::OkStatus();
  if (code == MDB_NOTFOUND) return absl::NotFoundError("lmdb: no such key");
  return absl::UnavailableError(fmt::format("lmdb: {}", mdb_strerror(code)));
}

MDB_val ValueOf(std::string_view bytes) {
  // The library takes what it only reads as void* too.
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view ViewOf(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

class Store final : public RecordStore {
 public:
  explicit Store(const std::string& directory) : directory_(directory) {}

  ~Store() override {
    if (environment_ != nullptr) mdb_env_close(environment_);
  }

  absl::Status Open(Survives survives) {
    CAUCE_RETURN_IF_ERROR(FromLmdb(mdb_env_create(&environment_)));
    CAUCE_RETURN_IF_ERROR(
        FromLmdb(mdb_env_set_mapsize(environment_, kMapBytes)));
    const unsigned flags = survives == Survives::kKill ? MDB_NOSYNC : 0;
    CAUCE_RETURN_IF_ERROR(FromLmdb(
        mdb_env_open(environment_, directory_.path().c_str(), flags, 0644)));
    MDB_txn* transaction = nullptr;
    CAUCE_RETURN_IF_ERROR(
        FromLmdb(mdb_txn_begin(environment_, nullptr, 0, &transaction)));
    CAUCE_RETURN_IF_ERROR(
        FromLmdb(mdb_dbi_open(transaction, nullptr, 0, &table_)));
    return FromLmdb(mdb_txn_commit(transaction));
  }

  absl::Status Append(std::span<const Record> records) override {
    MDB_txn* transaction = nullptr;
    CAUCE_RETURN_IF_ERROR(
        FromLmdb(mdb_txn_begin(environment_, nullptr, 0, &transaction)));
    absl::Cleanup abort = [&] { mdb_txn_abort(transaction); };
    uint64_t number = next_;
    for (const Record& record : records) {
      const KeyOf of(number++);
      MDB_val key = ValueOf(of.view());
      MDB_val value = ValueOf(*record.value);
      CAUCE_RETURN_IF_ERROR(
          FromLmdb(mdb_put(transaction, table_, &key, &value, MDB_APPEND)));
    }
    std::move(abort).Cancel();
    CAUCE_RETURN_IF_ERROR(FromLmdb(mdb_txn_commit(transaction)));
    next_ = number;
    return absl::OkStatus();
  }

  absl::Status Settle() override { return absl::OkStatus(); }

  absl::Status Scan(
      absl::FunctionRef<void(std::string_view)> show) const override {
    return Read([&](MDB_txn* transaction) -> absl::Status {
      MDB_cursor* cursor = nullptr;
      CAUCE_RETURN_IF_ERROR(
          FromLmdb(mdb_cursor_open(transaction, table_, &cursor)));
      const absl::Cleanup close = [&] { mdb_cursor_close(cursor); };
      MDB_val key;
      MDB_val value;
      int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
      for (; code == MDB_SUCCESS;
           code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        show(ViewOf(value));
      }
      return code == MDB_NOTFOUND ? absl::OkStatus() : FromLmdb(code);
    });
  }

  absl::Status Get(
      int64_t number,
      absl::FunctionRef<void(std::string_view)> show) const override {
    return Read([&](MDB_txn* transaction) -> absl::Status {
      const KeyOf of(static_cast<uint64_t>(number));
      MDB_val key = ValueOf(of.view());
      MDB_val value;
      CAUCE_RETURN_IF_ERROR(
          FromLmdb(mdb_get(transaction, table_, &key, &value)));
      show(ViewOf(value));
      return absl::OkStatus();
    });
  }

 private:
  absl::Status Read(absl::FunctionRef<absl::Status(MDB_txn*)> work) const {
    MDB_txn* transaction = nullptr;
    CAUCE_RETURN_IF_ERROR(FromLmdb(
        mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction)));
    const absl::Cleanup end = [&] { mdb_txn_abort(transaction); };
    return work(transaction);
  }

  const ScratchDirectory directory_;
  MDB_env* environment_ = nullptr;
  MDB_dbi table_ = 0;
  uint64_t next_ = 0;
};

}  // namespace

StoreKind LmdbStore() {
  return {
      "LMDB",
      [](const std::string& directory,
         Survives survives) -> absl::StatusOr<std::unique_ptr<RecordStore>> {
        auto store = std::make_unique<Store>(directory);
        CAUCE_RETURN_IF_ERROR(store->Open(survives));
        return store;
      }};
}

}  // namespace cauce::bench
