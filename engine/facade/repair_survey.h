// What a repair finds in a data directory, and makes of it: the small files,
// each partition with its plan, and what it leaves as it is.
//
// Only looks, and tells of what is left. Not thread-safe: for who has the
// directory to himself.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/displaced_partitions.h"
#include "engine/facade/manifest_repair.h"
#include "engine/facade/repair_task.h"
#include "engine/facade/small_file_repair.h"
#include "engine/log/partition_survey.h"
#include "engine/log/verify_meter.h"

namespace cauce {

class RepairSurvey {
 public:
  // All are borrowed, and so is this by the tasks that its parts make;
  // `summary` counts what was looked at, and what is left.
  RepairSurvey(FileSystem& files, const std::string& directory,
               const RepairOptions& options, RepairSummary& summary)
      : files_(files),
        directory_(directory),
        options_(options),
        summary_(summary),
        small_(files, directory),
        manifest_(files, directory),
        meter_(options.progress, looked_, kSurveyRounds) {}
  RepairSurvey(const RepairSurvey&) = delete;
  RepairSurvey& operator=(const RepairSurvey&) = delete;

  // What keeps one partition from being read keeps nobody from mending the
  // others. Reason::kUnsupportedFormat where a newer release wrote something,
  // kUnknownPartition where nothing is there of what is asked for.
  absl::Status Look();

  bool wants_all() const {
    return options_.topic.empty() && !options_.partition;
  }
  // The last stop was in order, as far as that can be read.
  bool clean_stop() const { return clean_stop_; }
  const SmallFileRepair& small() const { return small_; }
  const ManifestRepair& manifest() const { return manifest_; }
  // Those that can be mended. What cannot go on after all is taken out.
  std::vector<PartitionRepair>& partitions() { return partitions_; }

  // Tells of what stays as it is, and must not be taken for whole.
  void LeaveBroken(const Finding& finding);
  // Whether anything was left so.
  bool leaves_broken() const { return leaves_broken_; }

 private:
  void LookForMark();
  // What cannot be read of it is left.
  absl::Status LookForManifest();
  std::function<bool(const TopicPartition&)> IsWanted() const;
  absl::Status NothingWanted() const;
  absl::Status LookAt(const TopicPartition& name);
  // What is saved of a partition says nothing of another topic's records: true
  // where `directory` holds those, or it cannot be found out.
  absl::StatusOr<bool> LeaveAnothers(const TopicEntry& topic,
                                     const std::string& directory);
  // Nor of one that was made again since.
  void LeaveMadeAgain(const std::string& directory);
  // Fails with it where it is the process that may open no more files: that
  // says nothing of the partition.
  absl::Status LeavePartition(const std::string& directory,
                              const absl::Status& why);
  // What the last close noted of its end, where that counts, else 0: what was
  // closed was durable, also where the checkpoint is lost.
  Offset KnownEndOf(const TopicPartition& name,
                    const std::optional<KnownLog>& known) const;
  // `displaced` is a directory that may be the partition by another name.
  absl::Status LookForMissing(
      const TopicPartition& name,
      const std::optional<DisplacedPartitions::Found>& displaced);
  void Leave(const Finding& finding);
  // Of what is no reason to fail.
  void Tell(const Finding& finding) const;
  std::string PathOf(const TopicPartition& name) const;

  FileSystem& files_;
  const std::string& directory_;
  const RepairOptions& options_;
  RepairSummary& summary_;
  SmallFileRepair small_;
  ManifestRepair manifest_;
  VerifySummary looked_;
  VerifyMeter meter_;
  bool clean_stop_ = false;
  bool leaves_broken_ = false;
  std::set<std::string> made_again_;  // topics of others
  std::vector<PartitionRepair> partitions_;
};

}  // namespace cauce
