// How transactions end of which nobody asks for the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "tests/engine/client/transaction_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AbandonedTransactions : public test::TransactionRig {};

TEST_F(AbandonedTransactions, AreAbortedByTheirTimeOut) {
  Open(&clock_);
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  EXPECT_EQ(LastStable(0), 0);

  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(client_->engine()->RunUpkeep(), IsOk());

  EXPECT_EQ(LastStable(0), 2);
  ASSERT_THAT(Send(*producer, "late"), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());
  // It was fenced with its transaction, as if a newer instance had come.
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kProducerFenced));
  EXPECT_THAT(producer->AbortTransaction(),
              HasReason(Reason::kProducerFenced));
  const auto next = Initialized();
  BeginWith(*next, "b");
  ASSERT_THAT(next->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

// The log that is there by then never heard of it.
TEST_F(AbandonedTransactions, OfAFencedProducerAreWrittenToNoTopicMadeAnew) {
  for (const bool times_out : {true, false}) {
    SCOPED_TRACE(times_out ? "by its time-out" : "by a newer instance");
    Open(&clock_);
    const auto producer = Initialized();
    BeginWith(*producer, "a");
    if (times_out) {
      Pass(absl::Seconds(61));
    } else {
      Initialized();
    }
    MakeAnew();

    ASSERT_THAT(Send(*producer, "b"), IsOk());
    ASSERT_THAT(producer->Flush(), IsOk());

    EXPECT_EQ(End(0), 0);
    EXPECT_THAT(producer->CommitTransaction(),
                HasReason(Reason::kProducerFenced));
  }
}

TEST_F(AbandonedTransactions, OfAProducerAreNotWrittenOnceItsFenceIsForgotten) {
  Open(&clock_);
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  Pass(absl::Seconds(61));
  ASSERT_EQ(LastStable(0), 2);
  Pass(absl::Hours(25));  // EngineOptions::producer_expiration, and more

  ASSERT_THAT(Send(*producer, "b"), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());

  EXPECT_EQ(End(0), 2);
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kProducerFenced));
}

TEST_F(AbandonedTransactions, AreAbortedByAPollOnceTheirTimeIsUp) {
  Open(&clock_);
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  const auto other = client_->NewProducer();
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(Send(**other, "b"), IsOk());
  EXPECT_THAT(Committed(), IsEmpty());

  clock_.Advance(absl::Minutes(1));

  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(AbandonedTransactions, AreAbortedByAPollThatWaitsForTheirTimeOut) {
  Open();
  const auto producer = client_->NewProducer(
      {.transactional_id = "x", .transaction_timeout = absl::Milliseconds(20)});
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  BeginWith(**producer, "a");
  const auto other = client_->NewProducer();
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(Send(**other, "b"), IsOk());

  const auto records = consumer_->Poll(absl::Minutes(10));

  ASSERT_THAT(records, IsOk());
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(*records->front().value, "b");
}

TEST_F(AbandonedTransactions, OfAClosedProducerAreAbortedOnceThatCanBeStored) {
  Open(nullptr, 1);
  const auto producer = client_->NewProducer(
      {.retry_backoff = absl::Milliseconds(1),
       .transactional_id = "x",
       .transaction_timeout = absl::Minutes(15)});
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  BeginWith(**producer, "a");
  files_.Fail(FileCall::kWrite, ".log",
              MakeError(Reason::kDiskFull, "no space left on the device"), 0,
              2);

  EXPECT_THAT((*producer)->Close(), IsOk());

  const auto other = client_->NewProducer();
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(Send(**other, "b"), IsOk());
  const auto records = consumer_->Poll(absl::Minutes(10));
  ASSERT_THAT(records, IsOk());
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(*records->front().value, "b");
}

TEST_F(AbandonedTransactions, OfAClosedProducerAreAbortedByALaterPoll) {
  Open(&clock_);
  const auto producer = client_->NewProducer(
      {.retry_backoff = absl::Milliseconds(100),
       .transactional_id = "x",
       .transaction_timeout = absl::Minutes(15)});
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  BeginWith(**producer, "a");
  const auto other = client_->NewProducer();
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(Send(**other, "b"), IsOk());
  const int before = files_.Count(FileCall::kWrite, ".log");
  files_.Fail(FileCall::kWrite, ".log",
              MakeError(Reason::kDiskFull, "no space left on the device"), 0,
              1);

  EXPECT_THAT((*producer)->Close(), IsOk());

  ASSERT_GT(files_.Count(FileCall::kWrite, ".log"), before);
  EXPECT_THAT(Committed(), IsEmpty());
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(AbandonedTransactions, AreAbortedByAClose) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");

  ASSERT_THAT(producer->Close(), IsOk());

  EXPECT_EQ(LastStable(0), 2);
  EXPECT_THAT(Committed(), IsEmpty());
}

TEST_F(AbandonedTransactions, AreAbortedWithTheirProducer) {
  Open();
  auto producer = Initialized();
  BeginWith(*producer, "a");

  producer.reset();

  EXPECT_EQ(LastStable(0), 2);
  EXPECT_THAT(Committed(), IsEmpty());
}

TEST_F(AbandonedTransactions, OfALifeBeforeAreAbortedByTheNextInstance) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  ASSERT_THAT(client_->Close(), IsOk());
  EXPECT_THAT(producer->CommitTransaction(), HasReason(Reason::kClosed));

  Open();
  EXPECT_EQ(LastStable(0), 0);
  const auto next = Initialized();
  EXPECT_EQ(LastStable(0), 2);
  BeginWith(*next, "b");
  ASSERT_THAT(next->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(AbandonedTransactions, OfALifeBeforeAreAbortedByTheirTimeOut) {
  Open(&clock_);
  {
    const auto producer = Initialized();
    BeginWith(*producer, "a");
    ASSERT_THAT(client_->Close(), IsOk());
  }

  clock_.Advance(absl::Minutes(1));
  Open(&clock_);

  EXPECT_EQ(LastStable(0), 2);
}

// Nobody but who has the log open for writing may end them.
TEST_F(AbandonedTransactions, HoldBackWhoOnlyReadsUntilTheLogIsOpenedToWrite) {
  Open(&clock_);
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  const auto other = client_->NewProducer();
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT((*other)->SendAndWait({.topic = "orders",
                                     .partition = PartitionId{0},
                                     .value = "b"}),
              IsOk());
  ASSERT_THAT(client_->Close(), IsOk());
  std::vector<std::string> told;
  ClientOptions options;
  options.engine.file_system = &files_;
  options.engine.clock = &clock_;
  options.engine.access = Access::kReadOnly;
  options.engine.events = [&told](Severity, std::string_view line) {
    told.emplace_back(line);
  };
  const auto reads = Client::Open("dir:/data", options);
  ASSERT_THAT(reads, IsOk());
  const auto consumer = (*reads)->NewConsumer(
      {.reset = ResetTo::kEarliest, .isolation = Isolation::kReadCommitted});
  ASSERT_THAT(consumer, IsOk());
  const TopicPartition first{"orders", {0}};
  ASSERT_THAT((*consumer)->Assign({first}), IsOk());
  const auto poll = [&] {
    const auto records = (*consumer)->Poll(absl::ZeroDuration());
    EXPECT_THAT(records, IsOk());
    std::vector<std::string> values;
    for (const ConsumerRecord& each : *records)
      values.emplace_back(*each.value);
    return values;
  };

  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_EQ((*consumer)->Lag(first).value(), 0);
  EXPECT_THAT(told, IsEmpty());
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_THAT(told, ElementsAre(HasSubstr("offset 0 of orders-0")));

  Open(&clock_);
  EXPECT_THAT(poll(), ElementsAre("b"));
}

}  // namespace
}  // namespace cauce
