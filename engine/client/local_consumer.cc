#include "engine/client/local_consumer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Where another process writes, a Wakeup does not end a wait for its files: so
// the wait is taken in steps.
constexpr absl::Duration kFileWaitMax = absl::Milliseconds(100);

// Where another process writes: how long a topic that was deleted may be there
// again without being seen, since nobody tells of it.
constexpr absl::Duration kMissingWaitMax = absl::Milliseconds(100);

}  // namespace

absl::StatusOr<std::unique_ptr<LocalConsumer>> LocalConsumer::Make(
    std::shared_ptr<ClientCore> client, const ConsumerOptions& options) {
  std::unique_ptr<EventDescriptor> event;
  const bool is_told = client->options.access == Access::kReadWrite;
  if (options.wants_event_descriptor && is_told) {
    CAUCE_ASSIGN_OR_RETURN(event, EventDescriptor::Make());
  }
  std::unique_ptr<LocalConsumer> consumer(
      new LocalConsumer(std::move(client), options, std::move(event)));
  // Nobody has looked at anything yet.
  consumer->signal_->Raise();
  return consumer;
}

LocalConsumer::LocalConsumer(std::shared_ptr<ClientCore> client,
                             const ConsumerOptions& options,
                             std::unique_ptr<EventDescriptor> event)
    : client_(std::move(client)),
      options_(options),
      signal_(std::make_shared<WakeSignal>(std::move(event))) {
  ended_->signal = signal_;
  Executor* const executor = client_->options.executor;
  if (event_descriptor() >= 0 && executor != nullptr)
    alarm_ = std::make_shared<Alarm>(*executor, signal_);
  if (IsTold()) {
    topic_watch_ = EngineCore::Of(*client_->engine)
                       ->WatchTopics([signal = signal_,
                                      changed = topics_changed_] {
                         *changed = true;
                         signal->Raise();
                       });
  }
  if (!options_.group.empty())
    coordinator_ = EngineCore::Of(*client_->engine)->Groups();
}

absl::Status LocalConsumer::Assign(
    const std::vector<TopicPartition>& partitions) {
  CAUCE_RETURN_IF_ERROR(CheckMayChange());
  if (membership_ != nullptr) {
    return MakeError(Reason::kInvalidOption,
                     "the consumer subscribes to topics, of which its group "
                     "assigns the partitions; Unsubscribe first");
  }
  // Nobody else does of what it reads no more.
  if (CommitsByItself()) CommitBehind(Delivers::kChanged);
  CAUCE_RETURN_IF_ERROR(Replace(partitions));
  assigns_ = !partitions.empty();
  if (assigns_) left_.reset();
  // What was added may have been committed long ago.
  repeat_at_ = absl::ZeroDuration();
  return absl::OkStatus();
}

absl::Status LocalConsumer::Replace(const Partitions& partitions) {
  std::map<TopicPartition, std::unique_ptr<AssignedPartition>> added;
  for (const TopicPartition& name : partitions) {
    if (assigned_.contains(name)) continue;
    auto partition = MakeAssigned(name);
    CAUCE_RETURN_IF_ERROR(partition->Open(*client_->engine));
    if (coordinator_ != nullptr) partition->WaitForCommitted();
    added.emplace(name, std::move(partition));
  }
  records_.clear();
  watch_.reset();
  fetching_.reset();  // perhaps for what it had before
  turn_ = 0;
  in_turn_.clear();
  for (const TopicPartition& name : partitions) {
    // One that is named twice is there by then.
    if (auto kept = assigned_.extract(name)) added.insert(std::move(kept));
  }
  assigned_ = std::move(added);
  const auto is_dropped = [this](const auto& each) {
    return !assigned_.contains(each.first);
  };
  std::erase_if(committed_, is_dropped);
  std::erase_if(being_committed_, is_dropped);
  std::erase_if(unsure_, [this](const TopicPartition& name) {
    return !assigned_.contains(name);
  });
  for (const auto& [name, each] : assigned_) in_turn_.push_back(each.get());
  signal_->Raise();  // there may be records in what was added
  return absl::OkStatus();
}

std::unique_ptr<AssignedPartition> LocalConsumer::MakeAssigned(
    const TopicPartition& name) const {
  return std::make_unique<AssignedPartition>(name, options_, signal_,
                                             client_->options.events);
}

std::vector<TopicPartition> LocalConsumer::assignment() const {
  std::vector<TopicPartition> names;
  for (const auto& [name, each] : assigned_) names.push_back(name);
  return names;
}

absl::StatusOr<std::span<const ConsumerRecord>> LocalConsumer::Poll(
    absl::Duration timeout) {
  CAUCE_RETURN_IF_ERROR(CheckMayChange());
  const absl::Status gathered = GatherWithin(timeout);
  // There may be more, behind an error too: who waits on the descriptor comes
  // again.
  const bool comes_again = !gathered.ok() || !records_.empty();
  if (comes_again && event_descriptor() >= 0) signal_->Raise();
  // What time makes due nobody else tells who waits on the descriptor alone.
  if (!comes_again && alarm_ != nullptr) {
    const absl::Duration now = client_->options.clock->Monotonic();
    alarm_->Set(now, now + UntilGroupIsDue());
  }
  CAUCE_RETURN_IF_ERROR(gathered);
  return records_;
}

absl::Status LocalConsumer::GatherWithin(absl::Duration timeout) {
  std::optional<absl::Duration> until;
  for (;;) {
    // First: whatever is raised behind it ends the wait below, a Wakeup too.
    signal_->Clear();
    CAUCE_RETURN_IF_ERROR(CheckNotWokenUp());
    if (coordinator_ == nullptr) RunCallbacks();
    const absl::Duration until_due = RunDueTransactions();
    if (coordinator_ != nullptr) CAUCE_RETURN_IF_ERROR(KeepUp());
    CAUCE_RETURN_IF_ERROR(Gather());
    // What it is to give up first it does not begin anew.
    const bool joins = membership_ != nullptr && membership_->is_out();
    if (records_.empty() && MakesVisible() && !joins) {
      for (AssignedPartition* const each : in_turn_) {
        if (!each->paused()) CAUCE_RETURN_IF_ERROR(each->MakeVisible());
      }
      CAUCE_RETURN_IF_ERROR(Gather());
    }
    if (!records_.empty() || timeout <= absl::ZeroDuration()) {
      return absl::OkStatus();
    }
    const absl::Duration now = client_->options.clock->Monotonic();
    if (!until) until = now + timeout;
    if (now >= *until) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(
        Wait(std::min({*until - now, UntilGroupIsDue(), until_due})));
  }
}

absl::Duration LocalConsumer::RunDueTransactions() {
  if (!MakesVisible()) return absl::InfiniteDuration();
  return EngineCore::Of(*client_->engine)->RunDueTransactions();
}

absl::Duration LocalConsumer::UntilDue() const {
  if (closed_) return absl::InfiniteDuration();
  absl::Duration due = UntilGroupIsDue();
  if (MakesVisible()) {
    const auto core = EngineCore::Of(*client_->engine);
    due = std::min(due, core->UntilTransactionsAreDue());
  }
  return due;
}

absl::Status LocalConsumer::Gather() {
  records_.clear();
  has_missing_ = false;
  const auto most = static_cast<size_t>(options_.poll_records_max);
  const size_t first = turn_;
  // An error of the one whose turn it is comes before all records. That of a
  // later one waits for its turn, which is the next one then.
  absl::Status later;
  for (size_t i = 0; i < in_turn_.size() && records_.size() < most; ++i) {
    const size_t at = (first + i) % in_turn_.size();
    AssignedPartition& each = *in_turn_[at];
    if (each.paused() || each.waits_for_committed()) continue;
    if (!IsTold() || each.is_missing()) each.ExpectMore();
    if (!each.MayHaveMore()) continue;
    const size_t before = records_.size();
    const absl::Status taken = TakeFrom(each, most);
    const size_t next = (at + 1) % in_turn_.size();
    if (!taken.ok()) {
      each.ExpectMore();
      if (membership_ != nullptr && ReasonOf(taken) == Reason::kUnknownTopic) {
        // It was deleted, and is divided no more, or anew.
        membership_->JoinAgain();
        continue;
      }
      if (i == 0 && records_.empty()) {
        turn_ = next;
        return taken;
      }
      if (later.ok()) {
        later = taken;
        turn_ = at;
      }
    } else if (records_.size() > before && later.ok()) {
      turn_ = next;
    }
  }
  if (later.ok() || !records_.empty()) return absl::OkStatus();
  turn_ = (turn_ + 1) % in_turn_.size();
  return later;
}

absl::Status LocalConsumer::TakeFrom(AssignedPartition& partition,
                                     size_t most) {
  const size_t before = records_.size();
  const bool was_missing = partition.is_missing();
  CAUCE_RETURN_IF_ERROR(partition.Take(*client_->engine, most, records_));
  if (was_missing && !partition.is_missing()) watch_.reset();
  has_missing_ = has_missing_ || partition.is_missing();
  if (records_.size() > before) return absl::OkStatus();
  if (IsTold()) return partition.CheckMoves();
  partition.NoteHeldBack(client_->options.clock->Monotonic());
  return absl::OkStatus();
}

absl::Status LocalConsumer::Wait(absl::Duration timeout) {
  if (!IsTold()) {
    if (has_missing_) timeout = std::min(timeout, kMissingWaitMax);
    return WaitForFiles(timeout);
  }
  signal_->Wait(*client_->options.clock, timeout);
  return absl::OkStatus();
}

absl::Status LocalConsumer::WaitForFiles(absl::Duration timeout) {
  if (watch_ == nullptr) {
    std::vector<std::string> directories;
    for (const auto& [name, each] : assigned_) {
      if (each->is_missing()) continue;
      directories.push_back(
          fmt::format("{}/{}", client_->directory, name.ToString()));
    }
    CAUCE_ASSIGN_OR_RETURN(watch_,
                           client_->options.file_system->Watch(directories));
    return absl::OkStatus();  // it may have grown before it was watched
  }
  return watch_->Wait(std::min(timeout, kFileWaitMax)).status();
}

absl::Status LocalConsumer::CheckOpen() const {
  if (!closed_) return absl::OkStatus();
  return MakeError(Reason::kClosed,
                   "the consumer was closed; make a new one to read more");
}

absl::Status LocalConsumer::CheckMayChange() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (!is_calling_) return absl::OkStatus();
  return MakeError(Reason::kRebalanceInProgress,
                   "the consumer is calling its listener or a commit's "
                   "callback, which must not poll, subscribe, assign or close: "
                   "do so behind the Poll that called it");
}

absl::Status LocalConsumer::CheckNotWokenUp() {
  if (!woken_up_.load()) return absl::OkStatus();
  woken_up_ = false;
  return MakeError(Reason::kWokenUp, "the consumer was woken up");
}

absl::StatusOr<AssignedPartition*> LocalConsumer::Find(
    const TopicPartition& name) {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  const auto found = assigned_.find(name);
  if (found != assigned_.end()) return found->second.get();
  return MakeError(Reason::kUnknownPartition,
                   fmt::format("{} is not assigned to this consumer, which "
                               "has {} partitions; assign it first",
                               name.ToString(), assigned_.size()));
}

absl::Status LocalConsumer::Seek(const TopicPartition& partition,
                                 Offset offset) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  signal_->Raise();
  return found->Seek(offset);
}

absl::Status LocalConsumer::SeekToStart(const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  signal_->Raise();
  return found->SeekToStart(*client_->engine);
}

absl::Status LocalConsumer::SeekToEnd(const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  signal_->Raise();
  return found->SeekToEnd(*client_->engine);
}

absl::Status LocalConsumer::SeekToTime(const TopicPartition& partition,
                                       Timestamp time) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  signal_->Raise();
  return found->SeekToTime(*client_->engine, time);
}

absl::StatusOr<Offset> LocalConsumer::SkipDamage(
    const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  signal_->Raise();
  return found->SkipDamage();
}

absl::StatusOr<Offset> LocalConsumer::Position(
    const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  if (found->waits_for_committed()) CAUCE_RETURN_IF_ERROR(BeginNow());
  return found->Position(*client_->engine);
}

absl::StatusOr<int64_t> LocalConsumer::Lag(const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  if (found->waits_for_committed()) CAUCE_RETURN_IF_ERROR(BeginNow());
  return found->Lag(*client_->engine);
}

absl::Status LocalConsumer::Pause(const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  found->set_paused(true);
  return absl::OkStatus();
}

absl::Status LocalConsumer::Resume(const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(AssignedPartition* const found, Find(partition));
  found->set_paused(false);
  signal_->Raise();
  return absl::OkStatus();
}

void LocalConsumer::Wakeup() {
  woken_up_ = true;
  signal_->Raise();
}

absl::Status LocalConsumer::Close() {
  if (closed_) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckMayChange());
  const absl::Status left = LeaveGroup();
  closed_ = true;
  DropCommits();
  records_.clear();
  watch_.reset();
  in_turn_.clear();
  assigned_.clear();
  return left;
}

}  // namespace cauce
