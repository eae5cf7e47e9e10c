// What is known of logs that are closed: from the manifest, as a close has left
// it, and of those that were let go since.
//
// What it says of a log that is open, or was not closed in order, nobody asks
// for; what follows such a one forgets it. After a kill the manifest on the
// disk tells what was there: so what goes with a cut, or a topic, is taken out
// of it first. Thread-safe; its lock is a leaf, and is held while the file is
// written and synced: under the engine's, or a log's for its ends and its
// writer.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"

namespace cauce {

class KnownLogs {
 public:
  // `files` is borrowed.
  KnownLogs(FileSystem& files, std::string directory);

  // As the last close has left them.
  void Begin(Manifest manifest) ABSL_LOCKS_EXCLUDED(mutex_);

  // Nothing where nothing is known, or what is known is damaged.
  std::optional<KnownLog> Find(const TopicPartition& partition) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  void Set(const TopicPartition& partition, const KnownLog& log)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Forget(const TopicPartition& partition) ABSL_LOCKS_EXCLUDED(mutex_);
  void Forget(const std::string& topic) ABSL_LOCKS_EXCLUDED(mutex_);

  // Adds the parts of all that is known to `rows`, as views that live until the
  // next change.
  void AddTo(ManifestRows& rows) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Makes all that is known durable, for who comes after a kill: no mark names
  // it, and of what it says that counts which no writer changes.
  absl::Status Save() ABSL_LOCKS_EXCLUDED(mutex_);
  // The same where the file tells of what was forgotten since.
  absl::Status SaveForgotten() ABSL_LOCKS_EXCLUDED(mutex_);
  // The log is durable no further than up to `point` by now, since it is to be
  // cut there: nothing counts any more that was known from there on, durably.
  absl::Status CutAt(const TopicPartition& partition, Offset point)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The log is to be cut to `end`: the same, and where it was known to end
  // there its last file may have been written anew, and be the last one again.
  absl::Status CutTo(const TopicPartition& partition, Offset end)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The directory is somebody else's from now on: nothing is written any more.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::optional<KnownLog> FindHere(const TopicPartition& partition) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddHere(ManifestRows& rows) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where one is known to reach to `from` or behind it only what it had below
  // `end` is known any more, durably.
  absl::Status LowerHere(const TopicPartition& partition, Offset from,
                         Offset end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SaveHere() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  const std::string directory_;
  mutable Mutex mutex_;
  Manifest manifest_ ABSL_GUARDED_BY(mutex_);  // as the disk has it
  // Of what was closed since, and an empty part of what is not known any more.
  std::map<TopicPartition, std::string> newer_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
