#include "cauce/repair.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/quoted.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/facade/bounds_repair.h"
#include "engine/facade/directory_claim.h"
#include "engine/facade/repair_survey.h"
#include "engine/facade/repair_task.h"
#include "engine/facade/small_file_repair.h"
#include "engine/io/file_error.h"
#include "engine/log/directory_signs.h"
#include "engine/log/repair_plan.h"
#include "engine/log/repair_work.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Kafka's default where nobody configured it.
int64_t IndexIntervalOf(const TopicEntry* topic) {
  const auto config = topic == nullptr ? absl::StatusOr<TopicConfig>()
                                       : ParseTopicConfig(topic->configs);
  return config.value_or(TopicConfig()).index_interval_bytes;
}

// Whether it would meet every other place as well: a disk that is full, or a
// process that may not have any more. A disk that fails may do so in one place.
bool IsOfAll(const absl::Status& status) {
  return absl::IsResourceExhausted(status);
}

// Its holder alone writes into the lock, and empties it when he lets go:
// whoever is named there has the directory, or was killed with it.
void TellOfHolder(FileSystem& files, const std::string& directory,
                  const RepairOptions& options) {
  const std::string path = JoinPath(directory, kLockFile);
  const auto holder = ReadWholeFile(files, path, kOwnerBytesMax);
  // One that cannot be read hinders nobody.
  if (!options.left || !holder.ok() || holder->empty()) return;
  options.left(
      {.gravity = Gravity::kNote,
       .file = path,
       .what = fmt::format("{} has the directory open for writing, or was "
                           "killed with it: as long as it writes, what is said "
                           "here is out of date",
                           Quoted(*holder)),
       .advice = "where it still runs, close the directory there and plan "
                 "again; a repair refuses one that is open"});
}

class Repair {
 public:
  enum class Deeds { kNone, kAll };

  Repair(FileSystem& files, const std::string& directory,
         const RepairOptions& options)
      : files_(files),
        directory_(directory),
        options_(options),
        survey_(files, directory, options, summary_) {}

  // Tells of the steps, and does them where that is wanted.
  absl::StatusOr<RepairSummary> Run(Deeds deeds) {
    CAUCE_RETURN_IF_ERROR(survey_.Look());
    if (deeds == Deeds::kAll) CAUCE_RETURN_IF_ERROR(MakeDurable());
    CAUCE_RETURN_IF_ERROR(CarryOut(Tasks(), deeds));
    CAUCE_RETURN_IF_ERROR(CarryOut(Forget(), deeds));
    CAUCE_RETURN_IF_ERROR(CarryOut(Mark(), deeds));
    CAUCE_RETURN_IF_ERROR(disk_);
    return summary_;
  }

 private:
  // What fails of one partition keeps it alone from going on.
  absl::Status CarryOut(const RepairTasks& tasks, Deeds deeds) {
    for (const RepairTask& task : tasks) {
      if (given_up_.contains(task.partition)) continue;
      absl::Status done;
      if (deeds == Deeds::kAll && task.run) done = task.run();
      if (!task.partition.empty() && !done.ok() && !IsOfAll(done)) {
        GiveUp(task.partition, done);
        continue;
      }
      CAUCE_RETURN_IF_ERROR(done);
      Count(task.step);
      if (options_.step) options_.step(task.step);
    }
    return absl::OkStatus();
  }

  void GiveUp(const std::string& partition, const absl::Status& why) {
    given_up_.insert(partition);
    if (ReasonOf(why) == Reason::kDiskFailed) disk_.Update(why);
    survey_.LeaveBroken(
        {.file = partition,
         .what = std::string(MessageOf(why)),
         .advice = "nothing more of the partition was touched, whose start "
                   "and end are saved first: mend what is in the way, and "
                   "repair again"});
  }

  // What was found, names and all, may be in memory alone: steps go by it, as
  // where a copy stays and what it is of goes, and what no step touches counts
  // as whole too.
  absl::Status MakeDurable() {
    // Of one that is not durable no end is saved.
    std::vector<PartitionRepair> durable;
    for (PartitionRepair& partition : survey_.partitions()) {
      const absl::Status made = MakeDurable(partition);
      if (!made.ok() && !IsOfAll(made)) {
        GiveUp(partition.directory, made);
        continue;
      }
      CAUCE_RETURN_IF_ERROR(made);
      durable.push_back(std::move(partition));
    }
    survey_.partitions() = std::move(durable);
    return files_.SyncDirectory(directory_);
  }

  absl::Status MakeDurable(const PartitionRepair& partition) const {
    if (!partition.make.empty()) return absl::OkStatus();
    const RepairWork work(files_, partition.directory, 0);
    const Offset saved = survey_.small().BoundsOf(partition.name).durable;
    const bool may_be_lost =
        !survey_.clean_stop() &&
        (partition.plan.end > saved || IsMisnamed(partition));
    // A segment that has a wrong name stands where no name tells.
    const Offset durable = IsMisnamed(partition) ? Offset{0} : saved;
    return may_be_lost ? work.WriteAgain(durable) : work.SyncFiles();
  }

  static bool IsMisnamed(const PartitionRepair& partition) {
    return std::ranges::count(partition.plan.steps, RepairAction::kRename,
                              &RepairStep::action) > 0;
  }

  RepairTasks Tasks() {
    if (survey_.small().keeps_logs()) return {};
    RepairTasks tasks = survey_.small().first();
    const auto add = [&tasks](RepairTasks more) {
      std::ranges::move(more, std::back_inserter(tasks));
    };
    const BoundsRepair bounds(files_, directory_, survey_.small(),
                              survey_.partitions());
    add(bounds.SaveStarts());
    add(bounds.SaveEnds(survey_.clean_stop()));
    add(bounds.SaveFirstDirty());
    for (const PartitionRepair& partition : survey_.partitions()) {
      add(partition.make);
      add(Work(partition));
    }
    add(survey_.small().last());
    return tasks;
  }

  RepairTasks Work(const PartitionRepair& partition) {
    RepairTasks tasks;
    const RepairWork work(
        files_, partition.directory,
        IndexIntervalOf(survey_.small().catalog().Find(partition.name.topic)),
        partition.plan.steps);
    for (const RepairStep& step : partition.plan.steps) {
      tasks.push_back(
          {step, [work, step] { return work.Do(step); }, partition.directory});
    }
    return tasks;
  }

  // Behind all that is done to the logs: as long as that is not, what is gone
  // from them is missed. And so it is where it could not be done.
  RepairTasks Forget() {
    if (survey_.small().keeps_logs()) return {};
    std::erase_if(survey_.partitions(), [this](const PartitionRepair& each) {
      return given_up_.contains(each.directory);
    });
    return survey_.manifest().Forget(survey_.partitions());
  }

  // Nothing is left for a recovery to do.
  RepairTasks Mark() {
    if (survey_.clean_stop() || !survey_.wants_all() ||
        survey_.leaves_broken()) {
      return {};
    }
    if (survey_.small().keeps_logs()) return {};
    return {{{.action = RepairAction::kWriteAnew,
              .file = JoinPath(directory_, kCleanShutdownFile),
              .why = "every partition is whole up to its end"},
             [this] { return WriteCleanShutdown(files_, directory_); }}};
  }

  void Count(const RepairStep& step) {
    ++summary_.steps;
    summary_.offsets_lost += step.lost.count();
    summary_.is_more_lost |= step.is_more_lost;
    summary_.transactions_lost += CountLost(step.ended);
    for (const RemovedBytes& removed : step.removed) {
      summary_.bytes_removed += removed.bytes;
      summary_.offsets_lost += removed.lost.count();
      summary_.is_more_lost |= removed.is_more_lost;
      summary_.transactions_lost += CountLost(removed.ended);
    }
  }

  static int64_t CountLost(const std::vector<EndedTransaction>& ended) {
    return std::ranges::count(ended, false, &EndedTransaction::is_known);
  }

  FileSystem& files_;
  const std::string& directory_;
  const RepairOptions& options_;
  RepairSummary summary_;
  RepairSurvey survey_;
  // How the disk first failed in a partition: told when the others are mended.
  absl::Status disk_;
  // The directories of those of which a step failed.
  std::set<std::string> given_up_;
};

}  // namespace

absl::StatusOr<RepairSummary> PlanRepair(FileSystem& files,
                                         std::string_view directory,
                                         const RepairOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(const std::string path, files.Resolve(directory));
  CAUCE_RETURN_IF_ERROR(CheckIsDirectory(files, path));
  CAUCE_RETURN_IF_ERROR(CheckIsDataDirectory(files, path));
  const absl::Status lock = CheckLockFile(files, path);
  // No lock is taken here: one that may not be read hinders nobody.
  if (!absl::IsPermissionDenied(lock)) CAUCE_RETURN_IF_ERROR(lock);
  TellOfHolder(files, path, options);
  return Repair(files, path, options).Run(Repair::Deeds::kNone);
}

absl::StatusOr<RepairSummary> RepairDirectory(FileSystem& files,
                                              std::string_view directory,
                                              const RepairOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(const std::string path, files.Resolve(directory));
  CAUCE_RETURN_IF_ERROR(CheckIsDirectory(files, path));
  CAUCE_RETURN_IF_ERROR(CheckIsDataDirectory(files, path));
  CAUCE_ASSIGN_OR_RETURN(const auto lock, LockDirectory(files, path));
  return Repair(files, path, options).Run(Repair::Deeds::kAll);
}

}  // namespace cauce
