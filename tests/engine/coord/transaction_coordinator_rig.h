// A coordinator of transactions over a log and partitions in memory, with a
// clock that stands still and an executor that runs when a test says so. Kills
// it too: what it said that it is about to do goes with it. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/coord/state_partition.h"
#include "engine/coord/transaction_coordinator.h"
#include "tests/engine/coord/fake_marker_writer.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

class TransactionCoordinatorRig : public ::testing::Test {
 protected:
  // What was answered, or a status without a reason that nothing was yet.
  using Answered = absl::StatusOr<ProducerInstance>;

  TransactionCoordinatorRig() { Start(); }

  // All partitions are loaded.
  void Start() {
    MakeCoordinator();
    for (int32_t i = 0; i < log_.partitions(); ++i)
      ASSERT_TRUE(coordinator_->Load({i}, 3).ok());
    executor_.RunDue();
  }
  void MakeCoordinator(
      std::function<absl::StatusOr<int32_t>(PartitionId)> epoch_of =
          [](PartitionId) { return 3; }) {
    coordinator_ = std::make_shared<TransactionCoordinator>(
        options_, TransactionCoordinator::Surroundings{
                      .log = &log_,
                      .markers = &markers_,
                      .clock = &clock_,
                      .random = &random_,
                      .executor = has_executor_ ? &executor_ : nullptr,
                      .epoch_of = std::move(epoch_of)});
  }
  // The process dies, and `kept` of the appends that wait are there all the
  // same.
  void Kill(size_t kept = 0) {
    coordinator_.reset();
    log_.Crash(kept);
    executor_.DropAll();
  }
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    executor_.RunDue();
  }

  Answered Init(const std::string& id = "x",
                std::optional<ProducerInstance> current = {},
                absl::Duration timeout = absl::Minutes(1)) {
    return AnswerTo([&](TransactionCoordinator::Answer answer) {
      coordinator_->InitProducer(
          id, {.waiter = 0, .timeout = timeout, .current = current},
          std::move(answer));
    });
  }
  Answered Add(const ProducerInstance& producer,
               std::set<TopicPartition> partitions,
               const std::string& id = "x") {
    return AnswerTo([&](TransactionCoordinator::Answer answer) {
      coordinator_->AddPartitions(id,
                                  {.waiter = 0,
                                   .producer = producer,
                                   .partitions = std::move(partitions),
                                   .version = 2},
                                  std::move(answer));
    });
  }
  Answered End(const ProducerInstance& producer, TransactionOutcome outcome,
               const std::string& id = "x") {
    return AnswerTo([&](TransactionCoordinator::Answer answer) {
      coordinator_->EndTransaction(id,
                                   {.waiter = 0,
                                    .producer = producer,
                                    .outcome = outcome,
                                    .version = 2},
                                   std::move(answer));
    });
  }
  Answered Commit(const ProducerInstance& producer,
                  const std::string& id = "x") {
    return End(producer, TransactionOutcome::kCommit, id);
  }
  Answered Abort(const ProducerInstance& producer,
                 const std::string& id = "x") {
    return End(producer, TransactionOutcome::kAbort, id);
  }
  // What came of the append that waits, and with it of who asked for it.
  Answered Resolve(const absl::Status& status) {
    log_.Finish(status);
    executor_.RunDue();
    return late_;
  }

  TransactionStatus StatusOf(const std::string& id = "x") {
    const auto found = coordinator_->Describe(id);
    if (!found.ok() || !found->has_value()) return TransactionStatus::kDead;
    return (*found)->status;
  }

  template <class Request>
  Answered AnswerTo(Request&& ask) {
    late_ = absl::UnknownError("not answered yet");
    ask([this](const Answered& answered) { late_ = answered; });
    executor_.RunDue();
    return late_;
  }

  class Counting final : public Random {
   public:
    uint64_t Next() override { return ++last_ << 2; }

   private:
    uint64_t last_ = 999;
  };

  TransactionCoordinatorOptions options_;
  SimClock clock_;
  OnTime executor_{clock_};
  bool has_executor_ = true;
  Counting random_;
  FakeStateLog log_;
  FakeMarkerWriter markers_;
  std::shared_ptr<TransactionCoordinator> coordinator_;
  Answered late_ = absl::UnknownError("not answered yet");
};

inline TopicPartition Orders(int32_t partition) {
  return {"orders", {partition}};
}

}  // namespace cauce::test
