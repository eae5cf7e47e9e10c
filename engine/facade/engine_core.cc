#include "engine/facade/engine_core.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/facade/data_directory.h"
#include "engine/io/pooled_file_system.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kMemory = ":memory:";
// The one directory of an engine in memory.
constexpr std::string_view kMemoryDirectory = "/memory";

absl::Status Closed() {
  return MakeError(Reason::kClosed, "the engine was closed");
}

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

TopicDescription Describe(const TopicEntry& topic) {
  return {topic.name, topic.id, topic.partitions, topic.configs,
          topic.imported};
}

}  // namespace

absl::StatusOr<std::shared_ptr<EngineCore>> EngineCore::Open(
    std::string_view directory, const EngineOptions& options) {
  auto environment = std::make_shared<LogEnvironment>();
  std::string path(directory);
  FileSystem* files = options.file_system;
  if (directory == kMemory) {
    environment->owned_files = NewMemoryFileSystem();
    files = environment->owned_files.get();
    path = kMemoryDirectory;
  } else {
    if (files == nullptr) files = PosixFileSystem();
    // The user's own name for the directory may be a link; in it none is
    // followed.
    CAUCE_ASSIGN_OR_RETURN(path, files->Resolve(path));
  }
  environment->pool =
      std::make_shared<FilePool>(*files, options.open_files_max);
  environment->pooled_files =
      std::make_unique<PooledFileSystem>(*files, environment->pool);
  environment->files = environment->pooled_files.get();
  environment->clock = options.clock != nullptr ? options.clock : SystemClock();
  environment->random =
      options.random != nullptr ? options.random : SystemRandom();
  environment->executor = options.executor;
  environment->events = options.events;
  // Shared, because a log that is still being let go of may outlive the core.
  auto bounds = std::make_shared<BoundsCheckpoint>(*environment->files, path);
  environment->save_bounds = [bounds](const TopicPartition& partition,
                                      const LogBounds& to) {
    return bounds->Save(partition, to);
  };
  environment->note_bounds = [bounds](const TopicPartition& partition,
                                      const LogBounds& to) {
    bounds->Set(partition, to);
  };
  environment->note_work = [bounds, events = options.events](int64_t bytes) {
    const absl::Status saved = bounds->NoteWork(bytes);
    // The next checkpoint tries again; a stop before that only costs time.
    const bool failed = !saved.ok() && ReasonOf(saved) != Reason::kClosed;
    if (failed && events) events(Severity::kWarning, MessageOf(saved));
  };
  environment->save_epochs = [path, files = environment->files](
                                 const TopicPartition& partition,
                                 std::span<const EpochStart> starts) {
    return WriteEpochCheckpoint(
        *files, fmt::format("{}/{}", path, partition.ToString()), starts);
  };
  std::shared_ptr<EngineCore> core(new EngineCore(
      std::move(path), options, std::move(environment), std::move(bounds)));
  CAUCE_RETURN_IF_ERROR(core->Start());
  core->ScheduleUpkeep();
  return core;
}

EngineCore::EngineCore(std::string directory, const EngineOptions& options,
                       std::shared_ptr<const LogEnvironment> environment,
                       std::shared_ptr<BoundsCheckpoint> bounds)
    : directory_(std::move(directory)),
      options_(options),
      environment_(std::move(environment)),
      bounds_(std::move(bounds)),
      files_(*environment_->files),
      directories_(files_, directory_),
      logs_(environment_, bounds_, directories_, options.access) {}

EngineCore::~EngineCore() { CloseAndReport(); }

void EngineCore::CloseAndReport() {
  const absl::Status closed = Close();
  if (!closed.ok()) Report(Severity::kError, MessageOf(closed));
}

absl::Status EngineCore::Start() {
  MutexLock lock(mutex_);
  const absl::Status started =
      options_.access == Access::kReadOnly ? RefreshTopics() : StartWriting();
  if (!started.ok()) {
    // Nothing was appended: what was found on the disk is left as it is.
    logs_.AbandonAll(Closed());
    closed_ = true;
    claim_.reset();
  }
  return started;
}

// ---- Opening

absl::Status EngineCore::StartWriting() {
  const auto if_missing = options_.create_if_missing
                              ? DirectoryClaim::IfMissing::kCreate
                              : DirectoryClaim::IfMissing::kFail;
  CAUCE_ASSIGN_OR_RETURN(claim_,
                         DirectoryClaim::Take(files_, directory_, if_missing,
                                              *environment_->random));
  CAUCE_RETURN_IF_ERROR(bounds_->Load(options_.events));
  CAUCE_RETURN_IF_ERROR(claim_->Begin());
  logs_.set_clean_stop(claim_->clean_stop());
  CAUCE_RETURN_IF_ERROR(SettleTopics());
  return claim_->clean_stop() ? absl::OkStatus() : RecoverAll();
}

absl::Status EngineCore::SettleTopics() {
  CAUCE_ASSIGN_OR_RETURN(catalog_, TopicCatalog::Load(files_, directory_));
  if (!catalog_.damage().empty()) {
    Report(Severity::kWarning, catalog_.damage());
  }
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         ListDataDirectory(files_, directory_, catalog_));
  const OpenPlan plan = PlanOpen(catalog_, entries);
  for (const std::string& leftover : plan.remove) {
    CAUCE_RETURN_IF_ERROR(directories_.RemoveTree(leftover));
  }
  if (!plan.remove.empty()) {
    CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  }
  for (const std::string& name : plan.forget) {
    bounds_->Forget(name);
    CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  }
  CAUCE_RETURN_IF_ERROR(Adopt(plan));
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
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  const bool changed = !plan.forget.empty() || !plan.imported.empty() ||
                       !plan.grown.empty() || !catalog_.damage().empty();
  return changed ? catalog_.Save(files_, directory_) : absl::OkStatus();
}

absl::Status EngineCore::Adopt(const OpenPlan& plan) {
  for (const FoundTopic& found : plan.imported) {
    TopicEntry topic;
    topic.name = found.name;
    topic.partitions = found.partitions;
    topic.imported = true;
    const auto id = ReadPartitionMetadata(files_, PathOf(found.name + "-0"));
    if (id.ok()) topic.id = *id;
    if (!id.ok() && !absl::IsNotFound(id.status())) {
      Report(Severity::kWarning, MessageOf(id.status()));
    }
    CAUCE_RETURN_IF_ERROR(catalog_.Add(std::move(topic)));
  }
  for (const FoundTopic& found : plan.grown) {
    CAUCE_RETURN_IF_ERROR(catalog_.Grow(found.name, found.partitions));
  }
  return absl::OkStatus();
}

absl::Status EngineCore::RecoverAll() {
  // One after the other: each is bounded by its recovery point, and the points
  // are saved as they move, so that a stop meanwhile leaves only the rest.
  for (const TopicPartition& partition : AllPartitions()) {
    const absl::Status recovered = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      CAUCE_ASSIGN_OR_RETURN(const auto contents, logs_.Look(partition));
      if (contents == OpenLogs::Contents::kNothing) return absl::OkStatus();
      const TopicEntry& topic = *catalog_.Find(partition.topic);
      CAUCE_ASSIGN_OR_RETURN(const auto log,
                             logs_.Open(topic, partition.partition));
      CAUCE_RETURN_IF_ERROR(log->NoteBounds());
      return bounds_->NoteWork(0);
    }();
    // One that is missing was reported, and stays so.
    if (!recovered.ok() && !absl::IsNotFound(recovered)) {
      return Annotate(recovered, partition.ToString());
    }
  }
  return bounds_->SaveAll();
}

absl::Status EngineCore::RefreshTopics() {
  if (options_.access != Access::kReadOnly) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckIsDirectory(files_, directory_));
  CAUCE_ASSIGN_OR_RETURN(catalog_, TopicCatalog::Load(files_, directory_));
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         ListDataDirectory(files_, directory_, catalog_));
  return Adopt(PlanOpen(catalog_, entries));
}

// ---- Topics

absl::Status EngineCore::CheckOpen() const {
  return closed_ ? Closed() : absl::OkStatus();
}

absl::Status EngineCore::CheckWritable() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (options_.access == Access::kReadWrite) return absl::OkStatus();
  return MakeError(Reason::kReadOnly,
                   fmt::format("{}: was opened for reading only", directory_));
}

absl::StatusOr<TopicEntry> EngineCore::FindTopic(std::string_view name) const {
  const TopicEntry* topic = catalog_.Find(name);
  if (topic != nullptr && topic->state == TopicState::kLive) return *topic;
  // The name comes from outside: ValidateTopicName shows it escaped.
  CAUCE_RETURN_IF_ERROR(ValidateTopicName(name));
  return MakeError(Reason::kUnknownTopic,
                   fmt::format("there is no topic {} in {}", name, directory_));
}

absl::StatusOr<TopicDescription> EngineCore::CreateTopic(
    std::string_view name, const TopicSpec& spec) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  TopicEntry topic;
  topic.name = name;
  topic.id = NewTopicId(*environment_->random);
  topic.partitions = spec.partitions;
  topic.state = TopicState::kCreating;
  CAUCE_ASSIGN_OR_RETURN(topic.configs, NormalizeTopicConfig(spec.configs));
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.Add(topic));
  CAUCE_RETURN_IF_ERROR(directories_.CheckFree(topic, 0, topic.partitions));
  // Whatever an older topic of the name may have left is not this one's.
  bounds_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  catalog_ = std::move(edited);
  absl::Status made = catalog_.Save(files_, directory_);
  if (made.ok()) made = directories_.Make(topic, 0, topic.partitions);
  if (made.ok()) {
    CAUCE_RETURN_IF_ERROR(catalog_.SetState(name, TopicState::kLive));
    made = catalog_.Save(files_, directory_);
  }
  if (made.ok()) return Describe(topic);
  // The next open takes back what this cannot.
  made.Update(directories_.Remove(topic));
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  made.Update(catalog_.Save(files_, directory_));
  return made;
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

absl::Status EngineCore::AlterTopic(std::string_view name,
                                    const std::vector<ConfigChange>& changes,
                                    std::optional<int32_t> partitions) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfigOverrides wanted,
                         Changed(topic.configs, changes));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config, ParseTopicConfig(wanted));
  const bool gives_configs = !changes.empty() || !partitions;
  TopicCatalog edited = catalog_;
  if (gives_configs) CAUCE_RETURN_IF_ERROR(edited.SetConfigs(name, wanted));
  if (partitions) {
    CAUCE_RETURN_IF_ERROR(edited.Grow(name, *partitions));
    CAUCE_RETURN_IF_ERROR(
        directories_.CheckFree(topic, topic.partitions, *partitions));
    CAUCE_RETURN_IF_ERROR(
        directories_.Make(topic, topic.partitions, *partitions));
  }
  // The one act of all: before it nothing has changed, but for directories
  // that belong to nothing.
  CAUCE_RETURN_IF_ERROR(edited.Save(files_, directory_));
  catalog_ = std::move(edited);
  if (gives_configs) {
    logs_.SetConfig(topic.name, config);
    agenda_.Forget(topic.name);
  }
  return absl::OkStatus();
}

absl::Status EngineCore::DeleteTopic(std::string_view name) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  // Also one whose deletion has failed before.
  const TopicEntry* found = catalog_.Find(name);
  if (found == nullptr) return FindTopic(name).status();
  const TopicEntry topic = *found;
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.SetState(name, TopicState::kDeleting));
  CAUCE_RETURN_IF_ERROR(edited.Save(files_, directory_));
  catalog_ = std::move(edited);
  const absl::Status gone = MakeError(
      Reason::kUnknownTopic, fmt::format("topic {} was deleted", name));
  logs_.Abandon(topic.name, gone);
  agenda_.Forget(topic.name);
  // The bounds go first: a topic of the same name must not begin where this
  // one ended.
  bounds_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  CAUCE_RETURN_IF_ERROR(directories_.Remove(topic));
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  return catalog_.Save(files_, directory_);
}

// ---- Logs

absl::StatusOr<std::shared_ptr<Log>> EngineCore::OpenLog(
    std::string_view name, PartitionId partition) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  agenda_.Forget(TopicPartition{topic.name, partition});
  return logs_.Open(topic, partition);
}

std::vector<TopicPartition> EngineCore::AllPartitions() const {
  std::vector<TopicPartition> all;
  for (const auto& [name, topic] : catalog_.topics()) {
    if (topic.state != TopicState::kLive) continue;
    for (int32_t p = 0; p < topic.partitions; ++p) {
      all.push_back({name, PartitionId{p}});
    }
  }
  return all;
}

// ---- Upkeep

void EngineCore::ScheduleUpkeep() {
  if (options_.executor == nullptr || options_.access == Access::kReadOnly) {
    return;
  }
  ScheduleEvery(options_.checkpoint_interval, Upkeep::kCheckpoint);
  ScheduleEvery(options_.retention_check_interval, Upkeep::kRetention);
}

void EngineCore::ScheduleEvery(absl::Duration interval, Upkeep upkeep) {
  options_.executor->ScheduleAfter(interval, [weak = weak_from_this(), interval,
                                              upkeep] {
    const auto core = weak.lock();
    if (core == nullptr) return;
    const absl::Status done = core->KeepUpAll(upkeep, absl::InfiniteDuration());
    if (ReasonOf(done) == Reason::kClosed) return;
    if (!done.ok()) core->Report(Severity::kError, MessageOf(done));
    core->ScheduleEvery(interval, upkeep);
  });
}

absl::Status EngineCore::RunUpkeep(absl::Duration time_max) {
  return KeepUpAll(Upkeep::kRetention, time_max);
}

std::vector<TopicPartition> EngineCore::PartitionsToKeepUp(Upkeep upkeep) {
  std::vector<TopicPartition> all =
      upkeep == Upkeep::kCheckpoint ? logs_.Names() : AllPartitions();
  if (all.empty()) return all;
  if (!upkeep_done_) {
    // Short runs of a program that never get around must not look at the same
    // partitions every time.
    upkeep_done_ = all[environment_->random->Next() % all.size()];
  }
  std::rotate(all.begin(),
              std::upper_bound(all.begin(), all.end(), *upkeep_done_),
              all.end());
  return all;
}

absl::Status EngineCore::KeepUpAll(Upkeep upkeep, absl::Duration time_max) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + time_max;
  std::vector<TopicPartition> partitions;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    partitions = PartitionsToKeepUp(upkeep);
  }
  absl::Status first;
  for (const TopicPartition& partition : partitions) {
    const absl::Status kept = KeepUp(partition, upkeep);
    if (ReasonOf(kept) == Reason::kClosed) return kept;
    // The topic may have been deleted meanwhile.
    if (ReasonOf(kept) != Reason::kUnknownTopic) first.Update(kept);
    {
      MutexLock lock(mutex_);
      upkeep_done_ = partition;
    }
    if (clock.Monotonic() >= until) break;
  }
  first.Update(bounds_->SaveAll());
  environment_->pool->CloseIdle();
  return first;
}

absl::Status EngineCore::KeepUp(const TopicPartition& partition,
                                Upkeep upkeep) {
  std::shared_ptr<Log> log;
  // None where a handle may change the log behind what is seen of it.
  std::optional<UpkeepAgenda::Look> look;
  {
    MutexLock lock(mutex_);
    const bool in_use = logs_.IsInUse(partition);
    CAUCE_ASSIGN_OR_RETURN(log, LogToKeepUp(partition, upkeep));
    if (log == nullptr) return absl::OkStatus();
    if (upkeep == Upkeep::kRetention && !in_use) {
      look = agenda_.Begin(partition);
    }
  }
  // What nobody waits for is synced here at the latest, so that the recovery
  // point moves and files may be closed.
  absl::Status kept = log->Flush();
  absl::Time next = absl::InfiniteFuture();
  if (upkeep == Upkeep::kRetention) {
    kept.Update(log->ApplyRetention());
    const auto due = log->NextRetention();
    kept.Update(due.status());
    if (due.ok()) next = *due;
  }
  log->DropIdle();
  kept.Update(log->NoteBounds());
  log.reset();
  if (kept.ok()) kept = PutAway(partition, look, next);
  return Annotate(kept, partition.ToString());
}

absl::StatusOr<std::shared_ptr<Log>> EngineCore::LogToKeepUp(
    const TopicPartition& partition, Upkeep upkeep) {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (auto open = logs_.Find(partition)) return open;
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(partition.topic));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                         ParseTopicConfig(topic.configs));
  const bool may_be_due = upkeep == Upkeep::kRetention && !topic.imported &&
                          MayDelete(config) &&
                          agenda_.IsDue(partition, environment_->clock->Now());
  if (!may_be_due) return nullptr;
  const auto contents = logs_.Look(partition);
  const bool is_empty =
      contents.ok() && *contents != OpenLogs::Contents::kRecords;
  if (is_empty || absl::IsNotFound(contents.status())) {
    // One that is missing was reported when the directory was opened.
    agenda_.Looked(partition, agenda_.Begin(partition), absl::InfiniteFuture());
    return nullptr;
  }
  CAUCE_RETURN_IF_ERROR(contents.status());
  return logs_.Open(topic, partition.partition);
}

absl::Status EngineCore::PutAway(const TopicPartition& partition,
                                 std::optional<UpkeepAgenda::Look> look,
                                 absl::Time next) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (look) agenda_.Looked(partition, *look, next);
  return logs_.LetGo(partition);
}

// ---- Closing

absl::Status EngineCore::Close() {
  MutexLock lock(mutex_);
  if (closed_) return absl::OkStatus();
  closed_ = true;
  absl::Status first = logs_.CloseAll(Closed());
  if (options_.access == Access::kReadOnly) return first;
  first.Update(bounds_->SaveAll());
  // An upkeep that is still on its way must not write over a next owner's.
  bounds_->Close();
  // Without the mark the next open looks at everything, as it must.
  if (first.ok()) first = claim_->End();
  claim_.reset();
  return first;
}

void EngineCore::Report(Severity severity, std::string_view line) const {
  if (options_.events) options_.events(severity, line);
}

std::string EngineCore::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", directory_, name);
}

}  // namespace cauce
