#include "tests/sim/group_world.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <type_traits>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/group_records.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

constexpr absl::Duration kAppendMax = absl::Seconds(1);
constexpr absl::Duration kCalmMax = absl::Minutes(3);

// "3:0,2," is of generation 3.
int32_t GenerationOf(const std::string& assignment) {
  return assignment.find(':') == std::string::npos
             ? -1
             : std::atoi(assignment.c_str());
}

}  // namespace

GroupWorld::GroupWorld(uint32_t seed, WorldCounts& counts)
    : random_(seed),
      counts_(counts),
      now_(absl::FromUnixSeconds(1'700'000'000)) {
  options_.initial_rebalance_delay =
      Chance(50) ? absl::ZeroDuration() : absl::Seconds(1);
  options_.new_member_join_timeout = absl::Seconds(8);
  in_process_ = Chance(30);
  group_.emplace("g", options_);
  is_cooperative_ = Chance(40);
  // More than there are partitions, from time to time.
  const size_t count = Chance(80) ? 1 + random_() % 4 : 1 + random_() % 7;
  std::optional<size_t> last_static;
  for (size_t i = 0; i < count; ++i) {
    SimConsumerOptions consumer;
    consumer.name = fmt::format("c{}", i);
    consumer.client_host = in_process_ ? "" : "/host";
    consumer.joins_in_two_steps = Chance(50);
    consumer.is_cooperative = is_cooperative_;
    size_t place = i;
    if (Chance(40)) {
      if (last_static.has_value() && Chance(30)) place = *last_static;
      consumer.instance_id = fmt::format("i{}", place);
      last_static = place;
    }
    // Two of a place that both begin again would do so for ever.
    consumer.ends_when_fenced = place != i || Chance(60);
    consumers_.emplace_back(std::move(consumer));
    places_.push_back(place);
  }
}

std::string GroupWorld::Live(int steps) {
  for (int i = 0; i < steps && wrong_.empty(); ++i) {
    Fault();
    PassTime(Chance(80) ? UpTo(absl::Milliseconds(400))
                        : UpTo(absl::Seconds(5)));
  }
  is_calm_ = true;
  const absl::Time end = now_ + kCalmMax;
  while (wrong_.empty() && !IsAllWell()) {
    if (!RunNext(end)) Wrong("nothing is well after minutes of calm");
  }
  CountEnd();
  return wrong_;
}

void GroupWorld::CountEnd() {
  size_t running = 0;
  for (const SimConsumer& each : consumers_) {
    running += each.is_running() ? 1 : 0;
    counts_.given_up += each.given_up();
  }
  counts_.surplus += running > kSimPartitions ? 1 : 0;
}

void GroupWorld::Fault() {
  SimConsumer& consumer = consumers_[random_() % consumers_.size()];
  const size_t index = &consumer - consumers_.data();
  if (!consumer.is_running()) {
    if (Chance(60)) consumer.Start(now_);
  } else if (Chance(6)) {
    consumer.Crash();
  } else if (Chance(6)) {
    if (const auto leave = consumer.Leave()) Send(index, *leave);
  } else if (Chance(5)) {
    Reload();
  } else if (Chance(6)) {
    // Others may have its partitions when it wakes up.
    ++counts_.sleeps;
    consumer.Sleep(now_ + kSimSession + UpTo(2 * kSimSession));
  }
}

void GroupWorld::Reload() {
  ++counts_.reloads;
  const bool is_joining = group_->state() == GroupState::kPreparingRebalance ||
                          group_->state() == GroupState::kCompletingRebalance;
  counts_.reloads_while_joining += is_joining ? 1 : 0;
  ++incarnation_;
  // Of what was on its way some may have arrived, in its order.
  for (; !appending_.empty() && Chance(50); appending_.pop_front())
    MakeDurable(appending_.front());
  appending_.clear();
  open_.clear();
  wake_at_.reset();
  for (SimConsumer& consumer : consumers_) {
    if (in_process_) consumer.Crash();
    consumer.Disconnect(now_);
  }
  group_.emplace("g", options_);
  generation_ = durable_.has_value() ? durable_->generation : 0;
  if (durable_.has_value()) Do(group_->Load(*durable_, now_));
  CheckGroup();
}

void GroupWorld::PassTime(absl::Duration time) {
  const absl::Time end = now_ + time;
  while (wrong_.empty() && RunNext(end)) {
  }
  now_ = std::max(now_, end);
}

bool GroupWorld::RunNext(absl::Time end) {
  absl::Time next = wake_at_.value_or(absl::InfiniteFuture());
  size_t consumer = consumers_.size();
  for (size_t i = 0; i < consumers_.size(); ++i) {
    if (consumers_[i].next() >= next) continue;
    next = consumers_[i].next();
    consumer = i;
  }
  const bool is_event = !events_.empty() && events_.begin()->first <= next;
  if (is_event) next = events_.begin()->first;
  if (next > end) return false;
  now_ = std::max(now_, next);
  ++counts_.events;
  if (is_event) {
    auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  } else if (consumer < consumers_.size()) {
    TickConsumer(consumer);
  } else {
    wake_at_.reset();
    Do(group_->Tick(now_));
  }
  CheckGroup();
  return true;
}

void GroupWorld::TickConsumer(size_t consumer) {
  CheckCommit(consumer);
  const auto request =
      consumers_[consumer].Tick(now_, ++last_waiter_,
                                fmt::format("m{}", ++last_id_));
  if (request.has_value()) Send(consumer, *request);
}

void GroupWorld::Send(size_t consumer, const GroupRequest& request) {
  const int copies = is_calm_ ? 1 : Chance(8) ? 0 : Chance(8) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const bool is_late = !is_calm_ && Chance(8);
    const absl::Duration delay =
        is_late ? UpTo(absl::Seconds(12)) : UpTo(absl::Milliseconds(30));
    At(now_ + delay, [this, consumer, request, i,
                      incarnation = incarnation_] {
      // A connection does not outlive the coordinator that it leads to.
      if (incarnation != incarnation_) return;
      GroupRequest copy = request;
      // The second of two is another request to the group.
      if (i > 0) {
        std::visit([this](auto& what) { what.waiter = ++last_waiter_; }, copy);
      }
      Deliver(consumer, copy);
    });
  }
}

void GroupWorld::Deliver(size_t consumer, const GroupRequest& request) {
  GroupRequest delivered = request;
  if (auto* leave = std::get_if<LeaveRequest>(&delivered))
    leave->waiter = ++last_waiter_;
  const Waiter waiter =
      std::visit([](const auto& what) { return what.waiter; }, delivered);
  open_.emplace(waiter, Open{consumer, delivered, now_});
  if (const auto* join = std::get_if<JoinRequest>(&delivered)) {
    JoinRequest unique = *join;
    // A copy that comes late would be given an id of its own.
    if (unique.member_id.empty())
      unique.new_member_id = fmt::format("m{}", ++last_id_);
    Do(group_->Join(unique, now_));
  } else if (const auto* sync = std::get_if<SyncRequest>(&delivered)) {
    Do(group_->Sync(*sync, now_));
  } else if (const auto* beat = std::get_if<HeartbeatRequest>(&delivered)) {
    Do(group_->Heartbeat(*beat, now_));
  } else {
    Do(group_->Leave(std::get<LeaveRequest>(delivered), now_));
  }
}

void GroupWorld::Do(GroupOutput output) {
  wake_at_ = output.wake_at;
  if (!output.append.empty()) {
    appending_.push_back(std::move(output.append));
    const absl::Duration delay =
        is_calm_ ? absl::Milliseconds(1) : UpTo(kAppendMax / 8);
    At(now_ + delay, [this, incarnation = incarnation_] {
      if (incarnation == incarnation_) ResolveAppend();
    });
  }
  for (const GroupReply& reply : output.reply) Answer(reply);
}

void GroupWorld::ResolveAppend() {
  const std::vector<StateRecord> records = std::move(appending_.front());
  appending_.pop_front();
  if (!is_calm_ && Chance(15)) {
    ++counts_.failed_appends;
    const Reason reason =
        Chance(50) ? Reason::kDiskFull : Reason::kDiskFailed;
    return Do(group_->AppendFailed(MakeError(reason, "it failed"), now_));
  }
  MakeDurable(records);
  Do(group_->Appended(now_));
}

void GroupWorld::MakeDurable(const std::vector<StateRecord>& records) {
  for (const StateRecord& record : records)
    durable_ = DecodeGroupMetadataValue(*record.value).value();
}

void GroupWorld::Answer(const GroupReply& reply) {
  const auto found = open_.find(reply.waiter);
  if (found == open_.end()) return Wrong("one who did not ask was answered");
  const Open open = std::move(found->second);
  open_.erase(found);
  if (const auto* synced = std::get_if<SyncReply>(&reply.what)) {
    CheckAnswer(*synced, std::get<SyncRequest>(open.request), open.consumer);
  }
  if (!is_calm_ && Chance(8)) return;  // lost
  const absl::Duration delay = !is_calm_ && Chance(5)
                                   ? UpTo(absl::Seconds(8))
                                   : UpTo(absl::Milliseconds(30));
  At(now_ + delay, [this, reply, consumer = open.consumer,
                    incarnation = incarnation_] {
    if (incarnation != incarnation_) return;
    std::visit(
        [&](const auto& what) {
          if (ReasonOf(what.status) == Reason::kFencedInstanceId)
            ++counts_.fenced;
          if constexpr (!std::is_same_v<std::decay_t<decltype(what)>,
                                        LeaveReply>) {
            consumers_[consumer].Receive(reply.waiter, what, now_);
          }
        },
        reply.what);
  });
}

void GroupWorld::CheckAnswer(const SyncReply& reply, const SyncRequest& request,
                             size_t consumer) {
  if (!reply.status.ok()) return;
  ++counts_.assignments;
  const int32_t generation = request.generation;
  const std::string words = SimWordsOf(reply.assignment);
  if (generation != group_->generation() ||
      GenerationOf(words) != generation) {
    return Wrong(fmt::format("c{} of generation {} was told \"{}\" of {}",
                             consumer, generation, words,
                             group_->generation()));
  }
  if (!durable_.has_value() || durable_->generation != generation)
    return Wrong(fmt::format("generation {} was told and is not durable",
                             generation));
  const auto stored =
      std::ranges::find(durable_->members, request.member_id,
                        &GroupMemberMetadata::member_id);
  if (stored == durable_->members.end() ||
      stored->assignment != reply.assignment) {
    return Wrong(fmt::format("{} was told \"{}\", which is not what is stored",
                             request.member_id, words));
  }
  for (const int partition : SimPartitionsOf(words)) {
    const auto [at, is_new] =
        told_[generation].try_emplace(partition, consumer);
    if (places_[at->second] != places_[consumer]) {
      return Wrong(fmt::format("partition {} of generation {} is c{}'s and "
                               "c{}'s",
                               partition, generation, at->second, consumer));
    }
    counts_.replaced += std::exchange(at->second, consumer) != consumer ? 1 : 0;
  }
  if (is_cooperative_) CheckHolders(words, consumer);
}

// Nobody else of the generation reads on what it is given. But for a static
// member that has missed a generation, as where its join was lost: it learns
// only now that what it has was given away, and can commit none of it.
void GroupWorld::CheckHolders(const std::string& words, size_t consumer) {
  for (size_t other = 0; other < consumers_.size(); ++other) {
    const SimConsumer& each = consumers_[other];
    const bool is_of_it = each.is_running() &&
                          places_[other] != places_[consumer] &&
                          each.generation() == GenerationOf(words);
    if (!is_of_it) continue;
    const auto since = told_.upper_bound(GenerationOf(each.assignment()));
    if (since != told_.end() && since->first < GenerationOf(words)) continue;
    for (const int partition : SimPartitionsOf(words)) {
      if (each.held().contains(partition)) {
        return Wrong(fmt::format("c{} is given partition {}, which c{} reads",
                                 consumer, partition, other));
      }
    }
  }
}

// What is let commit has its partitions in the group's present generation.
void GroupWorld::CheckCommit(size_t consumer) {
  const auto commit = consumers_[consumer].commit();
  if (!commit.has_value()) return;
  if (!group_->CheckCommit(*commit).ok()) {
    ++counts_.refused_commits;
    return;
  }
  ++counts_.commits;
  counts_.commits_while_joining +=
      group_->state() == GroupState::kPreparingRebalance ? 1 : 0;
  const int32_t generation = commit->generation;
  if (generation != group_->generation() ||
      group_->state() == GroupState::kCompletingRebalance) {
    return Wrong(fmt::format("c{} of generation {} commits", consumer,
                             generation));
  }
  const std::string& assignment = consumers_[consumer].assignment();
  if (GenerationOf(assignment) != generation) return;
  for (const int partition : SimPartitionsOf(assignment)) {
    const auto told = told_[generation].find(partition);
    if (told == told_[generation].end() || told->second != consumer)
      Wrong(fmt::format("c{} commits partition {} of another", consumer,
                        partition));
  }
}

void GroupWorld::CheckGroup() {
  if (group_->generation() < generation_)
    return Wrong("a generation went back");
  counts_.generations += group_->generation() != generation_;
  generation_ = group_->generation();
  for (const auto& [waiter, open] : open_) {
    if (now_ - open.since > kSimRebalance + kAppendMax)
      return Wrong(fmt::format("c{} waits for too long", open.consumer));
  }
  for (const auto& [id, member] : group_->members()) {
    if (member.expires == absl::InfiniteFuture() && !member.IsExcused())
      return Wrong(fmt::format("{} can never time out", id));
  }
}

bool GroupWorld::IsAllWell() const {
  std::set<int> assigned;
  size_t running = 0;
  for (const SimConsumer& consumer : consumers_) {
    if (!consumer.is_running()) continue;
    ++running;
    if (!consumer.IsInGeneration(group_->generation())) return false;
    for (const int partition : SimPartitionsOf(consumer.assignment()))
      assigned.insert(partition);
  }
  if (running == 0) return group_->state() == GroupState::kEmpty;
  return group_->state() == GroupState::kStable &&
         group_->members().size() == running &&
         assigned.size() == kSimPartitions;
}

void GroupWorld::Wrong(std::string what) {
  if (!wrong_.empty()) return;
  wrong_ = fmt::format("{} (generation {}, {}, {})", what,
                       group_->generation(), GroupStateName(group_->state()),
                       is_cooperative_ ? "cooperative" : "eager");
  for (const SimConsumer& each : consumers_) wrong_ += "; " + each.ToString();
}

absl::Duration GroupWorld::UpTo(absl::Duration most) {
  return absl::Milliseconds(
      static_cast<int64_t>(random_() % (absl::ToInt64Milliseconds(most) + 1)));
}

void GroupWorld::At(absl::Time time, std::function<void()> event) {
  events_.emplace(time, std::move(event));
}

}  // namespace cauce::test
