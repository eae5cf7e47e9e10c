#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record.h"
#include "engine/base/mutex.h"
#include "fmt/format.h"
#include "tests/engine/client/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LocalConsumerGroup : public test::GroupConsumers {};

TEST_F(LocalConsumerGroup, ASingleMemberReadsAllThereIs) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer),
              UnorderedElementsAre("0:a", "1:a", "2:a", "3:a"));
  EXPECT_THAT(ShareOf(*consumer), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(consumer->group_metadata().group, "g");
  EXPECT_EQ(consumer->group_metadata().generation, 1);
}

TEST_F(LocalConsumerGroup, ReadsThoughThereIsLessFreeThanIsToStay) {
  AppendToAll("a");
  files_.set_free_bytes(5 << 20);
  clock_.Advance(absl::Seconds(1));
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  EXPECT_THAT(consumer->Commit(), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerGroup, SaysThatTheDiskIsFullAndGoesOnOnceThereIsRoom) {
  AppendToAll("a");
  // What groups need is there.
  EXPECT_THAT(Drain(*Subscribed(InGroup("other"))), SizeIs(4));
  ASSERT_THAT(engine().CreateTopic("filler"), IsOk());
  Partition filler = engine().OpenPartition("filler", PartitionId{0}).value();
  files_.set_free_bytes(1 << 20);
  // What may be written without another look at the disk.
  const std::string large(size_t{1} << 19, 'x');
  const Record record{.value = large};
  while (filler.Append({&record, 1}).ok()) {
  }
  ConsumerOptions options = InGroup();
  options.call_timeout = absl::Seconds(3);
  const auto consumer = Subscribed(options);
  EXPECT_THAT(Drain(*consumer), IsEmpty());
  clock_.Advance(absl::Seconds(3));
  const auto refused = consumer->Poll(absl::ZeroDuration());
  EXPECT_THAT(refused, HasReason(Reason::kTimedOut));
  EXPECT_THAT(std::string(MessageOf(refused.status())),
              AllOf(HasSubstr("group g"), HasSubstr("1048576 bytes are free"),
                    HasSubstr("free_bytes_min")));

  files_.set_free_bytes(std::nullopt);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
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
  auto notes = std::make_shared<test::Notes>();
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
  auto notes = std::make_shared<test::Notes>();
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

TEST_F(LocalConsumerGroup, AStaticLeaderThatStartsAnewSeesTopicsGrow) {
  ConsumerOptions options = InGroup();
  options.instance = "i1";
  auto one = Make(options);
  ASSERT_THAT(one->Subscribe({"orders", "new"}), IsOk());
  Settle({one.get()});
  EXPECT_THAT(one->Close(), IsOk());
  one = Make(options);
  ASSERT_THAT(one->Subscribe({"orders", "new"}), IsOk());
  Settle({one.get()});
  ASSERT_THAT(one->assignment(), SizeIs(4));

  ASSERT_THAT(engine().CreatePartitions("orders", 6), IsOk());
  Settle({one.get()});
  EXPECT_THAT(one->assignment(), SizeIs(6));

  ASSERT_THAT(engine().CreateTopic("new"), IsOk());
  Settle({one.get()});
  EXPECT_THAT(one->assignment(), SizeIs(7));
}

TEST_F(LocalConsumerGroup, AStaticLeaderSeesWhatHasGrownWhileItWasAway) {
  ConsumerOptions options = InGroup();
  options.instance = "i1";
  auto one = Subscribed(options);
  Settle({one.get()});
  EXPECT_THAT(one->Close(), IsOk());
  one.reset();
  Open();
  ASSERT_THAT(engine().CreatePartitions("orders", 6), IsOk());

  one = Subscribed(options);
  Settle({one.get()});

  EXPECT_THAT(one->assignment(), SizeIs(6));
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
