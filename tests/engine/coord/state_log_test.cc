#include "engine/coord/state_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cauce/errors.h"
#include "engine/coord/transaction.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FakeStateLog;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;

constexpr PartitionId kPartition{3};
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

StateBatch BatchOf(std::vector<std::string> keys) {
  StateBatch batch;
  for (std::string& key : keys)
    batch.records.push_back({.key = std::move(key), .value = "value"});
  return batch;
}

// "offset:key" of each record, and "offset:end" of each marker.
std::vector<std::string> Replayed(StateLog& log) {
  std::vector<std::string> replayed;
  const absl::Status status =
      log.Replay(kPartition, [&replayed](const StateEntry& entry) {
        const auto* const record = std::get_if<StateEntry::Record>(&entry.what);
        replayed.push_back(std::to_string(entry.offset.value) + ":" +
                           (record == nullptr ? "end" : record->record.key));
        return absl::OkStatus();
      });
  EXPECT_THAT(status, IsOk());
  return replayed;
}

// Carries out what a machine says, as a coordinator does.
void CarryOut(Transaction& machine, StateLog& log, TransactionOutput output,
              std::vector<TransactionReply>& replies) {
  if (output.append.has_value()) {
    log.Append(kPartition, {.records = {*output.append}, .transaction = {}},
               [&](const absl::StatusOr<Offset>& base) {
                 CarryOut(machine, log,
                          base.ok()
                              ? machine.Appended(kNow)
                              : machine.AppendFailed(base.status(), kNow),
                          replies);
               });
  }
  for (TransactionReply& reply : output.reply)
    replies.push_back(std::move(reply));
}

TEST(StateLog, ReadsInOrderWhatIsDurableWithTheMarkersBetween) {
  FakeStateLog log;
  log.Append(kPartition, BatchOf({"a", "b"}), [](const auto&) {});
  log.Write(kPartition, {.producer_id = {1}, .producer_epoch = 0});
  std::optional<Offset> base;
  log.Append(kPartition, BatchOf({"c"}),
             [&base](const absl::StatusOr<Offset>& at) { base = *at; });
  log.Append({9}, BatchOf({"of another partition"}), [](const auto&) {});

  EXPECT_EQ(base, Offset{3});
  EXPECT_THAT(Replayed(log), ElementsAre("0:a", "1:b", "2:end", "3:c"));
}

TEST(StateLog, SaysWhoseTransactionARecordIsOf) {
  FakeStateLog log;
  StateBatch batch = BatchOf({"a"});
  batch.transaction = ProducerInstance{{1000}, 5};
  log.Append(kPartition, batch, [](const auto&) {});

  std::optional<ProducerInstance> whose;
  const absl::Status status =
      log.Replay(kPartition, [&whose](const StateEntry& entry) {
        whose = std::get<StateEntry::Record>(entry.what).transaction;
        return absl::OkStatus();
      });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(whose, batch.transaction);
}

TEST(StateLog, EndsAReplayWhereItsVisitorFails) {
  FakeStateLog log;
  log.Append(kPartition, BatchOf({"a", "b"}), [](const auto&) {});
  int visited = 0;

  const absl::Status status =
      log.Replay(kPartition, [&visited](const StateEntry&) {
        ++visited;
        return MakeError(Reason::kCorruptBatch, "cannot be read");
      });

  EXPECT_THAT(status, HasReason(Reason::kCorruptBatch));
  EXPECT_EQ(visited, 1);
}

TEST(StateLog, TellsWhyAnAppendFailed) {
  FakeStateLog log;
  log.Hold();
  absl::Status told;
  log.Append(kPartition, BatchOf({"a"}),
             [&told](const auto& base) { told = base.status(); });

  log.Finish(MakeError(Reason::kDiskFull, "full"));

  EXPECT_THAT(told, HasReason(Reason::kDiskFull));
}

TEST(StateLog, MayHaveWhatNobodyHeardOf) {
  for (const size_t kept : {0, 1, 2}) {
    FakeStateLog log;
    log.Hold();
    for (const char* key : {"a", "b"}) {
      log.Append(kPartition, BatchOf({key}),
                 [](const auto&) { FAIL() << "the process is dead"; });
    }

    log.Crash(kept);

    EXPECT_EQ(Replayed(log).size(), kept);
    EXPECT_EQ(log.waiting(), 0);
  }
}

TEST(StateLog, GivesATransactionalIdBackAsItWas) {
  FakeStateLog log;
  Transaction before("txn", 1, {});
  std::vector<TransactionReply> replies;
  before.OfferProducerId({1000});
  CarryOut(before, log,
           before.InitProducer({.waiter = 1,
                                .timeout = absl::Minutes(1),
                                .current = {}},
                               kNow),
           replies);
  CarryOut(before, log,
           before.AddPartitions({.waiter = 2,
                                 .producer = replies.back().producer,
                                 .partitions = {{"t", {0}}},
                                 .version = 2},
                                kNow),
           replies);
  ASSERT_EQ(before.status(), TransactionStatus::kOngoing);

  std::optional<TransactionLogValue> stored;
  ASSERT_THAT(log.Replay(kPartition,
                         [&stored](const StateEntry& entry) {
                           const auto value = DecodeTransactionLogValue(
                               *std::get<StateEntry::Record>(entry.what)
                                    .record.value);
                           if (value.ok()) stored = *value;
                           return value.status();
                         }),
              IsOk());

  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(TransactionMetadata::From(*stored), before.metadata());
}

}  // namespace
}  // namespace cauce
