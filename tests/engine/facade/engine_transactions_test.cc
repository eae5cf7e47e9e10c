#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "cauce/topic_name.h"
#include "engine/coord/unread_partitions.h"
#include "engine/facade/engine_core.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// An engine over a directory in memory that outlives it, without an executor.
class EngineTransactions : public ::testing::Test {
 protected:
  using Answered = absl::StatusOr<ProducerInstance>;

  void Open(Access access = Access::kReadWrite) {
    engine_.reset();
    EngineOptions options;
    options.file_system = &files_;
    options.clock = &clock_;
    options.executor = executor_;
    options.access = access;
    options.events = [this](Severity, std::string_view line) {
      told_.emplace_back(line);
    };
    auto engine = Engine::Open("/data", options);
    ASSERT_THAT(engine, IsOk());
    engine_.emplace(*std::move(engine));
  }
  EngineCore& core() { return *EngineCore::Of(*engine_); }
  Answered Init() {
    Answered answered = absl::UnknownError("not answered");
    (*core().Transactions())
        ->InitProducer(
            "x", {.waiter = 0, .timeout = absl::Minutes(1), .current = {}},
            [&](const Answered& told) { answered = told; });
    return answered;
  }
  // An open transaction of "x", with no record of it yet.
  ProducerInstance Begin(std::set<TopicPartition> partitions) {
    const Answered producer = Init();
    EXPECT_THAT(producer, IsOk());
    Answered answered = absl::UnknownError("not answered");
    (*core().Transactions())
        ->AddPartitions("x",
                        {.waiter = 0,
                         .producer = *producer,
                         .partitions = std::move(partitions),
                         .version = 2},
                        [&](const Answered& told) { answered = told; });
    EXPECT_THAT(answered, IsOk());
    return *producer;
  }
  // A batch of somebody's transaction.
  void AppendBy(ProducerId id, int32_t partition) {
    BatchFields fields;
    fields.transactional = true;
    fields.producer_id = id;
    fields.producer_epoch = 0;
    fields.base_sequence = 0;
    BatchBuilder builder(fields);
    ASSERT_TRUE(builder.Add({.value = "v"}));
    ASSERT_THAT(engine_->OpenPartition("orders", {partition})
                    ->Append(*builder.Finish()),
                IsOk());
  }
  absl::Status Commit(const ProducerInstance& producer) {
    Answered answered = absl::UnknownError("not answered");
    (*core().Transactions())
        ->EndTransaction("x",
                         {.waiter = 0,
                          .producer = producer,
                          .outcome = TransactionOutcome::kCommit,
                          .version = 2},
                         [&](const Answered& told) { answered = told; });
    return answered.status();
  }
  TransactionStatus StatusOfX() {
    return (*(*core().Transactions())->Describe("x"))->status;
  }
  int64_t EndOf(int32_t partition) {
    return engine_->OpenPartition("orders", {partition})->log_end().value;
  }

  // How long until there is something to do, once what was due is done.
  absl::Duration UntilDue() { return core().RunDueTransactions(); }

  test::SimClock clock_;
  Executor* executor_ = nullptr;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  std::vector<std::string> told_;
  std::optional<Engine> engine_;
};

TEST_F(EngineTransactions, HaveOneCoordinatorOverTheirTopic) {
  Open();
  const auto first = core().Transactions();
  ASSERT_THAT(first, IsOk());

  EXPECT_EQ(*core().Transactions(), *first);
  const auto topic = engine_->DescribeTopic(kTransactionStateTopic);
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partitions, 50);
}

TEST_F(EngineTransactions, MakeNothingUntilTheyAreUsed) {
  Open();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_THAT(*engine_->ListTopics(), IsEmpty());
}

TEST_F(EngineTransactions, PutMarkersIntoPartitions) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2, .configs = {}}),
              IsOk());
  const ProducerInstance producer = Begin({{"orders", {0}}, {"orders", {1}}});

  ASSERT_THAT(Commit(producer), IsOk());

  EXPECT_EQ(EndOf(0), 1);
  EXPECT_EQ(EndOf(1), 1);
  EXPECT_EQ(StatusOfX(), TransactionStatus::kCompleteCommit);
}

TEST_F(EngineTransactions, DecideOffsetsThatAreCommittedInThem) {
  Open();
  GroupCoordinator& groups = *core().Groups();
  const PartitionId partition = groups.PartitionOf("g").value();
  const TopicPartition orders{"orders", PartitionId{0}};
  const auto committed = [&] {
    OffsetFetchReply reply;
    groups.Fetch({.group = "g", .partitions = {{orders}}},
                 [&reply](const OffsetFetchReply& told) { reply = told; });
    return reply.offsets.at(0).offset;
  };
  const ProducerInstance producer =
      Begin({{std::string(kConsumerOffsetsTopic), partition}});
  OffsetCommit commit;
  commit.group = "g";
  commit.by.kind = CommitRequest::Kind::kTransactional;
  commit.offsets.push_back({.partition = orders, .offset = {7}});
  commit.transaction = producer;
  absl::Status told;
  groups.Commit(commit, [&told](const OffsetCommitReply& reply) {
    told = reply.status;
  });
  ASSERT_THAT(told, IsOk());
  EXPECT_EQ(committed(), Offset{-1});

  ASSERT_THAT(Commit(producer), IsOk());

  EXPECT_EQ(committed(), Offset{7});
  EXPECT_EQ(StatusOfX(), TransactionStatus::kCompleteCommit);
}

TEST_F(EngineTransactions, EndWithoutATopicThatWasDeletedAndTellOfIt) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  const ProducerInstance producer = Begin({{"orders", {0}}});
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());

  ASSERT_THAT(Commit(producer), IsOk());

  EXPECT_EQ(StatusOfX(), TransactionStatus::kCompleteCommit);
  EXPECT_THAT(told_, Contains(HasSubstr("orders-0: is left out")));
}

TEST_F(EngineTransactions, GoOnInTheNextLifeByUpkeepAlone) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  Begin({{"orders", {0}}});
  ASSERT_THAT(engine_->Close(), IsOk());
  Open();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(EndOf(0), 0);

  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());

  EXPECT_EQ(EndOf(0), 1);
  EXPECT_EQ(StatusOfX(), TransactionStatus::kCompleteAbort);
}

TEST_F(EngineTransactions, AreToldWhereTheyHangBecauseNoIdHasThem) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2, .configs = {}}),
              IsOk());
  const ProducerInstance known = Begin({{"orders", {0}}});
  for (const int32_t partition : {0, 1}) {
    // Its own in the first, somebody's in the second.
    const ProducerId id = partition == 0 ? known.id : ProducerId{77};
    AppendBy(id, partition);
  }

  const auto hanging = core().FindHangingTransactions();

  ASSERT_THAT(hanging, IsOk());
  EXPECT_THAT(*hanging,
              testing::ElementsAre(
                  HeldBack{{"orders", {1}}, Offset{0}, Offset{1}, {77}, 0}));
  EXPECT_THAT(told_, Contains(HasSubstr("orders-1: readers of what is")));
}

TEST_F(EngineTransactions, AreReadAgainWhereTheyCouldNotBe) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 1, .configs = {}}),
              IsOk());
  AppendBy(Begin({{"orders", {0}}}).id, 0);
  ASSERT_THAT(engine_->Close(), IsOk());
  files_.Fail(test::FileCall::kRead,
              "__transaction_state-20/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  Open();

  // Whose it is cannot be known: it is not called nobody's.
  EXPECT_THAT(core().FindHangingTransactions(),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(told_, testing::Not(Contains(HasSubstr("readers of what is"))));
  EXPECT_THAT(Init().status(), HasReason(Reason::kDiskFailed));
  files_.Mend();
  clock_.Advance(UnreadPartitions::kFirst);

  EXPECT_THAT(core().FindHangingTransactions(),
              test::IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(StatusOfX(), TransactionStatus::kOngoing);
}

TEST_F(EngineTransactions, EndThoughNobodyAsksOnceTheyCanBeReadAgain) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 1, .configs = {}}),
              IsOk());
  AppendBy(Begin({{"orders", {0}}}).id, 0);
  ASSERT_THAT(engine_->Close(), IsOk());
  files_.Fail(test::FileCall::kRead,
              "__transaction_state-20/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  test::OnTime executor(clock_);
  executor_ = &executor;
  Open();
  executor.RunDue();
  EXPECT_THAT(told_, Contains(HasSubstr("no disk")));
  files_.Mend();
  clock_.Advance(absl::Minutes(2));

  executor.RunDue();

  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{2});
  EXPECT_THAT(orders->LastStableOffset(), test::IsOkAndHolds(Offset{2}));
  engine_.reset();
  executor.DropAll();
}

TEST_F(EngineTransactions, AreRefusedWhereNothingMayBeWritten) {
  Open();
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_THAT(core().Transactions().status(), HasReason(Reason::kClosed));

  Open(Access::kReadOnly);
  EXPECT_THAT(core().Transactions().status(), HasReason(Reason::kReadOnly));
}

TEST_F(EngineTransactions, AreTakenFromNobodyByAClosedEngine) {
  Open();
  const auto transactions = core().Transactions();
  ASSERT_THAT(transactions, IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());

  Answered answered = absl::UnknownError("not answered");
  (*transactions)
      ->InitProducer("x",
                     {.waiter = 0, .timeout = absl::Minutes(1), .current = {}},
                     [&](const Answered& told) { answered = told; });

  EXPECT_THAT(answered.status(), HasReason(Reason::kClosed));
}

}  // namespace
}  // namespace cauce
