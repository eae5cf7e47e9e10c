#include "bench/peers/sqlite_store.h"

#include <sqlite3.h>

#include <utility>

#include "bench/peers/scratch_directory.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

class Store final : public RecordStore {
 public:
  explicit Store(const std::string& directory) : directory_(directory) {}

  ~Store() override {
    sqlite3_finalize(insert_);
    sqlite3_finalize(select_);
    sqlite3_finalize(select_one_);
    sqlite3_close(db_);
  }

  absl::Status Open(Survives survives) {
    const std::string path = directory_.path() + "/records";
    CAUCE_RETURN_IF_ERROR(Expect(SQLITE_OK, sqlite3_open(path.c_str(), &db_)));
    CAUCE_RETURN_IF_ERROR(Run("PRAGMA locking_mode=EXCLUSIVE"));
    CAUCE_RETURN_IF_ERROR(Run("PRAGMA journal_mode=WAL"));
    CAUCE_RETURN_IF_ERROR(Run(survives == Survives::kKill
                                  ? "PRAGMA synchronous=NORMAL"
                                  : "PRAGMA synchronous=FULL"));
    CAUCE_RETURN_IF_ERROR(
        Run("CREATE TABLE records (number INTEGER PRIMARY KEY, value BLOB)"));
    CAUCE_RETURN_IF_ERROR(
        Prepare("INSERT INTO records VALUES (?1, ?2)", &insert_));
    CAUCE_RETURN_IF_ERROR(
        Prepare("SELECT value FROM records ORDER BY number", &select_));
    return Prepare("SELECT value FROM records WHERE number = ?1", &select_one_);
  }

  // A transaction that fails halfway is taken back when the store goes.
  absl::Status Append(std::span<const Record> records) override {
    if (records.size() > 1) CAUCE_RETURN_IF_ERROR(Run("BEGIN"));
    for (const Record& record : records) {
      sqlite3_bind_int64(insert_, 1, next_);
      sqlite3_bind_blob64(insert_, 2, record.value->data(),
                          record.value->size(), SQLITE_STATIC);
      CAUCE_RETURN_IF_ERROR(Expect(SQLITE_DONE, sqlite3_step(insert_)));
      CAUCE_RETURN_IF_ERROR(Expect(SQLITE_OK, sqlite3_reset(insert_)));
      ++next_;
    }
    return records.size() > 1 ? Run("COMMIT") : absl::OkStatus();
  }

  absl::Status Settle() override {
    return Run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  absl::Status Scan(
      absl::FunctionRef<void(std::string_view)> show) const override {
    return ShowRows(select_, show).status();
  }

  absl::Status Get(
      int64_t number,
      absl::FunctionRef<void(std::string_view)> show) const override {
    sqlite3_bind_int64(select_one_, 1, number);
    CAUCE_ASSIGN_OR_RETURN(const int64_t rows, ShowRows(select_one_, show));
    if (rows > 0) return absl::OkStatus();
    return absl::NotFoundError("sqlite: no such key");
  }

 private:
  absl::Status Expect(int wanted, int code) const {
    if (code == wanted) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("sqlite: {}", sqlite3_errmsg(db_)));
  }

  absl::Status Run(const char* sql) {
    return Expect(SQLITE_OK, sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
  }

  absl::Status Prepare(const char* sql, sqlite3_stmt** statement) {
    return Expect(SQLITE_OK,
                  sqlite3_prepare_v2(db_, sql, -1, statement, nullptr));
  }

  // How many were shown.
  absl::StatusOr<int64_t> ShowRows(
      sqlite3_stmt* statement,
      absl::FunctionRef<void(std::string_view)> show) const {
    int64_t rows = 0;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
      // In this order: the size is that of what the pointer is to.
      const auto* bytes =
          static_cast<const char*>(sqlite3_column_blob(statement, 0));
      show({bytes, static_cast<size_t>(sqlite3_column_bytes(statement, 0))});
      ++rows;
    }
    CAUCE_RETURN_IF_ERROR(Expect(SQLITE_DONE, code));
    CAUCE_RETURN_IF_ERROR(Expect(SQLITE_OK, sqlite3_reset(statement)));
    return rows;
  }

  const ScratchDirectory directory_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
  sqlite3_stmt* select_one_ = nullptr;
  int64_t next_ = 0;
};

}  // namespace

StoreKind SqliteStore() {
  return {
      "SQLite, WAL",
      [](const std::string& directory,
         Survives survives) -> absl::StatusOr<std::unique_ptr<RecordStore>> {
        auto store = std::make_unique<Store>(directory);
        CAUCE_RETURN_IF_ERROR(store->Open(survives));
        return store;
      }};
}

}  // namespace cauce::bench
