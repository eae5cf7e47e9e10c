#include "engine/store/rocksdb_store.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "engine/base/status_macros.h"
#include "engine/store/no_view.h"
#include "engine/store/rocksdb_loader.h"
#include "engine/store/rocksdb_share.h"
#include "engine/store/rocksdb_table.h"
#include "engine/store/table_marker.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {
namespace {

using Use = RocksDbTable::Use;

rocksdb::Slice SliceOf(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view ViewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

absl::StatusOr<bool> GetFrom(const RocksDbTable& table,
                             const rocksdb::ReadOptions& options,
                             std::string_view key, std::string& value) {
  // Straight into `value`: what is in no file yet is copied once.
  const rocksdb::Status status =
      table.db().Get(options, table.data(), SliceOf(key), &value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return table.Told(status);
}

class RocksDbIterator final : public StateIterator {
 public:
  // Without `snapshot` what is there now.
  RocksDbIterator(std::shared_ptr<RocksDbTable> table, Use use,
                  const KeyRange& range, KeyOrder order,
                  const rocksdb::Snapshot* snapshot)
      : table_(std::move(table)),
        use_(std::move(use)),
        order_(order),
        from_(range.from),
        to_(range.to),
        lower_(from_),
        upper_(to_ ? rocksdb::Slice(*to_) : rocksdb::Slice()) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    if (!from_.empty()) options.iterate_lower_bound = &lower_;
    if (to_) options.iterate_upper_bound = &upper_;
    at_.reset(table_->db().NewIterator(options, table_->data()));
    if (to_ && *to_ <= from_) return;  // there is nothing, and it is not sought
    if (order_ == KeyOrder::kForward) {
      at_->SeekToFirst();
    } else {
      at_->SeekToLast();
    }
  }

  bool Valid() const override { return at_->Valid(); }
  void Next() override {
    if (order_ == KeyOrder::kForward) {
      at_->Next();
    } else {
      at_->Prev();
    }
  }
  std::string_view key() const override { return ViewOf(at_->key()); }
  std::string_view value() const override { return ViewOf(at_->value()); }
  absl::Status status() const override { return table_->Told(at_->status()); }

 private:
  const std::shared_ptr<RocksDbTable> table_;
  const Use use_;
  const KeyOrder order_;
  const std::string from_;
  const std::optional<std::string> to_;
  const rocksdb::Slice lower_;
  const rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> at_;
};

class RocksDbSnapshot final : public StateView {
 public:
  RocksDbSnapshot(std::shared_ptr<RocksDbTable> table, Use use)
      : table_(std::move(table)),
        use_(std::move(use)),
        snapshot_(table_->db().GetSnapshot()) {}
  ~RocksDbSnapshot() override { table_->db().ReleaseSnapshot(snapshot_); }

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    if (!Use(*table_)) return table_->Closed();
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return GetFrom(*table_, options, key, value);
  }

  std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                         KeyOrder order) const override {
    Use use(*table_);
    if (!use) return std::make_unique<NoIterator>(table_->Closed());
    return std::make_unique<RocksDbIterator>(table_, std::move(use), range,
                                             order, snapshot_);
  }

 private:
  const std::shared_ptr<RocksDbTable> table_;
  const Use use_;
  const rocksdb::Snapshot* const snapshot_;
};

class RocksDbStore final : public StateStore {
 public:
  RocksDbStore(std::shared_ptr<StateBackend> backend,
               std::shared_ptr<RocksDbTable> table)
      : backend_(std::move(backend)), table_(std::move(table)) {}
  // Whoever wants to know how it went closes it first.
  ~RocksDbStore() override { table_->Close().IgnoreError(); }

  absl::StatusOr<bool> Get(std::string_view key,
                           std::string& value) const override {
    const Use use(*table_);
    if (!use) return table_->Closed();
    return GetFrom(*table_, rocksdb::ReadOptions(), key, value);
  }

  std::unique_ptr<StateIterator> Iterate(const KeyRange& range,
                                         KeyOrder order) const override {
    Use use(*table_);
    if (!use) return std::make_unique<NoIterator>(table_->Closed());
    return std::make_unique<RocksDbIterator>(table_, std::move(use), range,
                                             order, nullptr);
  }

  std::unique_ptr<StateView> Snapshot() const override {
    Use use(*table_);
    if (!use) return std::make_unique<NoView>(table_->Closed());
    return std::make_unique<RocksDbSnapshot>(table_, std::move(use));
  }

  absl::Status Write(const StateWrite& write) override {
    const Use use(*table_);
    return use ? table_->Write(write) : table_->Closed();
  }

  std::string mark() const override {
    const Use use(*table_);
    return use ? table_->mark() : "";
  }

  absl::StatusOr<std::unique_ptr<StateLoader>> Load() override {
    const Use use(*table_);
    if (!use) return table_->Closed();
    CAUCE_RETURN_IF_ERROR(table_->BeginLoading());
    return std::make_unique<RocksDbLoader>(table_);
  }

  absl::Status Persist() override {
    const Use use(*table_);
    return use ? table_->Persist() : table_->Closed();
  }

  StateUse use() const override {
    const Use use(*table_);
    return use ? table_->use() : StateUse();
  }

  absl::Status Close() override { return table_->Close(); }

 private:
  const std::shared_ptr<StateBackend> backend_;
  const std::shared_ptr<RocksDbTable> table_;
};

absl::Status OpenAlreadyError(std::string_view directory) {
  return MakeError(
      Reason::kLocked,
      fmt::format("{}: the table is open in this process: close it first",
                  directory));
}

class RocksDbBackend final
    : public StateBackend,
      public std::enable_shared_from_this<RocksDbBackend> {
 public:
  RocksDbBackend(const RocksDbOptions& options,
                 std::shared_ptr<RocksDbShare> share)
      : options_(options),
        files_(options.file_system == nullptr ? *PosixFileSystem()
                                              : *options.file_system),
        share_(std::move(share)) {}

  absl::StatusOr<std::unique_ptr<StateStore>> Open(
      const StateStoreSpec& spec) override {
    // Whoever only reads disturbs nobody.
    const std::string key = spec.read_only ? "" : spec.directory;
    if (!key.empty() && !share_->Take(key)) return OpenAlreadyError(key);
    const auto let_go = [share = share_, key] {
      if (!key.empty()) share->LetGo(key);
    };
    const std::shared_ptr<RocksDbThreads> threads = share_->Threads();
    if (threads == nullptr) {
      let_go();
      return absl::ResourceExhaustedError(fmt::format(
          "{}: the process has no thread left for RocksDB", spec.directory));
    }
    // A table that could not be opened lets go as well.
    CAUCE_ASSIGN_OR_RETURN(
        std::shared_ptr<RocksDbTable> table,
        RocksDbTable::Open(
            {spec, files_, options_, share_->memory(), threads, let_go}));
    return std::make_unique<RocksDbStore>(shared_from_this(),
                                          std::move(table));
  }

  absl::Status Remove(std::string_view directory) override {
    const std::string key(directory);
    if (!share_->Take(key)) return OpenAlreadyError(key);
    absl::Status removed = RemoveTable(files_, key);
    share_->LetGo(key);
    return removed;
  }

  bool persistent() const override { return true; }

 private:
  const RocksDbOptions options_;
  FileSystem& files_;
  const std::shared_ptr<RocksDbShare> share_;
};

}  // namespace

absl::Status Validate(const RocksDbOptions& options) {
  std::vector<std::string> found;
  if (options.memory_max < 1 << 20) {
    found.push_back(fmt::format("memory_max is {}, at least {} is needed",
                                options.memory_max, 1 << 20));
  }
  if (options.load_bytes_max < 1 << 16) {
    found.push_back(fmt::format("load_bytes_max is {}, at least {} is needed",
                                options.load_bytes_max, 1 << 16));
  }
  if (options.threads < 1 || options.threads > 16) {
    found.push_back(
        fmt::format("threads is {}, must be 1 to 16", options.threads));
  }
  if (options.open_files_max != -1 && options.open_files_max < 16) {
    found.push_back(fmt::format(
        "open_files_max is {}, must be -1 or at least 16",
        options.open_files_max));
  }
  if (found.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("RocksDbOptions: {}", fmt::join(found, "; ")));
}

absl::StatusOr<std::shared_ptr<StateBackend>> NewRocksDbStateBackend(
    const RocksDbOptions& options) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  return std::make_shared<RocksDbBackend>(
      options, std::make_shared<RocksDbShare>(options));
}

absl::StatusOr<std::shared_ptr<StateBackend>> NewRocksDbStateBackend(
    const RocksDbOptions& options, std::shared_ptr<RocksDbShare> share) {
  CAUCE_RETURN_IF_ERROR(Validate(options));
  return std::make_shared<RocksDbBackend>(options, std::move(share));
}

}  // namespace cauce
