// What an EngineCore does now and then: for the logs that are open, and for
// those in which there may be something to delete.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How long a turn of upkeep holds the executor's thread, but for what a single
// partition takes: others may wait there for their syncs.
constexpr absl::Duration kTurnMax = absl::Milliseconds(100);

}  // namespace

void EngineCore::ScheduleUpkeep() {
  if (options_.executor == nullptr || options_.access == Access::kReadOnly) {
    return;
  }
  ScheduleEvery(options_.checkpoint_interval, Upkeep::kCheckpoint);
  ScheduleEvery(options_.retention_check_interval, Upkeep::kRetention);
  ScheduleEvery(options_.compaction_check_interval, Upkeep::kCompaction);
  bool has_offsets = false;
  bool has_transactions = false;
  {
    MutexLock lock(mutex_);
    has_offsets = catalog_.Find(kConsumerOffsetsTopic) != nullptr;
    has_transactions = catalog_.Find(kTransactionStateTopic) != nullptr;
  }
  // From then on the coordinator comes back by itself, as it does where groups
  // come up later.
  if (has_offsets) {
    options_.executor->ScheduleAfter(
        options_.offsets_retention_check_interval, [weak = weak_from_this()] {
          if (const auto core = weak.lock()) core->ExpireOffsets();
        });
  }
  // Readers of what is committed wait for what a former run has left open.
  if (has_transactions) KeepTransactionsGoing(absl::ZeroDuration());
}

void EngineCore::ExpireOffsets() {
  {
    MutexLock lock(mutex_);
    const bool may_write = CheckWritable().ok();
    if (!may_write || catalog_.Find(kConsumerOffsetsTopic) == nullptr) return;
  }
  Groups()->ExpireOffsetsWhenDue();
}

void EngineCore::ScheduleEvery(absl::Duration interval, Upkeep upkeep) {
  options_.executor->ScheduleAfter(
      interval, [weak = weak_from_this(), interval, upkeep] {
        const auto core = weak.lock();
        if (core != nullptr) core->TakeTurn({.upkeep = upkeep}, interval);
      });
}

void EngineCore::TakeTurn(UpkeepRound round, absl::Duration interval) {
  GoOn(round, kTurnMax);
  if (ReasonOf(round.status) == Reason::kClosed) return;
  if (round.left && !round.left->empty()) {
    options_.executor->Schedule([weak = weak_from_this(),
                                 round = std::move(round), interval]() mutable {
      const auto core = weak.lock();
      if (core != nullptr) core->TakeTurn(std::move(round), interval);
    });
    return;
  }
  EndRound(round);
  TellOfUpkeep(round);
  if (round.upkeep == Upkeep::kCompaction) {
    ScheduleCompaction(absl::ZeroDuration());
  }
  ScheduleEvery(interval, round.upkeep);
}

void EngineCore::ScheduleCompaction(absl::Duration delay) {
  {
    MutexLock lock(mutex_);
    if (closed_ || std::exchange(compaction_is_scheduled_, true)) return;
  }
  options_.executor->ScheduleAfter(delay, [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (core == nullptr) return;
    {
      MutexLock lock(core->mutex_);
      core->compaction_is_scheduled_ = false;
    }
    // What failed was told, and is tried again once a look finds it again.
    const Compactor::Worked worked =
        core->CompactSome(core->environment_->clock->Monotonic() + kTurnMax);
    if (worked.goes_on) core->ScheduleCompaction(worked.wait);
  });
}

void EngineCore::TellOfUpkeep(const UpkeepRound& round) {
  const absl::Status& done = round.status;
  const bool full = ReasonOf(done) == Reason::kDiskFull;
  // Who only looked has not found out whether there is room again.
  if (round.upkeep == Upkeep::kCompaction && done.ok()) return;
  {
    MutexLock lock(mutex_);
    const bool told = std::exchange(upkeep_told_full_, full);
    // It stays so until somebody makes room, and is tried again anyway.
    if (full && told) return;
  }
  if (!done.ok()) Report(Severity::kError, MessageOf(done));
}

absl::Status EngineCore::RunUpkeep(absl::Duration time_max) {
  // What could not be read was told, and is tried again.
  const absl::Status gone_on = GoOnWithTransactions().status();
  ExpireOffsets();
  if (const auto groups = GroupsIfAny()) groups->Tick();
  UpkeepRound round{.upkeep = Upkeep::kRetention};
  const absl::Duration until = environment_->clock->Monotonic() + time_max;
  GoOn(round, time_max);
  // With an executor it goes on there.
  if (options_.executor == nullptr && round.left &&
      ReasonOf(round.status) != Reason::kClosed) {
    round.status.Update(CompactSome(until).status);
  }
  // The next call begins another one. One that never began saves nothing: who
  // only reads may stand beside a writer.
  const bool has_begun = round.left.has_value();
  if (has_begun && ReasonOf(round.status) != Reason::kClosed) EndRound(round);
  round.status.Update(gone_on);
  return round.status;
}

std::vector<TopicPartition> EngineCore::PartitionsToKeepUp(Upkeep upkeep) {
  std::vector<TopicPartition> all =
      upkeep == Upkeep::kCheckpoint ? logs_.Names() : AllPartitions();
  if (upkeep == Upkeep::kCompaction) {
    std::set<std::string_view> compacted;
    for (const auto& [name, topic] : catalog_.topics()) {
      const auto config = ParseTopicConfig(topic.configs);
      if (config.ok() && config->cleanup.compact && !topic.imported) {
        compacted.insert(name);
      }
    }
    std::erase_if(all, [&](const TopicPartition& each) {
      return !compacted.contains(each.topic);
    });
  }
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

void EngineCore::GoOn(UpkeepRound& round, absl::Duration time_max) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + time_max;
  absl::Time now_at_most;
  {
    MutexLock lock(mutex_);
    if (const absl::Status writable = CheckWritable(); !writable.ok()) {
      round.status = writable;
      return;
    }
    now_at_most = LookAtClock();
    if (!round.left) {
      round.left = PartitionsToKeepUp(round.upkeep);
      std::ranges::reverse(*round.left);
      // They were told of when they were left.
      leftovers_ = directories_.RemoveTrees(leftovers_, nullptr);
    }
  }
  while (!round.left->empty()) {
    const TopicPartition partition = std::move(round.left->back());
    round.left->pop_back();
    const absl::Status kept = KeepUp(partition, round.upkeep, now_at_most);
    if (ReasonOf(kept) == Reason::kClosed) {
      round.status = kept;
      return;
    }
    // The topic may have been deleted meanwhile.
    if (ReasonOf(kept) != Reason::kUnknownTopic) round.status.Update(kept);
    {
      MutexLock lock(mutex_);
      upkeep_done_ = partition;
    }
    if (clock.Monotonic() >= until) break;
  }
}

void EngineCore::EndRound(UpkeepRound& round) {
  // It was only a look.
  if (round.upkeep == Upkeep::kCompaction) return;
  absl::Status saved;
  {
    MutexLock lock(mutex_);
    saved = CheckOpen();
    if (saved.ok()) saved = SaveUnsavedTopics();
  }
  if (saved.ok()) saved = bounds_->SaveAll();
  round.status.Update(saved);
  environment_->pool->CloseIdle();
}

absl::Time EngineCore::LookAtClock() {
  const ClockReading now = ReadClock(*environment_->clock);
  const auto jump = FindClockJump(began_, now);
  if (jump.has_value() != clock_jumped_) {
    clock_jumped_ = jump.has_value();
    Report(Severity::kWarning,
           jump ? fmt::format(
                      "{}: the time of day has moved by {} against the time "
                      "that has passed since the engine was opened; only what "
                      "is too old by both is deleted by age until it is set "
                      "back, or the engine is opened anew",
                      directory_, absl::FormatDuration(*jump))
                : fmt::format("{}: the time of day goes on from where it was; "
                              "records are deleted by age as ever",
                              directory_));
  }
  return WithoutClockJump(began_, now);
}

absl::Status EngineCore::KeepUp(const TopicPartition& partition, Upkeep upkeep,
                                absl::Time now_at_most) {
  std::shared_ptr<Log> log;
  // None where a handle may change the log behind what is seen of it.
  std::optional<UpkeepAgenda::Look> look;
  {
    MutexLock lock(mutex_);
    const bool in_use = logs_.IsInUse(partition);
    CAUCE_ASSIGN_OR_RETURN(log, LogToKeepUp(partition, upkeep, now_at_most));
    if (log == nullptr) return absl::OkStatus();
    if (upkeep != Upkeep::kCheckpoint && !in_use) {
      look = agenda_.Begin(partition);
    }
  }
  // What nobody waits for is synced here at the latest, so that the recovery
  // point moves and files may be closed.
  absl::Status kept =
      upkeep == Upkeep::kCompaction ? absl::OkStatus() : log->Flush();
  absl::Time next = absl::InfiniteFuture();
  const auto see = [&](const absl::StatusOr<absl::Time>& due) {
    kept.Update(due.status());
    if (due.ok()) next = std::min(next, *due);
  };
  if (upkeep != Upkeep::kCheckpoint) {
    kept.Update(log->ApplyRetention(now_at_most));
    see(log->NextRetention());
    see(LookAtCompaction(*log, now_at_most));
  }
  if (upkeep != Upkeep::kCompaction) {
    log->DropIdle();
    kept.Update(log->NoteBounds());
  }
  log.reset();
  if (kept.ok()) kept = PutAway(partition, look, next);
  return Annotate(kept, partition.ToString());
}

absl::StatusOr<std::shared_ptr<Log>> EngineCore::LogToKeepUp(
    const TopicPartition& partition, Upkeep upkeep, absl::Time now_at_most) {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (auto open = logs_.Find(partition)) return open;
  const absl::Time now = std::min(environment_->clock->Now(), now_at_most);
  const bool may_be_due =
      upkeep != Upkeep::kCheckpoint && agenda_.IsDue(partition, now);
  if (!may_be_due) return nullptr;
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(partition.topic));
  CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                         ParseTopicConfig(topic.configs));
  const bool keeps_all = !MayDelete(config) && !config.cleanup.compact;
  if (topic.imported || keeps_all) return nullptr;
  const absl::Time next = logs_.NextLook(partition, config);
  if (next > now) {
    agenda_.Looked(partition, agenda_.Begin(partition), next);
    return nullptr;
  }
  const auto contents = logs_.Look(partition);
  const bool is_empty =
      contents.ok() && *contents != OpenLogs::Contents::kRecords;
  if (is_empty || absl::IsNotFound(contents.status())) {
    // One that is missing was reported when the directory was opened.
    agenda_.Looked(partition, agenda_.Begin(partition), absl::InfiniteFuture());
    return nullptr;
  }
  CAUCE_RETURN_IF_ERROR(contents.status());
  return OpenAndNote(topic, partition.partition);
}

absl::Status EngineCore::PutAway(const TopicPartition& partition,
                                 std::optional<UpkeepAgenda::Look> look,
                                 absl::Time next) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (look) agenda_.Looked(partition, *look, next);
  return logs_.LetGo(partition);
}

// ---- Compaction

absl::StatusOr<absl::Time> EngineCore::LookAtCompaction(
    Log& log, absl::Time now_at_most) {
  const absl::Time now = std::min(environment_->clock->Now(), now_at_most);
  CAUCE_ASSIGN_OR_RETURN(const CompactionPlan plan,
                         log.LookAtCompaction({.now = now}));
  if (!plan.is_due) return plan.next_look;
  compactor_.Want(log.name(), plan.dirty_ratio());
  return absl::InfinitePast();
}

Compactor::Worked EngineCore::CompactSome(absl::Duration until) {
  Clock& clock = *environment_->clock;
  absl::Status first;
  for (;;) {
    if (const auto next = compactor_.TakeNext()) {
      absl::Time now;
      auto log = OpenToCompact(*next, &now);
      if (log.ok()) {
        first.Update(compactor_.Begin(*std::move(log), now));
      } else if (ReasonOf(log.status()) != Reason::kUnknownTopic) {
        first.Update(log.status());
      }
    }
    Compactor::Worked worked = compactor_.Work(until);
    // The topic may have been deleted meanwhile.
    if (ReasonOf(worked.status) != Reason::kUnknownTopic) {
      first.Update(worked.status);
    }
    const bool has_time = clock.Monotonic() < until;
    if (worked.goes_on && has_time && worked.wait == absl::ZeroDuration()) {
      continue;
    }
    // A hint, which the next pass saves where this one cannot.
    const absl::Status saved = first_dirty_->Save();
    if (ReasonOf(saved) != Reason::kDiskFull) first.Update(saved);
    if (ReasonOf(first) != Reason::kClosed) worked.status = first;
    return worked;
  }
}

absl::StatusOr<std::shared_ptr<Log>> EngineCore::OpenToCompact(
    const TopicPartition& partition, absl::Time* now) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic, FindTopic(partition.topic));
  *now = std::min(environment_->clock->Now(), LookAtClock());
  agenda_.Forget(partition);
  return OpenAndNote(topic, partition.partition);
}

absl::StatusOr<CompactionTotals> EngineCore::Compact(
    const std::shared_ptr<Log>& log) {
  absl::Time now;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    CAUCE_ASSIGN_OR_RETURN(const TopicEntry topic,
                           FindTopic(log->name().topic));
    CAUCE_ASSIGN_OR_RETURN(const TopicConfig config,
                           ParseTopicConfig(topic.configs));
    if (topic.imported || !config.cleanup.compact) {
      return MakeError(
          Reason::kInvalidConfig,
          fmt::format("topic {}: {}", topic.name,
                      topic.imported
                          ? "its configs were never given; give them with "
                            "cauce topic alter before it is compacted"
                          : "its cleanup.policy does not say compact, so "
                            "every record of it stays"));
    }
    now = std::min(environment_->clock->Now(), LookAtClock());
  }
  auto compacted = compactor_.CompactNow(log, now);
  const absl::Status saved = first_dirty_->Save();
  CAUCE_RETURN_IF_ERROR(compacted.status());
  if (ReasonOf(saved) != Reason::kDiskFull) CAUCE_RETURN_IF_ERROR(saved);
  return compacted;
}

}  // namespace cauce
