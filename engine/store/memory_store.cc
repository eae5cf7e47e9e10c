#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/store/no_view.h"
#include "engine/store/shared_map.h"
#include "engine/store/store_errors.h"

namespace cauce {
namespace {

class MemoryIterator final : public StateIterator {
 public:
  explicit MemoryIterator(SharedMap::Walk walk) : walk_(std::move(walk)) {}

  bool Valid() const override { return walk_.Valid(); }
  void Next() override { walk_.Next(); }
  std::string_view key() const override { return walk_.key(); }
  std::string_view value() const override { return walk_.value(); }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  SharedMap::Walk walk_;
};

class MemorySnapshot final : public StateView {
 public:
  explicit MemorySnapshot(SharedMap::View view) : view_(std::move(view)) {}

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    const std::string* const found = view_.Find(key);
    if (found != nullptr) value = *found;
    return found != nullptr;
  }

  std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                         KeyOrder order) const override {
    return std::make_unique<MemoryIterator>(
        SharedMap::Walk(view_, range, order));
  }

 private:
  const SharedMap::View view_;
};

// What a table holds: shared by the table and its loader.
class MemoryTable {
 public:
  struct Contents {
    SharedMap::View keys;
    std::string mark;
  };

  explicit MemoryTable(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  absl::StatusOr<SharedMap::View> keys() const {
    MutexLock lock(mutex_);
    if (closed_) return TableClosedError(name_);
    return contents_.keys;
  }

  std::string mark() const {
    MutexLock lock(mutex_);
    return closed_ ? "" : contents_.mark;
  }

  // The old contents go, without the lock, once `next` does.
  absl::Status Replace(Contents next) {
    MutexLock lock(mutex_);
    if (closed_) return TableClosedError(name_);
    std::swap(contents_, next);
    return absl::OkStatus();
  }

  absl::Status BeginLoading() {
    MutexLock lock(mutex_);
    if (closed_) return TableClosedError(name_);
    if (loading_) return TableLoadingError(name_);
    loading_ = true;
    return absl::OkStatus();
  }

  void EndLoading() {
    MutexLock lock(mutex_);
    loading_ = false;
  }

  absl::Status CheckWritable() const {
    MutexLock lock(mutex_);
    if (closed_) return TableClosedError(name_);
    return loading_ ? TableLoadingError(name_) : absl::OkStatus();
  }

  void Close() {
    Contents last;
    MutexLock lock(mutex_);
    closed_ = true;
    std::swap(contents_, last);
  }

 private:
  const std::string name_;
  mutable Mutex mutex_;  // for the copy of a pointer
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool loading_ ABSL_GUARDED_BY(mutex_) = false;
  Contents contents_ ABSL_GUARDED_BY(mutex_);
};

void Apply(SharedMap& map, const StateChange& change) {
  if (change.value) {
    map.Put(change.key, *change.value);
  } else {
    map.Erase(change.key);
  }
}

class MemoryLoader final : public StateLoader {
 public:
  MemoryLoader(std::shared_ptr<MemoryTable> table, const SharedMap::View& base)
      : table_(std::move(table)), map_(base) {}
  ~MemoryLoader() override { table_->EndLoading(); }

  absl::Status Add(const StateChange& change) override {
    Apply(map_, change);
    return absl::OkStatus();
  }

  absl::Status Finish(std::string_view mark) override {
    const SharedMap::View view = map_.Share();
    map_ = SharedMap(view);
    return table_->Replace({view, std::string(mark)});
  }

 private:
  const std::shared_ptr<MemoryTable> table_;
  SharedMap map_;
};

class MemoryStore final : public StateStore {
 public:
  explicit MemoryStore(std::string name)
      : table_(std::make_shared<MemoryTable>(std::move(name))) {}
  ~MemoryStore() override { table_->Close(); }

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    CAUCE_ASSIGN_OR_RETURN(const SharedMap::View keys, table_->keys());
    return MemorySnapshot(keys).Get(key, value);
  }

  std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                         KeyOrder order) const override {
    const absl::StatusOr<SharedMap::View> keys = table_->keys();
    if (!keys.ok()) return std::make_unique<NoIterator>(keys.status());
    return MemorySnapshot(*keys).Iterate(range, order);
  }

  std::unique_ptr<StateView> Snapshot() const override {
    absl::StatusOr<SharedMap::View> keys = table_->keys();
    if (!keys.ok()) return std::make_unique<NoView>(keys.status());
    return std::make_unique<MemorySnapshot>(*std::move(keys));
  }

  absl::Status Write(const StateWrite& write) override {
    MutexLock lock(writing_);
    CAUCE_RETURN_IF_ERROR(table_->CheckWritable());
    CAUCE_ASSIGN_OR_RETURN(const SharedMap::View keys, table_->keys());
    SharedMap map(keys);
    for (const KeyRange& range : write.erased) map.Erase(range);
    for (const StateChange& change : write.changes) Apply(map, change);
    return table_->Replace({map.Share(), std::string(write.mark)});
  }

  std::string mark() const override { return table_->mark(); }

  absl::StatusOr<std::unique_ptr<StateLoader>> Load() override {
    MutexLock lock(writing_);
    CAUCE_RETURN_IF_ERROR(table_->BeginLoading());
    CAUCE_ASSIGN_OR_RETURN(const SharedMap::View keys, table_->keys());
    return std::make_unique<MemoryLoader>(table_, keys);
  }

  // There is nothing that could be durable, and so nothing that goes before.
  absl::Status Persist() override { return table_->keys().status(); }

  StateUse use() const override {
    const absl::StatusOr<SharedMap::View> keys = table_->keys();
    if (!keys.ok()) return {};
    return {.keys = keys->keys(), .memory_bytes = keys->bytes()};
  }

  absl::Status Close() override {
    table_->Close();
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<MemoryTable> table_;
  Mutex writing_;  // one write at a time; taken before the table's own
};

class MemoryBackend final : public StateBackend {
 public:
  absl::StatusOr<std::unique_ptr<StateStore>> Open(
      const StateStoreSpec& spec) override {
    std::string name =
        spec.directory.empty() ? "a table in memory" : spec.directory;
    if (spec.read_only) return NoTableError(name);
    return std::make_unique<MemoryStore>(std::move(name));
  }
  absl::Status Remove(std::string_view) override { return absl::OkStatus(); }
  bool persistent() const override { return false; }
};

}  // namespace

std::shared_ptr<StateBackend> NewMemoryStateBackend() {
  return std::make_shared<MemoryBackend>();
}

}  // namespace cauce
