// A producer of a topic of three partitions, "orders", over an engine in
// memory whose files fail where a test wants it, with a clock that stands
// still. What is told of records is written down: "v@3" or "v: DISK_FULL". What
// a test leaves behind is verified. For one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/verified.h"

namespace cauce::test {

class ProducerRig : public ::testing::Test {
 protected:
  ~ProducerRig() override {
    producer_.reset();
    client_.reset();
    executor_.RunDue();
    ExpectVerified(*memory_, "/data", left_);
  }
  void Leaves(Left left) { left_ = left; }

  // Nothing runs in the background unless `executor` says so.
  void Open(Executor* executor = nullptr) {
    auto client = Client::Open("dir:/data", {.engine = {.file_system = &files_,
                                                        .clock = &clock_,
                                                        .executor = executor},
                                             .threads = 0});
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    const TopicSpec spec{.partitions = 3,
                         .configs = {{"max.message.bytes", "700"}}};
    ASSERT_THAT(client_->engine()->CreateTopic("orders", spec), IsOk());
  }
  void Produce(const ProducerOptions& options = {}) {
    auto producer = client_->NewProducer(options);
    ASSERT_THAT(producer, IsOk());
    producer_ = *std::move(producer);
  }
  absl::Status Send(std::string value, int32_t partition = 0) {
    return producer_->Send(
        {.topic = "orders",
         .partition = PartitionId{partition},
         .value = value},
        [this, value](const absl::StatusOr<Delivery>& sent) {
          const std::string_view reason = ReasonName(ReasonOf(sent.status()));
          told_.push_back(sent.ok()
                              ? fmt::format("{}@{}", value, sent->offset.value)
                              : fmt::format("{}: {}", value, reason));
        });
  }
  void FillDisk() {
    files_.Fail(FileCall::kWrite, ".log",
                MakeError(Reason::kDiskFull, "no space left on the device"));
  }
  std::vector<std::string> Stored(int32_t partition = 0,
                                  std::string_view topic = "orders") {
    auto opened =
        client_->engine()->OpenPartition(topic, PartitionId{partition});
    EXPECT_THAT(opened, IsOk());
    std::vector<std::string> values;
    Cursor cursor = opened->Read(Offset{0}, {.up_to = ReadUpTo::kLogEnd});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(*record.value);
    }
  }

  SimClock clock_;
  OnTime executor_{clock_};
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FailingFileSystem files_{*memory_};
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
  std::vector<std::string> told_;
  Left left_ = Left::kWhole;
};

}  // namespace cauce::test
