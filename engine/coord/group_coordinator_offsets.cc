// What a GroupCoordinator does with committed offsets, and with groups as a
// whole: commit, fetch, delete, expire, list, describe.
#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/group_records.h"
#include "engine/coord/offset_expiry.h"
#include "engine/coord/offset_fetch.h"
#include "engine/coord/offset_records.h"
#include "engine/coord/waiter_errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// So that a batch of tombstones stays far below max.message.bytes.
constexpr size_t kTombstonesMax = 1000;

OffsetCommitKey KeyOf(const std::string& group,
                      const TopicPartition& partition) {
  return {group, partition.topic, partition.partition};
}

absl::Status NotFound(const std::string& group) {
  return MakeError(Reason::kGroupIdNotFound,
                   fmt::format("group {}: does not exist", group));
}

absl::Status CheckOffset(const std::string& group,
                         const OffsetToCommit& offset, size_t bytes_max) {
  CAUCE_RETURN_IF_ERROR(ValidateTopicName(offset.partition.topic));
  if (offset.offset < Offset{0}) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("group {}: cannot be at offset {} of {}: "
                                 "offsets begin at 0",
                                 group, offset.offset.value,
                                 offset.partition.ToString()));
  }
  if (offset.metadata.size() <= bytes_max) return absl::OkStatus();
  return MakeError(
      Reason::kOffsetMetadataTooLarge,
      fmt::format("group {}: what is noted beside the offset of {} is {} "
                  "bytes, limit is {} (offset.metadata.max.bytes)",
                  group, offset.partition.ToString(), offset.metadata.size(),
                  bytes_max));
}

// With the error that whoever depends on an append is told.
absl::Status ToldOf(const std::string& group,
                    const absl::StatusOr<Offset>& base) {
  if (base.ok()) return absl::OkStatus();
  return ErrorOfAppend(fmt::format("group {}", group), base.status());
}

}  // namespace

void GroupCoordinator::Commit(OffsetCommit commit,
                              Done<OffsetCommitReply> done) {
  OffsetCommitReply reply;
  const auto partition = Enter(commit.group, IfMissing::kMake);
  reply.status = partition.status();
  if (reply.status.ok()) reply.status = CheckRoom(commit.group, *partition);
  if (!reply.status.ok()) return done(std::move(reply));
  {
    MutexLock lock(mutex_);
    const EntryPtr entry = FindOrMake(commit.group, *partition);
    reply.status = CheckUsable(*entry);
    if (reply.status.ok()) reply.status = entry->group.CheckCommit(commit.by);
    if (reply.status.ok()) {
      entry->group.KeepAlive(commit.by.member_id, Now());
      StateBatch batch;
      batch.transaction = commit.transaction;
      std::vector<std::pair<OffsetCommitKey, OffsetCommitValue>> written;
      for (const OffsetToCommit& each : commit.offsets) {
        reply.offsets.push_back(CheckOffset(
            commit.group, each, options_.offset_metadata_bytes_max));
        if (!reply.offsets.back().ok()) continue;
        OffsetCommitKey key = KeyOf(commit.group, each.partition);
        OffsetCommitValue value;
        value.offset = each.offset;
        value.leader_epoch = each.leader_epoch;
        value.metadata = each.metadata;
        value.commit_timestamp = Timestamp::From(seams_.clock->Now());
        value.topic_id = each.topic_id;
        batch.records.push_back(
            {EncodeOffsetCommitKey(key),
             EncodeOffsetCommitValue(value, OffsetCommitValueVersion(value))});
        written.emplace_back(std::move(key), std::move(value));
      }
      if (written.empty()) {
        Later([done, reply = std::move(reply)] { done(reply); });
      } else {
        ++entry->writing;
        Write(*partition, std::move(batch),
              [this, entry, written = std::move(written), done,
               transaction = commit.transaction,
               reply = std::move(reply)](const absl::StatusOr<Offset>& base)
                  ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                --entry->writing;
                OffsetTable& offsets = shards_[entry->partition].offsets;
                OffsetCommitReply told = reply;
                told.status = ToldOf(entry->group.id(), base);
                if (!base.ok()) told.offsets.clear();
                for (size_t i = 0; base.ok() && i < written.size(); ++i) {
                  const auto& [key, value] = written[i];
                  const Offset at = *base + static_cast<int64_t>(i);
                  transaction
                      ? offsets.CommitPending(key, value, at, transaction->id)
                      : offsets.Commit(key, value, at);
                }
                Later([done, told = std::move(told)] { done(told); });
              });
      }
    } else {
      Later([done, reply = std::move(reply)] { done(reply); });
    }
    ScheduleNext();
  }
  RunEffects();
}

void GroupCoordinator::Fetch(OffsetFetch fetch, Done<OffsetFetchReply> done) {
  const auto partition = Enter(fetch.group, IfMissing::kTell);
  if (!partition.ok()) {
    OffsetFetchReply reply;
    const bool is_unused =
        ReasonOf(partition.status()) == Reason::kUnknownTopic;
    if (!is_unused) reply.status = partition.status();
    if (is_unused && fetch.partitions) {
      for (TopicPartition& each : *fetch.partitions)
        reply.offsets.push_back({.partition = std::move(each)});
    }
    return done(std::move(reply));
  }
  if (absl::Status room = CheckRoom(fetch.group, *partition); !room.ok()) {
    OffsetFetchReply reply;
    reply.status = std::move(room);
    return done(std::move(reply));
  }
  {
    MutexLock lock(mutex_);
    Shard& shard = shards_[*partition];
    auto answer = [this, fetch = std::move(fetch), at = *partition,
                   done]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      Later([done, reply = Look(fetch, at)] { done(reply); });
    };
    // Else who takes over a partition would go back behind what was accepted.
    if (shard.ended < shard.begun) {
      shard.later.emplace(shard.begun, std::move(answer));
    } else {
      answer();
    }
  }
  RunEffects();
}

OffsetFetchReply GroupCoordinator::Look(const OffsetFetch& fetch,
                                        PartitionId partition) {
  if (closed_.ok()) return FetchFrom(shards_[partition].offsets, fetch);
  OffsetFetchReply reply;
  reply.status = closed_;
  return reply;
}

void GroupCoordinator::EndTransaction(PartitionId partition,
                                      const TransactionEnd& end,
                                      Done<absl::Status> done) {
  absl::Status ready;
  {
    MutexLock lock(load_mutex_);
    ready = OpenLog(IfMissing::kTell);
  }
  if (ready.ok()) ready = Load(partition);
  if (!ready.ok()) return done(ready);
  {
    MutexLock lock(mutex_);
    const uint64_t number = shards_[partition].begun++;
    Later([this, self = shared_from_this(), log = log_, partition, number, end,
           done = std::move(done)] {
      log->End(partition, end,
               [this, self, partition, number, end,
                done](const absl::StatusOr<Offset>& at) {
                 Finished(partition, number,
                          [this, partition, end, done, status = at.status()]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                            if (status.ok()) TakeEnd(partition, end);
                            Later([done, status] { done(status); });
                          });
               });
    });
  }
  RunEffects();
}

void GroupCoordinator::TakeEnd(PartitionId partition,
                               const TransactionEnd& end) {
  OffsetTable& offsets = shards_[partition].offsets;
  end.outcome == TransactionOutcome::kCommit
      ? offsets.EndWithCommit(end.producer_id)
      : offsets.EndWithAbort(end.producer_id);
}

absl::StatusOr<PartitionId> GroupCoordinator::PartitionOf(
    const std::string& group) {
  return Enter(group, IfMissing::kMake);
}

// ---- What goes

void GroupCoordinator::Remove(const EntryPtr& entry,
                              std::vector<OffsetCommitKey> keys, Removes what,
                              std::function<void(absl::Status)> finish) {
  struct Progress {
    size_t batches = 0;
    absl::Status status;
  };
  auto progress = std::make_shared<Progress>();
  std::vector<std::pair<StateBatch, std::vector<OffsetCommitKey>>> parts;
  for (OffsetCommitKey& key : keys) {
    if (parts.empty() || parts.back().second.size() == kTombstonesMax)
      parts.emplace_back();
    parts.back().first.records.push_back({EncodeOffsetCommitKey(key), {}});
    parts.back().second.push_back(std::move(key));
  }
  if (what == Removes::kGroup) {
    if (parts.empty()) parts.emplace_back();
    parts.back().first.records.push_back(
        {EncodeGroupMetadataKey({entry->group.id()}), {}});
  }
  progress->batches = parts.size();
  entry->writing += static_cast<int64_t>(parts.size());
  for (auto& [batch, removed] : parts) {
    Write(entry->partition, std::move(batch),
          [this, entry, progress, removed = std::move(removed),
           finish](const absl::StatusOr<Offset>& base)
              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
            --entry->writing;
            progress->status.Update(ToldOf(entry->group.id(), base));
            OffsetTable& offsets = shards_[entry->partition].offsets;
            for (const OffsetCommitKey& key : removed) {
              if (base.ok()) offsets.Remove(key);
            }
            if (--progress->batches == 0) finish(progress->status);
          });
  }
  if (parts.empty()) finish(absl::OkStatus());
}

void GroupCoordinator::Delete(const std::string& group,
                              Done<absl::Status> done) {
  const auto partition = Enter(group, IfMissing::kTell);
  if (!partition.ok()) {
    const bool is_unused =
        ReasonOf(partition.status()) == Reason::kUnknownTopic;
    return done(is_unused ? NotFound(group) : partition.status());
  }
  if (absl::Status room = CheckRoom(group, *partition); !room.ok())
    return done(std::move(room));
  {
    MutexLock lock(mutex_);
    const EntryPtr entry = Find(group);
    absl::Status may = entry == nullptr ? NotFound(group) : CheckUsable(*entry);
    if (may.ok()) may = entry->group.CheckDelete();
    if (may.ok() && entry->writing > 0) {
      // What is being committed goes with it.
      Shard& shard = shards_[*partition];
      shard.later.emplace(shard.begun,
                          [this, group, done]()
                              ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        Later([this, group, done] { Delete(group, done); });
      });
    } else if (may.ok()) {
      entry->deleting = true;
      Remove(entry, shards_[*partition].offsets.AllKeysOf(group),
             Removes::kGroup, [this, entry, done](const absl::Status& removed)
                                  ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
               entry->deleting = false;
               if (removed.ok()) {
                 const GroupState before = entry->group.state();
                 CarryOut(entry, before,
                          entry->group.Close(NotFound(entry->group.id())));
                 SetWake(*entry, std::nullopt);
                 groups_.erase(entry->group.id());
               }
               if (done) Later([done, removed] { done(removed); });
             });
    } else {
      Later([done, may] { done(may); });
    }
  }
  RunEffects();
}

void GroupCoordinator::DeleteOffsets(const std::string& group,
                                     std::vector<TopicPartition> partitions,
                                     Done<OffsetCommitReply> done) {
  OffsetCommitReply reply;
  const auto partition = Enter(group, IfMissing::kTell);
  if (!partition.ok()) {
    const bool is_unused =
        ReasonOf(partition.status()) == Reason::kUnknownTopic;
    reply.status = is_unused ? NotFound(group) : partition.status();
    return done(std::move(reply));
  }
  reply.status = CheckRoom(group, *partition);
  if (!reply.status.ok()) return done(std::move(reply));
  {
    MutexLock lock(mutex_);
    const EntryPtr entry = Find(group);
    reply.status = entry == nullptr ? NotFound(group) : CheckUsable(*entry);
    std::vector<OffsetCommitKey> keys;
    if (reply.status.ok()) {
      const bool is_empty = entry->group.state() == GroupState::kEmpty;
      const auto says = entry->group.offset_expiry();
      for (const TopicPartition& each : partitions) {
        const bool is_read =
            !is_empty && (!says || says->subscribed.contains(each.topic));
        absl::Status may = ValidateTopicName(each.topic);
        if (may.ok() && is_read) {
          may = MakeError(Reason::kGroupSubscribedToTopic,
                          fmt::format("group {}: its members read {}; they "
                                      "must leave first",
                                      group, each.topic));
        }
        if (may.ok()) keys.push_back(KeyOf(group, each));
        reply.offsets.push_back(std::move(may));
      }
      Remove(entry, std::move(keys), Removes::kOffsets,
             [this, done, reply](const absl::Status& removed)
                 ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
               OffsetCommitReply told = reply;
               told.status = removed;
               Later([done, told = std::move(told)] { done(told); });
             });
    } else {
      Later([done, reply] { done(reply); });
    }
  }
  RunEffects();
}

void GroupCoordinator::ExpireOffsetsWhenDue() {
  {
    MutexLock lock(mutex_);
    if (has_expired_ && Now() < next_expiry_) return;
  }
  ExpireOffsets();
}

void GroupCoordinator::ExpireOffsets() {
  {
    MutexLock lock(mutex_);
    const absl::Duration interval = options_.offsets_retention_check_interval;
    if (!closed_.ok() || interval == absl::InfiniteDuration()) return;
    has_expired_ = true;
    next_expiry_ = Now() + interval;
    ScheduleNext();
  }
  // What cannot be read is told to whoever asks for it.
  LoadAll();
  {
    MutexLock lock(mutex_);
    if (!closed_.ok()) return;
    std::vector<EntryPtr> all;
    for (const auto& [id, entry] : groups_) all.push_back(entry);
    for (const EntryPtr& entry : all) ExpireOf(entry);
  }
  RunEffects();
}

void GroupCoordinator::ExpireOf(const EntryPtr& entry) {
  const auto expiry = entry->group.offset_expiry();
  if (!expiry || entry->deleting || entry->writing > 0) return;
  const std::string& id = entry->group.id();
  // A time of day that was set, or was wrong before, makes nothing too old by
  // itself.
  const absl::Time now = std::min(Now(), seams_.clock->Now());
  OffsetExpiryPlan plan =
      PlanOffsetExpiry(shards_[entry->partition].offsets, id, *expiry,
                       options_.offsets_retention, now);
  const bool goes = plan.nothing_left &&
                    entry->group.state() == GroupState::kEmpty &&
                    entry->group.members().expected() == 0;
  if (plan.expired.empty() && !goes) return;
  entry->deleting = goes;
  Remove(entry, std::move(plan.expired),
         goes ? Removes::kGroup : Removes::kOffsets,
         [this, entry, goes](const absl::Status& removed)
             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
           entry->deleting = false;
           if (!goes || !removed.ok()) return;  // the next look tries again
           const GroupState before = entry->group.state();
           CarryOut(entry, before,
                    entry->group.Close(NotFound(entry->group.id())));
           groups_.erase(entry->group.id());
         });
}

// ---- What there is

GroupListing GroupCoordinator::ListingOf(const Entry& entry) const {
  return {entry.group.id(), entry.group.state(),
          entry.group.protocol_type().value_or("")};
}

bool GroupCoordinator::IsThere(const Entry& entry) {
  const Group& group = entry.group;
  return group.protocol_type().has_value() || !group.members().empty() ||
         group.members().expected() > 0 || entry.writing > 0 ||
         !shards_[entry.partition].offsets.AllKeysOf(group.id()).empty();
}

absl::StatusOr<GroupListings> GroupCoordinator::List() {
  GroupListings all;
  all.unread = LoadAll();
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(closed_);
  for (const auto& [id, entry] : groups_) {
    if (IsThere(*entry)) all.groups.push_back(ListingOf(*entry));
  }
  return all;
}

absl::StatusOr<GroupDescription> GroupCoordinator::Describe(
    const std::string& group) {
  const auto partition = Enter(group, IfMissing::kTell);
  if (ReasonOf(partition.status()) == Reason::kUnknownTopic)
    return NotFound(group);
  CAUCE_RETURN_IF_ERROR(partition.status());
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(closed_);
  const EntryPtr entry = Find(group);
  if (entry == nullptr || !IsThere(*entry)) return NotFound(group);
  GroupDescription description;
  description.listing = ListingOf(*entry);
  description.generation = entry->group.generation();
  description.protocol = entry->group.protocol().value_or("");
  for (const auto& [id, member] : entry->group.members()) {
    description.members.push_back(
        {.id = id,
         .instance_id = member.instance_id,
         .client_id = member.client_id,
         .client_host = member.client_host,
         .metadata = member.MetadataFor(entry->group.protocol()),
         .assignment = member.assignment});
  }
  return description;
}

}  // namespace cauce
