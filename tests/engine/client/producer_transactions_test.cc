#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/client.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A topic of two partitions, over a directory in memory that outlives its
// client.
class ProducerTransactions : public ::testing::Test {
 protected:
  void Open(Clock* clock = nullptr, int threads = 0) {
    consumer_.reset();
    client_.reset();
    auto client = Client::Open(
        "dir:/data", {.engine = {.file_system = &files_, .clock = clock},
                      .threads = threads});
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    client_->engine()
        ->CreateTopic("orders", {.partitions = 2, .configs = {}})
        .status()
        .IgnoreError();
    auto consumer = client_->NewConsumer(
        {.reset = ResetTo::kEarliest, .isolation = Isolation::kReadCommitted});
    ASSERT_THAT(consumer, IsOk());
    consumer_ = *std::move(consumer);
    ASSERT_THAT(consumer_->Assign({{"orders", {0}}, {"orders", {1}}}), IsOk());
  }
  std::unique_ptr<Producer> NewProducer(const std::string& id = "x") {
    ProducerOptions options;
    options.transactional_id = id;
    options.retry_backoff = absl::Milliseconds(1);
    auto producer = client_->NewProducer(options);
    EXPECT_THAT(producer, IsOk());
    return *std::move(producer);
  }
  std::unique_ptr<Producer> Initialized(const std::string& id = "x") {
    auto producer = NewProducer(id);
    EXPECT_THAT(producer->InitTransactions(), IsOk());
    return producer;
  }
  static absl::Status Send(Producer& producer, std::string_view value,
                           int32_t partition = 0) {
    return producer.Send({.topic = "orders",
                          .partition = PartitionId{partition},
                          .value = value});
  }
  // A transaction of one record that is open, and written.
  static void BeginWith(Producer& producer, std::string_view value,
                        int32_t partition = 0) {
    EXPECT_THAT(producer.BeginTransaction(), IsOk());
    EXPECT_THAT(Send(producer, value, partition), IsOk());
    EXPECT_THAT(producer.Flush(), IsOk());
  }
  // What a consumer of what is committed has not read yet.
  std::vector<std::string> Committed() {
    std::vector<std::string> values;
    for (;;) {
      const auto records = consumer_->Poll(absl::ZeroDuration());
      EXPECT_THAT(records, IsOk());
      if (!records.ok() || records->empty()) return values;
      for (const ConsumerRecord& each : *records)
        values.emplace_back(*each.value);
    }
  }
  // Another topic of the name.
  void MakeAnew() {
    ASSERT_THAT(client_->engine()->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(client_->engine()->CreateTopic(
                    "orders", {.partitions = 2, .configs = {}}),
                IsOk());
  }
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    ASSERT_THAT(client_->engine()->RunUpkeep(), IsOk());
  }
  int64_t End(int32_t partition) {
    return client_->engine()->OpenPartition("orders", {partition})
        ->log_end()
        .value;
  }
  // How far readers of what is committed come.
  int64_t LastStable(int32_t partition) {
    const auto opened =
        client_->engine()->OpenPartition("orders", {partition});
    return opened->LastStableOffset()->value;
  }

  test::SimClock clock_;  // where a test asks for it
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  std::unique_ptr<Client> client_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(ProducerTransactions, AreReadAsAWholeOnceTheyAreCommitted) {
  Open();
  const auto producer = Initialized();
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(Send(*producer, "a", 0), IsOk());
  ASSERT_THAT(Send(*producer, "b", 1), IsOk());
  ASSERT_THAT(Send(*producer, "c", 0), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());
  EXPECT_THAT(Committed(), IsEmpty());

  ASSERT_THAT(producer->CommitTransaction(), IsOk());

  EXPECT_THAT(Committed(), UnorderedElementsAre("a", "b", "c"));
}

TEST_F(ProducerTransactions, AreNeverReadWhereTheyAreAborted) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "aborted");
  ASSERT_THAT(producer->AbortTransaction(), IsOk());
  BeginWith(*producer, "committed");
  ASSERT_THAT(producer->CommitTransaction(), IsOk());

  EXPECT_THAT(Committed(), ElementsAre("committed"));
}

TEST_F(ProducerTransactions, ComeOneAfterTheOther) {
  Open();
  const auto producer = Initialized();
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i));
    BeginWith(*producer, sent.back());
    ASSERT_THAT(producer->CommitTransaction(), IsOk());
  }

  EXPECT_EQ(Committed(), sent);
}

TEST_F(ProducerTransactions, WithoutARecordEndAtOnce) {
  Open();
  const auto producer = Initialized();

  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
  BeginWith(*producer, "a");
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("a"));
}

TEST_F(ProducerTransactions, AreRefusedOutOfTurn) {
  Open();
  const auto producer = NewProducer();
  EXPECT_THAT(producer->BeginTransaction(),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(Send(*producer, "a"), HasReason(Reason::kInvalidTxnState));
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(Send(*producer, "a"), HasReason(Reason::kInvalidTxnState));

  const auto without = client_->NewProducer();
  EXPECT_THAT((*without)->BeginTransaction(),
              HasReason(Reason::kInvalidTxnState));
}

TEST_F(ProducerTransactions, AreOfTheNewestInstanceAlone) {
  Open();
  const auto older = Initialized();
  BeginWith(*older, "older");
  const auto newer = Initialized();
  EXPECT_THAT(Committed(), IsEmpty());

  EXPECT_THAT(older->CommitTransaction(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(Send(*older, "late"), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(older->AbortTransaction(), HasReason(Reason::kProducerFenced));
  BeginWith(*newer, "newer");
  ASSERT_THAT(newer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("newer"));
}

TEST_F(ProducerTransactions, OfSeveralIdsDoNotMeet) {
  Open();
  const auto x = Initialized("x");
  const auto y = Initialized("y");
  BeginWith(*x, "x");
  BeginWith(*y, "y");
  ASSERT_THAT(y->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), IsEmpty());  // x began in front of it

  ASSERT_THAT(x->AbortTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("y"));
}

TEST_F(ProducerTransactions, CanOnlyBeAbortedWhereARecordWasNotStored) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  files_.Fail(FileCall::kWrite, "orders-1/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  ASSERT_THAT(Send(*producer, "b", 1), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());

  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(Send(*producer, "c"), HasReason(Reason::kTransactionAbortable));
}

TEST_F(ProducerTransactions, FailWhereNobodyCanNoteWhoTakesPart) {
  Open();
  ProducerOptions options;
  options.transactional_id = "x";  // of partition 20
  options.retry_backoff = absl::Milliseconds(1);
  options.delivery_timeout = absl::Milliseconds(20);
  const auto producer = *client_->NewProducer(options);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  files_.Fail(FileCall::kWrite,
              "__transaction_state-20/00000000000000000000.log",
              MakeError(Reason::kDiskFull, "full"));

  ASSERT_THAT(Send(*producer, "a"), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());

  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  files_.Mend();
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
  BeginWith(*producer, "b");
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

// Its first record is synced with the name of its file.
TEST_F(ProducerTransactions, AreNotOverWhereTheirStateFindsNoDescriptor) {
  Open();
  const auto producer = NewProducer();  // of partition 20
  const auto asked = [this] {
    return files_.Count(FileCall::kSyncDirectory, "__transaction_state-20");
  };
  const int before = asked();
  files_.Fail(FileCall::kSyncDirectory, "__transaction_state-20",
              absl::ResourceExhaustedError("no descriptor is left"));
  // Until it is written once more, as by the next try.
  int writes = 0;
  int failed = 0;
  files_.set_during(FileCall::kWrite,
                    "__transaction_state-20/00000000000000000000.log", [&] {
                      if (++writes == 1) return;
                      failed = asked() - before;
                      files_.Mend();
                    });

  EXPECT_THAT(producer->InitTransactions(), IsOk());

  EXPECT_EQ(writes, 2);
  EXPECT_GT(failed, 0);
  BeginWith(*producer, "a");
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("a"));
}

TEST_F(ProducerTransactions, GoOnBehindOneThatFailed) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  ASSERT_THAT(producer->Send({.topic = "orders",
                              .partition = PartitionId{1},
                              .value = std::string(1'000, 'v'),
                              .timestamp = Timestamp{0}}),
              IsOk());
  ASSERT_THAT(client_->engine()->AlterTopic(
                  "orders", {{"max.message.bytes", "100"}}),
              IsOk());
  ASSERT_THAT(Send(*producer, std::string(200, 'w')), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());
  ASSERT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  ASSERT_THAT(producer->AbortTransaction(), IsOk());

  BeginWith(*producer, "b");
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(ProducerTransactions, CommitOffsetsWithTheirRecords) {
  Open();
  const auto producer = Initialized();
  const OffsetsToCommit offsets = {
      {{"orders", {0}}, {.offset = Offset{7}, .metadata = "m"}}};
  const auto committed = [&]() -> int64_t {
    const auto found =
        (*client_->NewConsumer({.group = "g"}))->Committed({{"orders", {0}}});
    EXPECT_THAT(found, IsOk());
    return found->empty() ? -1 : found->begin()->second.offset.value;
  };
  ConsumerGroupMetadata member;
  member.group = "g";

  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(producer->SendOffsetsToTransaction(offsets, member), IsOk());
  ASSERT_THAT(producer->AbortTransaction(), IsOk());
  EXPECT_EQ(committed(), -1);
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(producer->SendOffsetsToTransaction(offsets, member), IsOk());
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_EQ(committed(), 7);

  // It is no member of the group.
  member.member_id = "nobody";
  member.generation = 3;
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(producer->SendOffsetsToTransaction(offsets, member),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

// While the topic is made that is to keep them another thread asks for the end,
// and its record is on the way when the offsets go on.
TEST_F(ProducerTransactions, AreNotOverWhereOffsetsComeBehindTheirEnd) {
  Open();
  const auto producer = Initialized();  // of partition 20
  BeginWith(*producer, "a");
  std::latch ends(1);
  absl::Status aborted;
  std::thread other;
  files_.set_during(FileCall::kCreateDirectory, "", [&] {
    if (other.joinable()) return;
    files_.set_during(FileCall::kWrite,
                      "__transaction_state-20/00000000000000000000.log",
                      [&] {
                        if (!ends.try_wait()) ends.count_down();
                      });
    other = std::thread([&] { aborted = producer->AbortTransaction(); });
    ends.wait();
  });
  ConsumerGroupMetadata member;
  member.group = "g";

  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{{"orders", {0}}, {.offset = Offset{7}}}}, member),
              HasReason(Reason::kInvalidTxnState));

  ASSERT_TRUE(other.joinable());
  other.join();
  files_.Mend();
  EXPECT_THAT(aborted, IsOk());
  BeginWith(*producer, "b");
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(ProducerTransactions, AreNotCommittedWithoutARecordThatWasRefused) {
  Open();
  const auto producer = Initialized();
  const std::string large(2 << 20, 'v');
  const std::vector<ProducerRecord> refused = {
      {.topic = "orders", .value = large},
      {.topic = "unknown", .value = "v"},
      {.topic = "orders", .partition = PartitionId{2}, .value = "v"},
      {.topic = "orders", .value = "v", .timestamp = Timestamp{-2}}};
  for (const ProducerRecord& each : refused) {
    for (const bool waits : {false, true}) {
      BeginWith(*producer, "a");
      EXPECT_THAT(waits ? producer->SendAndWait(each).status()
                        : producer->Send(each),
                  testing::Not(IsOk()));

      EXPECT_THAT(producer->CommitTransaction(),
                  HasReason(Reason::kTransactionAbortable));
      EXPECT_THAT(producer->AbortTransaction(), IsOk());
    }
  }
  // Out of turn it is no part of any.
  EXPECT_THAT(producer->Send({.topic = "orders", .value = large}),
              HasReason(Reason::kInvalidTxnState));
  BeginWith(*producer, "b");
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(ProducerTransactions, AreNotCommittedWithoutOffsetsThatWereRefused) {
  Open();
  ProducerOptions options;
  options.transactional_id = "x";
  options.retry_backoff = absl::Milliseconds(1);
  options.block_max = absl::Milliseconds(20);
  const auto producer = *client_->NewProducer(options);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  const OffsetsToCommit offsets = {
      {{"orders", {0}}, {.offset = Offset{7}, .metadata = ""}}};
  ConsumerGroupMetadata member;  // of no group

  BeginWith(*producer, "a");
  EXPECT_THAT(producer->SendOffsetsToTransaction(offsets, member),
              HasReason(Reason::kInvalidGroupId));
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());

  member.group = "g";  // of partition 3
  BeginWith(*producer, "b");
  files_.Fail(FileCall::kWrite,
              "__consumer_offsets-3/00000000000000000000.log",
              MakeError(Reason::kDiskFull, "full"));
  EXPECT_THAT(producer->SendOffsetsToTransaction(offsets, member),
              HasReason(Reason::kTimedOut));
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
}

TEST_F(ProducerTransactions, AreAbortedByTheirTimeOut) {
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
TEST_F(ProducerTransactions, OfAFencedProducerAreWrittenToNoTopicMadeAnew) {
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

TEST_F(ProducerTransactions, OfAProducerAreNotWrittenOnceItsFenceIsForgotten) {
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

TEST_F(ProducerTransactions, FailWhereATopicThatTheyHaveWrittenToIsMadeAnew) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  MakeAnew();

  ASSERT_THAT(Send(*producer, "b"), IsOk());
  ASSERT_THAT(producer->Flush(), IsOk());

  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  ASSERT_THAT(producer->AbortTransaction(), IsOk());
  EXPECT_EQ(LastStable(0), End(0));
  BeginWith(*producer, "c");
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_EQ(LastStable(0), End(0));
}

TEST_F(ProducerTransactions, GoOnWhereATopicWasMadeAnewBetweenThem) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  MakeAnew();

  BeginWith(*producer, "b");

  EXPECT_EQ(End(0), 1);
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_EQ(LastStable(0), 2);
}

TEST_F(ProducerTransactions, AreAbortedByAPollOnceTheirTimeIsUp) {
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

TEST_F(ProducerTransactions, AreAbortedByAPollThatWaitsForTheirTimeOut) {
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

TEST_F(ProducerTransactions, OfAClosedProducerAreAbortedOnceThatCanBeStored) {
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

TEST_F(ProducerTransactions, OfAClosedProducerAreAbortedByALaterPoll) {
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

// No try of a call comes to anything any more, and none is waited for.
TEST_F(ProducerTransactions, AreToldAtOnceOfADiskThatHasFailed) {
  ProducerOptions options;
  options.transactional_id = "x";
  options.block_max = absl::Seconds(2);
  const auto fail = [this] {
    files_.Fail(FileCall::kWrite, ".log",
                MakeError(Reason::kDiskFailed, "the device is gone"));
  };
  std::unique_ptr<Producer> producer;
  const auto reopen = [&] {
    producer.reset();
    files_.Mend();
    Open();
    producer = *client_->NewProducer(options);
  };
  reopen();
  fail();
  EXPECT_THAT(producer->InitTransactions(), HasReason(Reason::kNotCoordinator));
  EXPECT_THAT(producer->BeginTransaction(), HasReason(Reason::kNotCoordinator));

  reopen();
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  BeginWith(*producer, "a");
  fail();
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kNotCoordinator));

  reopen();
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  BeginWith(*producer, "b");
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("b"));
}

TEST_F(ProducerTransactions, AreAbortedByAClose) {
  Open();
  const auto producer = Initialized();
  BeginWith(*producer, "a");

  ASSERT_THAT(producer->Close(), IsOk());

  EXPECT_EQ(LastStable(0), 2);
  EXPECT_THAT(Committed(), IsEmpty());
}

TEST_F(ProducerTransactions, AreAbortedWithTheirProducer) {
  Open();
  auto producer = Initialized();
  BeginWith(*producer, "a");

  producer.reset();

  EXPECT_EQ(LastStable(0), 2);
  EXPECT_THAT(Committed(), IsEmpty());
}

TEST_F(ProducerTransactions, OfALifeBeforeAreAbortedByTheNextInstance) {
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

TEST_F(ProducerTransactions, OfALifeBeforeAreAbortedByTheirTimeOut) {
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

TEST_F(ProducerTransactions, AskForATimeOutThatIsAllowed) {
  Open();
  ProducerOptions options;
  options.transactional_id = "x";
  options.transaction_timeout = absl::Hours(1);
  const auto producer = client_->NewProducer(options);
  ASSERT_THAT(producer, IsOk());

  EXPECT_THAT((*producer)->InitTransactions(),
              HasReason(Reason::kInvalidTransactionTimeout));
}

TEST_F(ProducerTransactions, WithThreadsOfTheClientAreTheSame) {
  std::vector<std::string> expected;
  for (const int threads : {1, 2}) {
    Open(nullptr, threads);
    const auto producer = Initialized();
    for (int i = 0; i < 50; ++i) {
      ASSERT_THAT(producer->BeginTransaction(), IsOk());
      for (int32_t partition : {0, 1, 0}) {
        const std::string value = fmt::format("{}/{}", threads, i);
        ASSERT_THAT(Send(*producer, value, partition), IsOk());
        if (i % 3 != 0) expected.push_back(value);
      }
      ASSERT_THAT(i % 3 != 0 ? producer->CommitTransaction()
                             : producer->AbortTransaction(),
                  IsOk());
    }
    std::vector<std::string> read;
    while (read.size() < expected.size()) {
      const auto records = consumer_->Poll(absl::Minutes(1));
      ASSERT_THAT(records, IsOk());
      for (const ConsumerRecord& each : *records)
        read.emplace_back(*each.value);
    }
    EXPECT_THAT(read, testing::UnorderedElementsAreArray(expected));
  }
}

// Runs tasks, or keeps them until a test runs them.
class HoldingExecutor final : public Executor {
 public:
  void Schedule(Task task) override {
    {
      MutexLock lock(mutex_);
      if (holds_) return tasks_.push_back(std::move(task));
    }
    threads_->Schedule(std::move(task));
  }
  void ScheduleAfter(absl::Duration delay, Task task) override {
    if (delay <= absl::ZeroDuration()) return Schedule(std::move(task));
    threads_->ScheduleAfter(delay, std::move(task));
  }
  void Hold() {
    MutexLock lock(mutex_);
    holds_ = true;
  }
  // Until what was given to the thread before has run.
  void AwaitIdle() {
    std::latch is_idle(1);
    threads_->Schedule([&is_idle] { is_idle.count_down(); });
    is_idle.wait();
  }
  // In the order in which they came, with those that come meanwhile.
  void RunHeld() {
    MutexLock lock(mutex_);
    while (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      mutex_.Unlock();
      std::move(task)();
      mutex_.Lock();
    }
    holds_ = false;
  }

 private:
  const std::unique_ptr<Executor> threads_ = NewThreadPool(1);
  Mutex mutex_;
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

TEST(ProducerTransactionsOf, AClosedProducerAreAbortedThoughItIsBusy) {
  const auto files = NewMemoryFileSystem();
  HoldingExecutor executor;
  auto client = Client::Open("dir:/data", {.engine = {.file_system = &*files,
                                                      .executor = &executor}});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("orders"), IsOk());
  ProducerOptions options;
  options.transactional_id = "x";
  options.linger = absl::ZeroDuration();
  auto producer = (*client)->NewProducer(options);
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  ASSERT_THAT((*producer)->BeginTransaction(), IsOk());

  // That the partition takes part is being stored, and so the coordinator busy.
  executor.AwaitIdle();
  executor.Hold();
  ASSERT_THAT((*producer)->Send({.topic = "orders", .value = "v"}), IsOk());
  (*producer)->Close(absl::ZeroDuration()).IgnoreError();
  executor.RunHeld();

  const auto coordinator =
      EngineCore::Of(*(*client)->engine())->Transactions();
  ASSERT_THAT(coordinator, IsOk());
  EXPECT_EQ((*(*coordinator)->Describe("x"))->status,
            TransactionStatus::kCompleteAbort);
}

// Stands still unless a test moves it, and tells of each look that one thread
// takes at it.
class WatchedClock final : public Clock {
 public:
  void Advance(absl::Duration by) { still_.Advance(by); }
  absl::Time Now() override { return still_.Now(); }
  absl::Duration Monotonic() override {
    if (std::this_thread::get_id() == watched_.load()) look_();
    return still_.Monotonic();
  }
  // From now on, on this thread.
  void Watch(std::function<void()> look) {
    look_ = std::move(look);
    watched_ = std::this_thread::get_id();
  }

 private:
  test::SimClock still_;
  std::function<void()> look_;
  std::atomic<std::thread::id> watched_;
};

// A producer that is closed while its transaction is being committed, and the
// executor holds what coordinator and log have to tell of it.
class ClosedInACommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ClientOptions options;
    options.engine.file_system = &*files_;
    options.engine.clock = &clock_;
    options.engine.executor = &executor_;
    auto client = Client::Open("dir:/data", options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_THAT(client_->engine()->CreateTopic("orders"), IsOk());
    auto producer = client_->NewProducer({.linger = absl::ZeroDuration(),
                                          .block_max = absl::Seconds(1),
                                          .transactional_id = "x"});
    ASSERT_THAT(producer, IsOk());
    producer_ = *std::move(producer);
    ASSERT_THAT(producer_->InitTransactions(), IsOk());
    ASSERT_THAT(producer_->BeginTransaction(), IsOk());
  }
  void Send(std::string_view value) {
    ASSERT_THAT(producer_->Send({.topic = "orders", .value = value},
                                [this](const auto& sent) {
                                  told_.push_back(ReasonOf(sent.status()));
                                }),
                IsOk());
  }
  void HoldTasks() {
    executor_.AwaitIdle();
    executor_.Hold();
  }
  TransactionStatus StatusInTheEnd() {
    const auto coordinator =
        EngineCore::Of(*client_->engine())->Transactions();
    EXPECT_THAT(coordinator, IsOk());
    return (*(*coordinator)->Describe("x"))->status;
  }

  WatchedClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  HoldingExecutor executor_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
  std::vector<Reason> told_;
};

TEST_F(ClosedInACommit, AbortsTheTransactionThatLacksWhatItHasFailed) {
  HoldTasks();
  Send("a");  // waits until its partition takes part
  std::latch waits(1);
  absl::Status committed;
  std::thread commits([&] {
    // It lets go of the lock only to wait.
    clock_.Watch([&, looks = 0]() mutable {
      if (++looks == 1) waits.count_down();
    });
    committed = producer_->CommitTransaction();
    clock_.Watch([] {});
  });
  waits.wait();

  producer_->Close(absl::ZeroDuration()).IgnoreError();
  executor_.RunHeld();

  commits.join();
  EXPECT_THAT(committed, HasReason(Reason::kClosed));
  EXPECT_THAT(told_, ElementsAre(Reason::kClosed));
  EXPECT_EQ(StatusInTheEnd(), TransactionStatus::kCompleteAbort);
}

TEST_F(ClosedInACommit, AbortsTheTransactionThatNobodyWasAskedToCommit) {
  Send("a");
  ASSERT_THAT(producer_->Flush(), IsOk());
  HoldTasks();
  Send("b");  // is written, and not acknowledged
  clock_.Watch([this] { clock_.Advance(absl::Seconds(1)); });
  ASSERT_THAT(producer_->CommitTransaction(), HasReason(Reason::kTimedOut));
  clock_.Watch([] {});

  producer_->Close(absl::ZeroDuration()).IgnoreError();
  executor_.RunHeld();

  EXPECT_EQ(StatusInTheEnd(), TransactionStatus::kCompleteAbort);
}

// A producer whose tries are an hour apart, on a clock that stands still, and
// the marker of its first transaction, whose commit has been answered, kept
// back in front of the disk.
class BehindACommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ClientOptions options;
    options.engine.file_system = &files_;
    options.engine.clock = &clock_;
    options.engine.executor = &executor_;
    auto client = Client::Open("dir:/data", options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_THAT(client_->engine()->CreateTopic("orders"), IsOk());
    producer_ = NewProducer();
    ASSERT_THAT(producer_->InitTransactions(), IsOk());
    ASSERT_THAT(producer_->BeginTransaction(), IsOk());
    ASSERT_THAT(producer_->Send({.topic = "orders", .value = "a"}), IsOk());
    ASSERT_THAT(producer_->Flush(), IsOk());
    files_.set_during(FileCall::kWrite, "orders-0/00000000000000000000.log",
                      [this] {
                        if (is_kept_.exchange(true)) return;
                        is_there_.count_down();
                        goes_on_.wait();
                      });
    ASSERT_THAT(producer_->CommitTransaction(), IsOk());
    is_there_.wait();
  }
  void TearDown() override {
    if (!goes_on_.try_wait()) goes_on_.count_down();
  }
  std::unique_ptr<Producer> NewProducer() {
    ProducerOptions options;
    options.transactional_id = "x";
    options.linger = absl::ZeroDuration();
    options.block_max = absl::Hours(2);
    options.retry_backoff = options.retry_backoff_max = absl::Hours(1);
    auto producer = client_->NewProducer(options);
    EXPECT_THAT(producer, IsOk());
    return *std::move(producer);
  }

  bool is_written_ = false;
  std::atomic<bool> is_kept_ = false;
  std::latch is_there_{1};
  std::latch goes_on_{1};
  WatchedClock clock_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  HoldingExecutor executor_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
};

TEST_F(BehindACommit, AWriteGoesOnOnceThatHasEndedWithoutTimePassing) {
  executor_.Hold();
  ASSERT_THAT(producer_->BeginTransaction(), IsOk());
  ASSERT_THAT(producer_->Send({.topic = "orders", .value = "b"},
                              [this](const auto& sent) {
                                EXPECT_THAT(sent, IsOk());
                                is_written_ = true;
                              }),
              IsOk());
  // The coordinator is asked, and is busy.
  executor_.RunHeld();
  ASSERT_FALSE(is_written_);

  executor_.Hold();
  goes_on_.count_down();
  executor_.AwaitIdle();
  executor_.RunHeld();

  EXPECT_TRUE(is_written_);
  EXPECT_EQ(clock_.Monotonic(), absl::ZeroDuration());
  EXPECT_THAT(producer_->AbortTransaction(), IsOk());
}

TEST_F(BehindACommit, TheNextInstanceBeginsWithoutTimePassing) {
  const auto next = NewProducer();
  // It looks how long it may wait, asks, is answered at once, and looks again.
  int looks = 0;
  clock_.Watch([this, &looks] {
    if (++looks == 2) goes_on_.count_down();
  });

  EXPECT_THAT(next->InitTransactions(), IsOk());

  clock_.Watch([] {});
}

}  // namespace
}  // namespace cauce
