#include "engine/coord/group_coordinator.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/coord/waiter_errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

template <typename Reply>
Reply Refusal(const absl::Status& status) {
  Reply reply;
  reply.status = status;
  return reply;
}

// So many effects one call carries out, where the executor may go on with the
// rest: else a request would last as long as others ask. Without one, those who
// ask meanwhile wait for their answers before they ask again, so that there is
// an end once they pause.
constexpr int kEffectsMax = 256;

// How many requests may wait for their answers in a partition, as while a disk
// stands still. More than appends of one log may wait for a sync (4096), from
// which on who asks is held up instead.
constexpr size_t kWaitingMax = 10'000;

}  // namespace

GroupCoordinator::GroupCoordinator(const Options& options, Seams seams)
    : options_(options),
      seams_(std::move(seams)),
      began_(seams_.clock->Now()),
      began_after_(seams_.clock->Monotonic()) {
  next_expiry_ = began_ + options_.offsets_retention_check_interval;
}

absl::Time GroupCoordinator::Now() const {
  return began_ + (seams_.clock->Monotonic() - began_after_);
}

absl::Time GroupCoordinator::NowOf(Entry& entry) const {
  const absl::Time now = Now();
  entry.group.set_wall_ahead(seams_.clock->Now() - now);
  return now;
}

template <typename Reply, typename Ask>
void GroupCoordinator::AskGroup(const std::string& group, Done<Reply> done,
                                Ask ask) {
  const auto partition = Enter(group, IfMissing::kMake);
  absl::Status usable = partition.status();
  if (usable.ok()) usable = CheckRoom(group, *partition);
  if (!usable.ok()) return done(Refusal<Reply>(usable));
  {
    MutexLock lock(mutex_);
    const EntryPtr entry = FindOrMake(group, *partition);
    usable = CheckUsable(*entry);
    if (usable.ok()) {
      const Waiter waiter = ++last_waiter_;
      waiters_.emplace(waiter, [done](const GroupReply& reply) {
        done(std::get<Reply>(reply.what));
      });
      const GroupState before = entry->group.state();
      CarryOut(entry, before, ask(entry->group, waiter, NowOf(*entry)));
      ScheduleNext();
    }
  }
  if (!usable.ok()) return done(Refusal<Reply>(usable));
  RunEffects();
}

void GroupCoordinator::Join(const std::string& group, JoinRequest join,
                            Done<JoinReply> done) {
  AskGroup<JoinReply>(group, std::move(done),
                      [&](Group& asked, Waiter waiter, absl::Time now) {
                        join.waiter = waiter;
                        return asked.Join(join, now);
                      });
}

void GroupCoordinator::Sync(const std::string& group, SyncRequest sync,
                            Done<SyncReply> done) {
  AskGroup<SyncReply>(group, std::move(done),
                      [&](Group& asked, Waiter waiter, absl::Time now) {
                        sync.waiter = waiter;
                        return asked.Sync(sync, now);
                      });
}

void GroupCoordinator::Heartbeat(const std::string& group,
                                 HeartbeatRequest heartbeat,
                                 Done<HeartbeatReply> done) {
  AskGroup<HeartbeatReply>(group, std::move(done),
                           [&](Group& asked, Waiter waiter, absl::Time now) {
                             heartbeat.waiter = waiter;
                             return asked.Heartbeat(heartbeat, now);
                           });
}

void GroupCoordinator::Leave(const std::string& group, LeaveRequest leave,
                             Done<LeaveReply> done) {
  AskGroup<LeaveReply>(group, std::move(done),
                       [&](Group& asked, Waiter waiter, absl::Time now) {
                         leave.waiter = waiter;
                         return asked.Leave(leave, now);
                       });
}

GroupCoordinator::EntryPtr GroupCoordinator::FindOrMake(
    const std::string& group, PartitionId partition) {
  EntryPtr& entry = groups_[group];
  if (entry == nullptr)
    entry = std::make_shared<Entry>(group, options_.group, partition);
  return entry;
}

GroupCoordinator::EntryPtr GroupCoordinator::Find(const std::string& group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second;
}

absl::Status GroupCoordinator::CheckUsable(const Entry& entry) const {
  CAUCE_RETURN_IF_ERROR(closed_);
  if (!entry.deleting) return absl::OkStatus();
  return MakeError(Reason::kCoordinatorNotAvailable,
                   fmt::format("group {}: is being deleted; try again",
                               entry.group.id()));
}

absl::Status GroupCoordinator::CheckRoom(const std::string& group,
                                         PartitionId partition) {
  MutexLock lock(mutex_);
  const Shard& shard = shards_[partition];
  const size_t waiting =
      effects_.size() + (shard.begun - shard.ended) + shard.later.size();
  if (waiting < kWaitingMax) return absl::OkStatus();
  return TooManyWait(fmt::format("group {}", group),
                     "the groups in its partition", waiting, kWaitingMax);
}

void GroupCoordinator::CarryOut(const EntryPtr& entry, GroupState before,
                                GroupOutput output) {
  if (!output.append.empty()) {
    Write(entry->partition,
          {.records = std::move(output.append), .transaction = {}},
          [this, entry](const absl::StatusOr<Offset>& base)
              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
            const GroupState state = entry->group.state();
            const absl::Time now = NowOf(*entry);
            CarryOut(entry, state,
                     base.ok()
                         ? entry->group.Appended(now)
                         : entry->group.AppendFailed(base.status(), now));
          });
  }
  for (GroupReply& reply : output.reply) {
    auto waiter = waiters_.extract(reply.waiter);
    if (!waiter) continue;
    Later([done = std::move(waiter.mapped()), reply = std::move(reply)] {
      done(reply);
    });
  }
  SetWake(*entry, output.wake_at);
  if (entry->group.state() != before || output.has_replaced)
    TellWatchers(*entry);
}

void GroupCoordinator::SetWake(Entry& entry, std::optional<absl::Time> at) {
  if (entry.wake_at) wakes_.erase({*entry.wake_at, entry.group.id()});
  entry.wake_at = at;
  if (at) wakes_.emplace(*at, entry.group.id());
}

void GroupCoordinator::TellWatchers(Entry& entry) {
  std::erase_if(entry.watches, [](const auto& each) { return each.expired(); });
  for (const auto& each : entry.watches) {
    Later([each] {
      if (const auto changed = each.lock()) (*changed)();
    });
  }
}

GroupCoordinator::Watch GroupCoordinator::WatchGroup(
    const std::string& group, std::function<void()> changed) {
  auto watch = std::make_shared<std::function<void()>>(std::move(changed));
  const auto partition = Enter(group, IfMissing::kMake);
  if (!partition.ok()) return watch;
  MutexLock lock(mutex_);
  FindOrMake(group, *partition)->watches.push_back(watch);
  return watch;
}

// ---- Time

void GroupCoordinator::ScheduleNext() {
  if (seams_.executor == nullptr || !closed_.ok()) return;
  absl::Time next = next_expiry_;
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  if (next >= scheduled_) return;
  scheduled_ = next;
  const absl::Duration delay = std::max(next - Now(), absl::ZeroDuration());
  Later([this, delay, next, weak = weak_from_this()] {
    seams_.executor->ScheduleAfter(delay, [weak, next] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      {
        MutexLock lock(self->mutex_);
        if (self->scheduled_ == next) self->scheduled_ = absl::InfiniteFuture();
      }
      self->Tick();
    });
  });
}

void GroupCoordinator::Tick() {
  bool expires = false;
  {
    MutexLock lock(mutex_);
    if (!closed_.ok()) return;
    const absl::Time now = Now();
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
      const EntryPtr entry = Find(wakes_.begin()->second);
      if (entry == nullptr) {
        wakes_.erase(wakes_.begin());
        continue;
      }
      const GroupState before = entry->group.state();
      SetWake(*entry, std::nullopt);
      CarryOut(entry, before, entry->group.Tick(NowOf(*entry)));
    }
    expires = next_expiry_ <= now;
    if (expires)
      next_expiry_ = now + options_.offsets_retention_check_interval;
    ScheduleNext();
  }
  RunEffects();
  if (expires) ExpireOffsets();
}

absl::Duration GroupCoordinator::UntilDue() {
  MutexLock lock(mutex_);
  if (!closed_.ok()) return absl::InfiniteDuration();
  absl::Time next = next_expiry_;
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  return std::max(next - Now(), absl::ZeroDuration());
}

// ---- What is written, and what is done

void GroupCoordinator::Write(PartitionId partition, StateBatch batch,
                             Finish finish) {
  const uint64_t number = shards_[partition].begun++;
  Later([this, self = shared_from_this(), log = log_, partition, number,
         batch = std::move(batch), finish = std::move(finish)]() mutable {
    log->Append(partition, std::move(batch),
                [this, self, partition, number,
                 finish = std::move(finish)](const auto& base) {
                  Finished(partition, number,
                           [finish, base] { finish(base); });
                });
  });
}

void GroupCoordinator::Finished(PartitionId partition, uint64_t number,
                                std::function<void()> finish) {
  const auto keep = shared_from_this();
  {
    MutexLock lock(mutex_);
    Shard& shard = shards_[partition];
    shard.finished.emplace(number, std::move(finish));
    for (auto next = shard.finished.find(shard.ended);
         next != shard.finished.end();
         next = shard.finished.find(shard.ended)) {
      const auto effect = std::move(next->second);
      shard.finished.erase(next);
      ++shard.ended;
      effect();
      while (!shard.later.empty() &&
             shard.later.begin()->first <= shard.ended) {
        const auto waiting = std::move(shard.later.begin()->second);
        shard.later.erase(shard.later.begin());
        waiting();
      }
    }
    ScheduleNext();
  }
  RunEffects();
}

void GroupCoordinator::RunEffects() {
  {
    MutexLock lock(mutex_);
    if (is_running_effects_) return;
    is_running_effects_ = true;
  }
  for (int done = 0;; ++done) {
    Effect effect;
    {
      MutexLock lock(mutex_);
      // Once it is closed nothing new comes, and the executor may be over.
      const bool goes_on_later = done >= kEffectsMax && closed_.ok() &&
                                 seams_.executor != nullptr;
      if (effects_.empty() || goes_on_later) {
        is_running_effects_ = false;
        if (!effects_.empty()) RunEffectsSoon();
        return;
      }
      effect = std::move(effects_.front());
      effects_.pop_front();
    }
    effect();
  }
}

void GroupCoordinator::RunEffectsSoon() {
  seams_.executor->Schedule([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->RunEffects();
  });
}

void GroupCoordinator::Close(const absl::Status& why) {
  {
    MutexLock lock(mutex_);
    if (!closed_.ok()) return;
    closed_ = why;
    for (const auto& [id, entry] : groups_) {
      const GroupState before = entry->group.state();
      CarryOut(entry, before, entry->group.Close(why));
    }
    wakes_.clear();
  }
  RunEffects();
}

}  // namespace cauce
