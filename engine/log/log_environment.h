// What a log is opened with: the engine around it, its place, and what was
// known of it when it was last open. Plain values; what an environment holds is
// thread-safe and shared by all logs of an engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/io/file_pool.h"
#include "engine/io/free_space.h"
#include "engine/io/kept_watch.h"
#include "engine/log/tail_memory.h"

namespace cauce {

// Kept beside the logs, for all of them in one file each.
struct LogBounds {
  Offset recovery_point{0};  // the first offset not known to be durable
  Offset log_start{0};       // what lies below is gone

  friend bool operator==(const LogBounds&, const LogBounds&) = default;
};

// What a killed process leaves to be done again: bytes to scan and to write
// back, and segments to sync, however small.
struct RecoveryWork {
  int64_t bytes = 0;
  int64_t segments = 0;
};

// What a log needs of the engine around it.
struct LogEnvironment {
  FileSystem* files = nullptr;
  // What is beneath `files`, where that is ours.
  std::unique_ptr<FileSystem> owned_files;
  std::shared_ptr<FilePool> pool;
  std::unique_ptr<FileSystem> pooled_files;  // `files`, where that is ours
  // May be null: then nothing is kept free.
  std::unique_ptr<FreeSpace> space;
  // For logs that are read only, of those who wait for more.
  std::unique_ptr<WatchQuota> watches = std::make_unique<WatchQuota>();
  // May be null: then who reads at the end of a log reads its file.
  std::unique_ptr<TailMemory> tails;
  // Whether files live as long as the engine, as those in memory: there is
  // nothing to sync, and what is written is all that survives anything.
  bool is_volatile = false;
  Clock* clock = nullptr;
  Random* random = nullptr;
  Executor* executor = nullptr;  // may be null
  EventSink events;
  // How long a producer may be idle before it is forgotten.
  absl::Duration producer_expiration = absl::Hours(24);
  // May be null. What the time of day would be had it not been set since the
  // engine was opened: only what is too old by both is too old.
  std::function<absl::Time()> now_at_most;
  // Makes bounds durable: a log start before anything below it goes, a
  // recovery point before the log is cut below it.
  std::function<absl::Status(const TopicPartition&, const LogBounds&)>
      save_bounds;
  // May be null. A log is to be cut to end there: makes durable that its files
  // are not what was noted of them.
  std::function<absl::Status(const TopicPartition&, Offset)> note_cut;
  // Remembers bounds, to be made durable some time later.
  std::function<void(const TopicPartition&, const LogBounds&)> note_bounds;
  // May be null. Remembers up to where a log is compacted, to be made durable
  // some time later: where that is lost, or an older one comes back, more is
  // compacted once more.
  std::function<void(const TopicPartition&, Offset)> note_first_dirty;
  // Null where that is. Makes durable that a log is compacted up to less than
  // was noted, before it is cut: what is written there then is dirty.
  std::function<absl::Status(const TopicPartition&, Offset)> lower_first_dirty;
  // The bounds that another process has saved by now, read where they were
  // saved since. For logs that are read only.
  std::function<absl::StatusOr<LogBounds>(const TopicPartition&)> load_bounds;
  // Whether by now the directory is known to bear the mark of a close, so that
  // nobody writes it. For logs that are read only; null where nobody knows.
  std::function<bool()> is_closed;
  // What the last close that noted any has noted of a log, as far as it counts.
  // For logs that are read only; null where nobody knows.
  std::function<std::optional<NotedLog>(const TopicPartition&)> known_now;
  // Whether a topic may have gaps of compaction, as another process has saved
  // by now. For logs that are read only; null where nobody knows.
  std::function<bool(const std::string& topic)> has_gaps;
  // May be null. Bounds that were noted spare that much work. Returns true
  // where that has become so much that save_noted is to be called, soon.
  std::function<bool(const RecoveryWork&)> note_work;
  // Makes durable what was noted.
  std::function<void()> save_noted;
  // Makes a partition's epochs durable.
  std::function<absl::Status(const TopicPartition&,
                             std::span<const EpochStart>)>
      save_epochs;
};

struct LogOptions {
  TopicPartition name;
  std::string directory;
  // Never null. Logs of a topic may share it.
  std::shared_ptr<const TopicConfig> config =
      std::make_shared<const TopicConfig>();
  // Nothing is deleted but on request, not even what lies below the start that
  // a broker has saved: its configs were never given.
  bool keep_everything = false;
  // A broker wrote it, and no engine has saved what it knows of it: what lies
  // above the recovery point its cleaner may have rewritten as well.
  bool is_brokers = false;
  // Whether offsets may be missing in front of a segment because compaction,
  // here or elsewhere, took whole batches at any time. Else their records are
  // lost, and who reads there is told.
  bool may_have_gaps = true;
  bool read_only = false;
  bool clean_stop = false;
  // Whether who opens it goes on with TakeRecoverySync, before anybody uses it:
  // see RecoveryHints::is_synced_later.
  bool is_synced_later = false;
  // What it held at the last close, which was that stop where that was clean;
  // null where that is not known. Borrowed for the opening.
  const KnownLog* known = nullptr;
  // And nothing in its directory was made, renamed or removed since.
  bool is_unchanged = false;
  // And nobody has written its last file.
  bool is_end_unchanged = false;
  LogBounds bounds;
  // Up to where passes of compaction had come, as it was saved; any number.
  Offset first_dirty{0};
  // Whether that start was ever saved. Else the log begins where its files do,
  // and nobody can tell whether any are missing.
  bool start_is_known = true;
  std::vector<EpochStart> epochs;  // as they were saved last
};

}  // namespace cauce
