#include "engine/facade/open_logs.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/fan_out.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/whole_file.h"
#include "engine/facade/data_directory.h"
#include "engine/facade/upkeep_agenda.h"
#include "engine/log/as_closed.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// On a full disk bounds are remembered, and saved, later.
absl::Status UnlessFull(const absl::Status& status) {
  return ReasonOf(status) == Reason::kDiskFull ? absl::OkStatus() : status;
}

// How many of `left` logs, at least one, the next sync is for: not many more
// than any later one, so that the last is worth it too.
size_t NextGroup(size_t left) {
  constexpr size_t kMost = OpenLogs::kSyncedTogetherMax;
  const size_t groups = (left + kMost - 1) / kMost;
  return (left + groups - 1) / groups;
}

// Of a file that is there and may be whole: a permission or the disk hides it.
bool IsUnread(const absl::Status& status) {
  return absl::IsPermissionDenied(status) ||
         ReasonOf(status) == Reason::kDiskFailed;
}

// Who writes replaces the file, and what it holds with it.
constexpr std::string_view kEpochsAreNeeded =
    "the partition is not written without its leader epochs; mend what keeps "
    "them from being read, or move the file away: the newest is then learned "
    "from the batches";

std::string LastLogOf(const KnownLog& known, std::string_view directory) {
  return JoinPath(directory,
                  SegmentFileName(known.segments.back().base, kLogSuffix));
}

}  // namespace

OpenLogs::OpenLogs(std::shared_ptr<const LogEnvironment> environment,
                   std::shared_ptr<BoundsCheckpoint> bounds,
                   const FirstDirtyCheckpoint& first_dirty, KnownLogs& known,
                   PartitionDirectories& directories, Access access)
    : environment_(std::move(environment)),
      bounds_(std::move(bounds)),
      first_dirty_(first_dirty),
      directories_(directories),
      access_(access),
      new_partitions_(*environment_->files, directories,
                      environment_->space.get()),
      known_(known) {}

absl::StatusOr<std::shared_ptr<Log>> OpenLogs::Open(const TopicEntry& topic,
                                                    PartitionId partition) {
  if (partition.value < 0 || partition.value >= topic.partitions) {
    return MakeError(
        Reason::kUnknownPartition,
        fmt::format("topic {} has partitions 0 to {}, not {}", topic.name,
                    topic.partitions - 1, partition.value));
  }
  const TopicPartition name{topic.name, partition};
  if (auto known = Find(name)) {
    if (access_ == Access::kReadWrite) return known;
    if (known->CheckDirectory().ok()) return known;
    logs_.erase(name);  // its name is another's by now
  }
  CAUCE_ASSIGN_OR_RETURN(auto log, Make(topic, partition));
  whole_.erase(name);
  unrecovered_.erase(name);
  logs_.emplace(name, log);
  NoteMissing(name, *log);
  if (const auto sleeper = SleeperOf(name)) sleeper->Wake(log);
  sleepers_.erase(name);
  return log;
}

absl::StatusOr<std::shared_ptr<PartitionLog>> OpenLogs::OpenOrKnow(
    const TopicEntry& topic, PartitionId partition) {
  const TopicPartition name{topic.name, partition};
  if (auto sleeper = SleeperOf(name)) return sleeper;
  if (const auto dormant = FindDormant(topic, name)) {
    SweepSleepers();
    auto made = std::make_shared<PartitionLog>(name, *dormant);
    sleepers_.insert_or_assign(name, made);
    return made;
  }
  CAUCE_ASSIGN_OR_RETURN(auto log, Open(topic, partition));
  return std::make_shared<PartitionLog>(std::move(log));
}

std::shared_ptr<PartitionLog> OpenLogs::SleeperOf(
    const TopicPartition& name) const {
  const auto found = sleepers_.find(name);
  return found == sleepers_.end() ? nullptr : found->second.lock();
}

void OpenLogs::SweepSleepers() {
  if (sleepers_.size() < sweep_at_) return;
  std::erase_if(sleepers_,
                [](const auto& each) { return each.second.expired(); });
  // As many are made before the next look as this one leaves, at least.
  sweep_at_ = sleepers_.size() + std::max(sleepers_.size(), kGoneSleepersMax);
}

template <class Which>
void OpenLogs::EndSleepers(Which which, const absl::Status& cause) {
  std::erase_if(sleepers_, [&](const auto& each) {
    if (!which(each.first)) return false;
    if (const auto sleeper = each.second.lock()) sleeper->End(cause);
    return true;
  });
}

std::optional<PartitionLog::Bounds> OpenLogs::FindDormant(
    const TopicEntry& topic, const TopicPartition& name) const {
  const bool may_be = access_ == Access::kReadWrite && !topic.imported &&
                      (clean_stop_ || whole_.contains(name)) &&
                      name.partition.value >= 0 &&
                      name.partition.value < topic.partitions &&
                      !logs_.contains(name);
  if (!may_be) return std::nullopt;
  const auto known = known_.Find(name);
  // What is missing is told by who opens it.
  const bool is_told = !known || !known->missing.empty();
  if (is_told || !bounds_->KnowsStartOf(name)) return std::nullopt;
  const LogBounds bounds = bounds_->Of(name);
  const bool fits = bounds.log_start >= known->segments.front().base &&
                    bounds.log_start <= known->end &&
                    bounds.recovery_point <= known->end;
  if (!fits) return std::nullopt;
  const std::string directory = directories_.PathOf(name);
  const auto info = Seen(directory);
  if (!info || !IsUnchanged(known->directory, *info)) return std::nullopt;
  const auto last = Seen(LastLogOf(*known, directory));
  if (!last || !LogIsUnchanged(*known, *last)) return std::nullopt;
  PartitionLog::Bounds dormant{.log_start = bounds.log_start,
                               .log_end = known->end};
  if (!known->epochs.empty()) dormant.epoch = known->epochs.back().epoch;
  for (const KnownSegment& segment : known->segments) {
    dormant.bytes += segment.bytes;
  }
  return dormant;
}

absl::StatusOr<std::shared_ptr<Log>> OpenLogs::Make(
    const TopicEntry& topic, PartitionId partition, Syncs syncs) const {
  LogOptions options;
  options.name = {topic.name, partition};
  FileSystem& files = *environment_->files;
  options.directory = directories_.PathOf(options.name);
  // Of a dormant one that was seen when it was found to be as it was.
  const bool was_seen = SleeperOf(options.name) != nullptr;
  const auto found = was_seen ? FileInfo() : files.Info(options.directory);
  if (absl::IsNotFound(found.status())) {
    if (access_ == Access::kReadOnly) {
      CAUCE_RETURN_IF_ERROR(bounds_->LoadIfChanged(environment_->clock->Now(),
                                                   environment_->events));
    }
    // Of others a repair knows nothing.
    const bool was_here =
        !topic.imported || bounds_->Of(options.name) != LogBounds{};
    return absl::NotFoundError(fmt::format(
        "{}: the directory of partition {} is missing; {}", options.directory,
        partition.value,
        was_here ? "restore it from a copy, or let cauce log repair put an "
                   "empty one in its place"
                 : "the topic was taken in, and this partition was on another "
                   "broker, or held nothing: put its directory there, or go on "
                   "without it"));
  }
  CAUCE_RETURN_IF_ERROR(found.status());
  CAUCE_ASSIGN_OR_RETURN(options.config, ConfigOf(topic));
  options.keep_everything = topic.imported;
  options.may_have_gaps = MayHaveGaps(topic, *options.config);
  options.read_only = access_ == Access::kReadOnly;
  options.clean_stop = clean_stop_ || whole_.contains(options.name);
  options.is_synced_later =
      syncs == Syncs::kLater && whole_sync_->Covers(options.directory);
  std::optional<KnownLog> known;
  if (!options.read_only && !topic.imported) {
    known = known_.Find(options.name);
    options.known = known ? &*known : nullptr;
    options.is_unchanged =
        options.clean_stop && known &&
        (was_seen || IsUnchanged(known->directory, *found));
    options.is_end_unchanged = known && was_seen;
  }
  if (options.read_only) {
    CAUCE_RETURN_IF_ERROR(directories_.CheckOwner(topic, partition));
    CAUCE_RETURN_IF_ERROR(bounds_->LoadIfChanged(environment_->clock->Now(),
                                                 environment_->events));
  } else if (!options.is_unchanged) {
    CAUCE_ASSIGN_OR_RETURN(const Contents contents, Look(options.name));
    CAUCE_RETURN_IF_ERROR(
        contents == Contents::kRecords
            ? directories_.Check(topic, partition, environment_->events)
            : new_partitions_.Furnish(topic, partition, whole_sync_.get()));
  }
  options.bounds = bounds_->Of(options.name);
  options.first_dirty = first_dirty_.Of(options.name);
  options.start_is_known = bounds_->KnowsStartOf(options.name);
  // It may come back, or come at all, when its topic has configs already.
  options.is_brokers =
      topic.imported || (topic.adopted && !options.start_is_known);
  if (options.is_unchanged) {
    options.epochs = known->epochs;
  } else {
    CAUCE_ASSIGN_OR_RETURN(options.epochs, ReadEpochs(options.directory));
  }
  return Log::Open(environment_, options);
}

absl::StatusOr<std::shared_ptr<const TopicConfig>> OpenLogs::ConfigOf(
    const TopicEntry& topic) const {
  MutexLock lock(config_mutex_);
  if (parsed_ == topic.configs) return config_;
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                         ParseTopicConfig(topic.configs));
  config_ = std::make_shared<const TopicConfig>(config);
  parsed_ = topic.configs;
  return config_;
}

absl::Time OpenLogs::NextLook(const TopicPartition& partition,
                              const TopicConfig& config) const {
  // After a kill what a close has noted of others may be long over.
  const bool is_as_noted = clean_stop_ || whole_.contains(partition);
  const auto known = is_as_noted ? known_.Find(partition) : std::nullopt;
  if (!known) return absl::InfinitePast();
  return cauce::NextLook(*known, bounds_->Of(partition).log_start, config);
}

bool OpenLogs::IsAsClosed(const TopicEntry& topic,
                          const TopicPartition& name) const {
  const auto known = topic.imported ? std::nullopt : known_.Find(name);
  if (!known) return false;
  const auto is =
      cauce::IsAsClosed(*environment_->files, directories_.PathOf(name), *known,
                        bounds_->Of(name));
  if (!is.ok()) TellUnseen(is.status());
  return is.value_or(false);
}

std::optional<FileInfo> OpenLogs::Seen(const std::string& path) const {
  const auto info = environment_->files->Info(path);
  if (info.ok()) return *info;
  if (!absl::IsNotFound(info.status())) TellUnseen(info.status());
  return std::nullopt;
}

void OpenLogs::TellUnseen(const absl::Status& why) const {
  if (!environment_->events) return;
  environment_->events(
      Severity::kWarning,
      fmt::format("{}; so an opening looks at all of the partition",
                  MessageOf(why)));
}

void OpenLogs::OpenAll(std::span<const Place> all) {
  std::vector<Place> places;
  for (const Place& place : all) {
    const TopicPartition name{place.topic->name, place.partition};
    if (IsAsClosed(*place.topic, name)) {
      whole_.insert(name);
    } else {
      places.push_back(place);
    }
  }
  const bool together =
      whole_sync_ != nullptr && places.size() >= whole_sync_->files_min();
  const Syncs syncs = together ? Syncs::kLater : Syncs::kNow;
  std::vector<Recovered> logs(places.size());
  size_t done = 0;
  while (done < places.size()) {
    const size_t left = places.size() - done;
    const size_t count = together ? NextGroup(left) : left;
    const auto some = std::span(places).subspan(done, count);
    const auto recovered = std::span(logs).subspan(done, count);
    // What keeps one from being recovered keeps none of the others closed, nor
    // whoever could mend it or make room: no piece fails.
    FanOut(environment_->executor, count, kRecoveriesMax,
           [&](size_t at) -> absl::Status {
             recovered[at] = Recover(some[at], syncs);
             return absl::OkStatus();
           })
        .IgnoreError();
    SyncRecovered(some, recovered);
    done += count;
  }
  for (size_t at = 0; at < places.size(); ++at) {
    TopicPartition name{places[at].topic->name, places[at].partition};
    if (logs[at].ok()) {
      if (*logs[at] != nullptr) {
        NoteMissing(name, **logs[at]);
        logs_.emplace(name, *std::move(logs[at]));
      } else {
        known_.Forget(name);
      }
      continue;
    }
    // One that is missing was reported, and stays so.
    if (absl::IsNotFound(logs[at].status())) {
      known_.Forget(name);
      continue;
    }
    const absl::Status cause = Annotate(logs[at].status(), name.ToString());
    if (environment_->events) {
      environment_->events(
          ReasonOf(cause) == Reason::kDiskFull ? Severity::kWarning
                                               : Severity::kError,
          fmt::format("{}; it is tried again for who asks for it",
                      MessageOf(cause)));
    }
    unrecovered_.insert({std::move(name), cause});
  }
}

OpenLogs::Recovered OpenLogs::Recover(const Place& place, Syncs syncs) const {
  const TopicPartition name{place.topic->name, place.partition};
  CAUCE_ASSIGN_OR_RETURN(const Contents contents, Look(name));
  // As many may have been furnished ahead as were opened. Whoever opens one
  // furnishes it anew: a part of it may have gone with the power.
  const bool was_never_opened =
      contents == Contents::kNoSegments && !known_.Find(name) &&
      directories_.HoldsFirstFilesOnly(*place.topic, place.partition);
  if (contents == Contents::kNothing || was_never_opened) return nullptr;
  CAUCE_ASSIGN_OR_RETURN(auto log, Make(*place.topic, place.partition, syncs));
  if (log->owes_recovery_sync()) return log;
  CAUCE_RETURN_IF_ERROR(UnlessFull(log->NoteBounds()));
  CAUCE_RETURN_IF_ERROR(SaveRecovered(1));
  return log;
}

absl::Status OpenLogs::SaveRecovered(int64_t logs) const {
  return bounds_->NoteWork({.segments = logs}) ? UnlessFull(bounds_->SaveWork())
                                               : absl::OkStatus();
}

void OpenLogs::SyncRecovered(std::span<const Place> places,
                             std::span<Recovered> logs) const {
  const auto owes = [](const Recovered& log) {
    return log.ok() && *log != nullptr && (*log)->owes_recovery_sync();
  };
  if (std::ranges::none_of(logs, owes)) return;
  const absl::Status synced = whole_sync_->Sync();
  int64_t taken = 0;
  for (size_t i = 0; i < logs.size(); ++i) {
    if (!owes(logs[i])) continue;
    Log& log = **logs[i];
    if (const auto taken_in = log.TakeRecoverySync(synced); !taken_in.ok()) {
      log.Abandon(taken_in);
      logs[i] = Recover(places[i], Syncs::kNow);
      continue;
    }
    ++taken;
    const auto noted = UnlessFull(log.NoteBounds());
    if (!noted.ok()) logs[i] = noted;
  }
  // What could not be saved the end of the recovery saves, or is told of.
  SaveRecovered(taken).IgnoreError();
}

absl::StatusOr<std::vector<EpochStart>> OpenLogs::ReadEpochs(
    const std::string& directory) const {
  auto epochs = ReadEpochCheckpoint(*environment_->files, directory);
  const absl::Status& why = epochs.status();
  const bool is_damaged = ReasonOf(why) == Reason::kCorruptFile;
  // Who only reads goes by them nowhere, and writes them nowhere either.
  const bool is_done_without = access_ == Access::kReadOnly && IsUnread(why);
  if (!is_damaged && !is_done_without) {
    if (IsUnread(why)) return Annotate(why, kEpochsAreNeeded);
    return epochs;
  }
  if (environment_->events) {
    environment_->events(
        Severity::kWarning,
        fmt::format("{}; it is taken for empty: {}", MessageOf(why),
                    access_ == Access::kReadOnly
                        ? "every record is read, and which leader epoch is "
                          "the newest is not known"
                        : "the newest epoch is learned from the batches, and "
                          "followers compare more of them where older ones "
                          "are missing"));
  }
  return std::vector<EpochStart>();
}

std::shared_ptr<Log> OpenLogs::Find(const TopicPartition& partition) const {
  const auto found = logs_.find(partition);
  return found == logs_.end() ? nullptr : found->second;
}

bool OpenLogs::IsInUse(const TopicPartition& partition) const {
  if (SleeperOf(partition) != nullptr) return true;
  const auto found = logs_.find(partition);
  return found != logs_.end() && found->second.use_count() > 1;
}

std::vector<TopicPartition> OpenLogs::Names() const {
  std::vector<TopicPartition> names;
  for (const auto& [name, log] : logs_) names.push_back(name);
  return names;
}

absl::StatusOr<OpenLogs::Contents> OpenLogs::Look(
    const TopicPartition& partition) const {
  CAUCE_ASSIGN_OR_RETURN(
      const auto entries,
      environment_->files->List(directories_.PathOf(partition)));
  if (HoldsSegments(entries) || bounds_->Of(partition) != LogBounds{}) {
    return Contents::kRecords;
  }
  return entries.empty() ? Contents::kNothing : Contents::kNoSegments;
}

absl::Status OpenLogs::LetGo(const TopicPartition& partition) {
  const auto found = logs_.find(partition);
  if (found == logs_.end()) return absl::OkStatus();
  const std::shared_ptr<Log>& log = found->second;
  // Handles are given out under the engine's lock alone. A task of the
  // executor that comes late finds it closed and has nothing to do.
  if (log.use_count() > 1 || !log->IsAtRest()) return absl::OkStatus();
  // Who opens it again would tell once more what is wrong with it.
  if (log->is_odd()) return absl::OkStatus();
  // After a kill that would be all of them, one after the other, while others
  // wait for the engine's lock: CloseAll syncs them together.
  if (log->OwesIndexAlone()) return absl::OkStatus();
  const absl::Status closed = CloseOne(
      partition, *log,
      MakeError(Reason::kDiskFailed,
                fmt::format("{}: could not be closed and is not known to be "
                            "whole; reopen the engine to go on",
                            partition.ToString())));
  if (!closed.ok()) {
    // It stays, ended: nobody opens it again before its recovery.
    failed_.Update(closed);
    return closed;
  }
  NoteKnown(partition, *log);
  whole_.insert(partition);
  logs_.erase(found);
  return absl::OkStatus();
}

absl::Status OpenLogs::CloseOne(const TopicPartition& partition, Log& log,
                                const absl::Status& cause) {
  CAUCE_RETURN_IF_ERROR(log.Close(cause));
  TakeBounds(partition, log);
  return absl::OkStatus();
}

// What a log that failed believes to be durable is not to be saved.
void OpenLogs::TakeBounds(const TopicPartition& partition, const Log& log) {
  if (access_ == Access::kReadWrite) bounds_->Set(partition, log.bounds());
}

void OpenLogs::NoteMissing(const TopicPartition& partition, const Log& log) {
  if (access_ == Access::kReadOnly) return;
  auto known = log.Known();
  if (!known || known->missing.empty()) return;
  const auto before = known_.Find(partition);
  if (before && before->missing == known->missing) return;
  const auto info = Seen(log.directory());
  if (info) known->directory.id = info->id;
  if (!info && before) known->directory.id = before->directory.id;
  known_.Set(partition, *known);
  has_news_ = true;
}

void OpenLogs::NoteKnown(const TopicPartition& partition, const Log& log) {
  if (access_ == Access::kReadOnly) return;
  auto known = log.Known();
  if (!known) return known_.Forget(partition);
  const auto info = environment_->files->Info(log.directory());
  if (absl::IsNotFound(info.status())) return known_.Forget(partition);
  if (!info.ok()) {
    TellUnseen(info.status());
    // All of it is looked at again; but what it lacks nothing else tells of.
    const auto before = known_.Find(partition);
    if (before) known->directory.id = before->directory.id;
    return known_.Set(partition, *known);
  }
  const absl::Time now = environment_->clock->Now();
  known->directory = StampOf(*info, now);
  if (log.is_odd()) {
    // What was told of it the next opening looks for, and tells, as well.
    known->directory.changed_ns = 0;
  } else {
    const auto last = Seen(LastLogOf(*known, log.directory()));
    if (last) known->log_changed_ns = ChangeTimeOf(*last, now);
  }
  known_.Set(partition, *known);
}

std::vector<std::shared_ptr<Log>> OpenLogs::SetConfig(
    const std::string& topic, const TopicConfig& config) {
  std::vector<std::shared_ptr<Log>> to_flush;
  for (const auto& [partition, log] : logs_) {
    if (partition.topic != topic) continue;
    if (log->SetConfig(config, false)) to_flush.push_back(log);
  }
  return to_flush;
}

absl::Status OpenLogs::NoteStarts(const TopicEntry& topic) {
  for (int32_t p = 0; p < topic.partitions; ++p) {
    CAUCE_RETURN_IF_ERROR(NoteStart(topic, PartitionId{p}));
  }
  return absl::OkStatus();
}

absl::Status OpenLogs::NoteStart(const TopicEntry& topic,
                                 PartitionId partition) {
  const TopicPartition name{topic.name, partition};
  if (const auto open = Find(name)) return open->NoteFoundStart();
  const absl::Status owner = directories_.CheckOwner(topic, partition);
  // What lies there is not this one's.
  if (ReasonOf(owner) == Reason::kCorruptFile) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(owner);
  if (!unrecovered_.contains(name)) {
    const auto bases = ListSegmentBases(
        {.files = environment_->files, .directory = directories_.PathOf(name)});
    if (absl::IsNotFound(bases.status())) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(bases.status());
    if (bases->empty()) return absl::OkStatus();
  }
  // Only a log that is open knows its end: a recovery that comes later would
  // take the cleaner's gaps above the noted one for lost tails.
  CAUCE_ASSIGN_OR_RETURN(auto log, Open(topic, partition));
  CAUCE_RETURN_IF_ERROR(log->NoteFoundStart());
  log.reset();
  return LetGo(name);
}

std::vector<std::shared_ptr<Log>> OpenLogs::Abandon(const std::string& topic,
                                                    const absl::Status& cause) {
  std::vector<std::shared_ptr<Log>> ended;
  std::erase_if(logs_, [&](auto& entry) {
    if (entry.first.topic != topic) return false;
    entry.second->Abandon(cause);
    ended.push_back(std::move(entry.second));
    return true;
  });
  EndSleepers([&](const TopicPartition& each) { return each.topic == topic; },
              cause);
  if (access_ == Access::kReadWrite) known_.Forget(topic);
  std::erase_if(whole_, [&](const TopicPartition& partition) {
    return partition.topic == topic;
  });
  std::erase_if(unrecovered_,
                [&](const auto& entry) { return entry.first.topic == topic; });
  return ended;
}

void OpenLogs::AbandonAll(const absl::Status& cause) {
  for (auto& [name, log] : logs_) log->Abandon(cause);
  EndSleepers([](const TopicPartition&) { return true; }, cause);
}

void OpenLogs::CloseTogether(std::span<ToClose> all,
                             const absl::Status& cause) {
  if (whole_sync_ == nullptr) return;
  std::vector<std::shared_ptr<Log>> logs;
  std::vector<ToClose*> theirs;
  for (ToClose& each : all) {
    const bool is_worth_it =
        each.log->OwesSync() && whole_sync_->Covers(each.log->directory());
    if (!is_worth_it) continue;
    logs.push_back(each.log);
    theirs.push_back(&each);
  }
  if (logs.empty() || logs.size() < whole_sync_->files_min()) return;
  for (size_t at = 0; at < logs.size();) {
    const auto some = std::span(logs).subspan(at, NextGroup(logs.size() - at));
    const auto ended = Log::CloseTogether(some, *whole_sync_, cause);
    for (const absl::Status& closed : ended) theirs[at++]->closed = closed;
  }
}

absl::Status OpenLogs::CloseAll(const absl::Status& cause) {
  EndSleepers([](const TopicPartition&) { return true; }, cause);
  absl::Status first = failed_;
  for (const auto& [partition, cause] : unrecovered_) {
    if (ReasonOf(cause) != Reason::kDiskFull) continue;
    first.Update(MakeError(
        Reason::kDiskFull,
        fmt::format("{}: was not recovered for want of room; nothing of it has "
                    "changed, and the next opening tries again",
                    partition.ToString())));
  }
  std::vector<ToClose> all;
  for (const auto& [partition, log] : logs_) all.push_back({&partition, log});
  CloseTogether(all, cause);
  for (const auto& [partition, log, closed] : all) {
    if (!closed) {
      first.Update(CloseOne(*partition, *log, cause));
    } else if (closed->ok()) {
      TakeBounds(*partition, *log);
    } else {
      first.Update(*closed);
    }
  }
  // Once all are closed: the longer ago a directory was changed the better it
  // is known when. Without a clean close nobody goes by it.
  for (const auto& [partition, log] : logs_) {
    if (first.ok()) NoteKnown(partition, *log);
  }
  logs_.clear();
  return first;
}

}  // namespace cauce
