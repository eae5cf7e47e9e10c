#include "cauce/repair.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/facade/bounds_repair.h"
#include "engine/facade/data_directory.h"
#include "engine/facade/directory_claim.h"
#include "engine/facade/repair_task.h"
#include "engine/facade/small_file_repair.h"
#include "engine/log/directory_signs.h"
#include "engine/log/partition_survey.h"
#include "engine/log/repair_plan.h"
#include "engine/log/repair_work.h"
#include "engine/log/segment_name.h"
#include "engine/log/verify_meter.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Kafka's default where nobody configured it.
int64_t IndexIntervalOf(const TopicEntry* topic) {
  const auto config = topic == nullptr ? absl::StatusOr<TopicConfig>()
                                       : ParseTopicConfig(topic->configs);
  return config.value_or(TopicConfig()).index_interval_bytes;
}

// Whether it says of one place what is in its way. A disk that fails or is full
// does so to every other as well.
bool IsOfOnePlace(const absl::Status& status) {
  return ReasonOf(status) == Reason::kNone &&
         (absl::IsFailedPrecondition(status) ||
          absl::IsPermissionDenied(status) || absl::IsAlreadyExists(status));
}

class Repair {
 public:
  enum class Deeds { kNone, kAll };

  Repair(FileSystem& files, const std::string& directory,
         const RepairOptions& options)
      : files_(files),
        directory_(directory),
        options_(options),
        small_(files, directory),
        meter_(options.progress, looked_) {}

  // Tells of the steps, and does them where that is wanted.
  absl::StatusOr<RepairSummary> Run(Deeds deeds) {
    CAUCE_RETURN_IF_ERROR(Look());
    if (deeds == Deeds::kAll) CAUCE_RETURN_IF_ERROR(MakeDurable());
    CAUCE_RETURN_IF_ERROR(CarryOut(Tasks(), deeds));
    CAUCE_RETURN_IF_ERROR(CarryOut(Mark(), deeds));
    return summary_;
  }

 private:
  // What fails of one partition keeps it alone from going on.
  absl::Status CarryOut(const RepairTasks& tasks, Deeds deeds) {
    for (const RepairTask& task : tasks) {
      if (given_up_.contains(task.partition)) continue;
      absl::Status done;
      if (deeds == Deeds::kAll) done = task.run();
      if (!task.partition.empty() && IsOfOnePlace(done)) {
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
    is_untouchable_ = true;
    given_up_.insert(partition);
    Leave({.file = partition,
           .what = std::string(MessageOf(why)),
           .advice = "nothing more of the partition was touched: mend what is "
                     "in the way, and repair again"});
  }

  // ---- Looking

  absl::Status Look() {
    LookForMark();
    CAUCE_RETURN_IF_ERROR(
        small_.Look(WantsAll() ? SmallFileRepair::Scope::kAllPartitions
                               : SmallFileRepair::Scope::kSomePartitions));
    for (const Finding& finding : small_.left()) Leave(finding);
    CAUCE_ASSIGN_OR_RETURN(
        const auto entries,
        ListDataDirectory(files_, directory_, small_.catalog()));
    const OpenPlan plan = PlanOpen(small_.catalog(), entries);
    std::vector<TopicPartition> there;
    std::vector<TopicPartition> missing;
    std::ranges::copy_if(plan.open, std::back_inserter(there), IsWanted());
    std::ranges::copy_if(plan.missing, std::back_inserter(missing), IsWanted());
    if (there.empty() && missing.empty() && !WantsAll()) return NothingWanted();
    if (small_.keeps_logs()) return absl::OkStatus();
    std::vector<std::string> directories;
    for (const TopicPartition& name : there) {
      directories.push_back(PathOf(name));
    }
    meter_.Measure(files_, directories);
    for (const TopicPartition& name : there) {
      CAUCE_RETURN_IF_ERROR(LookAt(name));
      meter_.PassPartition();
    }
    for (const TopicPartition& name : missing) {
      CAUCE_RETURN_IF_ERROR(LookForMissing(name));
    }
    return absl::OkStatus();
  }

  // Without it the last stop counts as none that was in order.
  void LookForMark() {
    const auto found = HasCleanShutdown(files_, directory_);
    clean_stop_ = found.value_or(false);
    if (found.ok()) return;
    is_untouchable_ = true;
    Leave({.file = JoinPath(directory_, kCleanShutdownFile),
           .what = std::string(MessageOf(found.status())),
           .advice = "move it away: the next opening then looks through the "
                     "logs"});
  }

  bool WantsAll() const {
    return options_.topic.empty() && !options_.partition;
  }
  std::function<bool(const TopicPartition&)> IsWanted() const {
    return [this](const TopicPartition& name) {
      return (options_.topic.empty() || name.topic == options_.topic) &&
             (!options_.partition || name.partition == *options_.partition);
    };
  }

  absl::Status NothingWanted() const {
    std::string what = fmt::format("topic {}", options_.topic);
    if (options_.partition) {
      what = fmt::format("partition {} of {}", options_.partition->value, what);
    }
    return MakeError(Reason::kUnknownPartition,
                     fmt::format("{}: holds no {}", directory_, what));
  }

  absl::Status LookAt(const TopicPartition& name) {
    ++summary_.partitions;
    const std::string directory = PathOf(name);
    const TopicEntry* const topic = small_.catalog().Find(name.topic);
    const PartitionToCheck partition{
        .directory = directory,
        .clean_stop = clean_stop_,
        .start_is_known = small_.log_starts().contains(name),
        .may_have_gaps = topic == nullptr || MayHaveGaps(*topic),
        .bounds = small_.BoundsOf(name),
        .decompressed_bytes_max = options_.decompressed_bytes_max};
    const SegmentCheck::Progress progress = [this](int64_t bytes) {
      meter_.Pass(bytes);
    };
    const auto survey = SurveyPartition(files_, partition, looked_, progress);
    if (!survey.ok()) {
      LeavePartition(directory, survey.status());
      return absl::OkStatus();
    }
    for (const Finding& finding : survey->left) Leave(finding);
    if (survey->is_untouchable) {
      is_untouchable_ = true;
      return absl::OkStatus();
    }
    if (const absl::Status read = small_.LookAt(name, directory); !read.ok()) {
      if (ReasonOf(read) == Reason::kUnsupportedFormat) return read;
      LeavePartition(directory, read);
      return absl::OkStatus();
    }
    RepairPlan plan = PlanPartitionRepair(partition, *survey);
    for (const Finding& finding : plan.left) Leave(finding);
    partitions_.push_back({name, directory, std::move(plan)});
    return absl::OkStatus();
  }

  // It keeps nobody from mending the others.
  void LeavePartition(const std::string& directory, const absl::Status& why) {
    is_untouchable_ = true;
    Leave({.file = directory,
           .what = std::string(MessageOf(why)),
           .advice = "nothing of the partition was touched: mend what keeps it "
                     "from being read, and repair again"});
  }

  // An empty directory takes the place of one that is gone, and the log goes on
  // where it ended. What stands in its place is not ours to move.
  absl::Status LookForMissing(const TopicPartition& name) {
    const std::string directory = PathOf(name);
    const auto info = files_.Info(directory);
    if (!absl::IsNotFound(info.status())) {
      is_untouchable_ = true;
      Leave({.file = directory,
             .what = info.ok() ? "a file stands where the directory of a "
                                 "partition should"
                               : std::string(MessageOf(info.status())),
             .advice = "put the partition's directory in its place"});
      return absl::OkStatus();
    }
    ++summary_.partitions;
    const auto bounds = small_.BoundsOf(name);
    PartitionRepair partition{.name = name, .directory = directory};
    RepairPlan& plan = partition.plan;
    plan.end = plan.log_start = std::max(bounds.durable, bounds.log_start);
    if (plan.log_start > bounds.log_start) {
      plan.why_start = "nothing is left of the partition";
    }
    const RepairStep step{
        .action = RepairAction::kBeginSegment,
        .file = JoinPath(directory, SegmentFileName(plan.end, kLogSuffix)),
        .lost = {bounds.log_start, plan.end},
        .why =
            "the list of topics names the partition, and its directory is "
            "missing; an empty one takes its place"};
    const TopicId id = small_.catalog().Find(name.topic)->id;
    partition.make.push_back(
        {step,
         [this, directory, step, id]() -> absl::Status {
           CAUCE_RETURN_IF_ERROR(files_.CreateDirectory(directory));
           CAUCE_RETURN_IF_ERROR(WritePartitionMetadata(files_, directory, id));
           CAUCE_RETURN_IF_ERROR(RepairWork(files_, directory, 0).Do(step));
           return files_.SyncDirectory(directory_);
         },
         directory});
    partitions_.push_back(std::move(partition));
    return absl::OkStatus();
  }

  void Leave(const Finding& finding) {
    ++summary_.left;
    if (options_.left) options_.left(finding);
  }

  // ---- What is to be done, in order

  // What was found, names and all, may be in memory alone: steps go by it, as
  // where a copy stays and what it is of goes, and what no step touches counts
  // as whole too.
  absl::Status MakeDurable() {
    // Of one that is not durable no end is saved.
    std::vector<PartitionRepair> durable;
    for (PartitionRepair& partition : partitions_) {
      const absl::Status made = MakeDurable(partition);
      if (IsOfOnePlace(made)) {
        GiveUp(partition.directory, made);
        continue;
      }
      CAUCE_RETURN_IF_ERROR(made);
      durable.push_back(std::move(partition));
    }
    partitions_ = std::move(durable);
    return files_.SyncDirectory(directory_);
  }

  absl::Status MakeDurable(const PartitionRepair& partition) const {
    if (!partition.make.empty()) return absl::OkStatus();
    const RepairWork work(files_, partition.directory, 0);
    const Offset saved = small_.BoundsOf(partition.name).durable;
    const bool may_be_lost =
        !clean_stop_ && (partition.plan.end > saved || IsMisnamed(partition));
    // A segment that has a wrong name stands where no name tells.
    const Offset durable = IsMisnamed(partition) ? Offset{0} : saved;
    return may_be_lost ? work.WriteAgain(durable) : work.SyncFiles();
  }

  static bool IsMisnamed(const PartitionRepair& partition) {
    return std::ranges::count(partition.plan.steps, RepairAction::kRename,
                              &RepairStep::action) > 0;
  }

  RepairTasks Tasks() {
    if (small_.keeps_logs()) return {};
    RepairTasks tasks = small_.first();
    const auto add = [&tasks](const RepairTasks& more) {
      tasks.insert(tasks.end(), more.begin(), more.end());
    };
    const BoundsRepair bounds(files_, directory_, small_, partitions_);
    add(bounds.SaveStarts());
    add(bounds.SaveEnds(clean_stop_));
    for (const PartitionRepair& partition : partitions_) {
      add(partition.make);
      add(Work(partition));
    }
    add(small_.last());
    return tasks;
  }

  RepairTasks Work(const PartitionRepair& partition) {
    RepairTasks tasks;
    const RepairWork work(
        files_, partition.directory,
        IndexIntervalOf(small_.catalog().Find(partition.name.topic)));
    for (const RepairStep& step : partition.plan.steps) {
      tasks.push_back(
          {step, [work, step] { return work.Do(step); }, partition.directory});
    }
    return tasks;
  }

  // Nothing is left for a recovery to do.
  RepairTasks Mark() {
    if (clean_stop_ || !WantsAll() || is_untouchable_) return {};
    if (small_.keeps_logs()) return {};
    return {{{.action = RepairAction::kWriteAnew,
              .file = JoinPath(directory_, kCleanShutdownFile),
              .why = "every partition is whole up to its end"},
             [this] { return WriteCleanShutdown(files_, directory_); }}};
  }

  void Count(const RepairStep& step) {
    ++summary_.steps;
    summary_.offsets_lost += step.lost.count();
    for (const RemovedBytes& removed : step.removed) {
      summary_.bytes_removed += removed.bytes;
      summary_.offsets_lost += removed.lost.count();
    }
  }

  std::string PathOf(const TopicPartition& name) const {
    return JoinPath(directory_, name.ToString());
  }

  FileSystem& files_;
  const std::string& directory_;
  const RepairOptions& options_;
  SmallFileRepair small_;
  VerifySummary looked_;
  VerifyMeter meter_;
  RepairSummary summary_;
  bool clean_stop_ = false;
  // There is something that must not be taken for whole.
  bool is_untouchable_ = false;
  std::vector<PartitionRepair> partitions_;
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
  CAUCE_RETURN_IF_ERROR(CheckLockFile(files, path));
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
