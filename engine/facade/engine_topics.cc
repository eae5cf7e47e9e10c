// What an EngineCore does to topics: each by way of the catalogue.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_config.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status CheckConfigName(const std::string& name) {
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    if (key.name == name) return absl::OkStatus();
  }
  // Says so, and which one was meant.
  return ParseTopicConfig({{name, ""}}).status();
}

// `configs` with `changes` made.
absl::StatusOr<TopicConfigOverrides> Changed(
    TopicConfigOverrides configs, const std::vector<ConfigChange>& changes) {
  for (const ConfigChange& change : changes) {
    if (change.value) {
      configs[change.name] = *change.value;
    } else if (configs.erase(change.name) == 0) {
      // An unknown name must not pass because it is only taken back.
      CAUCE_RETURN_IF_ERROR(CheckConfigName(change.name));
    }
  }
  return NormalizeTopicConfig(configs);
}

// Where the list of topics could be saved neither with it nor without it.
constexpr std::string_view kHalfDone =
    "whether topic {} is there is known when the directory is opened again; "
    "until then it can only be deleted";

constexpr std::string_view kHalfChanged =
    "topic {} stays as it was until the directory is opened again; whether it "
    "is changed then is not known";

// What the directory and the first files of a partition may take.
constexpr int64_t kPartitionBytes = 4096;

absl::Status InternalError(std::string_view name, std::string_view what) {
  return MakeError(
      Reason::kInvalidTopicName,
      fmt::format("topic {} is internal, a coordinator keeps its records in "
                  "it: {}",
                  name, what));
}

TopicDescription Describe(const TopicEntry& topic) {
  return {.name = topic.name,
          .id = topic.id,
          .partitions = topic.partitions,
          .configs = topic.configs,
          .imported = topic.imported,
          .internal = IsInternalTopic(topic.name)};
}

}  // namespace

absl::StatusOr<TopicDescription> EngineCore::CreateTopic(
    std::string_view name, const TopicSpec& spec) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  if (IsInternalTopic(name)) {
    return InternalError(name, "it is made when it is first used");
  }
  return MakeTopic(name, spec);
}

absl::StatusOr<TopicDescription> EngineCore::MakeTopic(std::string_view name,
                                                       const TopicSpec& spec) {
  TopicEntry topic;
  topic.name = name;
  topic.id = NewTopicId(*environment_->random);
  topic.partitions = spec.partitions;
  topic.state = TopicState::kCreating;
  CAUCE_ASSIGN_OR_RETURN(topic.configs, NormalizeTopicConfig(spec.configs));
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.Add(topic));
  CAUCE_RETURN_IF_ERROR(directories_.CheckFree(topic, 0, topic.partitions));
  const int64_t bytes = topic.partitions * kPartitionBytes;
  // A group cannot read before it has a place to note where it is.
  CAUCE_RETURN_IF_ERROR(IsInternalTopic(name)
                            ? environment_->space->TakeReserve(bytes)
                            : environment_->space->TakeMuch(bytes));
  CAUCE_RETURN_IF_ERROR(BeginMaking(topic));
  CAUCE_RETURN_IF_ERROR(FinishMaking(topic));
  return Describe(topic);
}

absl::Status EngineCore::BeginMaking(const TopicEntry& topic) {
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.Add(topic));
  // Whatever an older topic of the name may have left is not this one's.
  bounds_->Forget(topic.name);
  known_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(known_->SaveForgotten());
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  first_dirty_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(first_dirty_->Save());
  catalog_ = std::move(edited);
  absl::Status made = SaveTopics(catalog_);
  if (made.ok()) made = directories_.Make(topic, 0, topic.partitions);
  return made.ok() ? made : TakeBack(topic, made);
}

absl::Status EngineCore::FinishMaking(const TopicEntry& topic) {
  CAUCE_RETURN_IF_ERROR(catalog_.SetState(topic.name, TopicState::kLive));
  const absl::Status made = SaveTopics(catalog_);
  // The disk may have it as live all the same: the names that its directories
  // get say that it goes, until the list of topics does.
  if (!made.ok()) return TakeBack(topic, made);
  TellOfTopics();
  return made;
}

absl::Status EngineCore::TakeBack(const TopicEntry& topic,
                                  const absl::Status& failed) {
  const auto emptied = directories_.Empty(topic);
  if (!emptied.ok()) {
    // The next open takes back what this cannot: it is not to find directories
    // of nobody.
    CAUCE_RETURN_IF_ERROR(
        catalog_.SetState(topic.name, TopicState::kDeleting));
    return Annotate(failed, fmt::format(kHalfDone, topic.name));
  }
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(topic.name));
  if (SaveTopics(catalog_).ok()) RemoveEmptied(*emptied);
  return failed;
}

absl::StatusOr<TopicEntry> EngineCore::BeginTopic(TopicEntry topic,
                                                  int64_t bytes) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  if (IsInternalTopic(topic.name)) {
    return InternalError(topic.name, "it is made when it is first used");
  }
  topic.id = NewTopicId(*environment_->random);
  topic.state = TopicState::kCreating;
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.Add(topic));
  CAUCE_RETURN_IF_ERROR(directories_.CheckFree(topic, 0, topic.partitions));
  CAUCE_RETURN_IF_ERROR(environment_->space->TakeMuch(
      bytes + topic.partitions * kPartitionBytes));
  CAUCE_RETURN_IF_ERROR(BeginMaking(topic));
  return topic;
}

absl::Status EngineCore::CheckBegun(const TopicEntry& topic) const {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const TopicEntry* const found = catalog_.Find(topic.name);
  if (found != nullptr && found->id == topic.id &&
      found->state == TopicState::kCreating) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kUnknownTopic,
                   fmt::format("topic {} was deleted while it was being made",
                               topic.name));
}

absl::Status EngineCore::FinishTopic(
    const TopicEntry& topic, const std::map<PartitionId, LogBounds>& bounds) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckBegun(topic));
  for (const auto& [partition, each] : bounds)
    bounds_->Set({topic.name, partition}, each);
  // Else a log that begins in the middle of its first segment would show
  // records that were deleted.
  const absl::Status saved = bounds_->SaveAll();
  if (saved.ok()) return FinishMaking(topic);
  bounds_->Forget(topic.name);
  return TakeBack(topic, saved);
}

absl::Status EngineCore::TakeBackTopic(const TopicEntry& topic,
                                       const absl::Status& why) {
  MutexLock lock(mutex_);
  // Where it was closed, or the topic was deleted, that has taken it back, or
  // the next opening does.
  if (!CheckBegun(topic).ok()) return why;
  return TakeBack(topic, why);
}

absl::StatusOr<std::vector<TopicDescription>> EngineCore::ListTopics() {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  std::vector<TopicDescription> all;
  for (const auto& [name, topic] : catalog_.topics()) {
    if (topic.state == TopicState::kLive) all.push_back(Describe(topic));
  }
  return all;
}

absl::StatusOr<TopicDescription> EngineCore::DescribeTopic(
    std::string_view name) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  return Describe(topic);
}

EngineCore::TopicWatch EngineCore::WatchTopics(std::function<void()> changed) {
  auto watch =
      std::make_shared<const std::function<void()>>(std::move(changed));
  if (!CheckProcess().ok()) return watch;
  MutexLock lock(mutex_);
  std::erase_if(topic_watches_,
                [](const auto& each) { return each.expired(); });
  topic_watches_.push_back(watch);
  return watch;
}

void EngineCore::TellOfTopics() {
  for (const auto& each : topic_watches_) {
    if (const auto changed = each.lock()) (*changed)();
  }
}

absl::Status EngineCore::AlterTopic(std::string_view name,
                                    const std::vector<ConfigChange>& changes,
                                    std::optional<int32_t> partitions) {
  std::vector<std::shared_ptr<Log>> to_flush;
  CAUCE_RETURN_IF_ERROR(ChangeTopic(name, changes, partitions, to_flush));
  // Whose callbacks may append elsewhere, which may take the lock. A failed
  // sync fences the log as ever.
  for (const auto& log : to_flush) log->Flush().IgnoreError();
  return absl::OkStatus();
}

absl::Status EngineCore::ChangeTopic(
    std::string_view name, const std::vector<ConfigChange>& changes,
    std::optional<int32_t> partitions,
    std::vector<std::shared_ptr<Log>>& to_flush) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  if (partitions && IsInternalTopic(name)) {
    return MakeError(
        Reason::kInvalidPartitions,
        fmt::format("topic {} is internal, and keeps its {} partitions: which "
                    "of them has a thing hangs on how many there are",
                    name, topic.partitions));
  }
  CAUCE_ASSIGN_OR_RETURN(const TopicConfigOverrides wanted,
                         Changed(topic.configs, changes));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config, ParseTopicConfig(wanted));
  if (IsInternalTopic(name) && config.cleanup.remove) {
    return MakeError(
        Reason::kInvalidConfig,
        fmt::format("topic {} is internal: with cleanup.policy other than "
                    "\"compact\" what its coordinator keeps there would go by "
                    "age; to forget offsets sooner set offsets_retention "
                    "(offsets.retention.minutes)",
                    name));
  }
  const bool gives_configs = !changes.empty() || !partitions;
  TopicCatalog edited = catalog_;
  if (gives_configs) {
    CAUCE_ASSIGN_OR_RETURN(const TopicId id, IdOf(topic));
    CAUCE_RETURN_IF_ERROR(edited.GiveId(name, id));
    CAUCE_RETURN_IF_ERROR(edited.SetConfigs(name, wanted));
  }
  if (partitions) {
    CAUCE_RETURN_IF_ERROR(edited.Grow(name, *partitions));
    CAUCE_RETURN_IF_ERROR(
        directories_.CheckFree(topic, topic.partitions, *partitions));
    CAUCE_RETURN_IF_ERROR(environment_->space->TakeMuch(
        (*partitions - topic.partitions) * kPartitionBytes));
    CAUCE_RETURN_IF_ERROR(
        directories_.Make(topic, topic.partitions, *partitions));
  }
  if (gives_configs && topic.imported) {
    // Retention moves the starts from now on: a first segment that is gone is
    // told from one that was deleted by a start that was saved.
    CAUCE_RETURN_IF_ERROR(logs_.NoteStarts(topic));
    CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  }
  // The one act of all: before it nothing has changed, but for directories
  // that belong to nothing.
  if (absl::Status saved = SaveTopics(edited); !saved.ok()) {
    catalog_.Outlast(edited);
    if (ListIsAsBefore()) {
      return Annotate(saved, WhyUnchanged(name, edited.Format().size(), saved));
    }
    // The disk may have it all the same, and the next opening go by it.
    if (SaveTopics(catalog_).ok()) return saved;
    return Annotate(saved, fmt::format(kHalfChanged, name));
  }
  catalog_ = std::move(edited);
  if (partitions) TellOfTopics();
  if (gives_configs) {
    to_flush = logs_.SetConfig(topic.name, config);
    agenda_.Forget(topic.name);
  }
  return absl::OkStatus();
}

bool EngineCore::ListIsAsBefore() const {
  // The first copy that has got its name would be the newer one.
  const auto there = TopicCatalog::Load(files_, directory_);
  return there.ok() && there->damage().empty() &&
         there->topics() == catalog_.topics();
}

std::string EngineCore::WhyUnchanged(std::string_view name, size_t list_bytes,
                                     const absl::Status& saved) const {
  const std::string stays =
      fmt::format("topic {} stays as it was, here and on the disk", name);
  if (ReasonOf(saved) != Reason::kDiskFull) {
    return fmt::format("{}; mend what keeps the list of topics from being "
                       "saved, and change it again",
                       stays);
  }
  const auto free = files_.FreeBytes(directory_);
  const std::string left =
      free.ok() ? fmt::format("{} are free", *free) : "the disk is full";
  return fmt::format(
      "{}: the list of topics takes {} bytes, twice, and {}; make room for it, "
      "by deleting a topic or records, or beside the directory, and change the "
      "topic again",
      stays, list_bytes, left);
}

absl::Status EngineCore::DeleteTopic(std::string_view name) {
  std::vector<std::shared_ptr<Log>> ended;
  const absl::Status deleted = RemoveTopic(name, ended);
  // Whose callbacks may append elsewhere, which may take the lock.
  for (const auto& log : ended) log->Deliver();
  return deleted;
}

absl::Status EngineCore::RemoveTopic(std::string_view name,
                                     std::vector<std::shared_ptr<Log>>& ended) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  // Also one whose deletion has failed before.
  const TopicEntry* found = catalog_.Find(name);
  if (found == nullptr) return FindTopic(name).status();
  if (IsInternalTopic(name)) {
    return InternalError(name, "without them what it coordinates is lost, so "
                               "it cannot be deleted");
  }
  const bool is_live = found->state == TopicState::kLive;
  // What is another topic's does not go with this one.
  for (int32_t p = 0; p < found->partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(directories_.CheckOwner(*found, PartitionId{p}));
  }
  TopicCatalog edited = catalog_;
  if (found->id.is_zero()) {
    // Its directories get names with its id, which nobody else's may have.
    CAUCE_RETURN_IF_ERROR(
        edited.GiveId(name, NewTopicId(*environment_->random)));
  }
  CAUCE_RETURN_IF_ERROR(edited.SetState(name, TopicState::kDeleting));
  const TopicEntry topic = *edited.Find(name);
  const absl::Status saved = SaveTopics(edited);
  // On a full disk what the topic holds makes the room to say that it is gone.
  // After a stop in between its directories say so, by their names.
  const bool full = ReasonOf(saved) == Reason::kDiskFull;
  // But not where nothing on the disk knows the id in those names.
  if (full && found->id.is_zero()) return saved;
  // The disk may have it as one that goes all the same. What is appended to it
  // from now on must not go with it.
  catalog_.Outlast(edited);
  const bool stays =
      !saved.ok() && !full && is_live && SaveTopics(catalog_).ok();
  if (stays) return saved;
  catalog_ = std::move(edited);
  TellOfTopics();
  const absl::Status gone = MakeError(
      Reason::kUnknownTopic, fmt::format("topic {} was deleted", name));
  ended = logs_.Abandon(topic.name, gone);
  agenda_.Forget(topic.name);
  compactor_.Drop(topic.name);
  if (!saved.ok() && !full) {
    return Annotate(saved, fmt::format(kHalfDone, name));
  }
  // The bounds go first: a topic of the same name must not begin where this
  // one ended. But as long as nothing on the disk says that it goes they are
  // its own, and without them deleted records would show again.
  const auto forget = [&] {
    bounds_->Forget(topic.name);
    first_dirty_->Forget(topic.name);
    absl::Status forgotten = bounds_->SaveAll();
    forgotten.Update(first_dirty_->Save());
    // Else what was missing of it is missed in the next one of its name.
    forgotten.Update(known_->SaveForgotten());
    return forgotten;
  };
  if (!full) CAUCE_RETURN_IF_ERROR(forget());
  CAUCE_ASSIGN_OR_RETURN(const auto emptied, directories_.Empty(topic));
  environment_->space->NoteFreed();
  if (full) CAUCE_RETURN_IF_ERROR(forget());
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  CAUCE_RETURN_IF_ERROR(SaveTopics(catalog_));
  // It is gone, whatever of it cannot be removed.
  RemoveEmptied(emptied);
  return absl::OkStatus();
}

}  // namespace cauce
