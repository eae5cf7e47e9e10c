// What a LocalConsumer commits for its group, and who is told how that ended.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/committable_offset.h"
#include "engine/client/local_consumer.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How many commits may wait for their ends to be told: as many as may wait for
// one in a partition of the coordinator.
constexpr size_t kCommitsMax = 10'000;

// How often who assigns by hand commits by itself what has not changed. Nobody
// tells a group without members who reads, so that its offsets grow old; but a
// commit is a sync, of which an engine that idles has few.
constexpr absl::Duration kRepeatMax = absl::Hours(1);
constexpr int kRepeatsPerRetention = 4;

// Whether it says of a commit that the group, or the consumer, has gone on.
bool IsOfGroup(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kUnknownMemberId:
    case Reason::kIllegalGeneration:
    case Reason::kRebalanceInProgress:
    case Reason::kFencedInstanceId:
    case Reason::kClosed:
      return true;
    default:
      return false;
  }
}

absl::Status FirstError(const OffsetCommitReply& reply) {
  absl::Status first = reply.status;
  for (const absl::Status& each : reply.offsets) first.Update(each);
  return first;
}

}  // namespace

OffsetsToCommit LocalConsumer::Delivered(Delivers which) const {
  OffsetsToCommit offsets;
  for (const auto& [name, each] : assigned_) {
    const auto delivered = each->delivered();
    if (!delivered) continue;
    if (which == Delivers::kChanged && !HasUncommitted(*each)) continue;
    if (const OffsetAndMetadata* const known = FindKnown(*each)) {
      offsets[name] = *known;
      continue;
    }
    offsets[name] = {.offset = *delivered,
                     .metadata = "",
                     .leader_epoch = each->leader_epoch()};
  }
  return offsets;
}

const OffsetAndMetadata* LocalConsumer::FindKnown(
    const AssignedPartition& partition) const {
  const auto delivered = partition.delivered();
  const auto is_there = [&](const OffsetAndMetadata& known) {
    return known.offset == delivered &&
           known.topic_id == partition.topic_id();
  };
  const auto sent = being_committed_.find(partition.name());
  if (sent != being_committed_.end() && is_there(sent->second.offset))
    return &sent->second.offset;
  const auto known = committed_.find(partition.name());
  const bool is_known = known != committed_.end() && is_there(known->second);
  return is_known ? &known->second : nullptr;
}

bool LocalConsumer::HasUncommitted(const AssignedPartition& partition) const {
  if (!partition.delivered()) return false;
  // While another offset is on its way, or was and has failed, nobody knows
  // which is there.
  return FindKnown(partition) == nullptr ||
         being_committed_.contains(partition.name()) ||
         unsure_.contains(partition.name());
}

OffsetsToCommit LocalConsumer::OfTopicsThatAre(OffsetsToCommit offsets) const {
  for (auto at = offsets.begin(); at != offsets.end();) {
    const TopicPartition& name = at->first;
    TopicId& id = at->second.topic_id;
    const auto assigned = assigned_.find(name);
    if (id.is_zero() && assigned != assigned_.end())
      id = assigned->second->topic_id();
    const auto topic = client_->engine->DescribeTopic(name.topic);
    // Of one that it does not read, or has not opened: as it is now.
    if (id.is_zero() && topic.ok()) id = topic->id;
    const bool is_gone =
        topic.ok() ? topic->id != id
                   : ReasonOf(topic.status()) == Reason::kUnknownTopic;
    at = is_gone ? offsets.erase(at) : std::next(at);
  }
  return offsets;
}

OffsetCommit LocalConsumer::ToCommit(const OffsetsToCommit& offsets) const {
  OffsetCommit commit;
  commit.group = options_.group;
  if (membership_ != nullptr) commit.by = membership_->commit_request();
  for (const auto& [name, offset] : offsets) {
    OffsetToCommit each;
    each.partition = name;
    each.offset = offset.offset;
    each.leader_epoch = offset.leader_epoch;
    each.metadata = offset.metadata;
    each.topic_id = offset.topic_id;
    commit.offsets.push_back(std::move(each));
  }
  return commit;
}

absl::Status LocalConsumer::Commit() {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  return CommitDelivered(Delivers::kAll);
}

absl::Status LocalConsumer::CommitDelivered(Delivers which) {
  const OffsetsToCommit offsets = OfTopicsThatAre(Delivered(which));
  if (offsets.empty()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckIsMember());
  // Unchecked: one of a topic that was deleted keeps no other from it.
  return CommitAndWait(offsets);
}

absl::Status LocalConsumer::Commit(const OffsetsToCommit& offsets) {
  CAUCE_RETURN_IF_ERROR(CheckIsMember());
  CAUCE_RETURN_IF_ERROR(CheckCommittable(*client_->engine, offsets));
  const OffsetsToCommit present = OfTopicsThatAre(offsets);
  return present.empty() ? absl::OkStatus() : CommitAndWait(present);
}

absl::Status LocalConsumer::CommitAndWait(const OffsetsToCommit& offsets) {
  CAUCE_ASSIGN_OR_RETURN(
      const OffsetCommitReply reply,
      AwaitAnswer<OffsetCommitReply>(
          {fmt::format("group {}", options_.group), "a commit",
           options_.call_timeout},
          [&](auto done) {
            coordinator_->Commit(ToCommit(offsets), std::move(done));
          }));
  const absl::Status committed = FirstError(reply);
  if (committed.ok()) {
    for (const auto& [name, offset] : offsets) being_committed_.erase(name);
  }
  NoteCommit(offsets, committed);
  return committed;
}

void LocalConsumer::NoteCommit(const OffsetsToCommit& offsets,
                               const absl::Status& status) {
  for (const auto& [name, offset] : offsets) {
    // Of what it does not read it does not follow where its group is.
    if (!assigned_.contains(name)) continue;
    if (status.ok()) {
      committed_[name] = offset;
      unsure_.erase(name);
    } else {
      unsure_.insert(name);
    }
  }
  if (!status.ok() && membership_ != nullptr) membership_->Note(status);
}

void LocalConsumer::CommitAsync(CommitCallback done) {
  if (!is_calling_) RunCallbacks();
  CommitAndNote(OfTopicsThatAre(Delivered(Delivers::kAll)), CheckIsMember(),
                std::move(done));
}

void LocalConsumer::CommitAsync(const OffsetsToCommit& offsets,
                                CommitCallback done) {
  if (!is_calling_) RunCallbacks();
  absl::Status may = CheckIsMember();
  if (may.ok()) may = CheckCommittable(*client_->engine, offsets);
  CommitAndNote(OfTopicsThatAre(offsets), may, std::move(done));
}

void LocalConsumer::CommitAndNote(const OffsetsToCommit& offsets,
                                  const absl::Status& may,
                                  CommitCallback done) {
  const uint64_t number = ++last_commit_;
  for (const auto& [name, offset] : offsets)
    being_committed_[name] = {offset, number};
  CommitSoon(offsets, may,
             [this, offsets, number,
              done = std::move(done)](const absl::Status& status) {
               TakeCommitted(number, offsets, status);
               if (done) done(status);
             });
}

void LocalConsumer::CommitSoon(const OffsetsToCommit& offsets,
                               const absl::Status& may, CommitCallback done) {
  if (closed_) {
    // No later call tells of it. A callback that commits whatever it is told
    // would never end.
    if (!is_calling_) Call(done, may);
    return;
  }
  uint64_t number = 0;
  size_t waiting = 0;
  {
    MutexLock lock(ended_->mutex);
    waiting = ended_->commits.size();
    number = ended_->told + waiting;
    if (waiting < kCommitsMax)
      ended_->commits.push_back({std::move(done), std::nullopt});
  }
  if (waiting >= kCommitsMax) {
    return Call(done, MakeError(Reason::kCoordinatorNotAvailable,
                                fmt::format("group {}: {} commits of this "
                                            "consumer are not told of, limit "
                                            "is {}: Poll, which tells of "
                                            "those that have ended, and "
                                            "commit again",
                                            options_.group, waiting,
                                            kCommitsMax)));
  }
  const auto end = [ended = ended_, number](const absl::Status& status) {
    {
      MutexLock lock(ended->mutex);
      if (number < ended->told) return;  // a Close could not wait for it
      ended->commits[number - ended->told].status = status;
      ended->changed.NotifyAll();
    }
    ended->signal->Raise();
  };
  if (!may.ok() || offsets.empty()) return end(may);
  coordinator_->Commit(
      ToCommit(offsets),
      [end](const OffsetCommitReply& reply) { end(FirstError(reply)); });
}

void LocalConsumer::CommitNowAndThen() {
  const absl::Duration now = client_->options.clock->Monotonic();
  if (now < commit_at_) return;
  commit_at_ = now + std::max(options_.auto_commit_interval,
                              absl::Milliseconds(1));
  const bool repeats = RepeatsCommits() && now >= repeat_at_;
  if (repeats) {
    const absl::Duration retention = client_->options.offsets_retention;
    repeat_at_ = now + std::min(kRepeatMax, retention / kRepeatsPerRetention);
  }
  CommitBehind(repeats ? Delivers::kAll : Delivers::kChanged);
}

void LocalConsumer::CommitBehind(Delivers which) {
  OffsetsToCommit offsets = Delivered(which);
  std::erase_if(offsets, [this](const auto& each) {
    const auto sent = being_committed_.find(each.first);
    return sent != being_committed_.end() &&
           sent->second.offset.offset == each.second.offset;
  });
  offsets = OfTopicsThatAre(std::move(offsets));
  if (offsets.empty()) return;
  CommitAndNote(offsets, CheckIsMember(), [this](const absl::Status& status) {
    TellOfOwnCommit(status);
  });
}

void LocalConsumer::TakeCommitted(uint64_t number,
                                  const OffsetsToCommit& offsets,
                                  const absl::Status& status) {
  OffsetsToCommit last;
  for (const auto& [name, offset] : offsets) {
    const auto sent = being_committed_.find(name);
    // Unless there was another since, or it has the partition no more.
    const bool is_last =
        sent != being_committed_.end() && sent->second.number == number;
    if (!is_last) continue;
    being_committed_.erase(sent);
    last.emplace(name, offset);
  }
  NoteCommit(last, status);
}

void LocalConsumer::TellOfOwnCommit(const absl::Status& status) {
  // Where the group has gone on without it a Poll finds what follows.
  if (IsOfGroup(status)) return;
  const bool fails = !status.ok();
  const bool is_news = std::exchange(own_commits_fail_, fails) != fails;
  const EventSink& events = client_->options.events;
  if (!is_news || !events) return;
  if (!fails) {
    return events(Severity::kInfo,
                  fmt::format("group {}: a consumer's own commits are stored "
                              "again",
                              options_.group));
  }
  events(Severity::kWarning,
         fmt::format("group {}: a consumer's own commits fail, so that what it "
                     "reads from now on is read again by whoever takes over; "
                     "it tries again each {} (auto.commit.interval.ms): {}",
                     options_.group,
                     absl::FormatDuration(options_.auto_commit_interval),
                     MessageOf(status)));
}

void LocalConsumer::RunCallbacks() {
  uint64_t end = 0;
  {
    MutexLock lock(ended_->mutex);
    end = ended_->told + ended_->commits.size();
  }
  // Those that callbacks add are a later call's: else one that commits anew
  // would keep this one for ever.
  for (;;) {
    std::pair<CommitCallback, absl::Status> next;
    {
      MutexLock lock(ended_->mutex);
      if (ended_->commits.empty() || ended_->told == end) return;
      Asked& first = ended_->commits.front();
      if (!first.status) return;
      next = {std::move(first.done), *first.status};
      ended_->commits.pop_front();
      ++ended_->told;
    }
    Call(next.first, next.second);
  }
}

void LocalConsumer::AwaitCommits() {
  Clock& clock = *client_->options.clock;
  const absl::Duration until = clock.Monotonic() + options_.call_timeout;
  const auto has_ended = [](const Asked& each) {
    return each.status.has_value();
  };
  MutexLock lock(ended_->mutex);
  while (!std::ranges::all_of(ended_->commits, has_ended)) {
    const absl::Duration left = until - clock.Monotonic();
    const bool goes_on = left > absl::ZeroDuration() &&
                         ended_->changed.WaitFor(ended_->mutex, left);
    if (!goes_on) return;
  }
}

void LocalConsumer::DropCommits() {
  std::deque<Asked> dropped;
  {
    MutexLock lock(ended_->mutex);
    dropped.swap(ended_->commits);
    ended_->told += dropped.size();
  }
  for (const Asked& each : dropped) {
    const absl::Status unknown = MakeError(
        Reason::kClosed,
        fmt::format("group {}: the consumer was closed before it was told how "
                    "this commit ends, which may be done yet; look where the "
                    "group is",
                    options_.group));
    Call(each.done, each.status.value_or(unknown));
  }
}

void LocalConsumer::Call(const CommitCallback& done,
                         const absl::Status& status) {
  if (!done) return;
  const bool was_called = std::exchange(is_calling_, true);
  done(status);
  is_calling_ = was_called;
}

}  // namespace cauce
