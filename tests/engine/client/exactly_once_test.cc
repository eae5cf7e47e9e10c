// The example of producer.h: what is read, worked on and written again is so
// exactly once, wherever the process dies or the power goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::FaultyDisk;
using test::IsOk;

constexpr int kRecords = 40;
constexpr int kLives = 12;  // that are cut short

std::unique_ptr<Client> Open(FaultyDisk& disk) {
  EngineOptions engine;
  engine.file_system = &disk;
  engine.transaction_topic_partitions = 1;
  engine.offsets_topic_partitions = 1;
  auto client = Client::Open("dir:/d", {.engine = engine, .threads = 0});
  return client.ok() ? *std::move(client) : nullptr;
}

// Copies what was read, and where the reader is then, as one transaction.
// `adds` may add to it.
using Adds = std::function<void(Producer&)>;
absl::Status CopySome(std::span<const ConsumerRecord> records,
                      const Consumer& consumer, Producer& producer,
                      const Adds& adds) {
  CAUCE_RETURN_IF_ERROR(producer.BeginTransaction());
  OffsetsToCommit offsets;
  for (const ConsumerRecord& each : records) {
    CAUCE_RETURN_IF_ERROR(producer.Send(
        {.topic = "copies", .key = each.key, .value = each.value}));
    offsets[*each.partition] = {.offset = each.offset + 1,
                                .metadata = "",
                                .leader_epoch = {}};
  }
  adds(producer);
  CAUCE_RETURN_IF_ERROR(
      producer.SendOffsetsToTransaction(offsets, consumer.group_metadata()));
  return producer.CommitTransaction();
}

// Behind an abort: what was read and rolled back is read again.
absl::Status SeekToCommitted(Consumer& consumer) {
  CAUCE_ASSIGN_OR_RETURN(const OffsetsToCommit committed,
                         consumer.Committed(consumer.assignment()));
  for (const TopicPartition& each : consumer.assignment()) {
    const auto found = committed.find(each);
    CAUCE_RETURN_IF_ERROR(found == committed.end()
                              ? consumer.SeekToStart(each)
                              : consumer.Seek(each, found->second.offset));
  }
  return absl::OkStatus();
}

// Copies `orders` to `copies` until there is nothing left, or nothing works any
// more. Who waits does so for `patience`.
absl::Status Copy(Client& client, absl::Duration patience,
                  const Adds& adds = [](Producer&) {}) {
  ConsumerOptions reads;
  reads.group = "copier";
  reads.auto_commit = false;
  reads.reset = ResetTo::kEarliest;
  reads.isolation = Isolation::kReadCommitted;
  reads.poll_records_max = 3;
  reads.call_timeout = patience;
  CAUCE_ASSIGN_OR_RETURN(const auto consumer, client.NewConsumer(reads));
  CAUCE_RETURN_IF_ERROR(consumer->Subscribe({"orders"}));
  ProducerOptions writes;
  writes.transactional_id = "copier";
  writes.block_max = patience;
  writes.retry_backoff = absl::Milliseconds(1);
  CAUCE_ASSIGN_OR_RETURN(const auto producer, client.NewProducer(writes));
  CAUCE_RETURN_IF_ERROR(producer->InitTransactions());
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto records,
                           consumer->Poll(absl::Milliseconds(100)));
    if (records.empty() && !consumer->assignment().empty())
      return absl::OkStatus();
    if (records.empty()) continue;
    const absl::Status copied = CopySome(records, *consumer, *producer, adds);
    if (copied.ok()) continue;
    CAUCE_RETURN_IF_ERROR(producer->AbortTransaction());
    CAUCE_RETURN_IF_ERROR(SeekToCommitted(*consumer));
  }
}

std::vector<std::string> Committed(Client& client, std::string_view topic) {
  std::vector<std::string> values;
  const auto opened = client.engine()->OpenPartition(topic, PartitionId{0});
  EXPECT_THAT(opened, IsOk());
  Cursor cursor =
      opened->Read(Offset{0}, {.isolation = Isolation::kReadCommitted});
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    EXPECT_THAT(more, IsOk());
    if (!more.ok() || !*more) return values;
    values.emplace_back(*record.value);
  }
}

TEST(ExactlyOnce, ACopyHasEachRecordOnceWhereverItWasCutShort) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  test::RandomChoices fate(seed.value());
  FaultyDisk disk(*SystemClock());
  std::vector<std::string> sent;
  {
    const auto client = Open(disk);
    ASSERT_NE(client, nullptr);
    ASSERT_THAT(client->engine()->CreateTopic("orders"), IsOk());
    ASSERT_THAT(client->engine()->CreateTopic("copies"), IsOk());
    const auto producer = client->NewProducer();
    ASSERT_THAT(producer, IsOk());
    for (int i = 0; i < kRecords; ++i) {
      sent.push_back(std::to_string(i));
      ASSERT_THAT((*producer)->SendAndWait(
                      {.topic = "orders", .value = sent.back()}),
                  IsOk());
    }
    ASSERT_THAT(client->Close(), IsOk());
  }

  int cut = 0;
  for (int life = 0; life < kLives; ++life) {
    disk.CutBefore(disk.changes() + 20 + static_cast<int64_t>(random() % 80));
    {
      const auto client = Open(disk);
      if (client != nullptr)
        Copy(*client, absl::Milliseconds(100)).IgnoreError();
    }
    cut += disk.is_cut() ? 1 : 0;
    disk.CutNow();
    if (random() % 2 == 0) {
      disk.RestartProcess();
    } else {
      disk.Restart(fate);
    }
  }

  const auto client = Open(disk);
  ASSERT_NE(client, nullptr);
  ASSERT_THAT(Copy(*client, absl::Minutes(1)), IsOk());
  EXPECT_EQ(Committed(*client, "copies"), sent);
  EXPECT_GT(cut, 0);
}

TEST(ExactlyOnce, ACopyHasEachRecordOnceBehindTransactionsThatWereAborted) {
  FaultyDisk disk(*SystemClock());
  const auto client = Open(disk);
  ASSERT_NE(client, nullptr);
  ASSERT_THAT(client->engine()->CreateTopic("orders"), IsOk());
  ASSERT_THAT(client->engine()->CreateTopic("copies"), IsOk());
  const auto producer = client->NewProducer();
  ASSERT_THAT(producer, IsOk());
  std::vector<std::string> sent;
  for (int i = 0; i < kRecords; ++i) {
    sent.push_back(std::to_string(i));
    ASSERT_THAT(
        (*producer)->SendAndWait({.topic = "orders", .value = sent.back()}),
        IsOk());
  }
  int transactions = 0;
  int refused = 0;

  // Each second one is to have a record that it cannot.
  const absl::Status copied =
      Copy(*client, absl::Minutes(1), [&](Producer& each) {
        if (++transactions % 2 == 0) return;
        refused +=
            each.Send({.topic = "unknown", .value = "v"}).ok() ? 0 : 1;
      });

  ASSERT_THAT(copied, IsOk());
  EXPECT_EQ(Committed(*client, "copies"), sent);
  EXPECT_GT(refused, 1);
}

}  // namespace
}  // namespace cauce
