// Where the group of a LocalConsumer is: how it is asked for, and what begins
// there.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/doubling_wait.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/local_consumer.h"
#include "engine/coord/offset_fetch.h"
#include "engine/coord/offset_table.h"
#include "engine/coord/stored_state.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Until what cannot be told yet is asked again.
constexpr absl::Duration kFetchWait = absl::Milliseconds(100);
// The same where another process writes: each look reads all it has stored.
constexpr absl::Duration kStoredFetchWait = absl::Seconds(1);
// As the former, at first: the marker of a transaction may be on its way.
constexpr absl::Duration kStableWaitFirst = absl::Milliseconds(1);

Asked ToFetch(const ConsumerOptions& options) {
  return {fmt::format("group {}", options.group), "to learn what is committed",
          options.call_timeout};
}

}  // namespace

LocalConsumer::Partitions LocalConsumer::WaitingForCommitted() const {
  Partitions waiting;
  for (const auto& [name, each] : assigned_) {
    if (each->waits_for_committed()) waiting.push_back(name);
  }
  return waiting;
}

absl::Status LocalConsumer::BeginWhereCommitted() {
  Partitions waiting = WaitingForCommitted();
  if (waiting.empty()) {
    fetching_.reset();
    return absl::OkStatus();
  }
  const absl::Duration now = client_->options.clock->Monotonic();
  if (fetching_ == nullptr) {
    if (now < fetch_at_) return absl::OkStatus();
    fetch_at_ = now + (IsTold() ? kFetchWait : kStoredFetchWait);
    fetching_ = std::make_shared<Fetching>(now + options_.call_timeout);
    AskWhereCommitted(std::move(waiting),
                      [signal = signal_, fetching = fetching_](auto reply) {
                        bool is_late = false;
                        {
                          MutexLock lock(fetching->mutex);
                          fetching->reply = std::move(reply);
                          is_late = fetching->is_late;
                        }
                        if (is_late) signal->Raise();
                      });
  }
  std::optional<OffsetFetchReply> reply;
  {
    MutexLock lock(fetching_->mutex);
    reply = std::move(fetching_->reply);
    fetching_->is_late = true;
  }
  if (!reply) {
    if (now < fetching_->until) return absl::OkStatus();
    fetching_.reset();
    return TookTooLong(ToFetch(options_));
  }
  fetching_.reset();
  CAUCE_RETURN_IF_ERROR(reply->status);
  return BeginAt(reply->offsets);
}

absl::Status LocalConsumer::BeginNow() {
  CAUCE_ASSIGN_OR_RETURN(const auto fetched, Fetch(WaitingForCommitted()));
  return BeginAt(fetched);
}

absl::Status LocalConsumer::BeginAt(const std::vector<FetchedOffset>& fetched) {
  // One that cannot be begun keeps no other from it.
  absl::Status all_begun;
  for (const FetchedOffset& each : fetched) {
    const auto found = assigned_.find(each.partition);
    const bool waits =
        found != assigned_.end() && found->second->waits_for_committed();
    if (!waits) continue;
    // A transaction that ends decides it.
    if (ReasonOf(each.status) == Reason::kUnstableOffsetCommit) continue;
    if (!each.status.ok()) {
      all_begun.Update(each.status);
      continue;
    }
    std::optional<Offset> committed;
    if (each.offset >= Offset{0}) committed = each.offset;
    const absl::Status begun = found->second->Begin(*client_->engine, committed,
                                                    each.topic_id);
    const bool is_gone = membership_ != nullptr &&
                         ReasonOf(begun) == Reason::kUnknownTopic;
    if (is_gone) {
      membership_->JoinAgain();
      continue;
    }
    if (!begun.ok()) {
      all_begun.Update(begun);
      continue;
    }
    const auto from = found->second->delivered();
    if (committed && from == committed) {
      committed_[each.partition] = {*committed, each.metadata,
                                    each.leader_epoch,
                                    found->second->topic_id()};
      unsure_.erase(each.partition);
    }
  }
  return all_begun;
}

void LocalConsumer::AskWhereCommitted(
    Partitions partitions, std::function<void(OffsetFetchReply)> done) {
  OffsetFetch fetch;
  fetch.group = options_.group;
  fetch.partitions = std::move(partitions);
  // Whatever it reads of records: what an open transaction has copied would be
  // copied again by who begins in front of its offsets.
  fetch.unstable = UnstableOffsets::kRefuse;
  if (IsTold()) return coordinator_->Fetch(std::move(fetch), std::move(done));
  auto stored = FetchStored(fetch);
  OffsetFetchReply reply;
  if (stored.ok()) {
    reply = *std::move(stored);
  } else {
    reply.status = stored.status();
  }
  done(std::move(reply));
}

absl::StatusOr<std::vector<FetchedOffset>> LocalConsumer::Fetch(
    Partitions partitions) {
  RunDueTransactions();  // which may have offsets of these
  CAUCE_ASSIGN_OR_RETURN(
      OffsetFetchReply reply,
      AwaitAnswer<OffsetFetchReply>(
          ToFetch(options_), [&](auto done) {
            AskWhereCommitted(std::move(partitions), std::move(done));
          }));
  CAUCE_RETURN_IF_ERROR(reply.status);
  return std::move(reply.offsets);
}

absl::StatusOr<OffsetFetchReply> LocalConsumer::FetchStored(
    const OffsetFetch& fetch) const {
  EngineCore& core = *EngineCore::Of(*client_->engine);
  CAUCE_RETURN_IF_ERROR(core.CheckProcess());
  const auto log = core.OpenStateLog(kConsumerOffsetsTopic,
                                     EngineCore::IfMissing::kTell);
  // Nobody has committed anything yet.
  if (ReasonOf(log.status()) == Reason::kUnknownTopic)
    return FetchFrom(OffsetTable(), fetch);
  CAUCE_RETURN_IF_ERROR(log.status());
  return FetchStoredOffsets(**log, fetch);
}

absl::StatusOr<std::vector<FetchedOffset>> LocalConsumer::FetchStable(
    const Partitions& partitions) {
  const auto is_unstable = [](const FetchedOffset& each) {
    return ReasonOf(each.status) == Reason::kUnstableOffsetCommit;
  };
  DoublingWait backoff(kStableWaitFirst, kFetchWait);
  absl::Duration waited;
  // Nobody tells when a transaction ends: time alone.
  Mutex mutex;
  CondVar never;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(auto fetched, Fetch(partitions));
    // Where nobody works beside the caller nobody ends it meanwhile.
    const bool may_end = client_->options.executor != nullptr && IsTold() &&
                         waited < options_.call_timeout;
    if (!may_end || std::ranges::none_of(fetched, is_unstable)) return fetched;
    const absl::Duration wait =
        std::min(backoff.Next(), options_.call_timeout - waited);
    MutexLock lock(mutex);
    never.WaitFor(mutex, wait);
    waited += wait;
  }
}

absl::StatusOr<OffsetsToCommit> LocalConsumer::Committed(
    const std::vector<TopicPartition>& partitions) {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  CAUCE_ASSIGN_OR_RETURN(const auto fetched, FetchStable(partitions));
  OffsetsToCommit committed;
  for (const FetchedOffset& each : fetched) {
    CAUCE_RETURN_IF_ERROR(each.status);
    if (each.offset < Offset{0}) continue;
    const auto topic = client_->engine->DescribeTopic(each.partition.topic);
    const bool is_anothers = topic.ok() && !each.topic_id.is_zero() &&
                             each.topic_id != topic->id;
    if (is_anothers) continue;
    committed[each.partition] = {each.offset, each.metadata, each.leader_epoch,
                                 each.topic_id};
  }
  return committed;
}

}  // namespace cauce
