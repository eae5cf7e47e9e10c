// The `.txnindex` files of a log, as its one writer keeps them.
//
// Invariant: below the recovery point they tell of every aborted transaction,
// or it is owed that they do, and then no recovery point is to be noted. What
// fails here fails no append: it is owed, and made good from the log. For the
// log's one writer, but for what says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/io/file_pool.h"
#include "engine/log/aborted_index.h"
#include "engine/log/log_environment.h"
#include "engine/log/published_segments.h"

namespace cauce {

class AbortedLists {
 public:
  using ByBase = std::map<Offset, AbortedIndex>;  // of segments

  // Of the log `name` in `directory`. All are borrowed.
  AbortedLists(const LogEnvironment& environment, const TopicPartition& name,
               const std::string& directory, PublishedSegments& segments);

  // Its marker stands in the active segment.
  void Add(const AbortedTransaction& aborted) ABSL_LOCKS_EXCLUDED(mutex_);
  // How large the active segment's list is, as far as it was looked at.
  int64_t bytes() const { return bytes_.value_or(0); }
  // Another segment becomes the active one.
  void Rolled() { LookAgain(); }

  // The log ends at `end` in the segment at `base`.
  void CutAt(Offset base, Offset end);

  // Makes durable what was written. Any thread.
  void Sync() ABSL_LOCKS_EXCLUDED(mutex_);

  // Lists of segments from this one on are to be made anew.
  void Owe(Offset from);
  // Any thread.
  bool owes() const { return owed_.load() || sync_failed_.load(); }
  // From which segment on; nothing where none are.
  std::optional<Offset> owed_from() ABSL_LOCKS_EXCLUDED(mutex_);
  // Makes them what `lists` says, of every segment from `from` on: then nothing
  // is owed any more.
  absl::Status WriteFrom(Offset from, const ByBase& lists);

 private:
  absl::Status Append(Offset base, const AbortedTransaction& aborted)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // That of file_ something is unsynced; false where that is known.
  bool NoteUnsynced() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Cut(Offset base, Offset end);
  // Who appends next looks at the list first.
  void LookAgain() {
    bytes_ = std::nullopt;
    file_ = nullptr;
  }
  std::string PathOf(Offset base) const;
  void Tell(const absl::Status& status) const;

  const LogEnvironment& environment_;
  const TopicPartition& name_;
  const std::string& directory_;
  PublishedSegments& segments_;

  // Of the list that was written last; nothing where it is to be looked at.
  std::optional<int64_t> bytes_;
  std::shared_ptr<PooledFile> file_;
  Offset base_;
  std::optional<Offset> owed_from_;
  std::atomic<bool> owed_ = false;

  // What was written, and is pinned until it is synced: who opens it by its
  // name for that need not be told that a write was lost.
  struct Unsynced {
    Offset base;
    std::shared_ptr<PooledFile> file;
  };

  Mutex mutex_;
  std::vector<Unsynced> unsynced_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> has_unsynced_ = false;
  std::atomic<bool> sync_failed_ = false;
};

}  // namespace cauce
