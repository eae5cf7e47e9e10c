#include "engine/facade/repair_survey.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/directory_owner.h"
#include "engine/catalog/lost_catalog.h"
#include "engine/catalog/made_again.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/facade/data_directory.h"
#include "engine/log/as_closed.h"
#include "engine/log/kept_segments.h"
#include "engine/log/outgrown_close.h"
#include "engine/log/partition_survey.h"
#include "engine/log/repair_plan.h"
#include "engine/log/repair_work.h"
#include "engine/log/segment_check.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kPutBackFirst =
    "what is put back behind a repair that made an empty one counts as "
    "deleted, so put it back first";

// Whether a file may say anything: one that is not there says nothing, nor does
// one that is damaged, which is mended, or of a newer version, which is
// refused.
bool IsUnread(const absl::Status& read) {
  return !read.ok() && !absl::IsNotFound(read) &&
         ReasonOf(read) != Reason::kCorruptFile &&
         ReasonOf(read) != Reason::kUnsupportedFormat;
}

}  // namespace

absl::Status RepairSurvey::Look() {
  LookForMark();
  CAUCE_RETURN_IF_ERROR(
      small_.Look(wants_all() ? SmallFileRepair::Scope::kAllPartitions
                              : SmallFileRepair::Scope::kSomePartitions));
  for (const Finding& finding : small_.left()) Leave(finding);
  const auto lost = FindLostCatalog(files_, directory_);
  if (lost) Tell(*lost);
  CAUCE_RETURN_IF_ERROR(LookForManifest());
  CAUCE_ASSIGN_OR_RETURN(
      const auto entries,
      ListDataDirectory(files_, directory_, small_.catalog()));
  OpenPlan plan = PlanOpen(
      small_.catalog(), entries, [this](const TopicPartition& name) {
        const PartitionToCheck::Bounds saved = small_.BoundsOf(name);
        return std::max(saved.durable, saved.log_start) > Offset{0};
      });
  for (FoundTopic& topic :
       FindMadeAgain(files_, directory_, small_.catalog(), plan.open)) {
    made_again_.insert(std::move(topic.name));
  }
  // What is saved of these is of the old ones.
  std::erase_if(plan.missing, [this](const TopicPartition& name) {
    return made_again_.contains(name.topic);
  });
  std::vector<TopicPartition> there;
  std::vector<TopicPartition> missing;
  std::ranges::copy_if(plan.open, std::back_inserter(there), IsWanted());
  std::ranges::copy_if(plan.missing, std::back_inserter(missing), IsWanted());
  if (there.empty() && missing.empty() && !wants_all()) return NothingWanted();
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
  if (missing.empty()) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const auto displaced,
                         DisplacedPartitions::In(files_, directory_));
  const std::set<TopicPartition> opened(plan.open.begin(), plan.open.end());
  for (const TopicPartition& name : missing) {
    const auto is_open = [&](const TopicPartition& other) {
      return opened.contains(other);
    };
    CAUCE_RETURN_IF_ERROR(LookForMissing(
        name, displaced.Find(name.topic, small_.catalog().Find(name.topic)->id,
                             is_open)));
  }
  return absl::OkStatus();
}

// Without it the last stop counts as none that was in order.
void RepairSurvey::LookForMark() {
  const auto found = HasCleanShutdown(files_, directory_);
  clean_stop_ = found.value_or(false);
  if (found.ok()) return;
  LeaveBroken({.file = JoinPath(directory_, kCleanShutdownFile),
               .what = std::string(MessageOf(found.status())),
               .advice =
                   "move it away: the next opening then looks through the "
                   "logs"});
}

absl::Status RepairSurvey::LookForManifest() {
  const absl::Status read = manifest_.Look(clean_stop_);
  const bool is_of_it = IsUnread(read) && !absl::IsResourceExhausted(read);
  if (!is_of_it) return read;
  // A mark of a clean stop would say that what it tells of is there.
  LeaveBroken({.file = JoinPath(directory_, kManifestFile),
               .what = std::string(MessageOf(read)),
               .advice =
                   "mend what keeps it from being read, and repair again: what "
                   "each log held when it was closed was not looked at"});
  return absl::OkStatus();
}

std::function<bool(const TopicPartition&)> RepairSurvey::IsWanted() const {
  return [this](const TopicPartition& name) {
    return (options_.topic.empty() || name.topic == options_.topic) &&
           (!options_.partition || name.partition == *options_.partition);
  };
}

absl::Status RepairSurvey::NothingWanted() const {
  std::string what = fmt::format("topic {}", options_.topic);
  if (options_.partition) {
    what = fmt::format("partition {} of {}", options_.partition->value, what);
  }
  return MakeError(Reason::kUnknownPartition,
                   fmt::format("{}: holds no {}", directory_, what));
}

absl::StatusOr<bool> RepairSurvey::LeaveAnothers(const TopicEntry& topic,
                                                 const std::string& directory) {
  const auto id = ReadPartitionMetadata(files_, directory);
  if (IsUnread(id.status())) {
    CAUCE_RETURN_IF_ERROR(LeavePartition(directory, id.status()));
    return true;
  }
  const auto other = FindOtherOwner(small_.catalog(), topic, id);
  if (!other) return false;
  LeaveBroken(
      {.file = JoinPath(directory, kPartitionMetadataFile),
       .what = fmt::format("{}, and nothing of it was touched", other->what),
       .advice = fmt::format("{}, and repair again", other->advice)});
  return true;
}

void RepairSurvey::LeaveMadeAgain(const std::string& directory) {
  LeaveBroken(
      {.file = JoinPath(directory, kPartitionMetadataFile),
       .what = "the topic, which others made, was deleted and made again since "
               "it was taken in; nothing of it was touched",
       .advice = "nothing where it is whole: the next opening for writing "
                 "takes it in; else repair again behind that"});
}

absl::Status RepairSurvey::LookAt(const TopicPartition& name) {
  ++summary_.partitions;
  const std::string directory = PathOf(name);
  if (made_again_.contains(name.topic)) {
    LeaveMadeAgain(directory);
    return absl::OkStatus();
  }
  const TopicEntry* const topic = small_.catalog().Find(name.topic);
  // The next opening would take it in.
  const TopicEntry found{.name = name.topic, .imported = true};
  CAUCE_ASSIGN_OR_RETURN(
      const bool is_left,
      LeaveAnothers(topic == nullptr ? found : *topic, directory));
  if (is_left) return absl::OkStatus();
  auto known = manifest_.Find(name);
  absl::StatusOr<bool> is_same = true;
  if (known && !clean_stop_) {
    is_same = IsSameDirectory(files_, directory, *known);
  }
  if (!is_same.ok()) return LeavePartition(directory, is_same.status());
  const Offset known_end = *is_same ? KnownEndOf(name, known) : Offset{0};
  PartitionToCheck::Bounds bounds = small_.BoundsOf(name);
  bounds.durable = std::max(bounds.durable, known_end);
  absl::StatusOr<bool> is_as_closed = false;
  if (known) {
    is_as_closed = IsAsClosed(files_, directory, *known,
                              {bounds.durable, bounds.log_start});
  }
  if (!is_as_closed.ok()) {
    return LeavePartition(directory, is_as_closed.status());
  }
  std::optional<Offset> outgrown;
  if (known && clean_stop_) {
    const auto found =
        FindOutgrown({.files = &files_, .directory = directory}, *known);
    if (!found.ok()) return LeavePartition(directory, found.status());
    outgrown = *found;
  }
  const PartitionToCheck partition{
      .directory = directory,
      .clean_stop = clean_stop_ && !outgrown,
      .start_is_known = small_.log_starts().contains(name),
      .may_have_gaps = topic == nullptr || MayHaveGaps(*topic),
      .known = std::move(known),
      .is_same_directory = *is_same,
      .is_as_closed = *is_as_closed && !outgrown,
      .has_outgrown_close = outgrown.has_value(),
      .bounds = bounds,
      .decompressed_bytes_max = options_.decompressed_bytes_max};
  const SegmentCheck::Progress progress = [this](int64_t bytes) {
    meter_.Pass(bytes);
  };
  const auto survey = SurveyPartition(files_, partition, looked_, progress);
  if (!survey.ok()) return LeavePartition(directory, survey.status());
  for (const Finding& finding : survey->left) Leave(finding);
  if (survey->is_untouchable) {
    leaves_broken_ = true;
    return absl::OkStatus();
  }
  const auto kept = FindKeptSegments(files_, directory, survey->segments,
                                     partition.bounds.log_start);
  if (!kept.ok()) return LeavePartition(directory, kept.status());
  if (const absl::Status read = small_.LookAt(name, directory); !read.ok()) {
    return LeavePartition(directory, read);
  }
  for (const Finding& note : *kept) Tell(note);
  RepairPlan plan = PlanPartitionRepair(partition, *survey);
  for (const Finding& finding : plan.left) Leave(finding);
  partitions_.push_back({.name = name,
                         .directory = directory,
                         .plan = std::move(plan),
                         .known_end = known_end});
  return absl::OkStatus();
}

// It keeps nobody from mending the others.
absl::Status RepairSurvey::LeavePartition(const std::string& directory,
                                          const absl::Status& why) {
  if (absl::IsResourceExhausted(why)) return why;
  const bool is_newer = ReasonOf(why) == Reason::kUnsupportedFormat;
  LeaveBroken(
      {.file = directory,
       .what = std::string(MessageOf(why)),
       .advice = is_newer ? "nothing of the partition was touched: leave it to "
                            "the release that wrote the file; where none did, "
                            "restore it from a copy, or move it away, and "
                            "repair again"
                          : "nothing of the partition was touched: mend what "
                            "keeps it from being read, and repair again"});
  return absl::OkStatus();
}

Offset RepairSurvey::KnownEndOf(const TopicPartition& name,
                                const std::optional<KnownLog>& known) const {
  const bool is_unsaved = !small_.recovery_points().contains(name);
  return known && (clean_stop_ || is_unsaved) ? known->end : Offset{0};
}

// An empty directory takes the place of one that is gone, and the log goes on
// where it ended. What stands in its place is not ours to move.
absl::Status RepairSurvey::LookForMissing(
    const TopicPartition& name,
    const std::optional<DisplacedPartitions::Found>& displaced) {
  const std::string directory = PathOf(name);
  const auto info = files_.Info(directory);
  if (!absl::IsNotFound(info.status())) {
    LeaveBroken({.file = directory,
                 .what = info.ok() ? "a file stands where the directory of a "
                                     "partition should"
                                   : std::string(MessageOf(info.status())),
                 .advice = fmt::format("put the partition's directory in its "
                                       "place; {}",
                                       kPutBackFirst)});
    return absl::OkStatus();
  }
  if (displaced && !displaced->read.ok()) {
    LeaveBroken(
        {.file = directory,
         .what = fmt::format("is missing, and {} may be it: {}",
                             displaced->path, MessageOf(displaced->read)),
         .advice = fmt::format("mend what keeps that from being read, or move "
                               "it out of the data directory, and repair "
                               "again; {}",
                               kPutBackFirst)});
    return absl::OkStatus();
  }
  if (displaced) {
    LeaveBroken({.file = directory,
                 .what = fmt::format("is missing, and {} holds records of the "
                                     "topic and is none of its partitions",
                                     displaced->path),
                 .advice = fmt::format("rename that back where it is this one, "
                                       "or move it out of the data directory, "
                                       "and repair again; {}",
                                       kPutBackFirst)});
    return absl::OkStatus();
  }
  ++summary_.partitions;
  const auto bounds = small_.BoundsOf(name);
  const auto known = manifest_.Find(name);
  const Offset known_end = KnownEndOf(name, known);
  PartitionRepair partition{.name = name,
                            .directory = directory,
                            .known_end = known_end};
  RepairPlan& plan = partition.plan;
  plan.end = plan.log_start =
      std::max({bounds.durable, bounds.log_start, known_end});
  if (plan.log_start > bounds.log_start) {
    plan.why_start = "nothing is left of the partition";
  }
  // Who was killed may have written more, and where nothing is saved of the end
  // there may have been any number.
  const bool is_end_lost = small_.is_lost(kRecoveryPointFile) && !known;
  const RepairStep step{
      .action = RepairAction::kBeginSegment,
      .file = JoinPath(directory, SegmentFileName(plan.end, kLogSuffix)),
      .lost = {bounds.log_start, plan.end},
      .is_more_lost = !clean_stop_ || is_end_lost,
      .why = fmt::format("the list of topics names the partition, and its "
                         "directory is missing; an empty one takes its place: "
                         "{}",
                         kPutBackFirst)};
  const TopicId id = small_.catalog().Find(name.topic)->id;
  partition.make.push_back(
      {step,
       [this, directory, step, id]() -> absl::Status {
         CAUCE_RETURN_IF_ERROR(files_.CreateDirectory(directory));
         // A broker before 2.8 gives none.
         if (!id.is_zero()) {
           CAUCE_RETURN_IF_ERROR(WritePartitionMetadata(files_, directory, id));
         }
         CAUCE_RETURN_IF_ERROR(RepairWork(files_, directory, 0).Do(step));
         return files_.SyncDirectory(directory_);
       },
       directory});
  partitions_.push_back(std::move(partition));
  return absl::OkStatus();
}

void RepairSurvey::LeaveBroken(const Finding& finding) {
  leaves_broken_ = true;
  Leave(finding);
}

void RepairSurvey::Leave(const Finding& finding) {
  if (finding.gravity == Gravity::kDamage) ++summary_.left;
  Tell(finding);
}

void RepairSurvey::Tell(const Finding& finding) const {
  if (options_.left) options_.left(finding);
}

std::string RepairSurvey::PathOf(const TopicPartition& name) const {
  return JoinPath(directory_, name.ToString());
}

}  // namespace cauce
