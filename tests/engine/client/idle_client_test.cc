// An engine that nobody uses does nothing: no thread is woken for it but by
// upkeep, at its intervals, and that writes nothing.
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/file_system.h"
#include "cauce/producer.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr absl::Duration kNever = absl::Hours(24 * 365);

class IdleClient : public ::testing::Test {
 protected:
  ~IdleClient() override {
    consumer_.reset();
    producer_.reset();
    client_.reset();
    executor_.DropAll();
  }

  // With a producer and a consumer, through which a record went.
  void Open(EngineOptions options) {
    options.file_system = &files_;
    options.clock = &clock_;
    options.executor = &executor_;
    auto client = Client::Open("dir:/data", {.engine = options});
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_THAT(client_->engine()->CreateTopic("t"), IsOk());
    auto producer = client_->NewProducer({.linger = absl::ZeroDuration()});
    ASSERT_THAT(producer, IsOk());
    producer_ = *std::move(producer);
    auto consumer = client_->NewConsumer({.reset = ResetTo::kEarliest});
    ASSERT_THAT(consumer, IsOk());
    consumer_ = *std::move(consumer);
    ASSERT_THAT(consumer_->Assign({{"t", PartitionId{0}}}), IsOk());
    ASSERT_THAT(producer_->SendAndWait({.topic = "t", .value = "v"}), IsOk());
    const auto polled = consumer_->Poll(absl::ZeroDuration());
    ASSERT_THAT(polled, IsOk());
    ASSERT_EQ(polled->size(), 1);
  }

  // How many tasks there were in `time`, second by second.
  int ScheduledWithin(absl::Duration time) {
    const int before = executor_.scheduled();
    for (absl::Duration at; at < time; at += absl::Seconds(1)) {
      clock_.Advance(absl::Seconds(1));
      executor_.RunDue();
    }
    return executor_.scheduled() - before;
  }

  test::SimClock clock_;
  test::OnTime executor_{clock_};
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_F(IdleClient, SchedulesNothingButUpkeep) {
  Open({.checkpoint_interval = kNever,
        .retention_check_interval = kNever,
        .compaction_check_interval = kNever});
  // What is owed for the record is done by then.
  ScheduledWithin(absl::Minutes(1));

  EXPECT_EQ(ScheduledWithin(absl::Hours(1)), 0);
}

// It is not idle while it polls: its coordinator looks whether it lives.
TEST_F(IdleClient, AMemberOfAGroupIsLookedAtOnceASession) {
  Open({.checkpoint_interval = kNever,
        .retention_check_interval = kNever,
        .compaction_check_interval = kNever,
        .offsets_retention_check_interval = kNever});
  ConsumerOptions options;
  options.group = "g";
  options.poll_interval_max = absl::Minutes(5);
  const auto member = client_->NewConsumer(options).value();
  ASSERT_THAT(member->Subscribe({"t"}), IsOk());
  const auto poll = [&] {
    EXPECT_THAT(member->Poll(absl::ZeroDuration()), IsOk());
  };
  for (int i = 0; i < 60; ++i) {
    poll();
    ScheduledWithin(absl::Seconds(1));
  }
  ASSERT_EQ(member->assignment().size(), 1);

  int scheduled = 0;
  for (int minute = 0; minute < 60; ++minute) {
    poll();
    scheduled += ScheduledWithin(absl::Minutes(1));
  }
  // The time of the last sign of life, at most a minute old as it is due.
  EXPECT_LE(scheduled, 60 / 4);
  EXPECT_EQ(member->assignment().size(), 1);
}

TEST_F(IdleClient, WritesNothingAndKeepsItsUpkeepToItsIntervals) {
  Open({.checkpoint_interval = absl::Minutes(1),
        .retention_check_interval = absl::Minutes(5),
        .compaction_check_interval = absl::Seconds(15)});
  // Of what was done, checkpoints save the last.
  ScheduledWithin(absl::Minutes(10));
  const size_t changes = files_.changes().size();

  // A look at what to compact may lead to a pass, of which it asks once.
  EXPECT_LE(ScheduledWithin(absl::Hours(1)), 60 + 12 + 2 * 240);
  EXPECT_EQ(files_.changes().size(), changes);
}

}  // namespace
}  // namespace cauce
