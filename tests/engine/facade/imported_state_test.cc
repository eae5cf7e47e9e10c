// What a broker's coordinators kept, in a directory that was found, stays as
// records do until the configs of its topic are given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/topic_name.h"
#include "engine/facade/engine_core.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;
using testing::ElementsAre;
using testing::IsEmpty;

// A directory whose list of topics is gone, with the offsets of a group and a
// transactional id that nobody uses.
class ImportedState : public ::testing::Test {
 protected:
  void SetUp() override {
    Open();
    Commit();
    InitProducer();
    Close();
    ASSERT_THAT(memory_->RemoveFile("/data/cauce.topics"), IsOk());
    ASSERT_THAT(memory_->RemoveFile("/data/cauce.topics.copy"), IsOk());
    Open();
  }

  void Open() {
    EngineOptions options;
    options.file_system = memory_.get();
    options.clock = &clock_;
    auto engine = Engine::Open("/data", options);
    ASSERT_THAT(engine, IsOk());
    engine_.emplace(*std::move(engine));
  }
  void Close() {
    ASSERT_THAT(engine_->Close(), IsOk());
    engine_.reset();
  }
  // Long enough for all that expires by its options.
  void LetExpire() {
    Ids();
    CommittedOffset();
    clock_.Advance(absl::Hours(24 * 365));
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  }

  std::vector<std::string> Ids() {
    const auto transactions = core().Transactions();
    EXPECT_THAT(transactions, IsOk());
    std::vector<std::string> ids;
    for (const auto& each : (*transactions)->List()) ids.push_back(each.id);
    return ids;
  }
  Offset CommittedOffset() {
    OffsetFetchReply reply;
    core().Groups()->Fetch(
        {.group = "g", .partitions = {{orders_}}},
        [&reply](const OffsetFetchReply& told) { reply = told; });
    EXPECT_THAT(reply.status, IsOk());
    return reply.offsets.at(0).offset;
  }
  Engine& engine() { return *engine_; }

 private:
  EngineCore& core() { return *EngineCore::Of(*engine_); }

  void Commit() {
    OffsetCommit commit;
    commit.group = "g";
    commit.offsets.push_back({.partition = orders_, .offset = {7}});
    absl::Status told = absl::UnknownError("not answered");
    core().Groups()->Commit(
        commit,
        [&told](const OffsetCommitReply& reply) { told = reply.status; });
    ASSERT_THAT(told, IsOk());
  }
  void InitProducer() {
    absl::Status answered = absl::UnknownError("not answered");
    (*core().Transactions())
        ->InitProducer(
            "x", {.waiter = 0, .timeout = absl::Minutes(1), .current = {}},
            [&](const auto& told) { answered = told.status(); });
    ASSERT_THAT(answered, IsOk());
  }

  const TopicPartition orders_{"orders", PartitionId{0}};
  test::SimClock clock_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  std::optional<Engine> engine_;
};

TEST_F(ImportedState, KeepsOffsetsAndTransactionalIds) {
  LetExpire();

  EXPECT_THAT(Ids(), ElementsAre("x"));
  EXPECT_EQ(CommittedOffset(), Offset{7});
}

TEST_F(ImportedState, ExpiresBehindTheOpeningAfterItsConfigsAreGiven) {
  for (const auto topic : {kConsumerOffsetsTopic, kTransactionStateTopic}) {
    ASSERT_THAT(
        engine().AlterTopic(topic, {{"cleanup.policy", "compact"}}), IsOk());
  }
  Close();
  Open();

  LetExpire();

  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_EQ(CommittedOffset(), Offset{-1});
}

}  // namespace
}  // namespace cauce
