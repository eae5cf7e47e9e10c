// One open store: its changelog, its table, and who changes them.
//
// The changelog is the write-ahead log. Changes that come together are written
// together: the first takes all that wait, appends them as one batch, waits for
// the one sync, writes the table, and tells the others. So a row is seen only
// when its record is acknowledged, and an append that has failed is never seen.
// Where it is not known what the changelog holds, or the table could not take
// what it holds, the store takes no changes any more. What others have appended
// is taken first, so that what is wrong with that fails a change in front of
// its append.
//
// Thread-safe. Shared by the handles of a store, its iterators and snapshots.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/partition.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/base/mutex.h"
#include "engine/base/spin_first.h"
#include "engine/facade/engine_core.h"
#include "engine/state/overlay_view.h"
#include "engine/state/store_rows.h"
#include "engine/state/store_table.h"

namespace cauce {

// What a store is made of once it is open.
struct OpenedStore {
  std::string name;
  std::shared_ptr<EngineCore> engine;
  std::shared_ptr<Partition> changelog;
  RowLayout layout{StoreKind::kKeyValue, 0, 0};
  Ack ack = Ack::kDurable;
  bool retain_duplicates = false;
  // What changes that are joined may take of a batch.
  int64_t batch_bytes_max = 0;
  Clock* clock = nullptr;
  // For as long as the store is open nobody else may be.
  std::shared_ptr<const void> claim;
  // Tables keep their backend alive; this is for the memory of it.
  std::shared_ptr<StateBackend> backend;
  // Either of these.
  std::unique_ptr<StoreTable> table;
  std::unique_ptr<OverlayView> overlay;
  Offset applied;                       // of the overlay
  Timestamp stream_time = kNoTimestamp;  // of the overlay
};

// A change that a caller asks for: `key` as the changelog has it.
struct WantedChange {
  std::string_view key;
  std::optional<std::string_view> value;
  Timestamp time = kNoTimestamp;      // of the record
  Timestamp row_time = kNoTimestamp;  // that a windowed row ages by
};

class StoreCore : public std::enable_shared_from_this<StoreCore> {
 public:
  explicit StoreCore(OpenedStore opened);
  // Closes it; what fails is told to the event sink.
  ~StoreCore();

  const std::string& name() const { return opened_.name; }
  StoreKind kind() const { return opened_.layout.kind(); }
  const TopicPartition& changelog() const { return opened_.changelog->name(); }
  const RowLayout& layout() const { return opened_.layout; }
  Clock& clock() const { return *opened_.clock; }
  bool is_closed() const { return closed_; }
  Offset applied() const;
  Timestamp stream_time() const;
  StateUse use() const;

  // Reason::kClosed.
  absl::Status CheckOpen() const;

  // All of them or none. Too old ones of windows are left out.
  absl::Status Change(std::span<const WantedChange> changes)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Of a kind without windows: the table's value, where there is one, and then
  // changes nothing.
  absl::StatusOr<std::optional<std::string>> ChangeIfAbsent(
      const WantedChange& change) ABSL_LOCKS_EXCLUDED(mutex_);

  // By the table's key.
  absl::StatusOr<bool> Get(std::string_view key, std::string& value) const;
  // Of a key of the changelog that belongs to a windowed row.
  absl::StatusOr<std::optional<std::string>> FetchRow(
      std::string_view log_key, Timestamp row_time) const;

  // Iterators of a snapshot, or of the store as it is where that is null.
  StoreIterator Range(const KeyRange& range, KeyOrder order,
                      std::shared_ptr<const StateView> snapshot = nullptr)
      ABSL_LOCKS_EXCLUDED(mutex_);
  StoreIterator Prefix(std::string_view prefix, KeyOrder order,
                       std::shared_ptr<const StateView> snapshot = nullptr)
      ABSL_LOCKS_EXCLUDED(mutex_);
  StoreIterator Find(const RowFilter& filter, KeyOrder order)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // As it is now; the store cannot be closed while it lives.
  absl::StatusOr<std::shared_ptr<StateView>> Snapshot()
      ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Status Persist() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class Turn { kWaits, kLeads, kIsDone };
  // Somebody who waits for its changes.
  struct Writer {
    std::span<const WantedChange> changes;
    bool if_absent = false;
    absl::Status status;
    std::optional<std::string> found;
    std::atomic<Turn> turn = Turn::kWaits;
    // Under the lock: it looks at `turn` no more before it is woken.
    bool sleeps = false;
    CondVar wake;
  };
  struct Batch;
  class Lease;

  absl::Status Closed() const;
  absl::Status CheckWritable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(Writer& writer) ABSL_LOCKS_EXCLUDED(mutex_);
  void Await(Writer& writer) ABSL_LOCKS_EXCLUDED(mutex_);
  // Who is not asleep may be gone when this returns.
  static void Tell(Writer& writer, Turn turn);
  // The front of the queue, as much of it as goes into one batch.
  std::vector<Writer*> TakeGroup() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Lead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns why the store takes no more changes, where it does not.
  absl::Status WriteGroup(std::span<Writer* const> group);
  // `broken` says so to those who come later.
  absl::Status WriteTogether(std::span<Writer* const> group,
                             absl::Status& broken);
  absl::Status Collect(Writer& writer, Batch& batch) const;
  absl::Status AppendAndApply(Batch& batch, absl::Status& broken);
  // Has the table take what others have appended in front of the goal's end.
  // Reason::kTruncated where that cannot be, ever.
  absl::Status TakeForeign(const StoreTable::Goal& goal);
  // TakeForeign in front of an append.
  absl::Status TakeForeignFirst(Timestamp now, absl::Status& broken);
  absl::StatusOr<std::shared_ptr<const Lease>> TakeLease()
      ABSL_LOCKS_EXCLUDED(mutex_);
  const StateView& view() const;
  static StoreIterator Failed(absl::Status failure);

  OpenedStore opened_;
  std::atomic<bool> closed_ = false;
  std::atomic<int> leases_ = 0;

  Mutex mutex_;
  // Its front is at work, with those it has taken behind it.
  std::deque<Writer*> queue_ ABSL_GUARDED_BY(mutex_);
  SpinFirst spin_first_;
  CondVar idle_;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  // Nobody comes in any more: what is in the queue is the last of it.
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
