#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/engine/client/group_rig.h"
#include "tests/engine/client/transactional_producer.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

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

class LocalConsumerCommits : public test::GroupConsumers {};

TEST_F(LocalConsumerCommits, AnOffsetOfWhatNoTopicIsCalledIsRefused) {
  const TopicPartition endless{std::string(40'000, 'x'), PartitionId{0}};
  const OffsetsToCommit offsets = {{endless, {.offset = {1}, .metadata = ""}}};
  const auto consumer = Make();
  EXPECT_THAT(consumer->Commit(offsets), HasReason(Reason::kInvalidTopicName));

  const auto producer = test::InTransaction(*client_);
  EXPECT_THAT(
      producer->SendOffsetsToTransaction(offsets, consumer->group_metadata()),
      HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerCommits, AnOffsetOfWhatDoesNotExistIsRefused) {
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

  const auto producer = test::InTransaction(*client_);
  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{ninth, {.offset = {1}, .metadata = ""}}},
                  consumer->group_metadata()),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(producer->CommitTransaction(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerCommits, ADeletedTopicKeepsNoOtherFromBeingCommitted) {
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

TEST_F(LocalConsumerCommits, AnOffsetThatWasKeptIsOfTheTopicThatItNames) {
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
TEST_F(LocalConsumerCommits, AnOffsetOfADeletedTopicGoesOverNoneOfTheNewOne) {
  const TopicPartition first{"orders", PartitionId{0}};
  const OffsetsToCommit two = {{first, {.offset = {2}, .metadata = ""}}};
  const auto producer = test::Transactional(*client_);
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

TEST_F(LocalConsumerCommits, AnEqualOffsetIsCommittedInATopicThatWasMadeAgain) {
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

// A group without members is not told of who reads.
TEST_F(LocalConsumerCommits, AnUnchangedOffsetOutlivesItsTimeUnderWhoAssigns) {
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

TEST_F(LocalConsumerCommits, KeepsWhatWasNotedWhileItIsCommittedAgain) {
  Append(0, "a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));
  ASSERT_THAT(consumer->Commit({{first, {.offset = {1}, .metadata = "so"}}}),
              IsOk());

  // It commits that once more by itself, and has not heard how that ended.
  clock_.Advance(absl::Hours(1));
  ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  ASSERT_THAT(consumer->Commit(), IsOk());

  EXPECT_EQ(Make()->Committed({first}).value().at(first).metadata, "so");
}

TEST_F(LocalConsumerCommits, KeepsWhatWasNotedThoughItIsNotCommittedAgain) {
  Append(0, "a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));
  const OffsetAndMetadata noted = {
      .offset = {1}, .metadata = "so", .leader_epoch = {7}};
  ASSERT_THAT(consumer->Commit({{first, noted}}), IsOk());
  files_.Fail(FileCall::kWrite, "/00000000000000000000.log",
              MakeError(Reason::kDiskFull, "full"));
  clock_.Advance(absl::Hours(1));
  Drain(*consumer);
  Drain(*consumer);  // is told
  files_.Mend();
  const int before = files_.Count(FileCall::kWrite, ".log");

  clock_.Advance(absl::Minutes(1));
  Drain(*consumer);

  EXPECT_GT(files_.Count(FileCall::kWrite, ".log"), before);
  const auto committed = Make()->Committed({first}).value();
  EXPECT_EQ(committed.at(first).metadata, "so");
  EXPECT_EQ(committed.at(first).leader_epoch, LeaderEpoch{7});
}

TEST_F(LocalConsumerCommits, KeepsWhatWasNotedWithoutWaiting) {
  Append(0, "a");
  const TopicPartition first{"orders", PartitionId{0}};
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));

  consumer->CommitAsync({{first, {.offset = {1}, .metadata = "so"}}}, {});
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Minutes(1));
    ASSERT_THAT(consumer->Poll(absl::ZeroDuration()), IsOk());
  }
  ASSERT_THAT(consumer->Close(), IsOk());

  EXPECT_EQ(Make()->Committed({first}).value().at(first).metadata, "so");
}

TEST_F(LocalConsumerCommits, CommitsByItselfWhatAnotherAssignmentDrops) {
  AppendToAll("a");
  const auto consumer = Make();
  ASSERT_THAT(consumer->Assign({{"orders", PartitionId{0}}}), IsOk());
  ASSERT_THAT(Drain(*consumer), SizeIs(1));

  ASSERT_THAT(consumer->Assign({{"orders", PartitionId{1}}}), IsOk());
  ASSERT_THAT(consumer->Close(), IsOk());

  EXPECT_EQ(CommittedIn(0), 1);
  EXPECT_EQ(CommittedIn(1), -1);
}

TEST_F(LocalConsumerCommits, TellsOnceThatItsOwnCommitsFail) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  ASSERT_THAT(Drain(*consumer), SizeIs(4));
  const auto fails = AllOf(HasSubstr("group g"), HasSubstr("commits fail"),
                           HasSubstr("5s"), HasSubstr("full"));
  const auto again = AllOf(HasSubstr("group g"), HasSubstr("stored again"));

  files_.Fail(FileCall::kWrite, "/00000000000000000000.log",
              MakeError(Reason::kDiskFull, "full"));
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(5));
    Drain(*consumer);
  }
  EXPECT_THAT(events_, Contains(fails).Times(1));
  EXPECT_THAT(events_, Not(Contains(again)));

  files_.Mend();
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(5));
    Drain(*consumer);
  }
  EXPECT_THAT(events_, Contains(fails).Times(1));
  EXPECT_THAT(events_, Contains(again).Times(1));
  EXPECT_EQ(CommittedIn(0), 1);
}

TEST_F(LocalConsumerCommits, TellsNobodyThatItsGroupWentOnWithoutIt) {
  AppendToAll("a");
  const ConsumerOptions options = InGroup();
  const auto one = Subscribed(options);
  ASSERT_THAT(Drain(*one), SizeIs(4));
  clock_.Advance(options.poll_interval_max + absl::Seconds(4));
  const auto two = Subscribed();
  ASSERT_THAT(Drain(*two), SizeIs(4));

  Settle({one.get(), two.get()});

  EXPECT_THAT(events_, Not(Contains(HasSubstr("commits"))));
}

TEST_F(LocalConsumerCommits, AnUnchangedOffsetIsDurableOnceItIsCommitted) {
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

TEST_F(LocalConsumerCommits, WhoHasLeftCommitsInNoTransaction) {
  AppendToAll("a");
  const auto one = Subscribed();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  ASSERT_THAT(one->Unsubscribe(), IsOk());
  const auto two = Subscribed();
  Drain(*two);
  const auto producer = test::InTransaction(*client_);
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

TEST_F(LocalConsumerCommits, ACommitsCallbackMayNotCloseItsConsumer) {
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

TEST_F(LocalConsumerCommits, CommitsWithWordsOfItsOwn) {
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

TEST_F(LocalConsumerCommits, TellsHowCommitsEndedThoughNobodyPolls) {
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

TEST_F(LocalConsumerCommits, KeepsNoMoreCommitsThanItSays) {
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

TEST_F(LocalConsumerCommits, ACommitWhoseCallbackCommitsAgainKeepsNoPoll) {
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

TEST_F(LocalConsumerCommits, TellsHowACommitEndedInALaterCall) {
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

TEST_F(LocalConsumerCommits, CommitsByItselfOnlyWhatAPollHasReturned) {
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

TEST_F(LocalConsumerCommits, NobodyWakesUpToCommitNothing) {
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

TEST_F(LocalConsumerCommits, WhoIsReplacedCommitsNothingAnyMore) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  auto late = std::make_shared<CommitsTooLate>();
  const auto one = Subscribed(options, late);
  late->consumer = one.get();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  clock_.Advance(options.poll_interval_max + absl::Seconds(4));
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
TEST_F(LocalConsumerCommits, WhoIsReplacedSendsNoOffsetsToATransaction) {
  AppendToAll("a");
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto listener = std::make_shared<NamesItself>();
  const auto one = Subscribed(options, listener);
  listener->consumer = one.get();
  EXPECT_THAT(Drain(*one), SizeIs(4));
  clock_.Advance(options.poll_interval_max + absl::Seconds(4));
  auto two = Subscribed();
  EXPECT_THAT(Drain(*two), SizeIs(4));
  Drain(*one);
  ASSERT_TRUE(listener->when_lost.has_value());

  const auto producer = test::InTransaction(*client_);
  const TopicPartition first{"orders", PartitionId{0}};
  EXPECT_THAT(producer->SendOffsetsToTransaction(
                  {{first, {.offset = {1}, .metadata = ""}}},
                  *listener->when_lost),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(producer->AbortTransaction(), IsOk());
}

TEST_F(LocalConsumerCommits, ACommitIsNotDoneBecauseOneIsOnItsWay) {
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

}  // namespace
}  // namespace cauce
