#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/engine/client/group_rig.h"
#include "tests/engine/client/transactional_producer.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LocalConsumerOffsets : public test::GroupConsumers {};

TEST_F(LocalConsumerOffsets, OffsetsSurviveARestart) {
  AppendToAll("a");
  {
    const auto consumer = Subscribed();
    EXPECT_THAT(Drain(*consumer), SizeIs(4));
    EXPECT_THAT(consumer->Close(), IsOk());
  }
  Open();
  AppendToAll("b");

  const auto consumer = Subscribed();

  EXPECT_THAT(Drain(*consumer),
              UnorderedElementsAre("0:b", "1:b", "2:b", "3:b"));
}

TEST_F(LocalConsumerOffsets, AnOffsetOfWhatItDoesNotReadIsOfThatTopicAlone) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto other = Make();
  ASSERT_THAT(other->Commit({{first, {.offset = {1}, .metadata = ""}}}),
              IsOk());
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  AppendToAll("new");

  const auto consumer = Subscribed();

  EXPECT_THAT(Drain(*consumer), SizeIs(4));
}

TEST_F(LocalConsumerOffsets, AnOffsetInATransactionIsOfTheTopicThatWasRead) {
  AppendToAll("a");
  const auto producer = test::Transactional(*client_);
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  {
    const auto consumer = Subscribed(options);
    ASSERT_THAT(Drain(*consumer), SizeIs(4));
    ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
    ASSERT_THAT(producer->BeginTransaction(), IsOk());
    const TopicPartition first{"orders", PartitionId{0}};
    ASSERT_THAT(producer->SendOffsetsToTransaction(
                    {{first, {.offset = {1}, .metadata = ""}}},
                    consumer->group_metadata()),
                IsOk());
    ASSERT_THAT(producer->CommitTransaction(), IsOk());
  }
  AppendToAll("new");

  const auto next = Subscribed(options);

  EXPECT_THAT(Drain(*next), SizeIs(4));
}

TEST_F(LocalConsumerOffsets, OffsetsExpireOnceTheGroupWasEmptyForSoLong) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  Drain(*consumer);
  EXPECT_THAT(consumer->Close(), IsOk());
  const auto other = Make(InGroup("other"));
  const EngineOptions defaults;
  clock_.Advance(defaults.offsets_retention - absl::Minutes(1));
  EXPECT_THAT(other->Poll(absl::ZeroDuration()), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);

  clock_.Advance(absl::Minutes(1) + defaults.offsets_retention_check_interval);
  EXPECT_THAT(other->Poll(absl::ZeroDuration()), IsOk());

  EXPECT_EQ(CommittedIn(0), -1);
}

TEST_F(LocalConsumerOffsets, OffsetsExpireByUpkeepThoughNobodyAsksForAGroup) {
  AppendToAll("a");
  Drain(*Subscribed());  // leaves, and commits nothing
  const TopicPartition first{"orders", PartitionId{0}};
  EXPECT_THAT(Make()->Commit({{first, {.offset = {1}, .metadata = ""}}}),
              IsOk());
  const EngineOptions defaults;
  clock_.Advance(defaults.offsets_retention - absl::Minutes(1));
  Open();
  EXPECT_THAT(engine().RunUpkeep(), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);

  // Each process is over before an interval between two looks is.
  clock_.Advance(absl::Minutes(1));
  Open();
  EXPECT_THAT(engine().RunUpkeep(), IsOk());
  EXPECT_EQ(CommittedIn(0), -1);
}

TEST_F(LocalConsumerOffsets, OffsetsExpireBehindWhoAsksForNoGroup) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  EXPECT_THAT(Make()->Commit({{first, {.offset = {1}, .metadata = ""}}}),
              IsOk());
  const EngineOptions defaults;
  clock_.Advance(defaults.offsets_retention);
  test::OnTime executor(clock_);
  Open(&executor);
  EXPECT_EQ(CommittedIn(0), 1);
  Open(&executor);  // which nobody asks for a group

  clock_.Advance(defaults.offsets_retention_check_interval);
  executor.RunDue();
  EXPECT_EQ(CommittedIn(0), -1);
  client_.reset();
  executor.DropAll();
}

TEST_F(LocalConsumerOffsets, AnOffsetBeyondTheEndFollowsTheResetPolicy) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto other = Make();
  ASSERT_THAT(other->Commit({{first, {.offset = {99}, .metadata = ""}}}),
              IsOk());

  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
}

TEST_F(LocalConsumerOffsets, AnOffsetBeyondTheEndIsToldOfHoweverItIsAssigned) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  const OffsetsToCommit beyond = {{first, {.offset = {99}, .metadata = ""}}};
  ASSERT_THAT(Make()->Commit(beyond), IsOk());
  EXPECT_THAT(Make()->Committed({first}).value().at(first).offset, Offset{99})
      << "it is what it is";
  const auto is_told = AllOf(HasSubstr("group g"), HasSubstr("offset 99"),
                             HasSubstr("orders-0"), HasSubstr("goes on at 0"));
  EXPECT_THAT(events_, Not(Contains(is_told)));

  const auto by_hand = Make();
  ASSERT_THAT(by_hand->Assign({first}), IsOk());
  EXPECT_THAT(Drain(*by_hand), SizeIs(1));
  EXPECT_THAT(events_, Contains(is_told).Times(1));

  ASSERT_THAT(Make()->Commit(beyond), IsOk());
  const auto member = Subscribed();
  EXPECT_THAT(Drain(*member), SizeIs(4));
  EXPECT_THAT(events_, Contains(is_told).Times(2));
}

TEST_F(LocalConsumerOffsets, AnOffsetOfATopicThatWasMadeAgainIsToldOf) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  ASSERT_THAT(Make()->Commit({{first, {.offset = {1}, .metadata = ""}}}),
              IsOk());
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  AppendToAll("new");
  AppendToAll("new");
  ConsumerOptions options = InGroup();
  options.reset = ResetTo::kLatest;

  const auto member = Subscribed(options);
  EXPECT_THAT(Drain(*member), IsEmpty());

  const auto is_told = AllOf(HasSubstr("group g"), HasSubstr("offset 1 "),
                             HasSubstr("orders-0"), HasSubstr("deleted"),
                             HasSubstr("goes on at 2"));
  EXPECT_THAT(events_, Contains(is_told).Times(1));
  EXPECT_THAT(events_, Not(Contains(AllOf(HasSubstr("group g"),
                                          HasSubstr("orders-1")))))
      << "nothing was committed there";
}

TEST_F(LocalConsumerOffsets, AnOffsetOfATopicThatWasMadeAgainMayEndThePoll) {
  const TopicPartition first{"orders", PartitionId{0}};
  ASSERT_THAT(Make()->Commit({{first, {.offset = {1}, .metadata = ""}}}),
              IsOk());
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders"), IsOk());
  ConsumerOptions options = InGroup();
  options.reset = ResetTo::kNone;
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->Assign({first}), IsOk());

  const auto polled = consumer->Poll(absl::ZeroDuration());
  EXPECT_THAT(polled, HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(polled.status().message(), HasSubstr("deleted"));

  EXPECT_THAT(consumer->SeekToStart(first), IsOk());
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
}

TEST_F(LocalConsumerOffsets, AnOffsetBeyondTheEndEndsWhatMayNotBeReset) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  ASSERT_THAT(Make()->Commit({{first, {.offset = {99}, .metadata = ""}}}),
              IsOk());
  ConsumerOptions options = InGroup();
  options.reset = ResetTo::kNone;
  const auto by_hand = Make(options);
  ASSERT_THAT(by_hand->Assign({first}), IsOk());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(by_hand->Poll(absl::ZeroDuration()),
                HasReason(Reason::kOffsetOutOfRange));
  }
  EXPECT_EQ(CommittedIn(0), 99);
  ASSERT_THAT(by_hand->SeekToStart(first), IsOk());
  EXPECT_THAT(Drain(*by_hand), SizeIs(1));
}

TEST_F(LocalConsumerOffsets, WhoAssignsByHandGoesOnWhereItsGroupIs) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  {
    const auto consumer = Make();
    ASSERT_THAT(consumer->Assign({first}), IsOk());
    EXPECT_THAT(Drain(*consumer), ElementsAre("0:a"));
    EXPECT_THAT(consumer->Commit(), IsOk());
  }
  AppendToAll("b");
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  EXPECT_THAT(Drain(*consumer), ElementsAre("0:b"));
}

TEST_F(LocalConsumerOffsets, AtLeastOnceDeliversAgainWhatWasNotWorkedOn) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  {
    const auto consumer = Subscribed(options);
    EXPECT_THAT(Drain(*consumer), SizeIs(4));
    // It ends before it has committed.
  }
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  EXPECT_THAT(consumer->Commit(), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerOffsets, AtMostOnceDeliversNothingAgain) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  {
    const auto consumer = Subscribed(options);
    ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
    ASSERT_THAT(consumer->Commit(), IsOk());
    // It ends before it has worked on what it got.
  }
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), IsEmpty());
}

TEST_F(LocalConsumerOffsets, AskingWhereItIsDoesNotEndTheWaitForItsGroup) {
  AppendToAll("a");
  AppendToAll("b");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto producer = test::WithOffset(*client_, first, "g");
  ConsumerOptions options = InGroup();
  options.isolation = Isolation::kReadCommitted;
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), SizeIs(6)) << "not of the first one";

  EXPECT_THAT(consumer->Position(first),
              HasReason(Reason::kUnstableOffsetCommit));
  EXPECT_THAT(consumer->Lag(first), HasReason(Reason::kUnstableOffsetCommit));
  ASSERT_THAT(producer->CommitTransaction(), IsOk());

  EXPECT_EQ(consumer->Lag(first).value(), 1);
  EXPECT_EQ(consumer->Position(first).value(), Offset{1});
  EXPECT_THAT(Drain(*consumer), ElementsAre("0:b"));
}

// Whatever of records it reads, which by default is all.
TEST_F(LocalConsumerOffsets,
       WhoTakesOverBeginsBehindATransactionThatStillEnds) {
  ASSERT_THAT(engine().CreateTopic("copies"), IsOk());
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  options.poll_interval_max = absl::Seconds(10);
  const auto one = Subscribed(options);
  EXPECT_THAT(Drain(*one), SizeIs(4));
  const auto producer = test::InTransaction(*client_);
  OffsetsToCommit offsets;
  for (const TopicPartition& each : one->assignment()) {
    ASSERT_THAT(producer->Send({.topic = "copies", .value = "a"}), IsOk());
    offsets[each] = {.offset = {1}, .metadata = ""};
  }
  ASSERT_THAT(
      producer->SendOffsetsToTransaction(offsets, one->group_metadata()),
      IsOk());

  // It pauses for so long that another one has its partitions.
  clock_.Advance(options.poll_interval_max + absl::Seconds(4));
  const auto two = Subscribed(options);
  EXPECT_THAT(Drain(*two), IsEmpty()) << "which would be copied twice";
  EXPECT_THAT(ShareOf(*two), SizeIs(4));
  EXPECT_THAT(two->Committed(two->assignment()),
              HasReason(Reason::kUnstableOffsetCommit));
  ASSERT_THAT(producer->CommitTransaction(), IsOk());

  AppendToAll("b");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Drain(*two),
              UnorderedElementsAre("0:b", "1:b", "2:b", "3:b"));
}

TEST_F(LocalConsumerOffsets, AFailedOpenDoesNotForgetWhereTheGroupIs) {
  for (const ResetTo reset : {ResetTo::kEarliest, ResetTo::kLatest}) {
    const std::string group = fmt::format("g{}", static_cast<int>(reset));
    SCOPED_TRACE(group);
    const TopicPartition first{"orders", PartitionId{0}};
    AppendToAll("a");
    ASSERT_THAT(Make(InGroup(group))
                    ->Commit({{first, {.offset = {1}, .metadata = ""}}}),
                IsOk());
    Append(0, "b");
    const int64_t end = EndOf(0);
    ASSERT_THAT(client_->Close(), IsOk());
    Open();
    files_.Fail(FileCall::kOpen, "orders-0/00000000000000000000.log",
                MakeError(Reason::kDiskFailed, "no disk"), 0, 1);
    ConsumerOptions options = InGroup(group);
    options.reset = reset;
    options.assignments = {Assignment::kRange};
    auto notes = std::make_shared<test::Notes>();
    const auto consumer = Subscribed(options, notes);

    // Told once, and then it goes on where it is to.
    EXPECT_THAT(consumer->Poll(absl::ZeroDuration()),
                HasReason(Reason::kDiskFailed));
    EXPECT_THAT(notes->notes, ElementsAre("+0123"));
    clock_.Advance(absl::Seconds(1));
    EXPECT_EQ(consumer->Position(first).value(), Offset{1});
    const auto read = Drain(*consumer);
    EXPECT_EQ(std::ranges::count_if(
                  read, [](const auto& each) { return each[0] == '0'; }),
              end - 1);
  }
}

TEST(LocalConsumerThreads, WhoAsksWhereItsGroupIsWaitsForATransaction) {
  const TopicPartition first{"orders", PartitionId{0}};
  auto client = Client::Open("memory:").value();
  ASSERT_THAT(client->engine()->CreateTopic("orders"), IsOk());
  const auto producer = test::WithOffset(*client, first, "g");
  ConsumerOptions options;
  options.group = "g";
  const auto patient = client->NewConsumer(options).value();
  options.call_timeout = absl::Milliseconds(2);
  const auto impatient = client->NewConsumer(options).value();

  EXPECT_THAT(impatient->Committed({first}),
              HasReason(Reason::kUnstableOffsetCommit));
  absl::StatusOr<OffsetsToCommit> told = absl::UnknownError("not told");
  std::thread thread([&] { told = patient->Committed({first}); });
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  thread.join();

  ASSERT_THAT(told, IsOk());
  EXPECT_EQ(told->at(first).offset, Offset{1});
}

}  // namespace
}  // namespace cauce
