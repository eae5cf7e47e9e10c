// Remembers, for every partition of a directory, up to where its log is known
// to be durable and where it starts: Kafka's `recovery-point-offset-checkpoint`
// and `log-start-offset-checkpoint`, with our copy of the latter, one file each
// for all partitions.
//
// Thread-safe. Its locks are leaves: a log calls Save with its own held. One
// thread saves, or reads anew, at a time, and only who does waits for files: no
// partition's appends are held up by another's save.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/file_stamp.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/manifest.h"
#include "engine/log/log_environment.h"

namespace cauce {

class BoundsCheckpoint {
 public:
  // `clock` says how long a save takes; both are borrowed.
  BoundsCheckpoint(FileSystem& files, std::string directory, Clock& clock);

  // Reads the files, again too; absent ones are empty. Damaged recovery points
  // count as empty, or as they were read before, which is told to `events` with
  // what it costs: a longer recovery. Of log starts one file stands in for the
  // other, and where they differ each partition's is decided (ReadLogStarts),
  // which is told too; with both lost deleted records of a kept segment show
  // again. What the last Load told is not told once more.
  // Reason::kUnsupportedFormat for one of a newer version.
  absl::Status Load(const EventSink& events);

  // The same from what `manifest` says, where the files hold what they held
  // when it was written; false where they do not, and nothing was done. Fails
  // where one of them cannot be read.
  absl::StatusOr<bool> LoadKnown(const Manifest& manifest)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Where the files are others they may be lost, or older: a log that was
  // closed was durable up to its end, as `manifest`, which the mark of that
  // close names, says. Returns which was noted as durable up to less, the first
  // of them.
  std::optional<TopicPartition> RaiseToKnown(const Manifest& manifest)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Those of which no file says up to where they are durable, and what
  // `manifest`, of a close before another stop, has of them.
  std::vector<std::pair<TopicPartition, KnownLog>> WithoutPoint(
      const Manifest& manifest) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes one to be durable up to there, to be saved.
  void SetPoint(const TopicPartition& partition, Offset point)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Adds to `rows` what the files say, all of which is saved.
  void AddTo(ManifestRows& rows) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Load, unless all files are those that it read last, as far as they were
  // not saved within the last seconds before `now`, the time of day: so of
  // many partitions, or again and again, they are looked at and not read.
  absl::Status LoadIfChanged(absl::Time now, const EventSink& events)
      ABSL_LOCKS_EXCLUDED(saving_, mutex_);

  LogBounds Of(const TopicPartition& partition) const;
  // Whether the log itself or a file has told where it starts.
  bool KnowsStartOf(const TopicPartition& partition) const;

  // For reading only: what the files say of these topics is of older ones of
  // their names, and does not count until the next call says otherwise.
  void Disregard(std::set<std::string> topics) ABSL_LOCKS_EXCLUDED(mutex_);

  // Remembers `bounds` and makes what is remembered durable.
  absl::Status Save(const TopicPartition& partition, const LogBounds& bounds);

  // Remembers without saving; SaveAll saves where something has changed.
  void Set(const TopicPartition& partition, const LogBounds& bounds);
  void Forget(const std::string& topic);
  absl::Status SaveAll();

  // Bounds that were Set spare so much work. Returns true once SaveWork is to
  // be called, false until it has been: where the last save is twenty times as
  // long ago as it took, and a tenth of a second, and else where there is much
  // of it. So a killed process leaves little to be done again, and little whose
  // damage a recovery takes for a torn end.
  bool NoteWork(const RecoveryWork& work);
  // How long from now SaveWork is to be called though nothing more is noted;
  // nothing where nothing is left to save, or somebody was told to already.
  std::optional<absl::Duration> TakeWait() ABSL_LOCKS_EXCLUDED(mutex_);
  // SaveAll, where that is still so. Where somebody is saving at that moment,
  // it leaves that to the next call.
  absl::Status SaveWork();

  // The directory is somebody else's from now on: nothing is written any more,
  // and Save and SaveAll answer Reason::kClosed. Waits for a save on its way.
  void Close();

 private:
  struct Entry {
    LogBounds bounds;
    // Whether the log itself or the file has told where it starts: zero is
    // saved too, so that a log without an entry may begin anywhere.
    bool start_is_known = false;
    // The same of up to where it is durable.
    bool point_is_known = false;
  };
  // Null where nothing is known that counts.
  const Entry* Find(const TopicPartition& partition) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetLocked(const TopicPartition& partition, const LogBounds& bounds)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // What is to be written; nothing for a file that has not changed.
  struct Unsaved {
    std::optional<OffsetCheckpoint> log_starts;
    std::optional<OffsetCheckpoint> recovery_points;
  };
  absl::StatusOr<Unsaved> TakeUnsaved() ABSL_LOCKS_EXCLUDED(mutex_);
  // What could not be written is to be written still: by the next who saves, or
  // after much work again, so that a disk which takes nothing is not asked, and
  // told of, ten times a second.
  void PutBack(const Unsaved& unsaved) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status SaveChanges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(saving_)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Write(const Unsaved& unsaved)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(saving_) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  const std::string directory_;
  Clock& clock_;
  // Held while the files are written, or read once more; comes before mutex_,
  // under which no file is touched.
  Mutex saving_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable Mutex mutex_;
  std::map<TopicPartition, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> disregarded_ ABSL_GUARDED_BY(mutex_);
  bool points_changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool starts_changed_ ABSL_GUARDED_BY(mutex_) = false;
  // Since the last save, or since it was tried.
  int64_t work_ ABSL_GUARDED_BY(mutex_) = 0;
  // From when on any work is worth a save.
  absl::Duration any_from_ ABSL_GUARDED_BY(mutex_);
  bool save_asked_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_awaited_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // By the Load that was last.
  std::set<std::string> told_ ABSL_GUARDED_BY(mutex_);
  // As LoadIfChanged saw the files before it read them.
  FileStamps seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
