#include "engine/store/rocksdb_loader.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/store/load_names.h"
#include "rocksdb/sst_file_writer.h"

namespace cauce {
namespace {

// Fewer would make files of next to nothing.
constexpr size_t kRunBytesMin = 64 << 10;

rocksdb::Slice SliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// One fills, the others are written: all of them together are what a loader may
// take.
size_t RunBytes(const RocksDbTable& table, size_t writers) {
  return std::max(table.load_bytes_max() / (writers + 1), kRunBytesMin);
}

}  // namespace

RocksDbLoader::RocksDbLoader(std::shared_ptr<RocksDbTable> table)
    : table_(std::move(table)),
      use_(*table_),
      writers_max_(static_cast<size_t>(table_->threads_max())),
      filling_(std::make_unique<LoadRun>(RunBytes(*table_, writers_max_))) {}

RocksDbLoader::~RocksDbLoader() {
  // There is nobody left to tell.
  Forget(absl::OkStatus()).IgnoreError();
  table_->EndLoading();
}

absl::Status RocksDbLoader::Add(const StateChange& change) {
  absl::Status status = TryAdd(change);
  return status.ok() ? status : Forget(std::move(status));
}

absl::Status RocksDbLoader::Finish(std::string_view mark) {
  absl::Status status = TryFinish(mark);
  return status.ok() ? status : Forget(std::move(status));
}

absl::Status RocksDbLoader::TryAdd(const StateChange& change) {
  if (filling_->Add(change)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(HandOver());
  filling_->Add(change);
  return absl::OkStatus();
}

absl::Status RocksDbLoader::TryFinish(std::string_view mark) {
  if (!filling_->empty()) CAUCE_RETURN_IF_ERROR(HandOver());
  CAUCE_RETURN_IF_ERROR(AwaitWriters(0));
  if (table_->is_closed()) return table_->Closed();
  const std::string mark_path = NextPath();
  absl::Status status = WriteMark(mark, mark_path);
  if (status.ok()) status = table_->Ingest(paths_, mark_path, mark);
  if (!status.ok()) {
    // It is there where it was not taken.
    table_->files().RemoveFile(mark_path).IgnoreError();
    return status;
  }
  paths_.clear();
  return absl::OkStatus();
}

// The run that has been filled goes to be written, once there is a thread.
absl::Status RocksDbLoader::HandOver() {
  CAUCE_RETURN_IF_ERROR(AwaitWriters(writers_max_ - 1));
  if (table_->is_closed()) return table_->Closed();
  paths_.push_back(NextPath());
  std::unique_ptr<LoadRun> next;
  {
    MutexLock lock(mutex_);
    ++writing_;
    if (!spare_.empty()) {
      next = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (next == nullptr) {
    next = std::make_unique<LoadRun>(RunBytes(*table_, writers_max_));
  }
  // Before merges: whoever loads waits for it.
  table_->threads().Flush(
      {.run = [this, run = std::exchange(filling_, std::move(next)),
               path = paths_.back()]() mutable {
        absl::Status result = WriteRun(*run, path);
        run->Clear();
        MutexLock lock(mutex_);
        result_.Update(result);
        spare_.push_back(std::move(run));
        --writing_;
        written_.NotifyAll();
      }});
  return absl::OkStatus();
}

absl::Status RocksDbLoader::AwaitWriters(size_t busy) {
  MutexLock lock(mutex_);
  while (writing_ > busy) written_.Wait(mutex_);
  return result_;
}

absl::Status RocksDbLoader::WriteRun(const LoadRun& run,
                                     const std::string& path) const {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), table_->FileOptions(),
                                table_->data(),
                                /*invalidate_page_cache=*/false);
  CAUCE_RETURN_IF_ERROR(table_->Told(writer.Open(path)));
  CAUCE_RETURN_IF_ERROR(run.Sorted([&](const StateChange& change) {
    const rocksdb::Slice key = SliceOf(change.key);
    const rocksdb::Status put = change.value
                                    ? writer.Put(key, SliceOf(*change.value))
                                    : writer.Delete(key);
    return put.ok() ? absl::OkStatus() : table_->Told(put);
  }));
  return table_->Told(writer.Finish());
}

absl::Status RocksDbLoader::WriteMark(std::string_view mark,
                                      const std::string& path) const {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), table_->FileOptions(),
                                table_->marks());
  CAUCE_RETURN_IF_ERROR(table_->Told(writer.Open(path)));
  CAUCE_RETURN_IF_ERROR(table_->Told(
      writer.Put(SliceOf(RocksDbTable::kMarkKey), SliceOf(mark))));
  return table_->Told(writer.Finish());
}

std::string RocksDbLoader::NextPath() {
  return LoadPath(table_->name(), ++files_made_);
}

absl::Status RocksDbLoader::Forget(absl::Status status) {
  AwaitWriters(0).IgnoreError();
  {
    MutexLock lock(mutex_);
    result_ = absl::OkStatus();
  }
  for (const std::string& path : std::exchange(paths_, {})) {
    // Gone where RocksDB has it; else whoever opens the table removes it.
    table_->files().RemoveFile(path).IgnoreError();
  }
  filling_->Clear();
  return status;
}

}  // namespace cauce
