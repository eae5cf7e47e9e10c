#include "engine/facade/engine_core.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/data_directory.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/io/pooled_file_system.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kMemory = ":memory:";
// The one directory of an engine in memory.
constexpr std::string_view kMemoryDirectory = "/memory";
constexpr std::string_view kLockName = ".lock";

absl::Status Closed() {
  return MakeError(Reason::kClosed, "the engine was closed");
}

absl::Status NoDirectory(std::string_view path) {
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("{}: is a file, a data directory is needed", path));
}

absl::Status CheckConfigName(const std::string& name) {
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    if (key.name == name) return absl::OkStatus();
  }
  // Says so, and which one was meant.
  return ParseTopicConfig({{name, ""}}).status();
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
  } else if (files == nullptr) {
    files = PosixFileSystem();
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
      files_(*environment_->files) {}

EngineCore::~EngineCore() { CloseAndReport(); }

void EngineCore::CloseAndReport() {
  const absl::Status closed = Close();
  if (!closed.ok()) Report(Severity::kError, MessageOf(closed));
}

absl::Status EngineCore::Start() {
  MutexLock lock(mutex_);
  const absl::Status started = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (options_.access == Access::kReadOnly) return RefreshTopics();
    CAUCE_RETURN_IF_ERROR(TakeDirectory());
    CAUCE_RETURN_IF_ERROR(SettleTopics());
    return clean_stop_ ? absl::OkStatus() : RecoverAll();
  }();
  if (!started.ok()) {
    // Nothing was appended: what was found on the disk is left as it is.
    for (auto& [name, log] : logs_) log->Abandon(Closed());
    closed_ = true;
    lock_ = nullptr;
  }
  return started;
}

// ---- Opening

absl::Status EngineCore::TakeDirectory() {
  const auto info = files_.Info(directory_);
  if (absl::IsNotFound(info.status()) && options_.create_if_missing) {
    CAUCE_RETURN_IF_ERROR(files_.CreateDirectories(directory_));
  } else if (!info.ok()) {
    return info.status();
  } else if (!info->is_directory) {
    return NoDirectory(directory_);
  }
  CAUCE_ASSIGN_OR_RETURN(
      lock_, files_.Lock(PathOf(kLockName), fmt::format("pid {}", getpid())));
  CAUCE_RETURN_IF_ERROR(EnsureMetaProperties());
  CAUCE_ASSIGN_OR_RETURN(clean_stop_, HasCleanShutdown(files_, directory_));
  CAUCE_RETURN_IF_ERROR(bounds_->Load(options_.events));
  // From here on a stop is unclean until Close says otherwise.
  return RemoveCleanShutdown(files_, directory_);
}

absl::Status EngineCore::EnsureMetaProperties() {
  const auto properties = ReadMetaProperties(files_, directory_);
  if (!absl::IsNotFound(properties.status())) return properties.status();
  MetaProperties fresh;
  fresh.cluster_id = TopicIdText(NewTopicId(*environment_->random));
  fresh.node_id = 0;
  fresh.directory_id = TopicIdText(NewTopicId(*environment_->random));
  return WriteMetaProperties(files_, directory_, fresh);
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
    CAUCE_RETURN_IF_ERROR(RemoveDirectoryTree(PathOf(leftover)));
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
  // One after the other: each is bounded by its recovery point.
  for (const TopicPartition& partition : AllPartitions()) {
    const TopicEntry& topic = *catalog_.Find(partition.topic);
    const auto log = OpenLogLocked(topic, partition.partition);
    // One that is missing was reported, and stays so.
    if (!log.ok() && !absl::IsNotFound(log.status())) {
      return Annotate(log.status(), partition.ToString());
    }
  }
  return absl::OkStatus();
}

absl::Status EngineCore::RefreshTopics() {
  if (options_.access != Access::kReadOnly) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info, files_.Info(directory_));
  if (!info.is_directory) return NoDirectory(directory_);
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
  for (int32_t p = 0; p < topic.partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(CheckPlace(topic, PartitionId{p}));
  }
  // Whatever an older topic of the name may have left is not this one's.
  bounds_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  catalog_ = std::move(edited);
  absl::Status made = catalog_.Save(files_, directory_);
  for (int32_t p = 0; made.ok() && p < topic.partitions; ++p) {
    made = MakePartition(topic, PartitionId{p});
  }
  if (made.ok()) made = files_.SyncDirectory(directory_);
  if (made.ok()) {
    CAUCE_RETURN_IF_ERROR(catalog_.SetState(name, TopicState::kLive));
    made = catalog_.Save(files_, directory_);
  }
  if (made.ok()) return Describe(topic);
  // The next open takes back what this cannot.
  made.Update(RemovePartitions(topic));
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  made.Update(catalog_.Save(files_, directory_));
  return made;
}

absl::Status EngineCore::CheckPlace(const TopicEntry& topic,
                                    PartitionId partition) {
  const std::string path =
      PathOf(TopicPartition{topic.name, partition}.ToString());
  const auto info = files_.Info(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(info.status());
  // A growth of this topic that did not end may have left an empty one.
  const auto id = ReadPartitionMetadata(files_, path);
  bool holds_logs = true;
  if (id.ok() && *id == topic.id) {
    CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(path));
    holds_logs = std::any_of(
        entries.begin(), entries.end(),
        [](const auto& entry) { return entry.name.ends_with(".log"); });
  }
  if (!holds_logs) return absl::OkStatus();
  return MakeError(
      Reason::kTopicExists,
      fmt::format("{}: is there already and belongs to no topic of this "
                  "engine; move it away, or choose another name",
                  path));
}

absl::Status EngineCore::MakePartition(const TopicEntry& topic,
                                       PartitionId partition) {
  const std::string path =
      PathOf(TopicPartition{topic.name, partition}.ToString());
  CAUCE_RETURN_IF_ERROR(files_.CreateDirectories(path));
  CAUCE_RETURN_IF_ERROR(WritePartitionMetadata(files_, path, topic.id));
  // Epoch 0 writes from offset 0 on; an append need not stop to say so.
  const EpochStart first{LeaderEpoch{0}, Offset{0}};
  return WriteEpochCheckpoint(files_, path, {&first, 1});
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
                                    const std::vector<ConfigChange>& changes) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  TopicConfigOverrides wanted = topic.configs;
  for (const ConfigChange& change : changes) {
    if (change.value) {
      wanted[change.name] = *change.value;
    } else if (wanted.erase(change.name) == 0) {
      // An unknown name must not pass because it is only taken back.
      CAUCE_RETURN_IF_ERROR(CheckConfigName(change.name));
    }
  }
  CAUCE_ASSIGN_OR_RETURN(wanted, NormalizeTopicConfig(wanted));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config, ParseTopicConfig(wanted));
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.SetConfigs(name, wanted));
  CAUCE_RETURN_IF_ERROR(edited.Save(files_, directory_));
  catalog_ = std::move(edited);
  for (const auto& [partition, log] : logs_) {
    if (partition.topic == name) log->SetConfig(config, false);
  }
  return absl::OkStatus();
}

absl::Status EngineCore::CreatePartitions(std::string_view name,
                                          int32_t partitions) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  TopicCatalog edited = catalog_;
  CAUCE_RETURN_IF_ERROR(edited.Grow(name, partitions));
  for (int32_t p = topic.partitions; p < partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(CheckPlace(topic, PartitionId{p}));
  }
  for (int32_t p = topic.partitions; p < partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(MakePartition(topic, PartitionId{p}));
  }
  CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  CAUCE_RETURN_IF_ERROR(edited.Save(files_, directory_));
  catalog_ = std::move(edited);
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
  std::erase_if(logs_, [&](auto& entry) {
    if (entry.first.topic != name) return false;
    entry.second->Abandon(gone);
    return true;
  });
  // The bounds go first: a topic of the same name must not begin where this
  // one ended.
  bounds_->Forget(topic.name);
  CAUCE_RETURN_IF_ERROR(bounds_->SaveAll());
  CAUCE_RETURN_IF_ERROR(RemovePartitions(topic));
  CAUCE_RETURN_IF_ERROR(catalog_.Remove(name));
  return catalog_.Save(files_, directory_);
}

absl::Status EngineCore::RemovePartitions(const TopicEntry& topic) {
  std::vector<std::string> doomed;
  for (int32_t p = 0; p < topic.partitions; ++p) {
    const TopicPartition partition{topic.name, PartitionId{p}};
    doomed.push_back(PathOf(DeletedDirectoryName(partition, topic.id)));
    const absl::Status renamed =
        files_.Rename(PathOf(partition.ToString()), doomed.back());
    if (absl::IsNotFound(renamed)) {
      doomed.pop_back();
    } else {
      CAUCE_RETURN_IF_ERROR(renamed);
    }
  }
  CAUCE_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  for (const std::string& path : doomed) {
    CAUCE_RETURN_IF_ERROR(RemoveDirectoryTree(path));
  }
  return absl::OkStatus();
}

absl::Status EngineCore::RemoveDirectoryTree(const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(path));
  for (const DirectoryEntry& entry : entries) {
    const std::string inner = fmt::format("{}/{}", path, entry.name);
    if (entry.is_directory) {
      // Neither Kafka nor we put directories into a partition's.
      return MakeError(
          Reason::kCorruptFile,
          fmt::format("{}: a directory inside one that is to be removed; look "
                      "at it and remove it by hand",
                      inner));
    }
    CAUCE_RETURN_IF_ERROR(files_.RemoveFile(inner));
  }
  return files_.RemoveDirectory(path);
}

// ---- Logs

absl::StatusOr<std::shared_ptr<Log>> EngineCore::OpenLog(
    std::string_view name, PartitionId partition) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  return OpenLogLocked(topic, partition);
}

absl::StatusOr<std::shared_ptr<Log>> EngineCore::OpenLogLocked(
    const TopicEntry& topic, PartitionId partition) {
  if (partition.value < 0 || partition.value >= topic.partitions) {
    return MakeError(
        Reason::kUnknownPartition,
        fmt::format("topic {} has partitions 0 to {}, not {}", topic.name,
                    topic.partitions - 1, partition.value));
  }
  LogOptions options;
  options.name = {topic.name, partition};
  const auto known = logs_.find(options.name);
  if (known != logs_.end()) return known->second;

  options.directory = PathOf(options.name.ToString());
  CAUCE_RETURN_IF_ERROR(files_.Info(options.directory).status());
  CAUCE_ASSIGN_OR_RETURN(options.config, ParseTopicConfig(topic.configs));
  options.keep_everything = topic.imported;
  options.read_only = options_.access == Access::kReadOnly;
  options.clean_stop = clean_stop_;
  if (options.read_only) {
    CAUCE_RETURN_IF_ERROR(bounds_->Load(options_.events));
  }
  options.bounds = bounds_->Of(options.name);
  const auto epochs = ReadEpochCheckpoint(files_, options.directory);
  if (epochs.ok()) {
    options.epochs = *epochs;
  } else if (ReasonOf(epochs.status()) == Reason::kCorruptFile) {
    // The batches themselves tell the newest epoch; the older ones are needed
    // by followers only, who then compare more than they would have to.
    Report(Severity::kWarning, MessageOf(epochs.status()));
  } else {
    return epochs.status();
  }
  CAUCE_ASSIGN_OR_RETURN(auto log, Log::Open(environment_, options));
  logs_.emplace(options.name, log);
  return log;
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

absl::Status EngineCore::KeepUpAll(Upkeep upkeep, absl::Duration time_max) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + time_max;
  std::vector<TopicPartition> partitions;
  TopicPartition done;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    partitions = AllPartitions();
    done = upkeep_done_;
  }
  // Where the last call ended, once around.
  std::rotate(partitions.begin(),
              std::upper_bound(partitions.begin(), partitions.end(), done),
              partitions.end());
  absl::Status first;
  for (const TopicPartition& partition : partitions) {
    const absl::Status kept = KeepUp(partition, upkeep);
    if (ReasonOf(kept) == Reason::kClosed) return kept;
    // The topic may have been deleted meanwhile.
    if (ReasonOf(kept) != Reason::kUnknownTopic) first.Update(kept);
    done = partition;
    if (clock.Monotonic() >= until) break;
  }
  first.Update(bounds_->SaveAll());
  environment_->pool->CloseIdle();
  MutexLock lock(mutex_);
  upkeep_done_ = done;
  return first;
}

absl::Status EngineCore::KeepUp(const TopicPartition& partition,
                                Upkeep upkeep) {
  CAUCE_ASSIGN_OR_RETURN(const auto log,
                         OpenLog(partition.topic, partition.partition));
  // What nobody waits for is synced here at the latest, so that the recovery
  // point moves and files may be closed.
  absl::Status kept = log->Flush();
  if (upkeep == Upkeep::kRetention) kept.Update(log->ApplyRetention());
  log->DropIdle();
  kept.Update(log->NoteBounds());
  return Annotate(kept, partition.ToString());
}

// ---- Closing

absl::Status EngineCore::Close() {
  MutexLock lock(mutex_);
  if (closed_) return absl::OkStatus();
  closed_ = true;
  absl::Status first;
  for (const auto& [partition, log] : logs_) {
    const absl::Status closed = log->Close(Closed());
    first.Update(closed);
    // What a log that failed believes to be durable is not to be saved.
    if (options_.access == Access::kReadOnly || !closed.ok()) continue;
    bounds_->Set(partition, {log->durable_end(), log->log_start()});
  }
  logs_.clear();
  if (options_.access == Access::kReadOnly) return first;
  first.Update(bounds_->SaveAll());
  // An upkeep that is still on its way must not write over a next owner's.
  bounds_->Close();
  // Without the mark the next open looks at everything, as it must.
  if (first.ok()) first = WriteCleanShutdown(files_, directory_);
  lock_ = nullptr;
  return first;
}

void EngineCore::Report(Severity severity, std::string_view line) const {
  if (options_.events) options_.events(severity, line);
}

std::string EngineCore::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", directory_, name);
}

}  // namespace cauce
