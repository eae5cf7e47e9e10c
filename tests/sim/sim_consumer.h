// A consumer as a group sees it: joins, asks for its assignment, sends
// heartbeats, and begins again wherever it is told to.
//
// Events and the time come in, requests come out; it never waits for an answer
// for longer than its time-out. Not thread-safe.
#pragma once

#include <optional>
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

  bool is_running() const { return is_running_; }
  bool IsInGeneration(int32_t generation) const {
    return step_ == Step::kIn && generation_ == generation;
  }
  const std::string& assignment() const { return assignment_; }
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
  std::optional<Waiter> waiting_;
  absl::Time next_ = absl::InfiniteFuture();
};

// "GENERATION:P,P," for each member in turn.
std::vector<MemberAssignment> DivideAmong(
    const std::vector<JoinedMember>& members, int32_t generation);

}  // namespace cauce::test
