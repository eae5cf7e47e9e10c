// A consumer as a group sees it: joins, asks for its assignment, sends
// heartbeats, and begins again wherever it is told to. A cooperative one keeps
// what it has while it joins, and joins again once it has given up what others
// are to have.
//
// Events and the time come in, requests come out; it never waits for an answer
// for longer than its time-out. Not thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/group.h"
#include "engine/coord/group_events.h"

namespace cauce::test {

using GroupRequest =
    std::variant<JoinRequest, SyncRequest, HeartbeatRequest, LeaveRequest>;

inline constexpr int kSimPartitions = 5;
inline constexpr absl::Duration kSimSession = absl::Seconds(6);
inline constexpr absl::Duration kSimRebalance = absl::Seconds(10);
inline constexpr absl::Duration kSimHeartbeat = absl::Seconds(2);
inline constexpr absl::Duration kSimRetry = absl::Milliseconds(100);

struct SimConsumerOptions {
  std::string name;
  std::optional<std::string> instance_id;
  std::string client_host;
  bool joins_in_two_steps = false;
  bool is_cooperative = false;
  // Leaves the place to who has taken it, as a program's consumer does.
  bool ends_when_fenced = false;
};

class SimConsumer {
 public:
  explicit SimConsumer(SimConsumerOptions options)
      : options_(std::move(options)) {}

  // Begins as somebody new, whatever it was.
  void Start(absl::Time now);
  // Is gone from one moment to the next.
  void Crash() { is_running_ = false; }
  // Does and hears nothing until then, and goes on as what it was.
  void Sleep(absl::Time until);
  // Says that it goes.
  std::optional<GroupRequest> Leave();
  // Whatever it waits for will not come: the connection is gone.
  void Disconnect(absl::Time now);

  // What it sends now, if anything. `waiter` is the request's own.
  std::optional<GroupRequest> Tick(absl::Time now, Waiter waiter,
                                   const std::string& new_id);
  // When it will next send something.
  absl::Time next() const;

  // An answer; one that it no longer waits for is passed over.
  void Receive(Waiter waiter, const JoinReply& reply, absl::Time now);
  void Receive(Waiter waiter, const SyncReply& reply, absl::Time now);
  void Receive(Waiter waiter, const HeartbeatReply& reply, absl::Time now);

  // "c0 as m3, instance i0, of generation 2: has 2:0,1,".
  std::string ToString() const;

  bool is_running() const { return is_running_; }
  bool IsInGeneration(int32_t generation) const {
    return step_ == Step::kIn && generation_ == generation;
  }
  const std::string& assignment() const { return assignment_; }
  // Of a cooperative one: what it reads by now, as of its generation.
  const std::set<int>& held() const { return held_; }
  int32_t generation() const { return generation_; }
  int64_t given_up() const { return given_up_; }
  // Of what it has read as the member that it takes itself for; absent where
  // it is none.
  std::optional<CommitRequest> commit() const;

 private:
  enum class Step { kJoin, kSync, kIn };

  void BeginAgain(const absl::Status& why, absl::Time now);
  GroupRequest MakeJoin(Waiter waiter, const std::string& new_id) const;
  GroupRequest MakeSync(Waiter waiter) const;

  const SimConsumerOptions options_;
  bool is_running_ = false;
  Step step_ = Step::kJoin;
  std::string member_id_;
  int32_t generation_ = -1;
  std::vector<JoinedMember> members_;  // of the generation, if it leads
  std::string assignment_;
  std::set<int> held_;
  int64_t given_up_ = 0;
  std::optional<Waiter> waiting_;
  absl::Time next_ = absl::InfiniteFuture();
};

// "GENERATION:P,P,", which a cooperative assignment has beside what a consumer
// reads in it.
std::string SimWordsOf(const std::string& assignment);
// The partitions of these words.
std::vector<int> SimPartitionsOf(const std::string& words);

// "GENERATION:P,P," for each member in turn.
std::vector<MemberAssignment> DivideAmong(
    const std::vector<JoinedMember>& members, int32_t generation);
// The same by who has what, and only what nobody has any more.
std::vector<MemberAssignment> DivideCooperatively(
    const std::vector<JoinedMember>& members, int32_t generation);

}  // namespace cauce::test
