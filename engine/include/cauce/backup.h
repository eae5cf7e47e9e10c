// Takes a topic out of a data directory whole, beside its live writer, and puts
// it into another one: records, configs, what groups have committed in it, and
// what is known of its producers.
//
//   cauce::BackupTopic("data", "orders", "/backup/orders").value();
//   auto engine = cauce::Engine::Open("other").value();
//   cauce::RestoreTopic(engine, "/backup/orders").value();
//
// A backup is a directory of Kafka's files with a manifest (engine/FORMAT.md),
// which is written last: without it nothing takes the directory for a backup.
// It is a data directory of its own, which may be opened to look into it, for
// reading: a backup that was changed since is refused. Functions may be called
// from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce {

// How far the work has come: bytes of files that were copied, or read to see
// whether they are whole, of those there were when it began. A writer at work
// may make it more.
struct BackupProgress {
  int64_t bytes = 0;
  int64_t bytes_total = 0;
};

// Told now and then; an error that it returns ends the work, and is what that
// returns. May be empty.
using BackupProgressSink = std::function<absl::Status(const BackupProgress&)>;

enum class GroupOffsets { kTake, kLeaveOut };

// A transaction that was open where the backup ends. Who restores it gets it
// open: readers of what is committed come no further than its start until its
// producer ends it, or Admin::AbortTransaction does.
struct BackupTransaction {
  PartitionId partition;
  ProducerId producer_id;
  int16_t producer_epoch = -1;
  Offset start;

  friend bool operator==(const BackupTransaction&,
                         const BackupTransaction&) = default;
};

// What a backup holds.
struct BackupSummary {
  std::string topic;
  absl::Time taken;
  // By partition: from the log start to the end.
  std::vector<OffsetRange> partitions;
  int64_t files = 0;
  int64_t bytes = 0;    // of the files
  int64_t offsets = 0;  // that groups have committed
  std::vector<BackupTransaction> transactions;
  // Where damage was copied as it is, which OnDamage::kSkip asks for.
  std::vector<TopicPartition> damaged;
};

struct BackupOptions {
  // Null means the operating system's files, and for the target the same as
  // for the directory. Borrowed.
  FileSystem* file_system = nullptr;
  FileSystem* target_file_system = nullptr;
  GroupOffsets group_offsets = GroupOffsets::kTake;
  // Whether damaged bytes are copied as they are, and told, or end the work.
  OnDamage on_damage = OnDamage::kStop;
  BackupProgressSink progress;
  EventSink events;
};

// Copies topic `topic` of `directory`, which another process may be writing, to
// the directory `target`, which is made. One that a backup has left that did
// not end is begun anew.
//
// Each partition is what it was at one moment: all that was written up to
// there, durable at its writer's or not. What groups have committed is read
// before that, so that no record behind it is missing; what they commit in a
// transaction that is open counts as not committed.
// AlreadyExists where the target is a whole backup, or holds anything else;
// Reason::kLocked where another one is being made there. After any other error
// the target is no backup: kUnknownTopic, also where the topic is deleted
// meanwhile; kInvalidTopicName for an internal one; kCorruptBatch and other
// errors of reading, with directory and offset; Unavailable where segments were
// replaced again and again as they were copied.
absl::StatusOr<BackupSummary> BackupTopic(std::string_view directory,
                                          std::string_view topic,
                                          std::string_view target,
                                          const BackupOptions& options = {});

// Reads the whole backup, to see that every file is as it was written.
// NotFound where there is none, saying so of one that did not end;
// Reason::kCorruptFile; kUnsupportedFormat for one of a newer release.
absl::StatusOr<BackupSummary> VerifyBackup(FileSystem& files,
                                           std::string_view backup,
                                           const BackupProgressSink& progress);

struct RestoreOptions {
  // The name it gets; empty: the one it had.
  std::string name;
  // Of the backup. Null means the operating system's files. Borrowed.
  FileSystem* file_system = nullptr;
  GroupOffsets group_offsets = GroupOffsets::kTake;
  BackupProgressSink progress;
};

// Makes the topic of a backup in the engine's directory: with its offsets,
// times and leader epochs, and with a new id. All or nothing: after a stop in
// the middle of it the next opening takes back what there is, tells the event
// sink, and the topic may be restored anew. Nobody sees it before it is whole.
// Reason::kTopicExists; errors of Engine::CreateTopic and of VerifyBackup;
// kUnknownMemberId where a group that has committed in it has members here;
// kDiskFull.
absl::StatusOr<BackupSummary> RestoreTopic(Engine& engine,
                                           std::string_view backup,
                                           const RestoreOptions& options = {});

}  // namespace cauce
