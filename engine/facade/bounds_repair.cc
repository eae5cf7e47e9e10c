#include "engine/facade/bounds_repair.h"

#include <algorithm>
#include <utility>

#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/log_starts.h"
#include "fmt/format.h"

namespace cauce {
namespace {

bool ChangesRecords(const RepairStep& step) {
  return step.action != RepairAction::kWriteIndexes;
}

}  // namespace

RepairTasks BoundsRepair::SaveStarts() const {
  RepairTasks tasks;
  OffsetCheckpoint starts = small_.log_starts();
  const auto tell = [&](const OffsetRange& lost, std::string why) {
    tasks.push_back({.step = {.action = RepairAction::kWriteAnew,
                              .file = JoinPath(directory_, kLogStartFile),
                              .lost = lost,
                              .why = std::move(why)}});
  };
  const std::string why = small_.WhyStartsAnew();
  if (!why.empty()) tell({}, why);
  for (const PartitionRepair& partition : partitions_) {
    const RepairPlan& plan = partition.plan;
    if (plan.why_start.empty()) continue;
    starts[partition.name] = plan.log_start;
    tell(plan.lost_at_start,
         fmt::format("{}: {}", partition.name.ToString(), plan.why_start));
  }
  if (tasks.empty()) return tasks;
  // The files hold all partitions: who does the first step does the others.
  tasks.front().run = [&files = files_, directory = directory_,
                       starts = std::move(starts)] {
    return WriteLogStarts(files, directory, starts);
  };
  return tasks;
}

RepairTasks BoundsRepair::SaveEnds(bool clean_stop) const {
  const bool is_lost = small_.is_lost(kRecoveryPointFile);
  OffsetCheckpoint points = small_.recovery_points();
  std::string why;
  for (const PartitionRepair& partition : partitions_) {
    const RepairPlan& plan = partition.plan;
    const Offset saved = small_.BoundsOf(partition.name).durable;
    const bool is_wanted = !plan.steps.empty() || !clean_stop || is_lost ||
                           plan.has_outgrown_close ||
                           saved < partition.known_end;
    if (!is_wanted || saved == plan.end) continue;
    points[partition.name] = plan.end;
    if (why.empty()) {
      why = fmt::format("{} reaches up to offset {}, saved was {}",
                        partition.name.ToString(), plan.end.value, saved.value);
    }
  }
  if (why.empty() && !is_lost) return {};
  if (why.empty()) why = "there is nothing in any log";
  return {{{.action = RepairAction::kWriteAnew,
            .file = JoinPath(directory_, kRecoveryPointFile),
            .why = why},
           [&files = files_, directory = directory_, points] {
             return WriteOffsetCheckpoint(files, directory, kRecoveryPointFile,
                                          points);
           }}};
}

RepairTasks BoundsRepair::SaveFirstDirty() const {
  OffsetCheckpoint first_dirty = small_.first_dirty();
  std::string why;
  for (const PartitionRepair& partition : partitions_) {
    const auto saved = first_dirty.find(partition.name);
    const bool is_compacted =
        saved != first_dirty.end() && saved->second > Offset{0};
    if (!is_compacted ||
        std::ranges::none_of(partition.plan.steps, ChangesRecords)) {
      continue;
    }
    if (why.empty()) {
      why = fmt::format(
          "{} was compacted up to offset {}, by records that may be gone: it "
          "is compacted from its beginning once more",
          partition.name.ToString(), saved->second.value);
    }
    saved->second = Offset{0};
  }
  if (why.empty()) return {};
  return {{{.action = RepairAction::kWriteAnew,
            .file = JoinPath(directory_, kFirstDirtyFile),
            .why = why},
           [&files = files_, directory = directory_,
            first_dirty = std::move(first_dirty)] {
             return WriteOffsetCheckpoint(files, directory, kFirstDirtyFile,
                                          first_dirty);
           }}};
}

}  // namespace cauce
