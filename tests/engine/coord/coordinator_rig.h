// A GroupCoordinator over a state log in memory, and time that a test moves:
// what every test of it begins with. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/group_coordinator.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

// What a callback was given, once it was.
template <typename Reply>
class Told {
 public:
  std::function<void(Reply)> Callback() {
    return [reply = reply_](Reply told) {
      EXPECT_FALSE(reply->has_value()) << "answered twice";
      *reply = std::move(told);
    };
  }
  bool is_there() const { return reply_->has_value(); }
  const Reply& operator*() const { return reply_->value(); }
  const Reply* operator->() const { return &reply_->value(); }

 private:
  std::shared_ptr<std::optional<Reply>> reply_ =
      std::make_shared<std::optional<Reply>>();
};

class CoordinatorRig {
 public:
  CoordinatorRig() {
    options.group.initial_rebalance_delay = absl::ZeroDuration();
    Start();
  }

  // Another one, of what the log holds.
  void Start() {
    GroupCoordinator::Seams seams;
    seams.clock = &clock;
    seams.executor = executor;
    seams.log = [this](GroupCoordinator::IfMissing)
        -> absl::StatusOr<std::shared_ptr<StateLog>> { return log; };
    coordinator =
        std::make_shared<GroupCoordinator>(options, std::move(seams));
  }

  // Time passes, and what is due is done.
  void Pass(absl::Duration time) {
    clock.Advance(time);
    coordinator->Tick();
  }

  Told<JoinReply> Join(const std::string& group, JoinRequest join) {
    Told<JoinReply> told;
    coordinator->Join(group, std::move(join), told.Callback());
    return told;
  }
  Told<SyncReply> Sync(const std::string& group, const std::string& member,
                       int32_t generation,
                       std::vector<MemberAssignment> assignments = {}) {
    SyncRequest sync;
    sync.member_id = member;
    sync.generation = generation;
    sync.assignments = std::move(assignments);
    Told<SyncReply> told;
    coordinator->Sync(group, std::move(sync), told.Callback());
    return told;
  }
  absl::Status Heartbeat(const std::string& group, const std::string& member,
                         int32_t generation) {
    Told<HeartbeatReply> told;
    HeartbeatRequest beat;
    beat.member_id = member;
    beat.generation = generation;
    coordinator->Heartbeat(group, std::move(beat), told.Callback());
    return told->status;
  }

  // By nobody, unless `by` says who.
  Told<OffsetCommitReply> Commit(
      const std::string& group, int32_t partition, int64_t offset,
      CommitRequest by = {},
      std::optional<ProducerInstance> transaction = std::nullopt) {
    OffsetCommit commit;
    commit.group = group;
    commit.by = std::move(by);
    commit.offsets.push_back(
        {.partition = {"t", PartitionId{partition}}, .offset = {offset}});
    commit.transaction = transaction;
    if (transaction) commit.by.kind = CommitRequest::Kind::kTransactional;
    Told<OffsetCommitReply> told;
    coordinator->Commit(std::move(commit), told.Callback());
    return told;
  }
  Told<OffsetFetchReply> Fetch(
      const std::string& group, int32_t partition,
      UnstableOffsets unstable = UnstableOffsets::kPass) {
    Told<OffsetFetchReply> told;
    coordinator->Fetch(
        {.group = group,
         .partitions = {{{"t", PartitionId{partition}}}},
         .unstable = unstable},
        told.Callback());
    return told;
  }
  int64_t Fetched(const std::string& group, int32_t partition) {
    const auto told = Fetch(group, partition);
    EXPECT_TRUE(told.is_there());
    return told->offsets.at(0).offset.value;
  }

  SimClock clock;
  Executor* executor = nullptr;  // of the next Start
  GroupCoordinator::Options options;
  std::shared_ptr<FakeStateLog> log = std::make_shared<FakeStateLog>();
  std::shared_ptr<GroupCoordinator> coordinator;
};

}  // namespace cauce::test
