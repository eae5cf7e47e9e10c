#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/engine/client/transaction_rig.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ProducerTransactions : public test::TransactionRig {};

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

// What a callback does within the call that ends a transaction another thread
// may do as well, since that lets go of the lock for both.
TEST_F(ProducerTransactions, AreNotCommittedByACallOfTheOneBefore) {
  Open();
  const auto producer = Initialized();
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(producer->Send({.topic = "orders",
                              .partition = PartitionId{0},
                              .value = "a"},
                             [&](const auto& sent) {
                               EXPECT_THAT(sent, IsOk());
                               EXPECT_THAT(producer->CommitTransaction(),
                                           IsOk());
                               EXPECT_THAT(producer->BeginTransaction(),
                                           IsOk());
                               EXPECT_THAT(Send(*producer, "b"), IsOk());
                             }),
              IsOk());

  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kInvalidTxnState));

  EXPECT_THAT(producer->AbortTransaction(), IsOk());
  EXPECT_THAT(Committed(), ElementsAre("a"));
}

TEST_F(ProducerTransactions, AreNotAbortedByACallOfTheOneBefore) {
  Open();
  const auto producer = Initialized();
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(producer->Send({.topic = "orders",
                              .partition = PartitionId{0},
                              .value = "a"},
                             [&](const auto&) {
                               EXPECT_THAT(producer->AbortTransaction(),
                                           IsOk());
                               EXPECT_THAT(producer->BeginTransaction(),
                                           IsOk());
                               EXPECT_THAT(Send(*producer, "b"), IsOk());
                             }),
              IsOk());

  EXPECT_THAT(producer->AbortTransaction(),
              HasReason(Reason::kInvalidTxnState));

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

}  // namespace
}  // namespace cauce
