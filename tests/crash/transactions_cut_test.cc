// The power goes before any change of the disk that a program with transactions
// makes: when it comes back each transaction is there as a whole or not at all,
// those that were told to be committed are there, and nothing keeps readers of
// what is committed back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "cauce/client.h"
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

// Goes on a little whenever it is looked at, and fast once the power is out:
// who waits for the disk gives up at once.
class ImpatientClock final : public Clock {
 public:
  void Watch(const FaultyDisk* disk) { disk_ = disk; }
  absl::Time Now() override {
    return absl::FromUnixSeconds(1'700'000'000) + t_;
  }
  absl::Duration Monotonic() override {
    const bool is_out = disk_ != nullptr && disk_->is_cut();
    return t_ += is_out ? absl::Seconds(1) : absl::Microseconds(100);
  }
  void Advance(absl::Duration by) { t_ += by; }

 private:
  const FaultyDisk* disk_ = nullptr;
  absl::Duration t_;
};

constexpr int kPartitions = 2;
// Of what was not synced at each cut.
constexpr int kFates = 10;

std::unique_ptr<Client> Open(FaultyDisk& disk, Clock& clock) {
  EngineOptions engine;
  engine.file_system = &disk;
  engine.clock = &clock;
  engine.transaction_topic_partitions = 1;
  auto client = Client::Open("dir:/d", {.engine = engine, .threads = 0});
  return client.ok() ? *std::move(client) : nullptr;
}

std::unique_ptr<Producer> NewProducer(Client& client) {
  ProducerOptions options;
  options.transactional_id = "x";
  options.block_max = absl::Seconds(1);
  options.retry_backoff = options.retry_backoff_max = absl::Milliseconds(1);
  auto producer = client.NewProducer(options);
  return producer.ok() ? *std::move(producer) : nullptr;
}

// One transaction of a record in each partition.
absl::Status Write(Producer& producer, const std::string& value) {
  CAUCE_RETURN_IF_ERROR(producer.BeginTransaction());
  for (int32_t i = 0; i < kPartitions; ++i) {
    CAUCE_RETURN_IF_ERROR(producer.Send(
        {.topic = "orders", .partition = PartitionId{i}, .value = value}));
  }
  return producer.Flush();
}

// What was told before the power went.
struct Told {
  std::set<std::string> committed;
  std::set<std::string> aborted;
};

absl::Status RunProgram(Client& client, Told& told) {
  const auto producer = NewProducer(client);
  if (producer == nullptr) return absl::UnavailableError("no producer");
  CAUCE_RETURN_IF_ERROR(producer->InitTransactions());
  for (const char* value : {"a", "b", "c"}) {
    CAUCE_RETURN_IF_ERROR(Write(*producer, value));
    const bool commits = std::string_view(value) != "b";
    CAUCE_RETURN_IF_ERROR(commits ? producer->CommitTransaction()
                                  : producer->AbortTransaction());
    (commits ? told.committed : told.aborted).insert(value);
  }
  // This one is open as the producer goes.
  return Write(*producer, "d");
}

// What a reader of what is committed finds in the partition, to its very end.
std::set<std::string> ReadCommitted(Client& client, int32_t partition) {
  std::set<std::string> values;
  const auto opened =
      client.engine()->OpenPartition("orders", PartitionId{partition});
  EXPECT_THAT(opened, IsOk());
  EXPECT_EQ(opened->LastStableOffset()->value, opened->log_end().value)
      << "a transaction hangs in partition " << partition;
  auto consumer = client.NewConsumer(
      {.reset = ResetTo::kEarliest, .isolation = Isolation::kReadCommitted});
  EXPECT_THAT(consumer, IsOk());
  EXPECT_THAT((*consumer)->Assign({{"orders", PartitionId{partition}}}),
              IsOk());
  for (;;) {
    const auto records = (*consumer)->Poll(absl::ZeroDuration());
    EXPECT_THAT(records, IsOk());
    if (!records.ok() || records->empty()) return values;
    for (const ConsumerRecord& each : *records) {
      EXPECT_TRUE(values.insert(std::string(*each.value)).second)
          << *each.value << " is there twice";
    }
  }
}

// How the next life ends what was left open.
enum class Ends { kByTimeOut, kByTheNextInstance };

void CheckNextLife(FaultyDisk& disk, ImpatientClock& clock, const Told& told,
                   Ends ends) {
  const auto client = Open(disk, clock);
  ASSERT_NE(client, nullptr);
  if (ends == Ends::kByTimeOut) {
    clock.Advance(absl::Minutes(1));
    ASSERT_THAT(client->engine()->RunUpkeep(), IsOk());
  } else {
    const auto next = NewProducer(*client);
    ASSERT_NE(next, nullptr);
    ASSERT_THAT(next->InitTransactions(), IsOk());
    ASSERT_THAT(Write(*next, "next"), IsOk());
    ASSERT_THAT(next->CommitTransaction(), IsOk());
  }
  const auto first = ReadCommitted(*client, 0);
  EXPECT_EQ(ReadCommitted(*client, 1), first) << "half of a transaction";
  for (const std::string& value : told.committed)
    EXPECT_TRUE(first.contains(value)) << value << " was committed";
  for (const std::string& value : told.aborted)
    EXPECT_FALSE(first.contains(value)) << value << " was aborted";
  EXPECT_FALSE(first.contains("b"));
  EXPECT_FALSE(first.contains("d"));
  EXPECT_EQ(first.contains("next"), ends == Ends::kByTheNextInstance);
  EXPECT_THAT(client->Close(), IsOk());
}

TEST(TransactionsCut, LeavesEachTransactionWholeOrGone) {
  const test::Seed seed;
  test::RandomChoices fate(seed.value());
  bool was_cut = true;
  int64_t cut = 0;
  for (; was_cut; ++cut) {
    SCOPED_TRACE(testing::Message() << "cut before change " << cut);
    ImpatientClock clock;
    FaultyDisk disk(clock);
    auto client = Open(disk, clock);
    ASSERT_NE(client, nullptr);
    ASSERT_THAT(client->engine()->CreateTopic(
                    "orders", {.partitions = kPartitions, .configs = {}}),
                IsOk());
    clock.Watch(&disk);
    disk.CutBefore(disk.changes() + cut);

    Told told;
    const absl::Status ran = RunProgram(*client, told);
    was_cut = disk.is_cut();
    EXPECT_TRUE(ran.ok() || was_cut) << ran;
    disk.CutNow();
    client.reset();
    clock.Watch(nullptr);

    for (int i = 0; i < kFates; ++i) {
      for (const Ends ends : {Ends::kByTimeOut, Ends::kByTheNextInstance}) {
        fate.Turn();
        const auto left = disk.Copy();
        left->Restart(fate);
        CheckNextLife(*left, clock, told, ends);
      }
    }
  }
  // Where there is nothing to cut the test proves nothing.
  EXPECT_GT(cut, 30);
}

}  // namespace
}  // namespace cauce
