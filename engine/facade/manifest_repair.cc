#include "engine/facade/manifest_repair.h"

#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/repair.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/copied_directory.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {

absl::Status ManifestRepair::Look(bool clean_stop) {
  clean_stop_ = clean_stop;
  auto read = clean_stop ? ReadNamedManifest(files_, directory_)
                         : ReadLeftManifest(files_, directory_);
  // One that a newer release has closed is not for this one to mend.
  const bool is_newer =
      clean_stop && ReasonOf(read.status()) == Reason::kUnsupportedFormat;
  const bool is_none =
      !read.ok() && !is_newer && IsFinalManifest(read.status());
  if (is_none) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(manifest_, std::move(read));
  absl::Status unseen;
  if (!clean_stop) {
    manifest_ =
        ReadInCopy(files_, directory_, std::move(manifest_), &unseen);
  }
  return unseen;
}

std::optional<KnownLog> ManifestRepair::Find(const TopicPartition& name) const {
  return FindKnown(manifest_, name);
}

RepairTasks ManifestRepair::Forget(
    std::span<const PartitionRepair> partitions) const {
  RepairTasks tasks;
  ManifestRows rows = manifest_.rows();
  for (const PartitionRepair& partition : partitions) {
    const RepairPlan& plan = partition.plan;
    if (!plan.forgets_known) continue;
    // What its bounds are the checkpoints say too.
    rows[partition.name].part = {};
    const auto tell = [&](const OffsetRange& lost, bool is_more_lost,
                          std::string_view what) {
      tasks.push_back(
          {.step = {.action = RepairAction::kWriteAnew,
                    .file = JoinPath(directory_, kManifestFile),
                    .lost = lost,
                    .is_more_lost = is_more_lost,
                    .why = fmt::format("{}: {}", partition.name.ToString(),
                                       what)}});
    };
    for (const OffsetRange& lost : plan.lost_unseen) {
      tell(lost, false,
           fmt::format("what a segment held of offsets {} to {} at the last "
                       "close is gone, and is not missed any more",
                       lost.base.value, lost.next.value - 1));
    }
    for (const OffsetRange& range : plan.lacking) {
      tell({range.base, range.base}, true,
           fmt::format("some of what a segment held of offsets {} to {} at the "
                       "last close is gone, and is not missed any more",
                       range.base.value, range.next.value - 1));
    }
    if (plan.lost_unseen.empty() && plan.lacking.empty()) {
      tell({}, false,
           "its segments are not those of the last close any more");
    }
  }
  if (tasks.empty()) return tasks;
  // The views in the rows are of the manifest's bytes, which a copy keeps.
  tasks.front().run = [this, manifest = manifest_, rows = std::move(rows)] {
    const auto bytes = FormatManifest(rows, manifest.sums());
    return clean_stop_
               ? WriteCleanShutdown(files_, directory_, bytes.value_or(""))
               : ReplaceFile(files_, directory_, kManifestFile,
                             bytes.value_or(""));
  };
  return tasks;
}

}  // namespace cauce
