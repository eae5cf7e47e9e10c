#include "engine/coord/transaction_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/errors.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FakeStateLog;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr PartitionId kPartition{1};

void Store(FakeStateLog& log, std::string key,
           std::optional<std::string> value) {
  log.Append(kPartition,
             {.records = {{.key = std::move(key), .value = std::move(value)}},
              .transaction = {}},
             [](const auto&) {});
}

std::string KeyOf(std::string id) {
  return EncodeTransactionLogKey({.transactional_id = std::move(id)});
}

TransactionLogValue ValueOf(int16_t epoch) {
  TransactionLogValue value;
  value.producer_id = {1000};
  value.producer_epoch = epoch;
  value.transaction_timeout = absl::Minutes(1);
  return value;
}

TEST(TransactionReplay, TakesTheLastValueOfEachId) {
  FakeStateLog log;
  Store(log, KeyOf("x"), EncodeTransactionLogValue(ValueOf(1)));
  Store(log, KeyOf("y"), EncodeTransactionLogValue(ValueOf(2)));
  Store(log, KeyOf("x"), EncodeTransactionLogValue(ValueOf(3)));

  const auto ids = ReplayTransactions(log, kPartition);

  ASSERT_THAT(ids, IsOk());
  EXPECT_THAT(*ids,
              ElementsAre(Pair("x", ValueOf(3)), Pair("y", ValueOf(2))));
}

TEST(TransactionReplay, LeavesOutWhatIsForgotten) {
  FakeStateLog log;
  Store(log, KeyOf("x"), EncodeTransactionLogValue(ValueOf(1)));
  Store(log, KeyOf("x"), std::nullopt);

  const auto ids = ReplayTransactions(log, kPartition);

  ASSERT_THAT(ids, IsOk());
  EXPECT_THAT(*ids, IsEmpty());
}

TEST(TransactionReplay, PassesOverKeysOfAnotherKind) {
  FakeStateLog log;
  Store(log, std::string("\0\7key", 5), "value");

  EXPECT_THAT(ReplayTransactions(log, kPartition), IsOk());
}

TEST(TransactionReplay, BelievesNothingBehindARecordThatCannotBeRead) {
  FakeStateLog log;
  Store(log, KeyOf("x"), "?");

  EXPECT_THAT(ReplayTransactions(log, kPartition).status(),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
