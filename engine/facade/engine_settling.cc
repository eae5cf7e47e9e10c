// What an EngineCore makes of the topics that it finds in its directory: when
// it opens that, and, where it only reads, when another process has changed
// them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/directory_owner.h"
#include "engine/catalog/made_again.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/facade/data_directory.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {

absl::Status EngineCore::CheckCatalogIsFree() const {
  for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
    const absl::Status free =
        CheckNothingInPlaceOf(files_, JoinPath(directory_, name));
    // One that cannot be read has the other in its place, and is replaced.
    if (absl::IsFailedPrecondition(free)) return free;
  }
  return absl::OkStatus();
}

absl::Status EngineCore::SettleTopics() {
  if (!catalog_.damage().empty()) {
    Report(Severity::kWarning, catalog_.damage());
  }
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         ListDataDirectory(files_, directory_, catalog_));
  const WasHere was_here = [bounds = bounds_](const TopicPartition& name) {
    const LogBounds saved = bounds->Of(name);
    return std::max(saved.recovery_point, saved.log_start) > Offset{0};
  };
  OpenPlan plan = PlanOpen(catalog_, entries, was_here);
  CAUCE_ASSIGN_OR_RETURN(const auto made_again, TakeOutMadeAgain(plan));
  for (const FoundTopic& topic : made_again) {
    bounds_->Forget(topic.name);
    known_->Forget(topic.name);
    Report(Severity::kWarning,
           fmt::format("{}: topic {} was taken in before; it was deleted and "
                       "made again since, so its id and where it starts are "
                       "forgotten, and it is what its files say",
                       directory_, topic.name));
  }
  TellOfUnfinished(plan);
  // While they have these names they may be all that says that a topic goes.
  CAUCE_ASSIGN_OR_RETURN(const Leftovers left, EmptyLeftovers(plan));
  for (const std::string& name : plan.forget) {
    bounds_->Forget(name);
    known_->Forget(name);
    first_dirty_->Forget(name);
    CAUCE_RETURN_IF_ERROR(left.stuck.contains(name)
                              ? catalog_.SetState(name, TopicState::kDeleting)
                              : catalog_.Remove(name));
  }
  CAUCE_RETURN_IF_ERROR(Adopt(plan));
  TellOfAdopted(plan);
  for (const TopicPartition& missing : plan.missing) {
    Report(Severity::kError,
           fmt::format("{}: its directory {} is missing; what it held cannot "
                       "be read, and an empty one does not take its place",
                       missing.ToString(), PathOf(missing.ToString())));
  }
  for (const std::string& name : plan.left_alone) {
    Report(Severity::kWarning,
           fmt::format("{}: looks like a partition and belongs to no topic; "
                       "it is left as it is",
                       PathOf(name)));
  }
  // Before the catalogue: a topic it no longer names has left no bounds.
  absl::Status saved = bounds_->SaveAll();
  saved.Update(first_dirty_->Save());
  const bool changed = !plan.forget.empty() || !plan.imported.empty() ||
                       !plan.grown.empty() || !catalog_.damage().empty();
  topics_unsaved_ = changed;
  for (const FoundTopic& topic : made_again) {
    made_again_unsaved_.insert(topic.name);
  }
  if (saved.ok()) saved = SaveUnsavedTopics();
  if (!saved.ok()) return LaterIfFull(saved);
  if (left.emptied.empty()) return absl::OkStatus();
  RemoveEmptied(left.emptied);
  return files_.SyncDirectory(directory_);
}

void EngineCore::TellOfUnfinished(const OpenPlan& plan) const {
  for (const std::string& name : plan.forget) {
    const TopicEntry* const topic = catalog_.Find(name);
    if (topic == nullptr || topic->state != TopicState::kCreating) continue;
    for (int32_t p = 0; p < topic->partitions; ++p) {
      const auto entries =
          files_.List(PathOf(TopicPartition{name, PartitionId{p}}));
      // Who makes a topic puts no segment into it before it is live.
      if (!entries.ok() || !HoldsSegments(*entries)) continue;
      Report(Severity::kWarning,
             fmt::format("{}: topic {} was being restored when its process "
                         "stopped: what there is of it is removed; restore it "
                         "again",
                         directory_, name));
      break;
    }
  }
}

absl::StatusOr<EngineCore::Leftovers> EngineCore::EmptyLeftovers(
    const OpenPlan& plan) {
  Leftovers left;
  for (std::string leftover : plan.remove) {
    if (const auto partition = ParseTopicPartition(leftover)) {
      // What keeps a partition's name and cannot be removed would be taken for
      // a topic from elsewhere once the catalogue has forgotten its own.
      const TopicEntry* topic = catalog_.Find(partition->topic);
      CAUCE_CHECK(topic != nullptr);
      auto renamed = GiveNameAway(*topic, partition->partition);
      if (!renamed.ok()) {
        TellOfStuck(*topic, renamed.status());
        left.stuck.insert(topic->name);
        continue;
      }
      leftover = *std::move(renamed);
    } else if (const auto why = WhyNotOurs(leftover, plan)) {
      Report(Severity::kWarning, fmt::format("{}: {}; it is left as it is",
                                             PathOf(leftover), *why));
      continue;
    }
    left.emptied.push_back(std::move(leftover));
  }
  if (left.emptied.empty()) return left;
  CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  // What stays is told of when the directory itself cannot go.
  directories_.EmptyTrees(left.emptied).IgnoreError();
  return left;
}

std::optional<std::string> EngineCore::WhyNotOurs(
    const std::string& directory, const OpenPlan& plan) const {
  const auto id = ReadPartitionMetadata(files_, PathOf(directory));
  if (absl::IsNotFound(id.status())) {
    return IsOfADeletedTopic(directory, plan) ? std::nullopt
                                              : WhyNotEmptied(directory);
  }
  if (!id.ok()) {
    return fmt::format("whose deletion this was cannot be told: {}",
                       MessageOf(id.status()));
  }
  if (IsDeletedDirectoryOf(directory, *id)) return std::nullopt;
  return "a broker was deleting this partition";
}

bool EngineCore::IsOfADeletedTopic(const std::string& directory,
                                   const OpenPlan& plan) const {
  for (const std::string& name : plan.forget) {
    const TopicEntry* const topic = catalog_.Find(name);
    const bool is_its =
        topic != nullptr && IsDeletedDirectoryOf(directory, topic->id);
    if (is_its) return true;
  }
  return false;
}

std::optional<std::string> EngineCore::WhyNotEmptied(
    const std::string& directory) const {
  const auto entries = files_.List(PathOf(directory));
  if (!entries.ok()) {
    return fmt::format("whose deletion this was cannot be told: {}",
                       MessageOf(entries.status()));
  }
  const auto file =
      std::ranges::find(*entries, false, &DirectoryEntry::is_directory);
  if (file == entries->end()) return std::nullopt;
  return fmt::format(
      "a broker may have been deleting this partition: {} is in it, and "
      "neither a {} nor the list of topics says whose it was; remove it by "
      "hand if nobody needs it",
      file->name, kPartitionMetadataFile);
}

// Since the deletion began somebody may have put another topic's directory in
// its place.
absl::StatusOr<std::string> EngineCore::GiveNameAway(const TopicEntry& topic,
                                                     PartitionId partition) {
  CAUCE_RETURN_IF_ERROR(directories_.CheckOwner(topic, partition));
  return directories_.GiveNameAway({topic.name, partition}, topic.id);
}

void EngineCore::RemoveEmptied(const std::vector<std::string>& names) {
  for (std::string& left : directories_.RemoveTrees(names, options_.events)) {
    leftovers_.push_back(std::move(left));
  }
}

void EngineCore::TellOfStuck(const TopicEntry& topic,
                             const absl::Status& cause) const {
  Report(Severity::kError,
         fmt::format("topic {} was deleted, and a directory of it cannot be "
                     "given another name: {}; its name is free once it can, "
                     "and each opening, and each deletion of it, tries again",
                     topic.name, MessageOf(cause)));
}

absl::StatusOr<std::vector<FoundTopic>> EngineCore::TakeOutMadeAgain(
    OpenPlan& plan) {
  auto made_again = FindMadeAgain(files_, directory_, catalog_, plan.open);
  for (const FoundTopic& topic : made_again) {
    CAUCE_RETURN_IF_ERROR(catalog_.Remove(topic.name));
    std::erase_if(plan.grown, [&](const FoundTopic& grown) {
      return grown.name == topic.name;
    });
    std::erase_if(plan.missing, [&](const TopicPartition& missing) {
      return missing.topic == topic.name;
    });
    plan.imported.push_back(topic);
  }
  return made_again;
}

TopicId EngineCore::IdInDirectories(const std::string& name,
                                    const OpenPlan& plan) const {
  TopicEntry topic;
  topic.name = name;
  topic.imported = true;
  // Its first partitions may always have been on other brokers.
  for (const TopicPartition& partition : plan.open) {
    if (partition.topic != name) continue;
    const auto id = ReadPartitionMetadata(files_, PathOf(partition.ToString()));
    if (!id.ok() && !absl::IsNotFound(id.status())) {
      Report(Severity::kWarning, MessageOf(id.status()));
    }
    // A copy of a listed one's directory, under a new name: two topics would
    // have one id. Whoever opens it is told whose it is.
    const bool is_anothers = FindOtherOwner(catalog_, topic, id).has_value();
    if (id.ok() && !id->is_zero() && !is_anothers) return *id;
  }
  return TopicId();
}

absl::StatusOr<TopicId> EngineCore::IdOf(const TopicEntry& topic) const {
  if (!topic.id.is_zero()) return topic.id;
  for (int32_t p = 0; p < topic.partitions; ++p) {
    const TopicPartition partition{topic.name, PartitionId{p}};
    const auto id = ReadPartitionMetadata(files_, PathOf(partition.ToString()));
    const bool says_nothing = absl::IsNotFound(id.status()) ||
                              ReasonOf(id.status()) == Reason::kCorruptFile;
    if (!id.ok() && !says_nothing) return id.status();
    const bool is_anothers = FindOtherOwner(catalog_, topic, id).has_value();
    if (id.ok() && !id->is_zero() && !is_anothers) return *id;
  }
  return NewTopicId(*environment_->random);
}

absl::Status EngineCore::Adopt(const OpenPlan& plan) {
  std::map<std::string, TopicId> ids;
  std::map<TopicId, std::vector<std::string>> topics;
  for (const FoundTopic& found : plan.imported) {
    const TopicId id = IdInDirectories(found.name, plan);
    ids[found.name] = id;
    topics[id].push_back(found.name);
  }
  for (const FoundTopic& found : plan.imported) {
    TopicEntry topic;
    topic.name = found.name;
    topic.partitions = found.partitions;
    topic.imported = true;
    // Of several with one id all but one are copies, and nothing tells which
    // is none: each is read by its name.
    const TopicId id = ids[found.name];
    const std::vector<std::string>& sharing = topics[id];
    if (sharing.size() == 1) topic.id = id;
    if (!id.is_zero() && sharing.size() > 1) {
      const std::string& other = sharing[sharing[0] == found.name ? 1 : 0];
      Report(Severity::kWarning,
             fmt::format("{}: topics {} and {} have the id {}: one is a copy "
                         "of the other; while nothing has the directory open, "
                         "remove the copy, or its partition.metadata where "
                         "both are to stay",
                         directory_, found.name, other, TopicIdText(id)));
    }
    CAUCE_RETURN_IF_ERROR(catalog_.Add(std::move(topic)));
  }
  for (const FoundTopic& found : plan.grown) {
    CAUCE_RETURN_IF_ERROR(catalog_.Grow(found.name, found.partitions));
  }
  return absl::OkStatus();
}

void EngineCore::TellOfAdopted(const OpenPlan& plan) const {
  for (const FoundTopic& found : plan.imported) {
    Report(Severity::kInfo,
           fmt::format("{}: topic {} of {} partitions was found here and is "
                       "taken in; nothing of it is deleted or compacted until "
                       "its configs are given",
                       directory_, found.name, found.partitions));
  }
  for (const FoundTopic& found : plan.grown) {
    Report(Severity::kInfo,
           fmt::format("{}: of topic {}, which was taken in before, {} "
                       "partitions are found here by now",
                       directory_, found.name, found.partitions));
  }
}

absl::Status EngineCore::RefreshTopics() {
  if (options_.access != Access::kReadOnly) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckIsDirectory(files_, directory_));
  // Looked at before they are read; nothing is known until that has succeeded.
  topics_seen_.reset();
  const FileStamps seen = LookAtTopics();
  const TopicCatalog before = catalog_;
  CAUCE_ASSIGN_OR_RETURN(catalog_, TopicCatalog::Load(files_, directory_));
  TellOfDamagedCopy();
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         ListDataDirectory(files_, directory_, catalog_));
  OpenPlan plan = PlanOpen(catalog_, entries);
  CAUCE_ASSIGN_OR_RETURN(const auto made_again, TakeOutMadeAgain(plan));
  std::set<std::string> names;
  for (const FoundTopic& topic : made_again) names.insert(topic.name);
  bounds_->Disregard(std::move(names));
  for (const std::string& name : plan.forget) {
    CAUCE_RETURN_IF_ERROR(catalog_.SetState(name, TopicState::kDeleting));
  }
  CAUCE_RETURN_IF_ERROR(Adopt(plan));
  for (const auto& [name, topic] : before.topics()) AbandonIfGone(topic);
  topics_seen_ = seen;
  return absl::OkStatus();
}

void EngineCore::TellOfDamagedCopy() {
  if (catalog_.may_be_being_saved() || catalog_.damage() == damage_told_)
    return;
  damage_told_ = catalog_.damage();
  if (damage_told_.empty()) return;
  Report(Severity::kWarning,
         fmt::format("{}; its other copy is whole, and the next opening for "
                     "writing mends it",
                     damage_told_));
}

FileStamps EngineCore::LookAtTopics() const {
  return LookAtStamps(files_, directory_, {kCatalogFile, kCatalogCopyFile},
                      environment_->clock->Now());
}

void EngineCore::AbandonIfGone(const TopicEntry& topic) {
  const TopicEntry* now = catalog_.Find(topic.name);
  // Of one from elsewhere the id may not have been known, or not be now.
  const bool is_the_same =
      now != nullptr && now->state == TopicState::kLive &&
      (now->id == topic.id || now->id.is_zero() || topic.id.is_zero());
  if (is_the_same) return;
  logs_.Abandon(topic.name,
                MakeError(Reason::kUnknownTopic,
                          fmt::format("topic {} was deleted", topic.name)));
}

}  // namespace cauce
