// State that a program keeps by key, and finds again: each store is a table in
// front of a compacted topic of its own, its changelog.
//
//   auto engine = cauce::Engine::Open("data").value();
//   auto stores = cauce::Stores::Open(engine).value();
//   auto counts = stores.OpenKeyValue("counts").value();
//   counts.Put("apples", "2").IgnoreError();
//   counts.Get("apples").value();  // "2"
//
// The log is what is believed: a change is appended to the changelog, and
// acknowledged as every append is, before anybody sees it in the table. The
// table knows which offset it reflects, and is never ahead of what is durable
// in the log. So it may be lost at any time: whoever opens a store whose table
// is missing, damaged, behind, another topic's or of a newer release gets it
// made right from the changelog, before the call returns.
//
// Tables lie in the directory `cauce.stores` (engine/FORMAT.md), one for each
// partition of each changelog, and are RocksDB's unless the options say
// otherwise. Keys and values in a changelog are those of Kafka Streams.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/state_store.h"
#include "cauce/types.h"

namespace cauce {

class StoreCore;
class StoreRows;
class StoresCore;

// What a store holds for a key. The topic config `cauce.store` of its changelog
// says it, in these words: key-value, timestamped, window, session.
enum class StoreKind { kKeyValue, kTimestamped, kWindow, kSession };

std::string_view StoreKindName(StoreKind kind);
std::optional<StoreKind> ParseStoreKind(std::string_view name);

// How far a table is behind its changelog while it is made right.
struct RestoreProgress {
  std::string store;
  TopicPartition changelog;
  Offset begin;  // where it began,
  Offset at;     // what is read so far,
  Offset end;    // and where it ends
  int64_t records = 0;
  int64_t bytes = 0;  // of keys and values
  absl::Duration passed;
};

struct StoresOptions {
  // Where the tables lie. Empty: `cauce.stores` in the engine's directory,
  // which is written only by who has the engine open for writing: the first
  // opening of a store there, or List, removes tables whose changelog is gone,
  // but not where this or `backend` is set. Of any other directory the caller
  // sees to it that no two engines write it. It is for tables alone: one that
  // holds logs is Reason::kInvalidOption, and where a table's place has
  // anything in it that is no table's, all stays as it is and the store does
  // not open (FailedPrecondition).
  std::string directory;
  // Kafka's application.id. The changelog of store `s` is the topic
  // `<application>-<s>-changelog`, or `<s>-changelog` where this is empty.
  std::string application;
  // Of the backend that is made where none is given. Its file system is the
  // engine's, unless it names another. All Stores of an engine share its memory
  // and its threads: memory_max is the most that any of them has asked for, and
  // so are the threads, from when the next are started. Its other bounds are of
  // each table.
  RocksDbOptions rocksdb;
  // What keeps the tables. Null: RocksDB; or memory, where the engine is in
  // memory.
  std::shared_ptr<StateBackend> backend;
  // Told now and then while a store is restored, and at its end; on the thread
  // that opens it. It must not call the store.
  std::function<void(const RestoreProgress&)> progress;
  // Bytes of keys and values that a store which is open for reading only may
  // hold in memory: what its table lacks. At least 0.
  int64_t read_only_bytes_max = 256 << 20;
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const StoresOptions& options);

struct StoreOptions {
  // Which partition of the changelog: a store of its own.
  PartitionId partition;
  // When a change is acknowledged.
  Ack ack = Ack::kDurable;
  // For a changelog that is made; one that is there stays as it is.
  int32_t partitions = 1;
  // The same: configs besides those that its kind asks for.
  std::map<std::string, std::string> configs;
};

// Of windows and sessions.
struct WindowOptions {
  StoreOptions store;
  // How long rows are kept, by stream time: the largest start of a window, or
  // end of a session, that was put. Older ones are not shown, not taken, and go
  // a segment at a time. Above zero. Absent: as the last opening for writing
  // asked, which the table tells, or where there is no table as the changelog,
  // which must be there, says. The changelog keeps them at least a day longer,
  // by the clock (retention.ms, which all partitions share): an opening that
  // asks for more lengthens that, and none shortens it, but tells
  // EngineOptions::events. A table whose segments are of another width (half
  // the retention), or from which a shorter one may have erased rows, is made
  // anew from what its changelog still has.
  //
  // The clock does not ask for stream time: what nobody has appended to for
  // that long is deleted from the changelog, and then only a table has the rows
  // that was persisted (Persist, Close) behind the last of them. And a table
  // that is made anew has the stream time of what compaction has left: where
  // the row with the largest time was taken away, earlier ones that had expired
  // may be shown, and late ones taken, again; in Kafka Streams too.
  std::optional<absl::Duration> retention;
  // Of windows: a Put of a key and start that is there adds a row, numbered,
  // and a Put without a value does nothing. A table is the same either way, so
  // nothing is kept of this: opened with the other value a store has the rows
  // that were put before, each with its number. Put without duplicates, and
  // Fetch of one start, mean the one whose number is 0.
  bool retain_duplicates = false;
};

// One row. Views, until its iterator moves.
struct StoreRow {
  std::string_view key;
  std::string_view value;
  Timestamp time;        // of kTimestamped
  Timestamp start;       // of kWindow and kSession
  Timestamp end;         // of kSession: that of its last record
  int32_t sequence = 0;  // of kWindow with duplicates
};

// Walks over rows as they were when it was made; look at status() at its end.
// For one thread at a time. Keeps its store's table open: let go of it soon.
class StoreIterator final {
 public:
  StoreIterator(StoreIterator&&) noexcept;
  StoreIterator& operator=(StoreIterator&&) noexcept;
  ~StoreIterator();

  bool Valid() const;
  void Next();
  // While Valid(); until Next().
  const StoreRow& row() const;
  // Reason::kCorruptFile, kDiskFailed, kClosed.
  absl::Status status() const;

 private:
  friend class StoreCore;
  explicit StoreIterator(std::unique_ptr<StoreRows> rows);
  std::unique_ptr<StoreRows> rows_;
};

// What all kinds have in common. Handles may be destroyed in any order, also
// behind their Stores and Engine; the last one closes its table. One that is
// closed behind its Engine is not persisted any more, which costs the next
// opening the time to read again what it lacks, and loses nothing. Thread-safe.
class Store {
 public:
  // Which store it is.
  const std::string& name() const;
  StoreKind kind() const;
  const TopicPartition& changelog() const;
  // The offset of the changelog up to which the table reflects it.
  Offset applied() const;
  // The largest time that was put, of windows and sessions.
  Timestamp stream_time() const;
  StateUse use() const;

  // Makes everything durable, the table too, so that the next opening has
  // nothing to catch up with. Errors as of a change.
  absl::Status Persist();
  // Persists, and lets go of the table: it may be opened again then. What is
  // called later answers kClosed, as do changes that wait for their turn.
  // Idempotent. FailedPrecondition while iterators or snapshots of it live.
  absl::Status Close();

 protected:
  explicit Store(std::shared_ptr<StoreCore> core);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  std::shared_ptr<StoreCore> core_;
};

// The errors of all that changes a store. Reason::kBatchTooLarge where it fits
// no batch of the changelog (its max.message.bytes), kInvalidRecord,
// kInvalidTimestamp, kDiskFull, kReadOnly, kClosed, kUnknownTopic once the
// changelog was deleted: nothing was changed. Nor was it where what others have
// appended to the changelog does not let it: FailedPrecondition while a
// transaction of theirs is open there, which may be tried again once it has
// ended; kInvalidRecord where no store of the kind writes such a record; and
// what else a cursor tells of damage.
//
// With kDiskFailed and kTruncated the change may be in the changelog, and the
// store takes no more until it is opened again: the message tells whether it is
// there, at which offset, is not, or is not known. Whoever repeats it without
// having looked may have it twice. So it is with kClosed where the engine was
// closed under the call.

// What a KeyValueStore held at one moment. Thread-safe. Must be gone before its
// store is closed by Close.
class KeyValueSnapshot final {
 public:
  KeyValueSnapshot(KeyValueSnapshot&&) noexcept;
  KeyValueSnapshot& operator=(KeyValueSnapshot&&) noexcept;
  ~KeyValueSnapshot();

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const;
  StoreIterator Range(const KeyRange& range,
                      KeyOrder order = KeyOrder::kForward) const;
  StoreIterator Prefix(std::string_view prefix,
                       KeyOrder order = KeyOrder::kForward) const;

 private:
  friend class KeyValueStore;
  KeyValueSnapshot(std::shared_ptr<StoreCore> core,
                   std::shared_ptr<StateView> view);
  std::shared_ptr<StoreCore> core_;
  std::shared_ptr<StateView> view_;
};

// Values by key, in the order of the keys' bytes.
class KeyValueStore final : public Store {
 public:
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const;
  // The same into `value`, whose room is used again; false where there is none.
  absl::StatusOr<bool> Get(std::string_view key, std::string& value) const;

  absl::Status Put(std::string_view key, std::string_view value);
  // Returns the value that is there, and then changes nothing.
  absl::StatusOr<std::optional<std::string>> PutIfAbsent(
      std::string_view key, std::string_view value);
  absl::Status Delete(std::string_view key);
  // All of them, in their order, or none: one batch of the changelog. Nobody
  // sees a part of it.
  absl::Status Write(std::span<const StateChange> changes);

  StoreIterator Range(const KeyRange& range,
                      KeyOrder order = KeyOrder::kForward) const;
  StoreIterator Prefix(std::string_view prefix,
                       KeyOrder order = KeyOrder::kForward) const;
  StoreIterator All(KeyOrder order = KeyOrder::kForward) const {
    return Range({}, order);
  }
  absl::StatusOr<KeyValueSnapshot> Snapshot() const;
  int64_t ApproximateEntries() const { return use().keys; }

 private:
  friend class Stores;
  using Store::Store;
};

struct TimestampedValue {
  std::string value;
  Timestamp time;
  friend bool operator==(const TimestampedValue&,
                         const TimestampedValue&) = default;
};

struct TimestampedChange {
  std::string_view key;
  std::optional<std::string_view> value;
  Timestamp time;  // none: the time of the append
};

// Values with the time of their record.
class TimestampedStore final : public Store {
 public:
  absl::StatusOr<std::optional<TimestampedValue>> Get(
      std::string_view key) const;
  absl::Status Put(std::string_view key, std::string_view value,
                   Timestamp time);
  // Returns what is there, and then changes nothing.
  absl::StatusOr<std::optional<TimestampedValue>> PutIfAbsent(
      std::string_view key, std::string_view value, Timestamp time);
  absl::Status Delete(std::string_view key);
  absl::Status Write(std::span<const TimestampedChange> changes);

  StoreIterator Range(const KeyRange& range,
                      KeyOrder order = KeyOrder::kForward) const;
  StoreIterator Prefix(std::string_view prefix,
                       KeyOrder order = KeyOrder::kForward) const;
  StoreIterator All(KeyOrder order = KeyOrder::kForward) const {
    return Range({}, order);
  }
  int64_t ApproximateEntries() const { return use().keys; }

 private:
  friend class Stores;
  using Store::Store;
};

// Times of both ends, which are in it.
struct TimeRange {
  Timestamp from{0};
  Timestamp to{INT64_MAX};
};

// Values by key and the start of a window. Rows of more than one key, and all,
// come by segment of time first, then by key, then by start, as in Kafka.
class WindowStore final : public Store {
 public:
  // Without a value the row goes. Of a start that is too old it changes
  // nothing. Reason::kInvalidTimestamp for one before 1970.
  absl::Status Put(std::string_view key, std::optional<std::string_view> value,
                   Timestamp start);

  absl::StatusOr<std::optional<std::string>> Fetch(std::string_view key,
                                                   Timestamp start) const;
  // By start, of one key.
  StoreIterator Fetch(std::string_view key, const TimeRange& starts,
                      KeyOrder order = KeyOrder::kForward) const;
  StoreIterator FetchRange(const KeyRange& keys, const TimeRange& starts,
                           KeyOrder order = KeyOrder::kForward) const;
  StoreIterator All(KeyOrder order = KeyOrder::kForward) const {
    return FetchRange({}, {}, order);
  }

 private:
  friend class Stores;
  using Store::Store;
};

struct SessionKey {
  std::string_view key;
  Timestamp start;
  Timestamp end;  // of its last record: start <= end
};

// Values by key, start and end of a session.
class SessionStore final : public Store {
 public:
  absl::Status Put(const SessionKey& session, std::string_view value);
  absl::Status Remove(const SessionKey& session);

  absl::StatusOr<std::optional<std::string>> Fetch(
      const SessionKey& session) const;
  // Those of the key that end at or after `earliest_end` and start at or before
  // `latest_start`: which a record with a gap may belong to. By end.
  StoreIterator Find(std::string_view key, Timestamp earliest_end,
                     Timestamp latest_start,
                     KeyOrder order = KeyOrder::kForward) const;
  StoreIterator FindRange(const KeyRange& keys, Timestamp earliest_end,
                          Timestamp latest_start,
                          KeyOrder order = KeyOrder::kForward) const;
  StoreIterator All(KeyOrder order = KeyOrder::kForward) const {
    return FindRange({}, Timestamp{0}, Timestamp{INT64_MAX}, order);
  }

 private:
  friend class Stores;
  using Store::Store;
};

enum class TableState {
  kWhole,    // it has all that its changelog holds
  kBehind,   // it lacks the last of it, as what was not persisted yet
  kMissing,  // there is none, or it is kept in memory and not open
  kDamaged,  // it cannot be read, or does not fit the changelog
};

std::string_view TableStateName(TableState state);

struct StoreDescription {
  std::string name;
  StoreKind kind = StoreKind::kKeyValue;
  TopicPartition changelog;
  TableState table = TableState::kMissing;
  Offset begin;    // of the changelog
  Offset end;
  Offset applied;  // of the table
  StateUse use;    // the same
  std::string why;  // of kDamaged
};

// The stores of an engine. Thread-safe. The engine may go first: then stores
// answer Reason::kClosed.
class Stores final {
 public:
  // Makes nothing yet. Reason::kInvalidOption, kClosed.
  static absl::StatusOr<Stores> Open(Engine& engine,
                                     const StoresOptions& options = {});
  Stores(Stores&&) noexcept;
  Stores& operator=(Stores&&) noexcept;
  ~Stores();

  // Opens the store, or makes it with its changelog; `name` is one that a topic
  // may have. Where its table does not fit its changelog, it is made right
  // first, which may take long. Of an engine that only reads the table is shown
  // with what its changelog has beyond it, as of now, and nothing is written.
  // Where others have a transaction open in the changelog, it is not waited
  // for: the store shows what stands in front of that, tells
  // EngineOptions::events, and refuses changes until it has ended.
  //
  // Reason::kLocked where it is open in this process already; kInvalidConfig
  // where the changelog is of another kind, or its cleanup.policy would lose
  // what it is to keep; kInvalidTopicName, kInvalidOption; kCorruptBatch, and
  // what else a cursor tells of damage, where the changelog cannot be read:
  // nothing is passed over. kDiskFull, kDiskFailed, kClosed, and for reading
  // only kUnknownTopic; ResourceExhausted where there is more to read than
  // read_only_bytes_max. Aborted where compaction went over the changelog each
  // time that it was read, and that took longer than its delete.retention.ms.
  // With kLocked and kInvalidConfig the changelog keeps the configs it had.
  absl::StatusOr<KeyValueStore> OpenKeyValue(std::string_view name,
                                             const StoreOptions& options = {});
  absl::StatusOr<TimestampedStore> OpenTimestamped(
      std::string_view name, const StoreOptions& options = {});
  absl::StatusOr<WindowStore> OpenWindow(std::string_view name,
                                         const WindowOptions& options);
  absl::StatusOr<SessionStore> OpenSession(std::string_view name,
                                           const WindowOptions& options);

  // Each partition of each changelog of this application whose topic says so,
  // by name. Of one that is open in these Stores its own state, of any other
  // that which its files tell.
  absl::StatusOr<std::vector<StoreDescription>> List() const;

  // Removes the table, which must not be open, and makes it from the changelog
  // anew; rows of windows and sessions age as they did in it.
  // Reason::kUnknownTopic, kReadOnly, kLocked and errors of opening.
  absl::StatusOr<StoreDescription> Restore(std::string_view name,
                                           PartitionId partition = {});

 private:
  explicit Stores(std::shared_ptr<StoresCore> core);
  std::shared_ptr<StoresCore> core_;
};

}  // namespace cauce
