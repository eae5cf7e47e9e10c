// Consumers of groups in one thread, over an engine in memory whose time a test
// moves: without threads, so that each call is done when it returns, unless
// there is an executor.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

// Notes what it is told: "+01" of what it was assigned, "-" before what was
// revoked, "!" before what it has lost.
class Notes final : public RebalanceListener {
 public:
  void Assigned(const std::vector<TopicPartition>& partitions) override {
    Note("+", partitions);
  }
  void Revoked(const std::vector<TopicPartition>& partitions) override {
    Note("-", partitions);
  }
  void Lost(const std::vector<TopicPartition>& partitions) override {
    Note("!", partitions);
  }
  std::vector<std::string> notes;

 private:
  void Note(std::string what, const std::vector<TopicPartition>& partitions) {
    for (const TopicPartition& each : partitions)
      what += std::to_string(each.partition.value);
    notes.push_back(what);
  }
};

class GroupConsumers : public ::testing::Test {
 protected:
  GroupConsumers() {
    Open();
    EXPECT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  }

  // The client, of the same files as before.
  void Open(Executor* executor = nullptr) {
    client_.reset();
    ClientOptions options;
    options.threads = 0;
    options.engine.executor = executor;
    options.engine.clock = &clock_;
    options.engine.file_system = &files_;
    options.engine.events = [this](Severity, std::string_view line) {
      events_.emplace_back(line);
    };
    options.engine.offsets_topic_partitions = 2;
    auto client = Client::Open("dir:/data", options);
    EXPECT_THAT(client, IsOk());
    client_ = *std::move(client);
  }
  Engine& engine() { return *client_->engine(); }

  static ConsumerOptions InGroup(const std::string& group = "g") {
    ConsumerOptions options;
    options.group = group;
    options.reset = ResetTo::kEarliest;
    return options;
  }
  std::unique_ptr<Consumer> Make(const ConsumerOptions& options = InGroup()) {
    auto consumer = client_->NewConsumer(options);
    EXPECT_THAT(consumer, IsOk());
    return *std::move(consumer);
  }
  std::unique_ptr<Consumer> Subscribed(
      const ConsumerOptions& options = InGroup(),
      std::shared_ptr<RebalanceListener> listener = nullptr) {
    auto consumer = Make(options);
    EXPECT_THAT(consumer->Subscribe({"orders"}, std::move(listener)), IsOk());
    return consumer;
  }

  // One record in each partition.
  void AppendToAll(const std::string& value) {
    for (int32_t p = 0; p < 4; ++p) Append(p, value);
  }
  void Append(int32_t partition, const std::string& value) {
    const Record record{.value = value, .timestamp = {1000}};
    EXPECT_THAT(engine()
                    .OpenPartition("orders", PartitionId{partition})
                    .value()
                    .Append({&record, 1}),
                IsOk());
  }
  int64_t EndOf(int32_t partition) {
    return engine()
        .OpenPartition("orders", PartitionId{partition})
        .value()
        .log_end()
        .value;
  }

  // "partition:value" of all that is there now.
  static std::vector<std::string> Drain(Consumer& consumer) {
    std::vector<std::string> values;
    for (;;) {
      const auto polled = consumer.Poll(absl::ZeroDuration());
      EXPECT_THAT(polled, IsOk());
      if (!polled.ok() || polled->empty()) return values;
      for (const ConsumerRecord& record : *polled) {
        values.push_back(fmt::format("{}:{}", record.partition->partition.value,
                                     *record.value));
      }
    }
  }

  // All of them Poll until nobody's share changes any more; what they read is
  // returned.
  static std::vector<std::string> Settle(
      const std::vector<Consumer*>& consumers) {
    std::vector<std::string> values;
    for (int round = 0; round < 8; ++round) {
      for (Consumer* const each : consumers) {
        for (std::string& value : Drain(*each))
          values.push_back(std::move(value));
      }
    }
    return values;
  }

  static std::vector<int32_t> ShareOf(const Consumer& consumer) {
    std::vector<int32_t> share;
    for (const TopicPartition& each : consumer.assignment())
      share.push_back(each.partition.value);
    return share;
  }

  int64_t CommittedIn(int32_t partition, const std::string& group = "g") {
    const TopicPartition name{"orders", PartitionId{partition}};
    const auto committed = Make(InGroup(group))->Committed({name});
    EXPECT_THAT(committed, IsOk());
    if (!committed.ok() || !committed->contains(name)) return -1;
    return committed->at(name).offset.value;
  }

  SimClock clock_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FailingFileSystem files_{*memory_};
  std::vector<std::string> events_;  // log lines, of one thread
  std::unique_ptr<Client> client_;
};

}  // namespace cauce::test
