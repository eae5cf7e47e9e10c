// A consumer's place in its group: joins, learns its share, shows that it lives
// and joins again when the group goes on. What it is to do with partitions it
// says step by step.
//
// The group's coordinator answers on any thread: answers wait until Next is
// called, and raise the consumer's signal. Everything else is for one thread at
// a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "engine/base/mutex.h"
#include "engine/client/wake_signal.h"
#include "engine/coord/assignor.h"
#include "engine/coord/group.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/group_events.h"

namespace cauce {

class GroupMembership {
 public:
  struct Seams {
    const Engine* engine = nullptr;  // lives as long as this
    std::shared_ptr<GroupCoordinator> coordinator;
    Clock* clock = nullptr;
    Random* random = nullptr;
    std::shared_ptr<WakeSignal> signal;
  };

  GroupMembership(const ConsumerOptions& options, Seams seams);
  ~GroupMembership();
  GroupMembership(const GroupMembership&) = delete;
  GroupMembership& operator=(const GroupMembership&) = delete;

  // Whether it keeps its partitions while the group divides them anew.
  bool is_cooperative() const;

  // What it wants to read; joins again where that is something else.
  void SetTopics(std::vector<std::string> topics);
  // Who has given up partitions, or lost a topic, joins again.
  void JoinAgain();
  // Topics have come, gone or grown: whoever divides them looks at them before
  // metadata_age_max is over.
  void LookAgain() { looks_again_ = true; }

  enum class Step {
    kNothing,   // until there is an answer, or something is due
    kPrepare,   // commit and give up what has to be; then Join
    kAssigned,  // assigned() is its share now
    kLost,      // give up all, which others have
  };
  // Errors that a program has to know of: of the coordinator, of its log.
  absl::StatusOr<Step> Next();
  // `owned` is what it has still.
  void Join(const std::vector<TopicPartition>& owned);
  const std::vector<TopicPartition>& assigned() const { return assigned_; }
  // Whether it is to prepare and join before it reads on.
  bool is_out() const { return state_ == State::kOut; }
  // How long Next need not be called where nothing raises the signal.
  absl::Duration UntilDue() const;

  // Of a commit: what its error says of this membership.
  void Note(const absl::Status& status);

  // Tells the group, and does not wait. One with a place of its own stays.
  void Leave();

  CommitRequest commit_request() const;
  // As who it has a share; while it has lost that, as who it had one, whom the
  // group refuses.
  ConsumerGroupMetadata metadata() const;

 private:
  enum class State { kOut, kJoining, kSyncing, kIn };
  using Answer = std::variant<JoinReply, SyncReply, HeartbeatReply>;
  // Outlives this where an answer is late.
  struct Mail {
    Mutex mutex;
    // With the number of the request.
    std::deque<std::pair<uint64_t, Answer>> answers ABSL_GUARDED_BY(mutex);
    std::atomic<bool> has_changed = false;  // the group, perhaps
    std::shared_ptr<WakeSignal> signal;
  };

  absl::Duration Now() const { return seams_.clock->Monotonic(); }
  template <typename Reply>
  GroupCoordinator::Done<Reply> Callback();
  std::optional<Answer> TakeAnswer();
  absl::StatusOr<Step> Take(const JoinReply& reply);
  absl::StatusOr<Step> Take(const SyncReply& reply);
  absl::StatusOr<Step> Take(const HeartbeatReply& reply);
  absl::StatusOr<Step> Refused(const absl::Status& status);
  // Comes again, and tells the program once that has gone on for call_timeout.
  absl::StatusOr<Step> TryAgain(const absl::Status& status);
  absl::StatusOr<Step> Lose();
  void BeginAgain(absl::Duration wait);
  void LookAtTopics();
  PartitionCounts CountPartitions(const std::vector<std::string>& topics) const;
  // As many as members have of each topic, whoever has divided them.
  PartitionCounts CountGiven() const;
  std::vector<MemberAssignment> Divide(
      const std::vector<MemberSubscription>& members,
      const std::optional<std::string>& protocol) const;
  void Beat();
  // That it lives.
  void HasShown();

  const ConsumerOptions options_;
  const Seams seams_;
  const std::shared_ptr<Mail> mail_;
  GroupCoordinator::Watch watch_;

  State state_ = State::kOut;
  absl::Status fenced_;  // another has its place: there is no way back
  uint64_t request_ = 0;
  std::string member_id_;
  // That it asked to have, while nobody has answered.
  std::string asked_id_;
  int32_t generation_ = -1;
  std::vector<std::string> topics_;
  std::vector<TopicPartition> assigned_;
  bool has_share_ = false;
  ConsumerGroupMetadata was_;  // as who it had its last share
  // Of the leader: what is divided, of all topics that any member wants.
  struct Divided {
    std::vector<std::string> topics;
    PartitionCounts counts;
  };
  std::optional<Divided> divided_;
  bool looks_again_ = false;
  absl::Duration retry_at_ = absl::ZeroDuration();
  // Since when its coordinator has said nothing but to try again.
  std::optional<absl::Duration> put_off_since_;
  // When it shows that it lives if it is called, and when it is to be called
  // for that: the coordinator tells of all else, so nobody wakes up to ask.
  absl::Duration beat_at_ = absl::ZeroDuration();
  absl::Duration wake_at_ = absl::ZeroDuration();
  absl::Duration look_at_ = absl::ZeroDuration();
};

}  // namespace cauce
