#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "tests/engine/client/group_rig.h"
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

class LocalConsumerGroup : public test::GroupConsumers {};

// Notes what it is told.
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

TEST_F(LocalConsumerGroup, ASingleMemberReadsAllThereIs) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer),
              UnorderedElementsAre("0:a", "1:a", "2:a", "3:a"));
  EXPECT_THAT(ShareOf(*consumer), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(consumer->group_metadata().group, "g");
  EXPECT_EQ(consumer->group_metadata().generation, 1);
}

TEST_F(LocalConsumerGroup, MembersShareThePartitions) {
  AppendToAll("a");
  const auto one = Subscribed();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  const auto two = Subscribed();

  const auto again = Settle({one.get(), two.get()});
  AppendToAll("b");

  EXPECT_THAT(again, IsEmpty()) << "what was read was committed";
  EXPECT_THAT(ShareOf(*one), SizeIs(2));
  EXPECT_THAT(ShareOf(*two), SizeIs(2));
  EXPECT_THAT(Settle({one.get(), two.get()}),
              UnorderedElementsAre("0:b", "1:b", "2:b", "3:b"));
}

TEST_F(LocalConsumerGroup, WhoeverIsLeftTakesOverFromWhoCloses) {
  auto one = Subscribed();
  const auto two = Subscribed();
  Settle({one.get(), two.get()});

  EXPECT_THAT(one->Close(), IsOk());
  Settle({two.get()});

  EXPECT_THAT(ShareOf(*two), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(one->Poll(absl::ZeroDuration()), HasReason(Reason::kClosed));
}

TEST_F(LocalConsumerGroup, WhoIsDestroyedLeavesToo) {
  auto one = Subscribed();
  const auto two = Subscribed();
  Settle({one.get(), two.get()});
  one.reset();
  Settle({two.get()});
  EXPECT_THAT(ShareOf(*two), SizeIs(4));
}

TEST_F(LocalConsumerGroup, WhoDoesNotPollForTooLongIsReplaced) {
  auto notes = std::make_shared<Notes>();
  const auto one = Subscribed(InGroup(), notes);
  const auto two = Subscribed();
  Settle({one.get(), two.get()});
  AppendToAll("a");
  Settle({one.get(), two.get()});
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(absl::Minutes(1));
    Settle({two.get()});
  }
  EXPECT_THAT(ShareOf(*two), SizeIs(4));

  // It finds out when it comes again, and what it read is not its any more.
  Settle({one.get(), two.get()});
  EXPECT_THAT(notes->notes, testing::Contains(testing::StartsWith("!")));
  EXPECT_THAT(ShareOf(*one), SizeIs(2));
  EXPECT_THAT(ShareOf(*two), SizeIs(2));
}

TEST_F(LocalConsumerGroup, ASurplusMemberIdlesAndTakesOver) {
  std::vector<std::unique_ptr<Consumer>> all;
  std::vector<Consumer*> each;
  for (int i = 0; i < 5; ++i) {
    all.push_back(Subscribed());
    each.push_back(all.back().get());
  }
  Settle(each);
  size_t idle = 0;
  for (Consumer* const one : each) idle += ShareOf(*one).empty() ? 1 : 0;
  EXPECT_EQ(idle, 1u);

  const bool first_idles = ShareOf(*all[0]).empty();
  const size_t leaving = first_idles ? 1 : 0;
  all[leaving].reset();
  each.erase(each.begin() + static_cast<std::ptrdiff_t>(leaving));
  Settle(each);
  for (Consumer* const one : each) EXPECT_THAT(ShareOf(*one), SizeIs(1));
}

TEST_F(LocalConsumerGroup, EveryWayToDivideGivesEachPartitionToOne) {
  for (const Assignment way :
       {Assignment::kRange, Assignment::kRoundRobin, Assignment::kSticky,
        Assignment::kCooperativeSticky}) {
    ConsumerOptions options =
        InGroup(fmt::format("g{}", static_cast<int>(way)));
    options.assignments = {way};
    const auto one = Subscribed(options);
    Settle({one.get()});
    const auto two = Subscribed(options);
    const auto three = Subscribed(options);
    Settle({one.get(), two.get(), three.get()});

    std::vector<int32_t> all = ShareOf(*one);
    for (const Consumer* each : {two.get(), three.get()}) {
      const auto share = ShareOf(*each);
      EXPECT_GE(share.size(), 1u);
      all.insert(all.end(), share.begin(), share.end());
    }
    EXPECT_THAT(all, UnorderedElementsAre(0, 1, 2, 3));
  }
}

TEST_F(LocalConsumerGroup, ACooperativeMemberKeepsWhatStaysItsOwn) {
  ConsumerOptions options = InGroup();
  options.assignments = {Assignment::kCooperativeSticky};
  auto notes = std::make_shared<Notes>();
  const auto one = Subscribed(options, notes);
  Settle({one.get()});
  const auto two = Subscribed(options);

  Settle({one.get(), two.get()});

  EXPECT_THAT(notes->notes, SizeIs(2));
  EXPECT_EQ(notes->notes[0], "+0123");
  EXPECT_THAT(notes->notes[1], testing::StartsWith("-"));
  EXPECT_THAT(notes->notes[1], SizeIs(3)) << "two of four go";
  EXPECT_THAT(ShareOf(*one), SizeIs(2));
  EXPECT_THAT(ShareOf(*two), SizeIs(2));
}

TEST_F(LocalConsumerGroup, OffsetsSurviveARestart) {
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

TEST_F(LocalConsumerGroup, AStaticMemberKeepsItsPlaceWhileItStartsAnew) {
  ConsumerOptions options = InGroup();
  options.instance = "i1";
  auto one = Subscribed(options);
  const auto two = Subscribed();
  Settle({one.get(), two.get()});
  const auto share = ShareOf(*one);
  const int32_t generation = two->group_metadata().generation;

  EXPECT_THAT(one->Close(), IsOk());
  Settle({two.get()});
  EXPECT_THAT(ShareOf(*two), SizeIs(2));
  one = Subscribed(options);
  Settle({one.get(), two.get()});

  EXPECT_EQ(ShareOf(*one), share);
  EXPECT_EQ(two->group_metadata().generation, generation);
}

TEST_F(LocalConsumerGroup, AStaticMemberOfTheStickyWayKeepsItsPlaceToo) {
  ConsumerOptions options = InGroup();
  options.assignments = {Assignment::kSticky};
  const auto two = Subscribed(options);
  options.instance = "i1";
  auto one = Subscribed(options);
  Settle({one.get(), two.get()});
  const auto share = ShareOf(*one);
  const int32_t generation = two->group_metadata().generation;

  EXPECT_THAT(one->Close(), IsOk());
  one = Subscribed(options);
  Settle({one.get(), two.get()});

  EXPECT_EQ(ShareOf(*one), share);
  EXPECT_EQ(two->group_metadata().generation, generation);
}

TEST_F(LocalConsumerGroup, AnInstanceThatIsReplacedIsFenced) {
  ConsumerOptions options = InGroup();
  options.instance = "i1";
  const auto one = Subscribed(options);
  Settle({one.get()});
  const auto two = Subscribed(options);
  EXPECT_THAT(two->Poll(absl::ZeroDuration()), IsOk());
  clock_.Advance(absl::Seconds(10));

  absl::Status told;
  for (int i = 0; i < 4 && told.ok(); ++i)
    told = one->Poll(absl::ZeroDuration()).status();
  EXPECT_THAT(told, HasReason(Reason::kFencedInstanceId));
}

TEST_F(LocalConsumerGroup, AnInstanceThatIsReplacedIsToldAtOnce) {
  ConsumerOptions options = InGroup();
  options.instance = "i1";
  const auto one = Subscribed(options);
  Settle({one.get()});
  const auto two = Subscribed(options);
  EXPECT_THAT(two->Poll(absl::ZeroDuration()), IsOk());

  EXPECT_THAT(one->Poll(absl::ZeroDuration()),
              HasReason(Reason::kFencedInstanceId));
}

TEST_F(LocalConsumerGroup, KnowsAtOnceOfTopicsThatComeAndGo) {
  for (const bool by_pattern : {false, true}) {
    SCOPED_TRACE(by_pattern ? "by pattern" : "by name");
    const auto consumer = Make(InGroup(by_pattern ? "p" : "n"));
    ASSERT_THAT(by_pattern ? consumer->SubscribePattern("orders|new")
                           : consumer->Subscribe({"orders", "new"}),
                IsOk());
    Settle({consumer.get()});
    EXPECT_THAT(consumer->assignment(), SizeIs(4));

    ASSERT_THAT(engine().CreateTopic("new"), IsOk());
    Settle({consumer.get()});
    EXPECT_THAT(consumer->assignment(), SizeIs(5));
    ASSERT_THAT(engine().CreatePartitions("new", 3), IsOk());
    Settle({consumer.get()});
    EXPECT_THAT(consumer->assignment(), SizeIs(7));
    ASSERT_THAT(engine().DeleteTopic("new"), IsOk());
    Settle({consumer.get()});
    EXPECT_THAT(consumer->assignment(), SizeIs(4));
  }
}

TEST_F(LocalConsumerGroup, ALeaderKnowsOfATopicThatAnotherMemberWants) {
  const auto leader = Subscribed();
  Settle({leader.get()});
  const auto other = Make();
  ASSERT_THAT(other->Subscribe({"new"}), IsOk());
  Settle({leader.get(), other.get()});
  EXPECT_THAT(other->assignment(), IsEmpty());

  ASSERT_THAT(engine().CreateTopic("new"), IsOk());
  Settle({leader.get(), other.get()});

  EXPECT_THAT(other->assignment(), SizeIs(1));
  EXPECT_THAT(leader->assignment(), SizeIs(4));
}

TEST_F(LocalConsumerGroup, APatternFindsTopicsThatComeLater) {
  ConsumerOptions options = InGroup();
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->SubscribePattern("or.*|new"), IsOk());
  Settle({consumer.get()});
  EXPECT_THAT(consumer->assignment(), SizeIs(4));
  EXPECT_THAT(engine().CreateTopic("new"), IsOk());
  EXPECT_THAT(engine().CreateTopic("newer"), IsOk());

  clock_.Advance(options.metadata_age_max);
  Settle({consumer.get()});

  EXPECT_THAT(consumer->assignment(), SizeIs(5));
  EXPECT_THAT(consumer->SubscribePattern("("),
              HasReason(Reason::kInvalidOption));
}

TEST_F(LocalConsumerGroup, PartitionsThatComeLaterAreDividedToo) {
  const auto consumer = Subscribed();
  Settle({consumer.get()});
  EXPECT_THAT(engine().CreatePartitions("orders", 6), IsOk());
  clock_.Advance(absl::Minutes(5));
  // It still counts as alive: it polls in time.
  Settle({consumer.get()});
  Settle({consumer.get()});
  EXPECT_THAT(consumer->assignment(), SizeIs(6));
}

TEST_F(LocalConsumerGroup, ATopicThatWasMadeAgainIsReadFromItsStart) {
  AppendToAll("a");
  auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  EXPECT_THAT(consumer->Close(), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  for (int i = 0; i < 3; ++i) AppendToAll("new");

  consumer = Subscribed();

  EXPECT_THAT(Drain(*consumer), SizeIs(12));
}

TEST_F(LocalConsumerGroup, MembersOfMixedWaysLeaveNoPartitionToNobody) {
  ConsumerOptions mixed = InGroup();
  mixed.assignments = {Assignment::kRange, Assignment::kCooperativeSticky};
  ConsumerOptions sticky = InGroup();
  sticky.assignments = {Assignment::kCooperativeSticky};
  const auto eager = Subscribed(mixed);
  Settle({eager.get()});
  EXPECT_THAT(eager->assignment(), SizeIs(4));

  const auto cooperative = Subscribed(sticky);
  Settle({eager.get(), cooperative.get()});
  EXPECT_THAT(eager->assignment(), SizeIs(2));
  EXPECT_THAT(cooperative->assignment(), SizeIs(2));

  const auto third = Subscribed(mixed);
  Settle({eager.get(), cooperative.get(), third.get()});
  std::vector<int32_t> all;
  for (const Consumer* const each :
       {eager.get(), cooperative.get(), third.get()}) {
    for (const int32_t partition : ShareOf(*each)) all.push_back(partition);
  }
  EXPECT_THAT(all, UnorderedElementsAre(0, 1, 2, 3));
}

TEST_F(LocalConsumerGroup, AnOffsetOfWhatItDoesNotReadIsOfThatTopicAlone) {
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

TEST_F(LocalConsumerGroup, AnOffsetInATransactionIsOfTheTopicThatWasRead) {
  AppendToAll("a");
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
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

TEST_F(LocalConsumerGroup, AnOffsetOfWhatNoTopicIsCalledIsRefused) {
  const TopicPartition endless{std::string(40'000, 'x'), PartitionId{0}};
  const OffsetsToCommit offsets = {{endless, {.offset = {1}, .metadata = ""}}};
  const auto consumer = Make();
  EXPECT_THAT(consumer->Commit(offsets), HasReason(Reason::kInvalidTopicName));

  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(
      producer->SendOffsetsToTransaction(offsets, consumer->group_metadata()),
      HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerGroup, AnOffsetOfWhatDoesNotExistIsRefused) {
  const TopicPartition nowhere{"nowhere", PartitionId{0}};
  const TopicPartition ninth{"orders", PartitionId{9}};
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Make();
  EXPECT_THAT(consumer->Commit({{nowhere, {.offset = {1}, .metadata = ""}}}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(consumer->Commit({{first, {.offset = {1}, .metadata = ""}},
                                {ninth, {.offset = {1}, .metadata = ""}}}),
              HasReason(Reason::kUnknownPartition));
  EXPECT_EQ(CommittedIn(0), -1);
  absl::Status told;
  consumer->CommitAsync({{nowhere, {.offset = {1}, .metadata = ""}}},
                        [&](const absl::Status& status) { told = status; });
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  EXPECT_THAT(told, HasReason(Reason::kUnknownTopic));

  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{ninth, {.offset = {1}, .metadata = ""}}},
                  consumer->group_metadata()),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerGroup, ADeletedTopicKeepsNoOtherFromBeingCommitted) {
  ASSERT_THAT(engine().CreateTopic("other"), IsOk());
  AppendToAll("a");
  const auto consumer = Make();
  ASSERT_THAT(consumer->Subscribe({"orders", "other"}), IsOk());
  Drain(*consumer);
  const Record record{.value = "v", .timestamp = {1000}};
  ASSERT_THAT(engine().OpenPartition("other", {0})->Append({&record, 1}),
              IsOk());
  Drain(*consumer);
  ASSERT_THAT(engine().DeleteTopic("other"), IsOk());

  EXPECT_THAT(consumer->Close(), IsOk());

  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerGroup, AnOffsetThatWasKeptIsOfTheTopicThatItNames) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto consumer = Subscribed(options);
  ASSERT_THAT(Drain(*consumer), SizeIs(4));
  OffsetAndMetadata kept;
  kept.offset = Offset{1};
  kept.topic_id = consumer->group_metadata().topic_ids.at("orders");
  ASSERT_THAT(consumer->Commit({{first, kept}}), IsOk());
  EXPECT_EQ(consumer->Committed({first})->at(first).topic_id, kept.topic_id);
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  EXPECT_THAT(*consumer->Committed({first}), IsEmpty());
  AppendToAll("new");
  ASSERT_THAT(Settle({consumer.get()}), SizeIs(4)) << "each once";

  EXPECT_THAT(consumer->Commit({{first, kept}}),
              HasReason(Reason::kUnknownTopic));

  EXPECT_EQ(CommittedIn(0), -1);
}

// A group has one offset for each name.
TEST_F(LocalConsumerGroup, AnOffsetOfADeletedTopicGoesOverNoneOfTheNewOne) {
  const TopicPartition first{"orders", PartitionId{0}};
  const OffsetsToCommit two = {{first, {.offset = {2}, .metadata = ""}}};
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  const std::vector<std::pair<std::string, std::function<void(Consumer&)>>>
      ways = {
          {"Commit",
           [](Consumer& late) { EXPECT_THAT(late.Commit(), IsOk()); }},
          {"CommitThese",
           [&](Consumer& late) { EXPECT_THAT(late.Commit(two), IsOk()); }},
          {"CommitAsync",
           [](Consumer& late) { late.CommitAsync(CommitCallback()); }},
          {"CommitTheseAsync",
           [&](Consumer& late) { late.CommitAsync(two, CommitCallback()); }},
          {"ByItself",
           [&](Consumer& late) {
             clock_.Advance(absl::Seconds(5));
             // The topic that it reads is gone.
             EXPECT_THAT(late.Poll(absl::ZeroDuration()),
                         HasReason(Reason::kUnknownTopic));
           }},
          {"Close", [](Consumer& late) { EXPECT_THAT(late.Close(), IsOk()); }},
          {"Transaction", [&](Consumer& late) {
             EXPECT_THAT(producer->BeginTransaction(), IsOk());
             EXPECT_THAT(producer->SendOffsetsToTransaction(
                             two, late.group_metadata()),
                         IsOk());
             EXPECT_THAT(producer->CommitTransaction(), IsOk());
           }}};
  for (const auto& [group, commit_late] : ways) {
    SCOPED_TRACE(group);
    Append(0, "a");
    Append(0, "b");
    const auto late = Make(InGroup(group));
    ASSERT_THAT(late->Assign({first}), IsOk());
    ASSERT_THAT(Drain(*late), SizeIs(2));
    ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
    Append(0, "new");
    const auto other = Make(InGroup(group));
    ASSERT_THAT(other->Commit({{first, {.offset = {1}, .metadata = ""}}}),
                IsOk());

    commit_late(*late);

    EXPECT_EQ(CommittedIn(0, group), 1);
    ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  }
}

TEST_F(LocalConsumerGroup, AnEqualOffsetIsCommittedInATopicThatWasMadeAgain) {
  const TopicPartition first{"orders", PartitionId{0}};
  Append(0, "a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));
  ASSERT_THAT(consumer->Commit(), IsOk());
  ASSERT_THAT(engine().DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine().CreateTopic("orders", {.partitions = 4}), IsOk());
  Append(0, "new");
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()),
              HasReason(Reason::kUnknownTopic));
  ASSERT_THAT(Drain(*consumer), ElementsAre("0:new"));

  EXPECT_THAT(consumer->Commit(), IsOk());

  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerGroup, OffsetsExpireOnceTheGroupWasEmptyForSoLong) {
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

TEST_F(LocalConsumerGroup, OffsetsExpireByUpkeepThoughNobodyAsksForAGroup) {
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

TEST_F(LocalConsumerGroup, OffsetsExpireBehindWhoAsksForNoGroup) {
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

// A group without members is not told of who reads.
TEST_F(LocalConsumerGroup, AnUnchangedOffsetOutlivesItsTimeUnderWhoAssigns) {
  Append(0, "a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));
  ASSERT_THAT(consumer->Commit({{first, {.offset = {1}, .metadata = "so"}}}),
              IsOk());
  const EngineOptions defaults;
  const int hours =
      static_cast<int>(defaults.offsets_retention / absl::Hours(1)) + 2;
  const int before = files_.Count(FileCall::kWrite, ".log");

  for (int hour = 0; hour < hours; ++hour) {
    for (int i = 0; i < 12; ++i) {
      clock_.Advance(absl::Minutes(5));
      ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
    }
  }

  const auto committed = Make()->Committed({first}).value();
  ASSERT_TRUE(committed.contains(first));
  EXPECT_EQ(committed.at(first).offset, Offset{1});
  EXPECT_EQ(committed.at(first).metadata, "so");
  EXPECT_LE(files_.Count(FileCall::kWrite, ".log") - before, hours)
      << "who idles writes now and then";
}

TEST_F(LocalConsumerGroup, AnUnchangedOffsetIsDurableOnceItIsCommitted) {
  using Way = absl::Status (*)(Consumer&);
  const std::map<std::string, Way> ways = {
      {"commit", [](Consumer& each) { return each.Commit(); }},
      {"asynchronously",
       [](Consumer& each) {
         absl::Status told = absl::UnknownError("not told");
         each.CommitAsync([&](const absl::Status& how) { told = how; });
         EXPECT_THAT(each.Poll(absl::ZeroDuration()), IsOk());
         return told;
       }},
      {"close", [](Consumer& each) { return each.Close(); }}};
  const auto admin = client_->NewAdmin().value();
  for (const auto& [group, way] : ways) {
    SCOPED_TRACE(group);
    Append(0, "a");
    const auto consumer = Make(InGroup(group));
    ASSERT_THAT(consumer->Assign({{"orders", PartitionId{0}}}), IsOk());
    Drain(*consumer);
    ASSERT_THAT(consumer->Commit(), IsOk());
    ASSERT_THAT(admin->DeleteGroup(group), IsOk());
    ASSERT_EQ(CommittedIn(0, group), -1);

    EXPECT_THAT(way(*consumer), IsOk());

    EXPECT_EQ(CommittedIn(0, group), EndOf(0));
  }
}

TEST_F(LocalConsumerGroup, WhoHasLeftCommitsInNoTransaction) {
  AppendToAll("a");
  const auto one = Subscribed();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  ASSERT_THAT(one->Unsubscribe(), IsOk());
  const auto two = Subscribed();
  Drain(*two);
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  const TopicPartition first{"orders", PartitionId{0}};
  const OffsetsToCommit back = {{first, {.offset = {0}, .metadata = ""}}};

  EXPECT_THAT(producer->SendOffsetsToTransaction(back, one->group_metadata()),
              HasReason(Reason::kUnknownMemberId));
  ASSERT_THAT(producer->AbortTransaction(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  EXPECT_THAT(one->Close(), IsOk());
  EXPECT_THAT(producer->SendOffsetsToTransaction(back, one->group_metadata()),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerGroup, ACommitsCallbackMayNotCloseItsConsumer) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  std::vector<absl::Status> told;
  consumer->CommitAsync([&](const absl::Status& status) {
    told = {status, consumer->Close(),
            consumer->Poll(absl::ZeroDuration()).status()};
  });

  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());

  EXPECT_THAT(told, ElementsAre(IsOk(), HasReason(Reason::kRebalanceInProgress),
                                HasReason(Reason::kRebalanceInProgress)));
  EXPECT_THAT(consumer->Close(), IsOk());
}

TEST_F(LocalConsumerGroup, AnOffsetBeyondTheEndFollowsTheResetPolicy) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto other = Make();
  ASSERT_THAT(other->Commit({{first, {.offset = {99}, .metadata = ""}}}),
              IsOk());

  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
}

TEST_F(LocalConsumerGroup, AnOffsetBeyondTheEndIsToldOfHoweverItIsAssigned) {
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

TEST_F(LocalConsumerGroup, AnOffsetBeyondTheEndEndsWhatMayNotBeReset) {
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

TEST_F(LocalConsumerGroup, CommitsWithWordsOfItsOwn) {
  AppendToAll("a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Subscribed();
  Settle({consumer.get()});

  ASSERT_THAT(consumer->Commit({{first, {.offset = {1}, .metadata = "so"}}}),
              IsOk());

  const auto committed = consumer->Committed({first}).value();
  EXPECT_EQ(committed.at(first).offset, Offset{1});
  EXPECT_EQ(committed.at(first).metadata, "so");
  EXPECT_THAT(consumer->Commit({{first,
                                 {.offset = {1},
                                  .metadata = std::string(5000, 'x')}}}),
              HasReason(Reason::kOffsetMetadataTooLarge));
}

TEST_F(LocalConsumerGroup, TellsHowCommitsEndedThoughNobodyPolls) {
  std::vector<int> told;
  const auto consumer = Make();
  for (int i = 0; i < 3; ++i)
    consumer->CommitAsync({}, [&, i](const absl::Status&) {
      told.push_back(i);
    });
  EXPECT_THAT(told, ElementsAre(0, 1));

  const auto without_group = Make({});
  for (int i = 10; i < 12; ++i)
    without_group->CommitAsync([&, i](const absl::Status& status) {
      EXPECT_THAT(status, HasReason(Reason::kInvalidGroupId));
      told.push_back(i);
    });
  Drain(*without_group);
  EXPECT_THAT(told, ElementsAre(0, 1, 10, 11));
}

TEST_F(LocalConsumerGroup, KeepsNoMoreCommitsThanItSays) {
  int taken = 0;
  int refused = 0;
  const auto consumer = Make();
  consumer->CommitAsync({}, [&](const absl::Status&) {
    // While a callback is called no other one is.
    for (int i = 0; i < 10'003; ++i) {
      consumer->CommitAsync({}, [&](const absl::Status& status) {
        const bool is_full =
            ReasonOf(status) == Reason::kCoordinatorNotAvailable;
        ++(is_full ? refused : taken);
      });
    }
    EXPECT_EQ(taken, 0);
    EXPECT_EQ(refused, 3);
  });
  Drain(*consumer);
  Drain(*consumer);
  EXPECT_EQ(taken, 10'000);
  EXPECT_EQ(refused, 3);
}

TEST_F(LocalConsumerGroup, ACommitWhoseCallbackCommitsAgainKeepsNoPoll) {
  int times = 0;
  const auto consumer = Make();
  std::function<void(const absl::Status&)> again =
      [&](const absl::Status&) {
        ++times;
        consumer->CommitAsync({}, again);
      };
  consumer->CommitAsync({}, again);
  Drain(*consumer);
  EXPECT_EQ(times, 1);
  Drain(*consumer);
  EXPECT_EQ(times, 2);
  again = [](const absl::Status&) {};
}

TEST_F(LocalConsumerGroup, TellsHowACommitEndedInALaterCall) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto consumer = Subscribed(options);
  Drain(*consumer);
  std::vector<std::string> told;
  consumer->CommitAsync([&told](const absl::Status& status) {
    told.push_back(status.ok() ? "ok" : status.ToString());
  });
  EXPECT_THAT(told, IsEmpty());

  Drain(*consumer);

  EXPECT_THAT(told, ElementsAre("ok"));
  EXPECT_EQ(CommittedIn(3), 1);
}

TEST_F(LocalConsumerGroup, CommitsByItselfOnlyWhatAPollHasReturned) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit_interval = absl::Seconds(5);
  options.poll_records_max = 1;
  const auto consumer = Subscribed(options);
  ASSERT_THAT(consumer->Poll(absl::ZeroDuration()).value(), SizeIs(1));
  EXPECT_EQ(CommittedIn(0), -1);
  clock_.Advance(absl::Seconds(5));

  ASSERT_THAT(consumer->Poll(absl::ZeroDuration()).value(), SizeIs(1));

  int committed = 0;
  for (int32_t p = 0; p < 4; ++p) committed += CommittedIn(p) == 1 ? 1 : 0;
  EXPECT_EQ(committed, 1);
}

TEST_F(LocalConsumerGroup, NobodyWakesUpToCommitNothing) {
  AppendToAll("a");
  const ConsumerOptions options = InGroup();
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  EXPECT_LE(consumer->UntilDue(), options.auto_commit_interval);

  clock_.Advance(options.auto_commit_interval);
  EXPECT_THAT(Drain(*consumer), IsEmpty());
  EXPECT_EQ(CommittedIn(0), 1);
  EXPECT_THAT(Drain(*consumer), IsEmpty());
  // What is left is to show that it lives.
  EXPECT_EQ(consumer->UntilDue(), options.poll_interval_max / 3);
}

TEST_F(LocalConsumerGroup, WhoAssignsByHandGoesOnWhereItsGroupIs) {
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

TEST_F(LocalConsumerGroup, NeedsAGroupForWhatIsOfOne) {
  ConsumerOptions options;
  const auto consumer = Make(options);
  EXPECT_THAT(consumer->Subscribe({"orders"}),
              HasReason(Reason::kInvalidGroupId));
  EXPECT_THAT(consumer->Commit(), HasReason(Reason::kInvalidGroupId));
  EXPECT_THAT(consumer->Committed({}), HasReason(Reason::kInvalidGroupId));

  const auto member = Subscribed();
  EXPECT_THAT(member->Assign({{"orders", PartitionId{0}}}),
              HasReason(Reason::kInvalidOption));
}

// ---- What is delivered where a consumer ends in the midst of its work

TEST_F(LocalConsumerGroup, AtLeastOnceDeliversAgainWhatWasNotWorkedOn) {
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

TEST_F(LocalConsumerGroup, AtMostOnceDeliversNothingAgain) {
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

TEST_F(LocalConsumerGroup, AskingWhereItIsDoesNotEndTheWaitForItsGroup) {
  AppendToAll("a");
  AppendToAll("b");
  const TopicPartition first{"orders", PartitionId{0}};
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ConsumerGroupMetadata group;
  group.group = "g";
  ASSERT_THAT(producer->SendOffsetsToTransaction(
                  {{first, {.offset = {1}, .metadata = ""}}}, group),
              IsOk());
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
TEST_F(LocalConsumerGroup, WhoTakesOverBeginsBehindATransactionThatStillEnds) {
  ASSERT_THAT(engine().CreateTopic("copies"), IsOk());
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  options.poll_interval_max = absl::Seconds(10);
  const auto one = Subscribed(options);
  EXPECT_THAT(Drain(*one), SizeIs(4));
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  OffsetsToCommit offsets;
  for (const TopicPartition& each : one->assignment()) {
    ASSERT_THAT(producer->Send({.topic = "copies", .value = "a"}), IsOk());
    offsets[each] = {.offset = {1}, .metadata = ""};
  }
  ASSERT_THAT(
      producer->SendOffsetsToTransaction(offsets, one->group_metadata()),
      IsOk());

  // It pauses for so long that another one has its partitions.
  clock_.Advance(options.poll_interval_max + absl::Seconds(1));
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

TEST_F(LocalConsumerGroup, AFailedOpenDoesNotForgetWhereTheGroupIs) {
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
    auto notes = std::make_shared<Notes>();
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

// Notes as who it is called a member while its partitions are lost.
class NamesItself final : public RebalanceListener {
 public:
  void Assigned(const std::vector<TopicPartition>&) override {}
  void Revoked(const std::vector<TopicPartition>&) override {}
  void Lost(const std::vector<TopicPartition>&) override {
    when_lost = consumer->group_metadata();
  }

  Consumer* consumer = nullptr;
  std::optional<ConsumerGroupMetadata> when_lost;
};

// Does within each call what it must not.
class ChangesItsConsumer final : public RebalanceListener {
 public:
  void Assigned(const std::vector<TopicPartition>&) override { Change(); }
  void Revoked(const std::vector<TopicPartition>&) override { Change(); }

  Consumer* consumer = nullptr;
  std::vector<absl::Status> told;

 private:
  void Change() {
    told = {consumer->Poll(absl::ZeroDuration()).status(),
            consumer->Assign({}),
            consumer->Subscribe({"orders"}),
            consumer->SubscribePattern("o.*"),
            consumer->Unsubscribe(),
            consumer->Close()};
  }
};

// Commits 1 of the first partition when that is taken from it.
class CommitsTooLate final : public RebalanceListener {
 public:
  void Assigned(const std::vector<TopicPartition>&) override {}
  void Revoked(const std::vector<TopicPartition>& partitions) override {
    told.push_back(
        consumer->Commit({{partitions[0], {.offset = {1}, .metadata = ""}}}));
    told.push_back(consumer->Commit());
    consumer->CommitAsync(
        [this](const absl::Status& status) { told.push_back(status); });
  }
  Consumer* consumer = nullptr;
  std::vector<absl::Status> told;
};

TEST_F(LocalConsumerGroup, WhoIsReplacedCommitsNothingAnyMore) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  auto late = std::make_shared<CommitsTooLate>();
  const auto one = Subscribed(options, late);
  late->consumer = one.get();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  clock_.Advance(options.poll_interval_max + absl::Seconds(1));
  AppendToAll("b");
  auto two = Subscribed();
  EXPECT_THAT(Drain(*two), SizeIs(8));
  ASSERT_THAT(two->Close(), IsOk());
  ASSERT_EQ(CommittedIn(0), 2);

  Drain(*one);
  Drain(*one);  // tells of the asynchronous one

  EXPECT_THAT(late->told,
              testing::AllOf(SizeIs(3),
                             testing::Each(HasReason(
                                 Reason::kUnknownMemberId))));
  EXPECT_EQ(CommittedIn(0), 2);
}

// Its offsets would go in front of those of who has its partitions.
TEST_F(LocalConsumerGroup, WhoIsReplacedSendsNoOffsetsToATransaction) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto listener = std::make_shared<NamesItself>();
  const auto one = Subscribed(options, listener);
  listener->consumer = one.get();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  clock_.Advance(options.poll_interval_max + absl::Seconds(1));
  auto two = Subscribed();
  EXPECT_THAT(Drain(*two), SizeIs(4));
  Drain(*one);
  ASSERT_TRUE(listener->when_lost.has_value());

  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client_->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  const TopicPartition first{"orders", PartitionId{0}};
  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{first, {.offset = {1}, .metadata = ""}}},
                  *listener->when_lost),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerGroup, AListenerChangesNothingOfItsConsumer) {
  AppendToAll("a");
  const auto listener = std::make_shared<ChangesItsConsumer>();
  const auto consumer = Subscribed(InGroup(), listener);
  listener->consumer = consumer.get();
  Drain(*consumer);
  ASSERT_THAT(consumer->Unsubscribe(), IsOk());

  EXPECT_THAT(listener->told, SizeIs(6));
  EXPECT_THAT(listener->told,
              testing::Each(HasReason(Reason::kRebalanceInProgress)));
  EXPECT_THAT(consumer->assignment(), testing::IsEmpty());
  EXPECT_THAT(consumer->Close(), IsOk());
}

TEST_F(LocalConsumerGroup, ACommitIsNotDoneBecauseOneIsOnItsWay) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  files_.Fail(FileCall::kWrite, "/00000000000000000000.log",
              MakeError(Reason::kDiskFull, "full"));
  clock_.Advance(absl::Seconds(5));

  // It commits by itself, and nobody has heard yet how that ended.
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  EXPECT_THAT(consumer->Commit(), testing::Not(IsOk()));
  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  EXPECT_THAT(consumer->Close(), testing::Not(IsOk()));
  EXPECT_EQ(CommittedIn(0), -1);
}

// Counts down once it has a share of two.
class HasTwo final : public RebalanceListener {
 public:
  explicit HasTwo(std::latch& done) : done_(done) {}
  void Assigned(const std::vector<TopicPartition>& partitions) override {
    if (partitions.size() == 2) done_.count_down();
  }
  void Revoked(const std::vector<TopicPartition>&) override {}

 private:
  std::latch& done_;
};

TEST(LocalConsumerThreads, AMemberThatWaitsLearnsOfANewOne) {
  auto client = Client::Open("memory:").value();
  ASSERT_THAT(client->engine()->CreateTopic("orders", {.partitions = 4}),
              IsOk());
  ConsumerOptions options;
  options.group = "g";
  const auto one = client->NewConsumer(options).value();
  const auto two = client->NewConsumer(options).value();
  std::latch done(1);
  ASSERT_THAT(one->Subscribe({"orders"}), IsOk());
  ASSERT_THAT(two->Subscribe({"orders"}, std::make_shared<HasTwo>(done)),
              IsOk());

  // It waits until something wakes it, and only the group does.
  absl::Status told;
  std::thread thread(
      [&] { told = two->Poll(absl::InfiniteDuration()).status(); });
  absl::Status polled;
  while (polled.ok() && !done.try_wait())
    polled = one->Poll(absl::Milliseconds(1)).status();
  two->Wakeup();
  thread.join();

  EXPECT_THAT(polled, IsOk());
  EXPECT_THAT(told, HasReason(Reason::kWokenUp));
}

TEST(LocalConsumerThreads, AMemberThatWaitsLearnsOfANewTopic) {
  auto client = Client::Open("memory:").value();
  ConsumerOptions options;
  options.group = "g";
  options.reset = ResetTo::kEarliest;
  const auto consumer = client->NewConsumer(options).value();
  ASSERT_THAT(consumer->SubscribePattern("or.*"), IsOk());
  ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());

  std::thread thread([&] {
    EXPECT_THAT(client->engine()->CreateTopic("orders"), IsOk());
    const Record record{.value = "v", .timestamp = {1000}};
    EXPECT_THAT(client->engine()
                    ->OpenPartition("orders", PartitionId{0})
                    .value()
                    .Append({&record, 1}),
                IsOk());
  });
  // Shorter than metadata_age_max.
  const auto polled = consumer->Poll(absl::Minutes(4));
  thread.join();

  ASSERT_THAT(polled, IsOk());
  EXPECT_THAT(*polled, SizeIs(1));
}

TEST(LocalConsumerThreads, CommitsAreToldInTheOrderOfTheirCalls) {
  const TopicPartition first{"orders", PartitionId{0}};
  const TopicPartition none{"none", PartitionId{0}};
  const auto memory = NewMemoryFileSystem();
  test::FailingFileSystem files(*memory);
  std::latch sync(1);
  ClientOptions options;
  options.threads = 2;
  options.engine.file_system = &files;
  auto client = Client::Open("dir:/data", options).value();
  ASSERT_THAT(client->engine()->CreateTopic("orders"), IsOk());
  ConsumerOptions by_hand;
  by_hand.group = "g";
  by_hand.auto_commit = false;
  const auto consumer = client->NewConsumer(by_hand).value();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(consumer->Commit({{first, {.offset = {0}, .metadata = ""}}}),
              IsOk());
  ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  files.set_during(FileCall::kSync, ".log", [&sync] { sync.wait(); });
  std::vector<absl::Status> told;
  const auto tell = [&told](const absl::Status& status) {
    told.push_back(status);
  };

  // The first one waits for its sync, the second one is refused at once.
  consumer->CommitAsync({{first, {.offset = {1}, .metadata = ""}}}, tell);
  consumer->CommitAsync({{none, {.offset = {1}, .metadata = ""}}}, tell);
  absl::Status polled = consumer->Poll(absl::ZeroDuration()).status();
  EXPECT_THAT(told, IsEmpty());
  sync.count_down();
  while (polled.ok() && told.size() < 2)
    polled = consumer->Poll(absl::Milliseconds(1)).status();

  EXPECT_THAT(polled, IsOk());
  EXPECT_THAT(told,
              ElementsAre(IsOk(), HasReason(Reason::kUnknownTopic)));
}

TEST(LocalConsumerThreads, WhoAsksWhereItsGroupIsWaitsForATransaction) {
  const TopicPartition first{"orders", PartitionId{0}};
  auto client = Client::Open("memory:").value();
  ASSERT_THAT(client->engine()->CreateTopic("orders"), IsOk());
  ProducerOptions writes;
  writes.transactional_id = "x";
  const auto producer = *client->NewProducer(writes);
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ConsumerGroupMetadata group;
  group.group = "g";
  ASSERT_THAT(producer->SendOffsetsToTransaction(
                  {{first, {.offset = {1}, .metadata = ""}}}, group),
              IsOk());
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

TEST(LocalConsumerThreads, MembersThatComeAndGoReadAllTogether) {
  constexpr int32_t kPartitions = 4;
  constexpr int64_t kRecordsEach = 200;
  auto client = Client::Open("memory:").value();
  ASSERT_THAT(client->engine()->CreateTopic("orders",
                                            {.partitions = kPartitions}),
              IsOk());
  Mutex mutex;
  std::set<std::pair<int32_t, int64_t>> seen;  // under the mutex
  std::atomic<bool> is_done = false;
  // A member for some Polls, and then another one, until all was read.
  const auto consume = [&](Assignment way) {
    ConsumerOptions options;
    options.group = "g";
    options.reset = ResetTo::kEarliest;
    options.assignments = {way};
    options.auto_commit_interval = absl::ZeroDuration();
    options.poll_records_max = 10;
    while (!is_done) {
      const auto consumer = client->NewConsumer(options).value();
      EXPECT_THAT(consumer->Subscribe({"orders"}), IsOk());
      for (int i = 0; i < 30 && !is_done; ++i) {
        const auto polled = consumer->Poll(absl::Milliseconds(2));
        ASSERT_THAT(polled, IsOk());
        MutexLock lock(mutex);
        for (const ConsumerRecord& record : *polled) {
          seen.emplace(record.partition->partition.value, record.offset.value);
        }
        is_done = seen.size() == kPartitions * kRecordsEach;
      }
    }
  };

  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back(consume, Assignment::kCooperativeSticky);
  for (int64_t i = 0; i < kRecordsEach; ++i) {
    for (int32_t p = 0; p < kPartitions; ++p) {
      const Record record{.value = "v", .timestamp = {1000}};
      EXPECT_THAT(client->engine()
                      ->OpenPartition("orders", PartitionId{p})
                      .value()
                      .Append({&record, 1}),
                  IsOk());
    }
  }
  for (std::thread& each : threads) each.join();

  EXPECT_EQ(seen.size(), static_cast<size_t>(kPartitions * kRecordsEach));
}

}  // namespace
}  // namespace cauce
