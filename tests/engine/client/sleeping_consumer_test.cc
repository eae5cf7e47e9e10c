// Consumers of programs that do nothing but sleep until the descriptor is
// readable or, where nothing runs in the background, until UntilDue has passed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cauce/client.h"
#include "cauce/producer.h"
#include "tests/engine/client/group_rig.h"
#include "tests/engine/client/readable.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsReadable;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SleepingConsumer : public test::GroupConsumers {
 protected:
  ~SleepingConsumer() override {
    client_.reset();
    executor_.DropAll();
  }

  static ConsumerOptions WithDescriptor() {
    ConsumerOptions options = InGroup();
    options.poll_interval_max = absl::Seconds(30);
    options.wants_event_descriptor = true;
    return options;
  }
  // Polls while its descriptor is readable.
  std::vector<std::string> Hear(Consumer& consumer) {
    std::vector<std::string> values;
    executor_.RunDue();
    while (IsReadable(consumer.event_descriptor())) {
      ++polls_;
      for (std::string& value : PollOnce(consumer))
        values.push_back(std::move(value));
      executor_.RunDue();
    }
    return values;
  }
  // The same while `time` passes.
  std::vector<std::string> HearFor(Consumer& consumer, absl::Duration time) {
    std::vector<std::string> values = Hear(consumer);
    for (absl::Duration at; at < time; at += absl::Milliseconds(100)) {
      clock_.Advance(absl::Milliseconds(100));
      for (std::string& value : Hear(consumer))
        values.push_back(std::move(value));
    }
    return values;
  }
  // Polls each time UntilDue has passed, while `time` does.
  std::vector<std::string> SleepFor(Consumer& consumer, absl::Duration time) {
    std::vector<std::string> values;
    const absl::Duration end = clock_.Monotonic() + time;
    while (clock_.Monotonic() < end) {
      clock_.Advance(
          std::min(consumer.UntilDue(), end - clock_.Monotonic()));
      ++polls_;
      for (std::string& value : PollOnce(consumer))
        values.push_back(std::move(value));
    }
    return values;
  }

  test::OnTime executor_{clock_};
  int polls_ = 0;

 private:
  static std::vector<std::string> PollOnce(Consumer& consumer) {
    const auto polled = consumer.Poll(absl::ZeroDuration());
    EXPECT_THAT(polled, IsOk());
    std::vector<std::string> values;
    if (!polled.ok()) return values;
    for (const ConsumerRecord& record : *polled)
      values.emplace_back(*record.value);
    return values;
  }
};

TEST_F(SleepingConsumer, StaysAMemberThoughNothingComes) {
  Open(&executor_);
  const auto consumer = Subscribed(WithDescriptor());
  Hear(*consumer);
  const int32_t generation = consumer->group_metadata().generation;
  ASSERT_THAT(consumer->assignment(), SizeIs(4));

  polls_ = 0;
  EXPECT_THAT(HearFor(*consumer, absl::Minutes(5)), IsEmpty());

  // A sign of life each ten seconds, a third of its session, whose answer wakes
  // it as well; and where it stands is committed once.
  EXPECT_LE(polls_, 5 * 60 / 10 * 2 + 4);
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  EXPECT_EQ(consumer->group_metadata().generation, generation);
  EXPECT_THAT(consumer->assignment(), SizeIs(4));
}

TEST_F(SleepingConsumer, CommitsWhatItHasRead) {
  Open(&executor_);
  AppendToAll("a");
  executor_.RunDue();
  const auto consumer = Subscribed(WithDescriptor());
  ASSERT_THAT(Hear(*consumer), SizeIs(4));
  EXPECT_EQ(CommittedIn(0), -1);

  HearFor(*consumer, ConsumerOptions().auto_commit_interval);

  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(SleepingConsumer, IsWokenByASubscription) {
  Open(&executor_);
  const auto consumer = Make(WithDescriptor());
  Hear(*consumer);
  ASSERT_THAT(consumer->Subscribe({"orders"}), IsOk());
  EXPECT_TRUE(IsReadable(consumer->event_descriptor()));
  Hear(*consumer);
  EXPECT_THAT(consumer->assignment(), SizeIs(4));
}

TEST_F(SleepingConsumer, WithoutAGroupIsNotWokenByTime) {
  Open(&executor_);
  ConsumerOptions options = WithDescriptor();
  options.group.clear();
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->Assign({{"orders", PartitionId{0}}}), IsOk());
  Hear(*consumer);
  polls_ = 0;
  HearFor(*consumer, absl::Minutes(1));
  EXPECT_EQ(polls_, 0);
  EXPECT_EQ(consumer->UntilDue(), absl::InfiniteDuration());
}

TEST_F(SleepingConsumer, KnowsHowLongItMaySleepWhereNothingRunsBehindIt) {
  AppendToAll("a");
  const auto consumer = Subscribed(WithDescriptor());
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  const int32_t generation = consumer->group_metadata().generation;

  EXPECT_THAT(SleepFor(*consumer, absl::Minutes(5)), IsEmpty());

  EXPECT_LE(polls_, 160);
  EXPECT_EQ(consumer->group_metadata().generation, generation);
  EXPECT_THAT(consumer->assignment(), SizeIs(4));
  EXPECT_EQ(CommittedIn(0), 1);
  ASSERT_THAT(consumer->Close(), IsOk());
  EXPECT_EQ(consumer->UntilDue(), absl::InfiniteDuration());
}

TEST_F(SleepingConsumer, AsksAgainWhereItsGroupIsWhileATransactionEnds) {
  AppendToAll("a");
  const auto producer = client_->NewProducer({.transactional_id = "x"});
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  ASSERT_THAT((*producer)->BeginTransaction(), IsOk());
  OffsetsToCommit offsets;
  offsets[{"orders", PartitionId{0}}] = {.offset = Offset{1}, .metadata = ""};
  ConsumerGroupMetadata nobody;
  nobody.group = "g";
  ASSERT_THAT((*producer)->SendOffsetsToTransaction(offsets, nobody), IsOk());
  ConsumerOptions options = WithDescriptor();
  options.isolation = Isolation::kReadCommitted;
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), SizeIs(3));

  EXPECT_LE(consumer->UntilDue(), absl::Milliseconds(100));
  // Nobody commits it: its time-out, of which nothing else tells, aborts it.
  EXPECT_THAT(SleepFor(*consumer, absl::Minutes(2)), SizeIs(1));
}

TEST_F(SleepingConsumer, EndsATransactionWhoseTimeIsUp) {
  const auto producer = client_->NewProducer({.transactional_id = "x"});
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  ASSERT_THAT((*producer)->BeginTransaction(), IsOk());
  ASSERT_THAT((*producer)->Send({.topic = "orders",
                                 .partition = PartitionId{0},
                                 .value = "aborted"}),
              IsOk());
  ASSERT_THAT((*producer)->Flush(), IsOk());
  Append(0, "behind");
  ConsumerOptions options = WithDescriptor();
  options.group.clear();
  options.isolation = Isolation::kReadCommitted;
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->Assign({{"orders", PartitionId{0}}}), IsOk());
  EXPECT_THAT(Drain(*consumer), IsEmpty());

  EXPECT_EQ(consumer->UntilDue(), ProducerOptions().transaction_timeout);
  EXPECT_THAT(SleepFor(*consumer, absl::Minutes(2)), SizeIs(1));
  EXPECT_LE(polls_, 10);
}

}  // namespace
}  // namespace cauce
