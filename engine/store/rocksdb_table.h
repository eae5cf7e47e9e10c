// One table in RocksDB: values in one column family, the mark in another, both
// flushed together, so that what is on the disk is always what some number of
// first writes left.
//
// Only that mark is written which a flush needs, right before it: RocksDB
// flushes nothing by itself.
//
// Whoever works with the database holds a use of it; it is closed when the
// table is, or when the last of them lets go, which must not be a thread of
// RocksDB's: these are joined with the last table. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "engine/store/rocksdb_files.h"
#include "engine/store/rocksdb_memory.h"
#include "engine/store/rocksdb_threads.h"
#include "rocksdb/db.h"
#include "rocksdb/listener.h"
#include "rocksdb/write_batch.h"

namespace cauce {

class RocksDbTable final : public std::enable_shared_from_this<RocksDbTable> {
 public:
  struct Place {
    StateStoreSpec spec;
    cauce::FileSystem& files;
    RocksDbOptions options;
    std::shared_ptr<RocksDbMemory> memory;
    std::shared_ptr<RocksDbThreads> threads;
    // Called once the files are let go of.
    std::function<void()> closed;
  };

  static absl::StatusOr<std::shared_ptr<RocksDbTable>> Open(Place place);
  ~RocksDbTable();

  // Holds the database open.
  class Use {
   public:
    Use() = default;
    explicit Use(RocksDbTable& table)
        : table_(table.Enter() ? &table : nullptr) {}
    Use(Use&& other) noexcept : table_(std::exchange(other.table_, nullptr)) {}
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (table_ != nullptr) table_->Leave();
    }
    explicit operator bool() const { return table_ != nullptr; }

   private:
    RocksDbTable* table_ = nullptr;
  };

  const std::string& name() const { return place_.spec.directory; }
  bool is_closed() const { return closed_; }
  absl::Status Closed() const;

  absl::Status Write(const StateWrite& write);
  absl::Status Persist();
  absl::Status Close();
  std::string mark() const;
  StateUse use() const;

  // What was written in so far is durable, and nothing more is written until
  // EndLoading.
  absl::Status BeginLoading();
  void EndLoading();
  // Takes the files, sorted by themselves, later ones before earlier ones, and
  // one with the mark, in one step.
  absl::Status Ingest(const std::vector<std::string>& files,
                      const std::string& mark_file, std::string_view mark);

  // For who has a use.
  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* data() const { return data_; }
  rocksdb::ColumnFamilyHandle* marks() const { return marks_; }
  cauce::FileSystem& files() const { return place_.files; }
  RocksDbThreads& threads() const { return *threads_; }
  size_t load_bytes_max() const;
  int threads_max() const { return place_.options.threads; }
  // For a file that is to be ingested.
  rocksdb::Options FileOptions() const;
  // What RocksDB said, in our words. Of damage to the files the marker is told
  // too, so that the next opening does not go on with them.
  absl::Status Told(const rocksdb::Status& status) const;
  // Of all bytes that were written and are not yet on the way to a file.
  int64_t unflushed_bytes() const { return unflushed_bytes_; }

  static constexpr std::string_view kMarkKey = "mark";

 private:
  class Listener;

  explicit RocksDbTable(Place place);

  bool Enter();
  void Leave();
  absl::Status OpenFiles();
  absl::Status OpenDb(bool is_new);
  absl::Status OpenReadOnly();
  // Writers do not wait for files that were loaded to be merged.
  void ExcuseLoadedFiles();
  rocksdb::Options DbOptions() const;
  std::vector<rocksdb::ColumnFamilyDescriptor> Families() const;
  absl::Status ReadMark();
  absl::Status CheckWritable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::Status PersistNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::Status AddTo(rocksdb::WriteBatch& batch, const StateWrite& write);
  absl::Status WriteMark() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  void BeginFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // For the sake of other tables: now, or where it is being written to, with
  // that write.
  void FlushSoon();
  absl::Status AskBeforeDurable();
  void FlushBegins();
  void FailInBackground(rocksdb::BackgroundErrorReason reason,
                        const rocksdb::Status& status);
  // Why the table takes no writes any more; `told` where it does.
  absl::Status Failed(absl::Status told) const;
  absl::Status Damaged(std::string_view text) const;

  Place place_;  // but for its threads, which are gone when it is closed
  std::shared_ptr<RocksDbThreads> threads_;
  const std::shared_ptr<RocksDbFiles> rocksdb_files_;
  std::unique_ptr<RocksDbEnv> env_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* data_ = nullptr;
  rocksdb::ColumnFamilyHandle* marks_ = nullptr;

  std::atomic<bool> is_open_to_write_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<int64_t> uses_ = 1;  // the first one is the table's own
  std::atomic<int64_t> unflushed_bytes_ = 0;
  std::atomic<bool> flush_wanted_ = false;
  std::atomic<int64_t> writes_ = 0;
  std::atomic<int64_t> covered_writes_ = 0;  // by the last before_durable

  Mutex writing_;  // held while something is written or flushed
  bool loading_ ABSL_GUARDED_BY(writing_) = false;
  int64_t persisted_writes_ ABSL_GUARDED_BY(writing_) = 0;
  int64_t marked_writes_ ABSL_GUARDED_BY(writing_) = 0;
  rocksdb::WriteBatch batch_ ABSL_GUARDED_BY(writing_);
  mutable Mutex mark_mutex_;  // under writing_; while a batch is applied
  std::string mark_ ABSL_GUARDED_BY(mark_mutex_);
  Mutex asking_;  // held while before_durable runs
  mutable Mutex failure_mutex_;  // a leaf
  absl::Status failure_ ABSL_GUARDED_BY(failure_mutex_);
  std::atomic<bool> failed_ = false;
  mutable std::atomic<bool> marked_damaged_ = false;
};

}  // namespace cauce
