// Mends the small files of a data directory: the list of topics, checkpoints,
// identities, and each partition's own. One that is damaged, or something else
// in its place, goes aside, and is written anew where something else knows what
// it said. One that may not be read is left as it is.
//
// Looks at first and makes tasks; nothing is changed before they are run. Not
// thread-safe: for who has the directory to himself.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/repair_task.h"
#include "engine/log/cut_names.h"
#include "engine/log/log_starts.h"
#include "engine/log/partition_check.h"

namespace cauce {

class SmallFileRepair {
 public:
  // `files` is borrowed, and the tasks borrow this.
  SmallFileRepair(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}
  SmallFileRepair(const SmallFileRepair&) = delete;
  SmallFileRepair& operator=(const SmallFileRepair&) = delete;

  // Whether every partition is looked at. Otherwise what is lost of the data
  // directory's own files is left: written anew it would say nothing of the
  // others.
  enum class Scope { kAllPartitions, kSomePartitions };

  // Looks at the data directory's own files. Reason::kUnsupportedFormat where
  // a newer release wrote one.
  absl::Status Look(Scope scope);
  // Looks at those of a partition: what is gone comes from its batches, once
  // they are whole. An error, and nothing to be done, where one may not be
  // read.
  absl::Status LookAt(const TopicPartition& name, const std::string& directory);

  // As far as it can be read.
  const TopicCatalog& catalog() const { return catalog_; }
  const OffsetCheckpoint& recovery_points() const { return points_; }
  const OffsetCheckpoint& first_dirty() const { return first_dirty_; }
  const OffsetCheckpoint& log_starts() const { return starts_.starts; }
  // Why both files of log starts are to be written anew, though no start moves;
  // empty where they are not.
  std::string WhyStartsAnew() const;
  PartitionToCheck::Bounds BoundsOf(const TopicPartition& name) const;
  bool is_lost(std::string_view checkpoint) const {
    return lost_.contains(checkpoint);
  }

  // What was left of the data directory's own: for a repair of all partitions,
  // or because it may not be read,
  const std::vector<Finding>& left() const { return left_; }
  // and whether one of these is what the logs are mended by.
  bool keeps_logs() const { return keeps_logs_; }

  // What is to be done before the logs are mended, and after.
  const RepairTasks& first() const { return first_; }
  const RepairTasks& last() const { return last_; }

 private:
  absl::Status LookAtCatalog(CutNames& names);
  absl::Status LookAtLogStarts(CutNames& names);
  // What is no file in its place: it only helps, and is made anew.
  absl::Status ClearManifest(CutNames& names);
  absl::StatusOr<OffsetCheckpoint> LookAtCheckpoint(std::string_view name,
                                                    CutNames& names);
  // Whether something else takes the place of a file that goes aside. It then
  // stays until that is there: else a stop in between would leave none.
  enum class Replaced { kNo, kYes };
  // Makes a task where `status`, of reading the file, is that it is damaged,
  // and leaves one of the data directory's that may not be read; OK too where
  // it is not there.
  absl::Status SetAsideDamaged(const absl::Status& status,
                               const std::string& directory,
                               std::string_view name, std::string_view meaning,
                               Replaced replaced, CutNames& names);
  // The task itself.
  absl::Status SetAside(const absl::Status& status,
                        const std::string& directory, std::string_view name,
                        std::string_view meaning, Replaced replaced,
                        CutNames& names);

  // A task that gives the name away.
  absl::Status Rename(const std::string& directory, std::string_view name,
                      std::string why, CutNames& names);
  // A copy of the list of topics in whose place no file is, the other whole.
  absl::Status ClearForCopy(std::string_view name, CutNames& names);
  // Which partition a task is about.
  std::string PartitionOf(const std::string& directory) const {
    return directory == directory_ ? "" : directory;
  }

  absl::Status LeaveUnread(std::string_view name, const absl::Status& status);
  // True where it is left, and told of.
  bool LeaveToAll(const std::string& directory, std::string_view name,
                  std::string_view what);

  FileSystem& files_;
  const std::string directory_;
  Scope scope_ = Scope::kAllPartitions;
  std::vector<Finding> left_;
  bool keeps_logs_ = false;
  TopicCatalog catalog_;
  OffsetCheckpoint points_;
  OffsetCheckpoint first_dirty_;
  LogStarts starts_;
  std::set<std::string_view> lost_;
  RepairTasks first_;
  RepairTasks last_;
};

}  // namespace cauce
