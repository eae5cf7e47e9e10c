#include "engine/facade/engine_core.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/copied_directory.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/as_closed.h"
#include "engine/log/directory_signs.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status Closed() {
  return MakeError(Reason::kClosed, "the engine was closed");
}

}  // namespace

absl::StatusOr<std::shared_ptr<EngineCore>> EngineCore::Open(
    std::string_view directory, const EngineOptions& options) {
  CAUCE_ASSIGN_OR_RETURN(EngineEnvironment environment,
                         MakeEnvironment(directory, options));
  std::shared_ptr<EngineCore> core(
      new EngineCore(std::move(environment), options));
  CAUCE_RETURN_IF_ERROR(core->Start());
  core->ScheduleUpkeep();
  return core;
}

EngineCore::EngineCore(EngineEnvironment environment,
                       const EngineOptions& options)
    : directory_(std::move(environment.directory)),
      options_(options),
      environment_(std::move(environment.logs)),
      bounds_(std::move(environment.bounds)),
      first_dirty_(std::move(environment.first_dirty)),
      known_(std::move(environment.known)),
      files_(*environment_->files),
      forks_(files_.forks()),
      began_(ReadClock(*environment_->clock)),
      compactor_(*environment_->clock, options.events,
                 {options.compaction_memory_max,
                  options.compaction_bytes_per_second_max}),
      directories_(files_, directory_, catalog_),
      logs_(environment_, bounds_, *first_dirty_, *known_, directories_,
            options.access) {}

EngineCore::~EngineCore() { CloseAndReport(); }

absl::Status EngineCore::CheckProcess() const {
  if (files_.forks() == forks_) return absl::OkStatus();
  return MakeError(
      Reason::kClosed,
      fmt::format("{}: was opened by the process that this one was forked "
                  "from; close it there and open it here, or open it for "
                  "reading only",
                  directory_));
}

void EngineCore::CloseAndReport() {
  // A child leaves everything to its parent.
  if (!CheckProcess().ok()) return;
  const absl::Status closed = Close();
  if (!closed.ok()) Report(Severity::kError, MessageOf(closed));
}

absl::Status EngineCore::Start() {
  MutexLock lock(mutex_);
  const absl::Status started =
      options_.access == Access::kReadOnly ? StartReading() : StartWriting();
  if (!started.ok()) {
    // Nothing was appended: what was found on the disk is left as it is.
    logs_.AbandonAll(Closed());
    closed_ = true;
    claim_.reset();
  }
  return started;
}

// ---- Opening

absl::Status EngineCore::StartReading() {
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  if (options_.create_if_missing || !catalog_.topics().empty()) {
    return absl::OkStatus();
  }
  return CheckIsDataDirectory(files_, directory_);
}

absl::Status EngineCore::StartWriting() {
  const auto if_missing = options_.create_if_missing
                              ? DirectoryClaim::IfMissing::kCreate
                              : DirectoryClaim::IfMissing::kFail;
  CAUCE_ASSIGN_OR_RETURN(claim_,
                         DirectoryClaim::Take(files_, directory_, if_missing,
                                              *environment_->random));
  // Before anything is written that it is to be told of.
  auto whole = files_.OpenWholeSync(JoinPath(directory_, kLockFile));
  if (whole.ok()) {
    logs_.set_whole_sync(*std::move(whole));
  } else {
    Report(Severity::kWarning,
           fmt::format("{}; so each partition is synced by itself",
                       MessageOf(whole.status())));
  }
  // Where these cannot be read, or not be replaced, the mark of a clean stop
  // stays.
  for (const std::string_view name : {kRecoveryPointFile, kLogStartFile,
                                      kLogStartCopyFile, kFirstDirtyFile}) {
    CAUCE_RETURN_IF_ERROR(
        CheckNothingInPlaceOf(files_, JoinPath(directory_, name)));
  }
  CAUCE_ASSIGN_OR_RETURN(const Manifest known, ReadManifest());
  bool is_loaded = false;
  if (claim_->clean_stop()) {
    CAUCE_ASSIGN_OR_RETURN(is_loaded, bounds_->LoadKnown(known));
  }
  if (!is_loaded) {
    CAUCE_RETURN_IF_ERROR(bounds_->Load(options_.events));
    // After any other stop it tells of some moment before.
    if (claim_->clean_stop()) {
      CAUCE_RETURN_IF_ERROR(TakeKnownEnds(known));
    } else {
      TakeLeftEnds(known);
    }
  }
  // Where that close was not the last stop, a clean one before it.
  known_->Begin(known);
  CAUCE_RETURN_IF_ERROR(first_dirty_->Load(options_.events));
  CAUCE_ASSIGN_OR_RETURN(catalog_, TopicCatalog::Load(files_, directory_));
  if (!catalog_.damage().empty()) CAUCE_RETURN_IF_ERROR(CheckCatalogIsFree());
  // Syncs the directory too: what was read of the bounds and the topics may
  // have names that a sync which failed left for a power loss to take back.
  CAUCE_RETURN_IF_ERROR(claim_->Begin());
  logs_.set_clean_stop(claim_->clean_stop());
  CAUCE_RETURN_IF_ERROR(SettleTopics());
  return claim_->clean_stop() ? absl::OkStatus() : RecoverAll();
}

absl::Status EngineCore::TakeKnownEnds(const Manifest& known) {
  const auto first = bounds_->RaiseToKnown(known);
  if (!first) return absl::OkStatus();
  Report(Severity::kWarning,
         fmt::format("{}: is lost, or an older one: {} was durable up to "
                     "offset {} when it was closed; it is written anew by what "
                     "was noted then",
                     PathOf(kRecoveryPointFile), first->ToString(),
                     bounds_->Of(*first).recovery_point.value));
  // While the mark is there that says so.
  return LaterIfFull(bounds_->SaveAll());
}

// Whoever has written since has noted it before he cut a log below that end.
void EngineCore::TakeLeftEnds(const Manifest& known) {
  std::string first;
  absl::Status unseen;
  for (const auto& [name, log] : bounds_->WithoutPoint(known)) {
    const auto is_same =
        IsSameDirectory(files_, PathOf(name.ToString()), log);
    unseen.Update(is_same.status());
    // One that cannot be looked at is most likely the same: too low a point
    // takes records that were durable, too high a one tells of damage.
    if (!is_same.value_or(true)) continue;
    bounds_->SetPoint(name, log.end);
    if (!first.empty()) continue;
    first = fmt::format("{} was durable at least up to offset {}",
                        name.ToString(), log.end.value);
  }
  if (!unseen.ok()) {
    Report(Severity::kWarning,
           fmt::format("{}; it is taken for the directory that was closed last",
                       MessageOf(unseen)));
  }
  if (first.empty()) return;
  Report(Severity::kWarning,
         fmt::format("{}: is lost, in whole or in part: {}, where it was "
                     "closed last; neither it nor another log that is not "
                     "in there is cut below that",
                     PathOf(kRecoveryPointFile), first));
}

absl::StatusOr<Manifest> EngineCore::ReadManifest() {
  auto manifest = claim_->ReadManifest();
  if (manifest.ok()) {
    absl::Status unseen;
    Manifest read =
        ReadInCopy(files_, directory_, *std::move(manifest), &unseen);
    if (!unseen.ok()) {
      Report(Severity::kWarning,
             fmt::format("{}; if {} is a copy, what was known to be missing "
                         "there of a compacted topic is not",
                         MessageOf(unseen), directory_));
    }
    return read;
  }
  const absl::Status& why = manifest.status();
  if (absl::IsResourceExhausted(why)) return why;
  const bool is_settled = IsFinalManifest(why);
  // A broker's mark names none, and one may name another: what an older close
  // has left says nothing of what was there since. After the next kill it would
  // count, and hide what follows: a topic that was made anew has none of it.
  const auto kept = is_settled ? claim_->ClearUnnamedManifest()
                               : claim_->SetManifestAside();
  CAUCE_RETURN_IF_ERROR(kept.status());
  if (absl::IsNotFound(why)) return Manifest();
  Report(Severity::kWarning,
         fmt::format("{}; {}the next close makes it anew; until then "
                     "partitions open later, and what was known to be missing "
                     "of compacted topics is not",
                     MessageOf(why),
                     kept->empty()
                         ? ""
                         : fmt::format("it is kept as {}; ", *kept)));
  return Manifest();
}

std::string EngineCore::FormatManifest() const {
  ManifestRows rows;
  known_->AddTo(rows);
  if (rows.empty()) return "";
  bounds_->AddTo(rows);
  const auto sums = SumBounds(files_, directory_);
  if (!sums.ok()) {
    Report(Severity::kWarning,
           fmt::format("{}; {} is not written, so the next opening looks at "
                       "each partition's directory",
                       MessageOf(sums.status()), PathOf(kManifestFile)));
    return "";
  }
  const size_t left_out = LeaveOutParts(rows);
  if (left_out > 0) {
    Report(Severity::kWarning,
           fmt::format("{}: has room for no more than {} bytes, so {} of {} "
                       "partitions are left out: each next opening looks at "
                       "their directories, and after a kill recovers them",
                       PathOf(kManifestFile), kManifestBytesMax, left_out,
                       rows.size()));
  }
  return cauce::FormatManifest(rows, *sums).value_or("");
}

absl::Status EngineCore::LaterIfFull(const absl::Status& saved) {
  if (ReasonOf(saved) != Reason::kDiskFull) return saved;
  if (!std::exchange(upkeep_told_full_, true)) {
    Report(Severity::kWarning,
           fmt::format("{}; it is saved once there is room, and a stop before "
                       "that only costs time",
                       MessageOf(saved)));
  }
  return absl::OkStatus();
}

absl::Status EngineCore::RecoverAll() {
  std::vector<OpenLogs::Place> places;
  for (const TopicPartition& partition : AllPartitions()) {
    places.push_back({catalog_.Find(partition.topic), partition.partition});
  }
  logs_.OpenAll(places);
  SaveMissing();
  return LaterIfFull(bounds_->SaveAll());
}

absl::StatusOr<std::shared_ptr<Log>> EngineCore::OpenAndNote(
    const TopicEntry& topic, PartitionId partition) {
  auto log = logs_.Open(topic, partition);
  SaveMissing();
  return log;
}

void EngineCore::SaveMissing() {
  if (!logs_.TakeNews()) return;
  const absl::Status saved = known_->Save();
  if (saved.ok()) return;
  Report(Severity::kWarning,
         fmt::format("{}; what is missing of a log is told again after a "
                     "close, and may be forgotten where the process is killed",
                     MessageOf(saved)));
}

// ---- Topics

absl::Status EngineCore::CheckNotClosed() const {
  return closed_ ? Closed() : absl::OkStatus();
}

absl::Status EngineCore::CheckOpen() const { return CheckNotClosed(); }

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

// ---- Logs

absl::StatusOr<std::shared_ptr<PartitionLog>> EngineCore::OpenPartition(
    std::string_view name, PartitionId partition) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (!IsKnown(name, partition)) CAUCE_RETURN_IF_ERROR(RefreshTopics());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(name));
  if (made_again_unsaved_.contains(topic.name)) {
    CAUCE_RETURN_IF_ERROR(Annotate(
        SaveUnsavedTopics(),
        fmt::format("topic {} was made again since it was taken in, which is "
                    "to be saved before it is opened; make room on the disk, "
                    "or open the directory for reading only",
                    name)));
  }
  agenda_.Forget(TopicPartition{topic.name, partition});
  auto log = logs_.OpenOrKnow(topic, partition);
  SaveMissing();
  const bool may_be_stale = options_.access == Access::kReadOnly &&
                            ReasonOf(log.status()) == Reason::kCorruptFile;
  if (!may_be_stale) return log;
  // Since the list of topics was read the topic may have been made again.
  CAUCE_RETURN_IF_ERROR(RefreshTopics());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry now, FindTopic(name));
  log = logs_.OpenOrKnow(now, partition);
  SaveMissing();
  return log;
}

absl::StatusOr<Log*> EngineCore::Wake(PartitionLog& log) {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  // In a callback of a close it has ended, and the lock is this thread's.
  CAUCE_RETURN_IF_ERROR(log.CheckSleeps());
  MutexLock lock(mutex_);
  // Its topic may be gone, and another one have its name.
  CAUCE_RETURN_IF_ERROR(log.CheckSleeps());
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (Log* const open = log.awake()) return open;
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(log.name().topic));
  // What upkeep noted of it as it slept says nothing any more.
  agenda_.Forget(log.name());
  CAUCE_RETURN_IF_ERROR(OpenAndNote(topic, log.name().partition).status());
  CAUCE_CHECK(log.awake() != nullptr);
  return log.awake();
}

bool EngineCore::IsKnown(std::string_view name, PartitionId partition) const {
  if (options_.access == Access::kReadWrite) return true;
  const TopicEntry* topic = catalog_.Find(name);
  if (topic == nullptr || topic->state != TopicState::kLive ||
      partition.value < 0 || partition.value >= topic->partitions) {
    return false;
  }
  const FileStamps now = LookAtTopics();
  if (!now || now != topics_seen_) return false;
  // A broker's topics come and go, and come again, without the catalogue.
  const TopicPartition known{topic->name, partition};
  const std::string path = directories_.PathOf(known);
  if (!files_.Info(path).ok()) return false;
  const auto log = logs_.Find(known);
  if (log != nullptr && !log->CheckDirectory().ok()) return false;
  if (!topic->imported) return true;
  const auto id = ReadPartitionMetadata(files_, path);
  return !id.ok() || *id == topic->id;
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

// ---- Closing

absl::Status EngineCore::Close() {
  CloseCoordinators();
  // Who waits for them is told under no lock.
  if (const auto groups = GroupsIfAny()) groups->Close(Closed());
  MutexLock lock(mutex_);
  if (closed_) return absl::OkStatus();
  closed_ = true;
  // Before the logs, whose files it writes.
  compactor_.Stop();
  const absl::Status logs = logs_.CloseAll(Closed());
  if (options_.access == Access::kReadOnly) return logs;
  absl::Status marked = SaveUnsavedTopics();
  if (marked.ok()) marked = bounds_->SaveAll();
  marked.Update(first_dirty_->Save());
  marked.Update(SaveHalfDone());
  // An upkeep that is still on its way must not write over a next owner's.
  bounds_->Close();
  first_dirty_->Close();
  known_->Close();
  // Without the mark the next open looks at everything, as it must.
  const bool is_clean = logs.ok() && logs_.all_recovered();
  if (is_clean && marked.ok()) marked = claim_->End(FormatManifest());
  claim_.reset();
  CAUCE_RETURN_IF_ERROR(logs);
  if (ReasonOf(marked) != Reason::kDiskFull) return marked;
  return Annotate(marked,
                  fmt::format("{}: was closed and all that was acknowledged is "
                              "stored, but there was no room to mark it as "
                              "cleanly closed, so the next opening recovers it",
                              directory_));
}

absl::Status EngineCore::SaveHalfDone() {
  const bool is_settled = std::ranges::all_of(
      catalog_.topics(),
      [](const auto& each) { return each.second.state == TopicState::kLive; });
  return is_settled ? absl::OkStatus() : SaveTopics(catalog_);
}

absl::Status EngineCore::SaveTopics(TopicCatalog& topics) {
  CAUCE_RETURN_IF_ERROR(topics.Save(files_, directory_));
  topics_unsaved_ = false;
  made_again_unsaved_.clear();
  return absl::OkStatus();
}

absl::Status EngineCore::SaveUnsavedTopics() {
  return topics_unsaved_ ? SaveTopics(catalog_) : absl::OkStatus();
}

void EngineCore::Report(Severity severity, std::string_view line) const {
  if (options_.events) options_.events(severity, line);
}

std::string EngineCore::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", directory_, name);
}

}  // namespace cauce
