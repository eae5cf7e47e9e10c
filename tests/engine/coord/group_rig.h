// A group, its time, and what it has answered: for tests of its machine.
//
// Appends become durable at once unless they are held. Each request is its own
// waiter; Take hands out what was answered to it, which must have been.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/coord/consumer_protocol.h"
#include "engine/coord/group.h"

namespace cauce::test {

inline const absl::Time kRigStart = absl::FromUnixSeconds(1'700'000'000);
inline constexpr absl::Duration kSession = absl::Seconds(10);
inline constexpr absl::Duration kRebalance = absl::Seconds(60);

inline std::string SubscriptionTo(std::vector<std::string> topics) {
  ConsumerProtocolSubscription subscription;
  subscription.topics = std::move(topics);
  return EncodeSubscription(subscription);
}

// A consumer of topic "t" that offers range, and is not a member yet.
inline JoinRequest Newcomer(const std::string& new_id) {
  JoinRequest join;
  join.new_member_id = new_id;
  join.client_id = "client";
  join.client_host = "/127.0.0.1";
  join.session_timeout = kSession;
  join.rebalance_timeout = kRebalance;
  join.protocol_type = "consumer";
  join.protocols = {{"range", SubscriptionTo({"t"})}};
  return join;
}

inline JoinRequest Member(const std::string& id) {
  JoinRequest join = Newcomer("unused");
  join.member_id = id;
  return join;
}

inline JoinRequest Static(const std::string& new_id,
                          const std::string& instance_id) {
  JoinRequest join = Newcomer(new_id);
  join.instance_id = instance_id;
  return join;
}

class GroupRig {
 public:
  explicit GroupRig(GroupOptions options = {.initial_rebalance_delay =
                                                absl::ZeroDuration()})
      : options_(options) {
    Restart();
  }

  Group& group() { return *group_; }
  absl::Time now() const { return now_; }

  // Appends wait from now on, until they are told what became of them.
  void HoldAppends() { holds_ = true; }
  size_t held() const { return held_; }
  void AppendHeld() {
    --held_;
    Do(group_->Appended(now_));
  }
  void FailHeld(Reason reason) {
    --held_;
    Do(group_->AppendFailed(MakeError(reason, "it failed"), now_));
  }

  Waiter Join(JoinRequest join) {
    join.waiter = ++last_;
    Do(group_->Join(join, now_));
    return last_;
  }
  Waiter Sync(const std::string& id, int32_t generation,
              std::vector<MemberAssignment> assignments = {}) {
    Do(group_->Sync({.waiter = ++last_,
                     .member_id = id,
                     .instance_id = {},
                     .generation = generation,
                     .protocol_type = {},
                     .protocol = {},
                     .assignments = std::move(assignments)},
                    now_));
    return last_;
  }
  absl::Status Heartbeat(const std::string& id, int32_t generation) {
    Do(group_->Heartbeat({++last_, id, std::nullopt, generation}, now_));
    return Take<HeartbeatReply>(last_).status;
  }
  LeaveReply Leave(std::vector<LeavingMember> members) {
    Do(group_->Leave({++last_, std::move(members)}, now_));
    return Take<LeaveReply>(last_);
  }
  void Do(GroupOutput output) {
    wake_at_ = output.wake_at;
    for (GroupReply& reply : output.reply) {
      EXPECT_TRUE(
          answers_.emplace(reply.waiter, std::move(reply.what)).second)
          << "answered twice";
    }
    if (output.append.empty()) return;
    for (StateRecord& record : output.append) log_.push_back(record);
    if (holds_) {
      ++held_;
    } else {
      Do(group_->Appended(now_));
    }
  }

  // Goes on in time, and comes back to the group whenever it asked for that.
  void Pass(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (wake_at_.has_value() && *wake_at_ <= end) {
      now_ = std::max(now_, *wake_at_);
      Do(group_->Tick(now_));
    }
    now_ = end;
  }

  // A group that knows what was appended of this one.
  void Restart() {
    group_.emplace("g", options_);
    held_ = 0;
    if (const auto stored = Logged()) Do(group_->Load(*stored, now_));
  }

  // The last record of the group.
  std::optional<GroupMetadataValue> Logged() const {
    if (log_.empty() || !log_.back().value.has_value()) return std::nullopt;
    return DecodeGroupMetadataValue(*log_.back().value).value();
  }
  size_t log_size() const { return log_.size(); }

  bool IsAnswered(Waiter waiter) const { return answers_.contains(waiter); }
  template <typename Reply>
  Reply Take(Waiter waiter) {
    EXPECT_TRUE(IsAnswered(waiter)) << "nobody has answered";
    if (!IsAnswered(waiter)) return {};
    Reply reply = std::get<Reply>(answers_.at(waiter));
    answers_.erase(waiter);
    return reply;
  }
  JoinReply Joined(Waiter waiter) { return Take<JoinReply>(waiter); }
  SyncReply Synced(Waiter waiter) { return Take<SyncReply>(waiter); }

  // Brings "a" (who leads), "b" and so on into one stable generation, in which
  // each has "of ID" for its assignment. Returns the generation.
  int32_t MakeStable(const std::vector<JoinRequest>& newcomers) {
    std::vector<Waiter> joining;
    std::vector<std::string> ids;
    for (const JoinRequest& newcomer : newcomers) {
      for (const std::string& id : ids) joining.push_back(Rejoin(id));
      joining.push_back(Join(newcomer));
      for (const std::string& id : ids) joining.push_back(Rejoin(id));
      ids.push_back(newcomer.new_member_id);
    }
    for (const Waiter waiter : joining) Joined(waiter);
    return SyncAll(ids);
  }

  // All of `ids` are members of the generation and ask for their assignments.
  int32_t SyncAll(const std::vector<std::string>& ids) {
    const int32_t generation = group_->generation();
    std::vector<MemberAssignment> assignments;
    for (const std::string& id : ids) assignments.push_back({id, "of " + id});
    std::vector<Waiter> syncing;
    for (const std::string& id : ids) {
      syncing.push_back(Sync(id, generation,
                             group_->members().IsLeader(id)
                                 ? assignments
                                 : std::vector<MemberAssignment>{}));
    }
    for (size_t i = 0; i < ids.size(); ++i)
      EXPECT_EQ(Synced(syncing[i]).assignment, "of " + ids[i]);
    EXPECT_EQ(group_->state(), GroupState::kStable);
    return generation;
  }

 private:
  // As the member is already.
  Waiter Rejoin(const std::string& id) {
    JoinRequest join = Member(id);
    const GroupMember* member = group_->members().Find(id);
    if (member != nullptr) {
      join.instance_id = member->instance_id;
      join.protocols = member->protocols;
      join.session_timeout = member->session_timeout;
    }
    return Join(std::move(join));
  }

  const GroupOptions options_;
  std::optional<Group> group_;
  absl::Time now_ = kRigStart;
  std::optional<absl::Time> wake_at_;
  bool holds_ = false;
  size_t held_ = 0;
  Waiter last_ = 0;
  std::vector<StateRecord> log_;
  std::map<Waiter, decltype(GroupReply::what)> answers_;
};

}  // namespace cauce::test
