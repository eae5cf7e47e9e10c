// The seam between state stores and what keeps their bytes: RocksDB, or memory.
//
// A table holds values by key, in the unsigned order of the keys' bytes, and a
// mark: a few bytes of its owner's that change with the values in one step,
// such as the offset of a log that they reflect. After a crash a table holds
// what some number of first writes left, each whole with its mark; which writes
// those are the mark tells. What it lacks its owner writes again from its log:
// a table keeps no log of its own, and promises nothing of a write but that
// order until it is persisted.
//
// Tables are for those who keep such a log; cauce/stores.h has one for each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cauce {

class FileSystem;

// The keys in [from, to); without `to` all from `from` on. Views.
struct KeyRange {
  std::string_view from;
  std::optional<std::string_view> to;
};

// The first key behind all that begin with `prefix`; nothing where there is
// none, as behind 0xff.
std::optional<std::string> PrefixEnd(std::string_view prefix);

enum class KeyOrder { kForward, kReverse };

// A new value, or none: then the key goes. Views.
struct StateChange {
  std::string_view key;
  std::optional<std::string_view> value;
};

// What is written in one step. Views.
struct StateWrite {
  std::span<const KeyRange> erased;      // first these,
  std::span<const StateChange> changes;  // then these, in their order
  std::string_view mark;                 // replaces the last one
};

// Walks over the keys of a range as they were when it was made:
//   for (auto at = view.Iterate({}); at->Valid(); at->Next()) ...
// Then look at status(): an error ends the walk. For one thread at a time; its
// table may be written meanwhile and must outlive it.
class StateIterator {
 public:
  virtual ~StateIterator() = default;

  // Whether there is a key; false behind the last one and after an error.
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  // While Valid(); until Next().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  // Reason::kCorruptFile, kDiskFailed, kClosed.
  virtual absl::Status status() const = 0;
};

// What a table holds, now or at one moment. Thread-safe.
class StateView {
 public:
  virtual ~StateView() = default;

  // Whether `key` has a value, which is put into `value`, whose room is used
  // again. Reason::kCorruptFile, kDiskFailed, kClosed.
  virtual absl::StatusOr<bool> Get(std::string_view key,
                                   std::string& value) const = 0;

  // Never null; begins at the first key of the range, or the last with
  // kReverse.
  virtual std::unique_ptr<StateIterator> Iterate(
      const KeyRange& range, KeyOrder order = KeyOrder::kForward) const = 0;
};

// Fills a table with much at once: sorted into files that the table takes as
// they are. Later changes of a key go before earlier ones, and before what the
// table held. For one thread; nothing else is written meanwhile.
class StateLoader {
 public:
  virtual ~StateLoader() = default;

  // The bytes are copied. Errors as Finish.
  virtual absl::Status Add(const StateChange& change) = 0;

  // From now on the table holds all that was added, and `mark`, durably. More
  // may be added then. What was added behind the last Finish is forgotten with
  // the loader; after a crash a table is as one of the Finishes left it.
  // Reason::kDiskFull, after which it may be tried again from the last mark
  // on; kDiskFailed, kCorruptFile, kClosed.
  virtual absl::Status Finish(std::string_view mark) = 0;
};

// What a table takes, as far as it knows: an estimate.
struct StateUse {
  int64_t keys = 0;
  int64_t disk_bytes = 0;
  int64_t memory_bytes = 0;  // besides what all tables share
};

// One table. Thread-safe; writes come one at a time. Destroying it closes it.
class StateStore : public StateView {
 public:
  // The table as it is now, for as long as it lives; it must not outlive the
  // table's Close.
  virtual std::unique_ptr<StateView> Snapshot() const = 0;

  // Seen by whoever reads from its return on, in one step. Reason::kDiskFull,
  // with nothing changed: where it is said once there is room too, what had
  // been written before could not go to files, and the table is to be opened
  // again; kDiskFailed, after which only reading goes on; kReadOnly, kClosed.
  virtual absl::Status Write(const StateWrite& write) = 0;

  // That of the last write; empty where there was none.
  virtual std::string mark() const = 0;

  // Null is never returned. Reason::kReadOnly, kClosed, and errors of Finish.
  virtual absl::StatusOr<std::unique_ptr<StateLoader>> Load() = 0;

  // What was written survives a power loss then. Errors as Write, and those of
  // StateStoreSpec::before_durable.
  virtual absl::Status Persist() = 0;

  virtual StateUse use() const = 0;

  // Persists, and lets go of the files. Idempotent; what is called later
  // answers kClosed. Snapshots and iterators must be gone.
  virtual absl::Status Close() = 0;
};

struct StateStoreSpec {
  // Its directory, which is made with those above it. In memory it says
  // nothing: such a table is empty when it is opened.
  std::string directory;
  // Another process may be writing it: what it has made durable is shown, as it
  // was at the opening.
  bool read_only = false;
  // Called, from any thread and never two at a time, before what was written so
  // far is made durable: the owner's log goes first, so that no table knows
  // more than the log after a power loss. Where it fails, so does what asked,
  // and a table that was to be written in the background takes no writes any
  // more. Empty: nothing goes first.
  std::function<absl::Status()> before_durable;
};

// Opens tables; all that are open share its memory and its threads.
// Thread-safe. Tables keep it alive.
class StateBackend {
 public:
  virtual ~StateBackend() = default;

  // Reason::kCorruptFile where the table's own files are damaged or missing in
  // part, kUnsupportedFormat where a newer release has written them: whoever
  // has the log removes it and writes it anew. kLocked where it is open already
  // in this process; kDiskFull, kDiskFailed, PermissionDenied. NotFound for
  // read_only where there is none.
  virtual absl::StatusOr<std::unique_ptr<StateStore>> Open(
      const StateStoreSpec& spec) = 0;

  // Removes a table that is not open, with its directory; durable on return. OK
  // where there is none. A crash in the midst leaves what Open answers with
  // kCorruptFile, or an empty table.
  virtual absl::Status Remove(std::string_view directory) = 0;

  // Whether what it keeps is there when it is opened again.
  virtual bool persistent() const = 0;
};

// Everything in memory. Never null.
std::shared_ptr<StateBackend> NewMemoryStateBackend();

struct RocksDbOptions {
  // Memory of all tables together, in bytes, at least 1 MiB: what was written
  // and is not yet in files, and blocks of files that were read, with their
  // indexes.
  int64_t memory_max = 64 << 20;
  // What a loader takes besides, in bytes, for as long as it lives; at least 64
  // KiB. And 16 bytes for each change while that is sorted: of small ones that
  // is as much again. A table that is loaded with more consists of as many
  // files as that makes, until they are merged.
  int64_t load_bytes_max = 256 << 20;
  // Threads of RocksDB's own that write files and merge them, 1 to 16, started
  // by the first table that is opened and joined when the last one is closed;
  // RocksDB has one more for its timers, as long.
  int threads = 2;
  // Files that each table keeps open at most, at least 16; -1: all.
  int open_files_max = 256;
  // Null means the real one; borrowed for the backend's life.
  FileSystem* file_system = nullptr;
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const RocksDbOptions& options);

// Tables in RocksDB, a directory each. Reason::kInvalidOption.
absl::StatusOr<std::shared_ptr<StateBackend>> NewRocksDbStateBackend(
    const RocksDbOptions& options = {});

}  // namespace cauce
