#include "engine/log/producer_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Eq;
using ::testing::Optional;

constexpr ProducerId kProducer{7};

// `count` records of epoch 3 from `sequence` on, at offset `base`.
ProducedBatch Sent(int32_t sequence, int64_t base, int32_t count = 1,
                   int16_t epoch = 3) {
  return {.producer_id = kProducer,
          .epoch = epoch,
          .base_sequence = sequence,
          .last_offset_delta = count - 1,
          .base = {base},
          .max_timestamp = {1000 + base}};
}

ProducedBatch InTransaction(ProducedBatch batch) {
  batch.is_transactional = true;
  return batch;
}

EndMarker End(int64_t offset, int16_t epoch = 3, int32_t coordinator = 5) {
  return {.end = {.producer_id = kProducer,
                  .producer_epoch = epoch,
                  .coordinator_epoch = coordinator,
                  .outcome = TransactionOutcome::kCommit},
          .offset = {offset},
          .timestamp = {2000 + offset}};
}

TEST(ProducerState, OfAnUnknownProducerTakesAnySequence) {
  const ProducerState producer(kProducer);
  EXPECT_THAT(producer.Check(Sent(17, 0)), IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, TakesWhatFollows) {
  ProducerState producer(kProducer);
  producer.Take(Sent(0, 100, 10));

  EXPECT_THAT(producer.Check(Sent(10, 110)), IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, TakesWhatACoordinatorAppendsInItsNameWithoutASequence) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(-1, 100, 2)));

  EXPECT_THAT(producer.Check(InTransaction(Sent(-1, 102))),
              IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(producer.Check(InTransaction(Sent(-1, 102, 1, 2))),
              HasReason(Reason::kInvalidProducerEpoch));
}

TEST(ProducerState, RefusesAGapInTheSequence) {
  ProducerState producer(kProducer);
  producer.Take(Sent(0, 100, 10));

  for (const int32_t sequence : {9, 11, 12, INT32_MAX}) {
    EXPECT_THAT(producer.Check(Sent(sequence, 110)),
                HasReason(Reason::kOutOfOrderSequence))
        << sequence;
  }
}

TEST(ProducerState, AnswersTheRetryOfItsLastFiveBatchesWithTheFirstAppend) {
  ProducerState producer(kProducer);
  for (int32_t i = 0; i < 6; ++i) producer.Take(Sent(2 * i, 100 + 3 * i, 2));

  for (int32_t i = 1; i < 6; ++i) {
    const auto known = producer.Check(Sent(2 * i, 500, 2));
    ASSERT_THAT(known, IsOk());
    ASSERT_TRUE(known->has_value()) << i;
    EXPECT_EQ((*known)->base(), Offset{100 + 3 * i});
    EXPECT_EQ((*known)->last, Offset{101 + 3 * i});
    EXPECT_EQ((*known)->timestamp, Timestamp{1100 + 3 * i});
  }
  EXPECT_THAT(producer.Check(Sent(0, 500, 2)),
              HasReason(Reason::kOutOfOrderSequence));
}

TEST(ProducerState, TakesNoOtherBatchForARetry) {
  ProducerState producer(kProducer);
  producer.Take(Sent(4, 100, 4));

  // A part of it, one that goes further, and one of an older epoch.
  EXPECT_THAT(producer.Check(Sent(4, 104, 3)),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(producer.Check(Sent(4, 104, 5)),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(producer.Check(Sent(4, 104, 4, 2)),
              HasReason(Reason::kInvalidProducerEpoch));
}

TEST(ProducerState, CountsOnFromZeroBehindTheLargestSequence) {
  ProducerState producer(kProducer);
  producer.Take(Sent(INT32_MAX - 1, 100, 2));
  EXPECT_THAT(producer.Check(Sent(0, 102)), IsOkAndHolds(Eq(std::nullopt)));

  producer.Take(Sent(0, 102));
  EXPECT_THAT(producer.Check(Sent(1, 103)), IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, KnowsABatchInWhichTheSequenceBeginsAnew) {
  ProducerState producer(kProducer);
  producer.Take(Sent(INT32_MAX - 1, 100, 4));  // …646, …647, 0, 1

  const auto known = producer.Check(Sent(INT32_MAX - 1, 500, 4));
  ASSERT_THAT(known, IsOk());
  ASSERT_TRUE(known->has_value());
  EXPECT_EQ((*known)->base(), Offset{100});
  EXPECT_EQ((*known)->last_sequence, 1);
  EXPECT_THAT(producer.Check(Sent(2, 104)), IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, ANewerEpochBeginsAtZero) {
  ProducerState producer(kProducer);
  producer.Take(Sent(0, 100, 10));

  EXPECT_THAT(producer.Check(Sent(10, 110, 1, 4)),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(producer.Check(Sent(0, 110, 1, 4)),
              IsOkAndHolds(Eq(std::nullopt)));
  producer.Take(Sent(0, 110, 1, 4));
  EXPECT_EQ(producer.epoch(), 4);
  EXPECT_THAT(producer.Check(Sent(1, 111, 1, 4)),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, FencesOlderEpochs) {
  ProducerState producer(kProducer);
  producer.Take(Sent(0, 100));

  EXPECT_THAT(producer.Check(Sent(1, 101, 1, 2)),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(producer.Check(End(101, 2).end),
              HasReason(Reason::kInvalidProducerEpoch));
}

TEST(ProducerState, AMarkerOfANewerEpochFencesToo) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100)));
  EXPECT_THAT(producer.Check(End(101, 4).end), IsOk());
  producer.Take(End(101, 4));

  EXPECT_THAT(producer.Check(InTransaction(Sent(1, 102))),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(producer.Check(InTransaction(Sent(0, 102, 1, 4))),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, FencesOlderCoordinators) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100)));
  producer.Take(End(101, 3, 5));

  EXPECT_THAT(producer.Check(End(102, 3, 4).end),
              HasReason(Reason::kCoordinatorFenced));
  EXPECT_THAT(producer.Check(End(102, 3, 5).end), IsOk());
  EXPECT_THAT(producer.Check(End(102, 3, 6).end), IsOk());
}

TEST(ProducerState, AMarkerThatComesAgainDoesNotEndTheNextTransaction) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100)));
  TransactionEnd end = End(101, 4).end;
  end.transaction_version = 2;
  EXPECT_THAT(producer.Check(end), IsOk());
  producer.Take(End(101, 4));

  // Nothing is open that it could end.
  EXPECT_THAT(producer.Check(end), IsOk());
  producer.Take(InTransaction(Sent(0, 102, 1, 4)));
  EXPECT_THAT(producer.Check(end), HasReason(Reason::kInvalidProducerEpoch));
  end.producer_epoch = 5;
  EXPECT_THAT(producer.Check(end), IsOk());
}

TEST(ProducerState, TransactionsThatShareAnEpochEndByAnyMarkerOfIt) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100)));

  for (const int16_t version : {0, 1}) {
    TransactionEnd end = End(101, 3).end;
    end.transaction_version = version;
    EXPECT_THAT(producer.Check(end), IsOk()) << version;
  }
}

TEST(ProducerState, GoesOnInSequenceBehindAMarkerOfItsEpoch) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100, 2)));
  producer.Take(End(102));

  EXPECT_THAT(producer.transaction(), Eq(std::nullopt));
  EXPECT_THAT(producer.Check(InTransaction(Sent(2, 103))),
              IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(producer.Check(InTransaction(Sent(0, 103))),
              HasReason(Reason::kOutOfOrderSequence));
}

TEST(ProducerState, RemembersWhereItsTransactionBegan) {
  ProducerState producer(kProducer);
  producer.Take(Sent(0, 100));
  EXPECT_THAT(producer.transaction(), Eq(std::nullopt));
  producer.Take(InTransaction(Sent(1, 101)));
  producer.Take(InTransaction(Sent(2, 105)));

  EXPECT_THAT(producer.transaction(), Optional(Offset{101}));
}

TEST(ProducerState, RefusesABatchOfNoTransactionWithinOne) {
  ProducerState producer(kProducer);
  producer.Take(InTransaction(Sent(0, 100)));

  EXPECT_THAT(producer.Check(Sent(1, 101)),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(producer.Check(InTransaction(Sent(1, 101))),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST(ProducerState, OfASnapshotKnowsTheLastBatch) {
  const KnownBatch last{.last_sequence = 9,
                        .last_offset_delta = 9,
                        .last = {104},
                        .timestamp = {1000}};
  const ProducerState producer(kProducer, {.epoch = 3,
                                           .coordinator_epoch = 5,
                                           .last_timestamp = {1000},
                                           .last_batch = last});

  EXPECT_THAT(producer.Check(Sent(0, 500, 10)), IsOkAndHolds(Optional(last)));
  EXPECT_THAT(producer.Check(Sent(10, 105)), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(producer.Check(End(105, 3, 4).end),
              HasReason(Reason::kCoordinatorFenced));
}

TEST(ProducerState, OfAMarkerAloneExpectsSequenceZero) {
  ProducerState producer(kProducer);
  producer.Take(End(100));

  EXPECT_THAT(producer.Check(Sent(4, 101)),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(producer.Check(Sent(0, 101)), IsOkAndHolds(Eq(std::nullopt)));
}

}  // namespace
}  // namespace cauce
