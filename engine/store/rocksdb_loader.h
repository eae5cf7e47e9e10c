// Fills a table in RocksDB: sorts what comes in runs, makes a file of each, and
// has the table take them all in one step.
//
// While runs are sorted and written in RocksDB's threads, as many as there are,
// the next one fills. After an error everything since the last Finish is
// forgotten. For one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "engine/store/load_run.h"
#include "engine/store/rocksdb_table.h"

namespace cauce {

class RocksDbLoader final : public StateLoader {
 public:
  // The table must have begun loading; that ends with this.
  explicit RocksDbLoader(std::shared_ptr<RocksDbTable> table);
  ~RocksDbLoader() override;

  absl::Status Add(const StateChange& change) override;
  absl::Status Finish(std::string_view mark) override;

 private:
  absl::Status TryAdd(const StateChange& change);
  absl::Status TryFinish(std::string_view mark);
  absl::Status HandOver();
  // Waits until no more than `busy` runs are being written; the first error of
  // any of them.
  absl::Status AwaitWriters(size_t busy);
  absl::Status WriteRun(const LoadRun& run, const std::string& path) const;
  absl::Status WriteMark(std::string_view mark, const std::string& path) const;
  std::string NextPath();
  // Removes what no table has taken, and returns `status`.
  absl::Status Forget(absl::Status status);

  const std::shared_ptr<RocksDbTable> table_;
  const RocksDbTable::Use use_;
  const size_t writers_max_;
  std::unique_ptr<LoadRun> filling_;
  std::vector<std::string> paths_;  // of runs, in the order they came
  int files_made_ = 0;

  Mutex mutex_;  // a leaf
  CondVar written_;
  size_t writing_ ABSL_GUARDED_BY(mutex_) = 0;
  // Those that have been written: their memory is used again.
  std::vector<std::unique_ptr<LoadRun>> spare_ ABSL_GUARDED_BY(mutex_);
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
