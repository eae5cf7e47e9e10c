#include "engine/coord/transaction_metadata.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace cauce {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TransactionMetadata Open() {
  TransactionMetadata open;
  open.producer = {{1000}, 5};
  open.status = TransactionStatus::kOngoing;
  open.version = 2;
  open.partitions = {{"a", {0}}, {"a", {3}}, {"b", {1}}};
  open.start = Timestamp::From(kNow);
  open.timeout = absl::Seconds(30);
  return open;
}

TEST(TransactionMetadata, IsReadFromItsRecordAsItWas) {
  const TransactionMetadata committing =
      Ending(Open(),
             {.outcome = TransactionOutcome::kCommit,
              .version = 2,
              .next = {2000}},
             kNow);

  TransactionMetadata read = TransactionMetadata::From(committing.ToValue());

  // The one thing that Kafka does not store.
  EXPECT_EQ(read.last_epoch, -1);
  read.last_epoch = committing.last_epoch;
  EXPECT_EQ(read, committing);
}

TEST(TransactionMetadata, WithoutATransactionHasNoPartitionsInItsRecord) {
  TransactionMetadata empty;
  EXPECT_EQ(empty.ToValue().partitions, std::nullopt);

  const TransactionMetadata ended = Ended(
      Ending(Open(), {.outcome = TransactionOutcome::kCommit, .version = 2,
                      .next = {}}, kNow), kNow);
  ASSERT_TRUE(ended.ToValue().partitions.has_value());
  EXPECT_TRUE(ended.ToValue().partitions->empty());
}

TEST(TransactionMetadata, EndsWithAnEpochOfItsOwnInVersionTwo) {
  for (const int16_t version : {0, 1, 2}) {
    const TransactionMetadata next =
        Ending(Open(),
               {.outcome = TransactionOutcome::kAbort,
                .version = version,
                .next = {}},
               kNow);

    EXPECT_EQ(next.status, TransactionStatus::kPrepareAbort);
    EXPECT_EQ(next.producer.epoch, version == 2 ? 6 : 5);
    EXPECT_EQ(next.partitions, Open().partitions);
  }
}

TEST(TransactionMetadata, OfAnEmptyTransactionStartsWhereItEnds) {
  TransactionMetadata empty = Open();
  empty.status = TransactionStatus::kEmpty;
  empty.start = kNoTimestamp;
  empty.partitions.clear();

  const TransactionMetadata next =
      Ending(empty,
             {.outcome = TransactionOutcome::kAbort, .version = 2, .next = {}},
             kNow);

  EXPECT_EQ(next.start, Timestamp::From(kNow));
}

TEST(TransactionMetadata, IsFencedByAnEpochAndInVersionTwoByOneMore) {
  for (const int16_t version : {0, 1, 2}) {
    TransactionMetadata open = Open();
    open.version = version;
    open.last_epoch = 4;

    const TransactionMetadata fenced = Fenced(open, {2000}, kNow);

    EXPECT_EQ(fenced.producer.epoch, version == 2 ? 7 : 6);
    EXPECT_EQ(fenced.last_epoch, -1);
    EXPECT_EQ(fenced.next_producer_id, ProducerId{version == 2 ? 2000 : -1});
  }
}

TEST(TransactionMetadata, HasNoEpochBehindTheLast) {
  TransactionMetadata open = Open();
  open.producer.epoch = kProducerEpochMax;

  EXPECT_EQ(Fenced(open, {}, kNow).producer.epoch, kProducerEpochMax);
}

TEST(TransactionMetadata, GoesOnWithTheNextIdOnceItHasEnded) {
  TransactionMetadata ending = Open();
  ending.status = TransactionStatus::kPrepareCommit;
  ending.producer.epoch = kProducerEpochMax;
  ending.next_producer_id = {2000};

  const TransactionMetadata ended = Ended(ending, kNow);

  EXPECT_EQ(ended.status, TransactionStatus::kCompleteCommit);
  EXPECT_EQ(ended.producer, (ProducerInstance{{2000}, 0}));
  EXPECT_EQ(ended.previous_producer_id, ProducerId{1000});
  EXPECT_EQ(ended.next_producer_id, ProducerId{});
  EXPECT_EQ(ended.producer, ending.successor());
}

}  // namespace
}  // namespace cauce
