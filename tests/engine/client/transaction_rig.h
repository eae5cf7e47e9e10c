// A topic "orders" of two partitions, over a directory in memory that outlives
// its client, and who reads of it what is committed. For one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

class TransactionRig : public ::testing::Test {
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

  SimClock clock_;  // where a test asks for it
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FailingFileSystem files_{*memory_};
  std::unique_ptr<Client> client_;
  std::unique_ptr<Consumer> consumer_;
};

}  // namespace cauce::test
