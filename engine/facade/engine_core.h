// What an Engine is made of: a directory, its topics, and the logs that were
// opened.
//
// Topics change only by way of the catalogue: an entry is saved before the
// directories it speaks of are made and after they are gone, so that whatever
// a crash leaves can be told from what was meant. Logs are opened when they
// are first asked for; after an unclean stop all of them are, since only what
// was recovered may be closed as clean. Thread-safe; mutex_ comes before every
// lock of a log.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "engine/base/mutex.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/bounds_checkpoint.h"
#include "engine/log/log.h"

namespace cauce {

class EngineCore : public std::enable_shared_from_this<EngineCore> {
 public:
  static absl::StatusOr<std::shared_ptr<EngineCore>> Open(
      std::string_view directory, const EngineOptions& options);
  ~EngineCore();

  // As Engine's functions of the same names.
  absl::StatusOr<TopicDescription> CreateTopic(std::string_view name,
                                               const TopicSpec& spec);
  absl::StatusOr<std::vector<TopicDescription>> ListTopics();
  absl::StatusOr<TopicDescription> DescribeTopic(std::string_view name);
  absl::Status AlterTopic(std::string_view name,
                          const std::vector<ConfigChange>& changes);
  absl::Status CreatePartitions(std::string_view name, int32_t partitions);
  absl::Status DeleteTopic(std::string_view name);
  absl::StatusOr<std::shared_ptr<Log>> OpenLog(std::string_view topic,
                                               PartitionId partition);
  absl::Status RunUpkeep(absl::Duration time_max);
  absl::Status Close();
  // The same where nobody asks: tells the event sink what failed.
  void CloseAndReport();

 private:
  // What is done for each partition.
  enum class Upkeep {
    kCheckpoint,  // sync, remember the bounds, let go of what is idle
    kRetention,   // and delete what is not kept
  };

  EngineCore(std::string directory, const EngineOptions& options,
             std::shared_ptr<const LogEnvironment> environment,
             std::shared_ptr<BoundsCheckpoint> bounds);

  absl::Status Start() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status TakeDirectory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SettleTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status EnsureMetaProperties();
  // Takes topics that others made into the catalogue.
  absl::Status Adopt(const OpenPlan& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RecoverAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ScheduleUpkeep();
  void ScheduleEvery(absl::Duration interval, Upkeep upkeep);

  absl::Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckWritable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Another process may have changed what a read-only engine knows.
  absl::Status RefreshTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<TopicEntry> FindTopic(std::string_view name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<Log>> OpenLogLocked(const TopicEntry& topic,
                                                     PartitionId partition)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Refuses where the partition's directory is there and not ours to use.
  absl::Status CheckPlace(const TopicEntry& topic, PartitionId partition);
  absl::Status MakePartition(const TopicEntry& topic, PartitionId partition);
  absl::Status RemoveDirectoryTree(const std::string& path);
  absl::Status RemovePartitions(const TopicEntry& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status KeepUpAll(Upkeep upkeep, absl::Duration time_max);
  absl::Status KeepUp(const TopicPartition& partition, Upkeep upkeep);
  std::vector<TopicPartition> AllPartitions() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Report(Severity severity, std::string_view line) const;
  std::string PathOf(std::string_view name) const;

  const std::string directory_;
  const EngineOptions options_;
  const std::shared_ptr<const LogEnvironment> environment_;
  const std::shared_ptr<BoundsCheckpoint> bounds_;
  FileSystem& files_;

  mutable Mutex mutex_;
  std::unique_ptr<FileLock> lock_ ABSL_GUARDED_BY(mutex_);
  TopicCatalog catalog_ ABSL_GUARDED_BY(mutex_);
  std::map<TopicPartition, std::shared_ptr<Log>> logs_ ABSL_GUARDED_BY(mutex_);
  bool clean_stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // Behind which partition the next upkeep goes on.
  TopicPartition upkeep_done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
