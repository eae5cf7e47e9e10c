// What waits for the disk of a coordinator of groups, and what does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <latch>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "engine/coord/state_partition.h"
#include "fmt/format.h"
#include "tests/engine/client/transactional_producer.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr int32_t kStatePartitions = 2;
const TopicPartition kFirst{"orders", PartitionId{0}};

class SlowCoordinator : public ::testing::Test {
 protected:
  SlowCoordinator() {
    ClientOptions options;
    options.threads = 3;
    options.engine.file_system = &files_;
    options.engine.offsets_topic_partitions = kStatePartitions;
    client_ = Client::Open("dir:/data", options).value();
    EXPECT_THAT(client_->engine()->CreateTopic("orders", {.partitions = 2}),
                IsOk());
  }
  ~SlowCoordinator() override { GoOn(); }

  // A group of which that partition keeps the state.
  static std::string GroupIn(int32_t partition) {
    for (int i = 0;; ++i) {
      std::string group = fmt::format("g{}", i);
      if (StatePartitionOf(group, kStatePartitions) == PartitionId{partition})
        return group;
    }
  }
  // Nobody gives up waiting by itself.
  static ConsumerOptions InGroup(const std::string& group = GroupIn(0)) {
    ConsumerOptions options;
    options.group = group;
    options.reset = ResetTo::kEarliest;
    options.call_timeout = absl::Hours(1);
    return options;
  }
  std::unique_ptr<Consumer> Make(const ConsumerOptions& options) {
    return client_->NewConsumer(options).value();
  }
  static OffsetsToCommit At(int64_t offset) {
    return {{kFirst, {.offset = {offset}, .metadata = ""}}};
  }
  void AppendToBoth(const std::string& value) {
    for (const int32_t p : {0, 1}) {
      const Record record{.value = value, .timestamp = {1000}};
      EXPECT_THAT(client_->engine()
                      ->OpenPartition("orders", PartitionId{p})
                      .value()
                      .Append({&record, 1}),
                  IsOk());
    }
  }
  // "partition:value" of what comes first.
  static void PollOnce(Consumer& consumer, absl::Duration timeout,
                       std::vector<std::string>& values) {
    const auto polled = consumer.Poll(timeout);
    ASSERT_THAT(polled, IsOk());
    for (const ConsumerRecord& record : *polled) {
      values.push_back(fmt::format("{}:{}", record.partition->partition.value,
                                   *record.value));
    }
  }

  // From now on no sync of what the groups in the first partition keep ends.
  void Stall() {
    files_.set_during(FileCall::kSync,
                      "__consumer_offsets-0/00000000000000000000.log", [this] {
                        begun_.release();
                        go_on_.wait();
                      });
  }
  // Waits until one has begun.
  void AwaitSync() { begun_.acquire(); }
  void GoOn() {
    if (!std::exchange(has_gone_on_, true)) go_on_.count_down();
  }

  std::counting_semaphore<> begun_{0};
  std::latch go_on_{1};
  bool has_gone_on_ = false;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  std::unique_ptr<Client> client_;
};

TEST_F(SlowCoordinator, APollThatBeginsWaitsNoLongerThanItIsTold) {
  AppendToBoth("a");
  const auto other = Make(InGroup());
  ASSERT_THAT(other->Commit(At(0)), IsOk());
  Stall();
  other->CommitAsync(At(0), nullptr);  // in front of all who ask
  const auto consumer = Make(InGroup());
  ASSERT_THAT(consumer->Assign({kFirst}), IsOk());

  std::vector<std::string> values;
  PollOnce(*consumer, absl::ZeroDuration(), values);
  PollOnce(*consumer, absl::Milliseconds(1), values);
  EXPECT_THAT(values, IsEmpty());
  absl::Status told;
  std::thread thread(
      [&] { told = consumer->Poll(absl::InfiniteDuration()).status(); });
  consumer->Wakeup();
  thread.join();
  EXPECT_THAT(told, HasReason(Reason::kWokenUp));

  GoOn();
  PollOnce(*consumer, absl::InfiniteDuration(), values);
  EXPECT_THAT(values, ElementsAre("0:a"));
}

TEST_F(SlowCoordinator, AnAnswerIsOfThePartitionsThatWereAskedForLast) {
  AppendToBoth("a");
  AppendToBoth("b");
  const auto other = Make(InGroup());
  ASSERT_THAT(other->Commit(At(0)), IsOk());
  Stall();
  other->CommitAsync(At(0), nullptr);
  const auto consumer = Make(InGroup());
  ASSERT_THAT(consumer->Assign({kFirst}), IsOk());
  std::vector<std::string> values;
  PollOnce(*consumer, absl::ZeroDuration(), values);

  // What it asked for is of a partition that it has no more.
  ASSERT_THAT(consumer->Assign({}), IsOk());
  other->CommitAsync(At(1), nullptr);
  ASSERT_THAT(consumer->Assign({kFirst}), IsOk());
  GoOn();

  PollOnce(*consumer, absl::InfiniteDuration(), values);
  EXPECT_THAT(values, ElementsAre("0:b"));
}

class SlowRebalance : public SlowCoordinator,
                      public ::testing::WithParamInterface<Assignment> {};

INSTANTIATE_TEST_SUITE_P(
    Ways, SlowRebalance,
    ::testing::Values(Assignment::kRange, Assignment::kCooperativeSticky),
    [](const auto& way) {
      return way.param == Assignment::kRange ? "Range" : "CooperativeSticky";
    });

TEST_P(SlowRebalance, WaitsForNoCommitAndLosesNone) {
  ConsumerOptions options = InGroup();
  options.auto_commit_interval = absl::Hours(1);
  options.assignments = {GetParam()};
  AppendToBoth("a");
  const auto one = Make(options);
  ASSERT_THAT(one->Subscribe({"orders"}), IsOk());
  std::vector<std::string> values;
  while (values.size() < 2 && !HasFatalFailure())
    PollOnce(*one, absl::InfiniteDuration(), values);
  Stall();
  const auto two = Make(options);
  ASSERT_THAT(two->Subscribe({"orders"}), IsOk());

  // It gives up what it has read, and hears that another has come.
  for (int i = 0; i < 10; ++i) {
    PollOnce(*two, absl::Milliseconds(1), values);
    PollOnce(*one, absl::Milliseconds(1), values);
  }
  GoOn();
  const auto is_divided = [&] {
    return one->assignment().size() == 1 && two->assignment().size() == 1;
  };
  while (!is_divided() && !HasFatalFailure()) {
    PollOnce(*two, absl::Milliseconds(1), values);
    PollOnce(*one, absl::Milliseconds(1), values);
  }
  AppendToBoth("b");
  while (values.size() < 4 && !HasFatalFailure()) {
    PollOnce(*two, absl::Milliseconds(1), values);
    PollOnce(*one, absl::Milliseconds(1), values);
  }

  EXPECT_THAT(values, UnorderedElementsAre("0:a", "1:a", "0:b", "1:b"));
}

class SlowLeaving : public SlowCoordinator,
                    public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Ways, SlowLeaving,
                         ::testing::Values("Unsubscribe", "Close"),
                         [](const auto& way) { return way.param; });

TEST_P(SlowLeaving, TellsHowCommitsEndThatAreOnTheirWay) {
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  const auto consumer = Make(options);
  ASSERT_THAT(consumer->Commit(At(0)), IsOk());
  Stall();
  std::vector<absl::Status> told;
  consumer->CommitAsync(
      At(1), [&](const absl::Status& how) { told.push_back(how); });
  AwaitSync();

  std::thread thread([this] { GoOn(); });
  const bool closes = std::string_view(GetParam()) == "Close";
  EXPECT_THAT(closes ? consumer->Close() : consumer->Unsubscribe(), IsOk());
  thread.join();

  EXPECT_THAT(told, ElementsAre(IsOk()));
}

TEST_F(SlowCoordinator, ACloseTellsOfCommitsThatDoNotEndInTime) {
  ConsumerOptions options = InGroup();
  options.auto_commit = false;
  options.call_timeout = absl::Milliseconds(1);
  const auto patient = Make(InGroup());
  ASSERT_THAT(patient->Commit(At(0)), IsOk());
  const auto consumer = Make(options);
  Stall();
  std::vector<absl::Status> told;
  consumer->CommitAsync(At(1), [&](const absl::Status& how) {
    told.push_back(how);
    consumer->CommitAsync(At(1), nullptr);  // of which nobody hears
  });

  EXPECT_THAT(consumer->Close(), IsOk());
  EXPECT_THAT(told, ElementsAre(HasReason(Reason::kClosed)));
  consumer->CommitAsync(
      At(1), [&](const absl::Status& how) { told.push_back(how); });
  EXPECT_THAT(told, ElementsAre(HasReason(Reason::kClosed),
                                HasReason(Reason::kClosed)));

  GoOn();
  const auto committed = patient->Committed({kFirst});
  ASSERT_THAT(committed, IsOk());
  EXPECT_EQ(committed->at(kFirst).offset, Offset{1}) << "it may be done yet";
}

TEST_F(SlowCoordinator, AMarkerKeepsNoOtherGroupWaiting) {
  ConsumerOptions impatient = InGroup(GroupIn(1));
  impatient.call_timeout = absl::Seconds(10);
  const auto other = Make(impatient);
  ASSERT_THAT(other->Commit(At(3)), IsOk());
  const auto producer = test::WithOffset(*client_, kFirst, GroupIn(0));
  Stall();
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  AwaitSync();

  const auto told = other->Committed({kFirst});

  ASSERT_THAT(told, IsOk());
  EXPECT_EQ(told->at(kFirst).offset, Offset{3});
}

}  // namespace
}  // namespace cauce
