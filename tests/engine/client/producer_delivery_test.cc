#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/producer.h"
#include "cauce/read.h"
#include "tests/engine/client/producer_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using ProducerDeliveryTest = test::ProducerRig;

TEST_F(ProducerDeliveryTest, FlushesWhatLingers) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(Send("b", 1), IsOk());

  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("a@0", "b@0"));
}

TEST_F(ProducerDeliveryTest, TellsOfARecordThatTheTopicDoesNotTake) {
  Open();
  Produce();
  ASSERT_THAT(Send(std::string(800, 'v')), IsOk());
  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre(HasSubstr(": BATCH_TOO_LARGE"), "b@0"));
}

TEST_F(ProducerDeliveryTest, GivesUpWhenTheTimeForItIsOver) {
  Open();
  Produce({.delivery_timeout = absl::Seconds(5)});
  FillDisk();
  ASSERT_THAT(Send("a"), IsOk());
  clock_.Advance(absl::Seconds(6));
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(told_, ElementsAre("a: DISK_FULL"));

  files_.Mend();
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(Stored(), ElementsAre("b"));
}

TEST_F(ProducerDeliveryTest, TellsOfAFailedSyncAndSendsNothingTwice) {
  Leaves(test::Left::kKilled);
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  files_.Fail(FileCall::kSync, ".log", absl::DataLossError("EIO"));

  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_,
              ElementsAre("a@0", "b: DISK_FAILED", "c: DISK_FAILED"));
  files_.Mend();
}

TEST_F(ProducerDeliveryTest, FlushesUntilADeadlineAndStillDeliversBehindIt) {
  Open();
  Produce();
  FillDisk();
  ASSERT_THAT(Send("a"), IsOk());
  EXPECT_THAT(producer_->Flush(absl::ZeroDuration()),
              HasReason(Reason::kTimedOut));
  EXPECT_THAT(told_, IsEmpty());

  files_.Mend();
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(producer_->Flush(absl::ZeroDuration()), IsOk());
  EXPECT_THAT(told_, ElementsAre("a@0"));
}

TEST_F(ProducerDeliveryTest, ClosesByADeadlineAndTellsWhatWasNotWritten) {
  Open();
  Produce();
  FillDisk();
  ASSERT_THAT(Send("a"), IsOk());
  EXPECT_THAT(producer_->Close(absl::ZeroDuration()),
              HasReason(Reason::kTimedOut));
  EXPECT_THAT(told_, ElementsAre("a: CLOSED"));
  EXPECT_THAT(Send("b"), HasReason(Reason::kClosed));
}

TEST_F(ProducerDeliveryTest, WritesWhatWaitsWhenItIsDestroyed) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});
  ASSERT_THAT(Send("a"), IsOk());
  producer_.reset();
  EXPECT_THAT(Stored(), ElementsAre("a"));
  executor_.RunDue();
  EXPECT_THAT(told_, ElementsAre("a@0"));
}

TEST_F(ProducerDeliveryTest, WritesAllThatWaitsHoweverMuchWhenItIsDestroyed) {
  constexpr size_t kRecords = 1000;
  Open(&executor_);
  Produce({.batch_bytes = 100, .linger = absl::ZeroDuration()});
  FillDisk();
  for (size_t i = 0; i < kRecords; ++i) ASSERT_THAT(Send("a"), IsOk());
  files_.Mend();
  clock_.Advance(absl::Seconds(1));

  producer_.reset();

  EXPECT_THAT(Stored(), SizeIs(kRecords));
  executor_.RunDue();
  EXPECT_THAT(told_, SizeIs(kRecords));
  EXPECT_THAT(told_, Not(Contains(HasSubstr("CLOSED"))));
}

// Where every second record is synced in its append. The first sync is one of
// the directory too, and where it finds no descriptor for that the append
// fails, though it has written.
class WrittenInVain : public ProducerDeliveryTest {
 protected:
  void OpenSynced(Executor* executor = nullptr) {
    Open(executor);
    Alter({{"cauce.flush", "os"}, {"flush.messages", "2"}});
  }
  void Alter(const std::vector<ConfigChange>& changes) {
    ASSERT_THAT(client_->engine()->AlterTopic("orders", changes), IsOk());
  }
  void TakeDescriptors() {
    files_.Fail(FileCall::kSyncDirectory, "",
                absl::ResourceExhaustedError("no descriptor is left"));
  }
};

TEST_F(WrittenInVain, IsNotTakenForWhatFollowsOnceItIsGivenUp) {
  OpenSynced();
  Produce({.delivery_timeout = absl::ZeroDuration()});
  ASSERT_THAT(Send("a"), IsOk());
  TakeDescriptors();
  ASSERT_THAT(Send("b"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  files_.Mend();

  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("a@0", "b: NONE", "c@2"));
  EXPECT_THAT(Stored(), ElementsAre("a", "b", "c"));
}

TEST_F(WrittenInVain, IsNotTakenForWhatFollowsOnceTheTopicRefusesIt) {
  OpenSynced();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());
  TakeDescriptors();
  ASSERT_THAT(Send("b"), IsOk());
  files_.Mend();
  // None without a key.
  Alter({{"cleanup.policy", "compact"}});
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(producer_->Flush(), IsOk());
  Alter({{"cleanup.policy", std::nullopt}});

  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("a@0", "b: INVALID_RECORD", "c@2"));
  EXPECT_THAT(Stored(), ElementsAre("a", "b", "c"));
}

TEST_F(WrittenInVain, IsNotStoredOnceMoreInHalves) {
  OpenSynced(&executor_);
  Produce({.linger = absl::Hours(1)});
  const std::string a(60, 'a');
  const std::string b(60, 'b');
  ASSERT_THAT(Send("first"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());
  TakeDescriptors();
  ASSERT_THAT(Send(a), IsOk());
  ASSERT_THAT(Send(b), IsOk());
  ASSERT_THAT(producer_->Flush(absl::ZeroDuration()),
              HasReason(Reason::kTimedOut));
  files_.Mend();
  Alter({{"max.message.bytes", "140"}});
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(producer_->Flush(), IsOk());

  ASSERT_THAT(Send("c"), IsOk());
  ASSERT_THAT(Send("d"), IsOk());
  ASSERT_THAT(producer_->Flush(), IsOk());

  EXPECT_THAT(told_, ElementsAre("first@0", a + ": BATCH_TOO_LARGE",
                                 b + ": BATCH_TOO_LARGE", "c@3", "d@4"));
  EXPECT_THAT(Stored(), ElementsAre("first", a, b, "c", "d"));
}

// Blocks the thread that tells it, once.
class Gate final : public PartitionWatcher {
 public:
  explicit Gate(std::thread::id whom) : whom_(whom) {}

  void Moved() override {
    if (std::this_thread::get_id() != whom_) return;
    if (std::exchange(is_passed_, true)) return;
    reached_.count_down();
    opened_.wait();
  }
  void AwaitReached() { reached_.wait(); }
  void Open() { opened_.count_down(); }

 private:
  const std::thread::id whom_;
  bool is_passed_ = false;  // only that thread asks
  std::latch reached_{1};
  std::latch opened_{1};
};

// The log acknowledges when it is closed, under the lock of its engine.
class DestroyedProducer : public ProducerDeliveryTest {
 protected:
  void ExpectCalledBackUnderNoLock(Executor* executor) {
    Open(executor);
    Produce({.linger = absl::ZeroDuration()});
    auto other = client_->NewProducer();
    ASSERT_THAT(other, IsOk());
    bool is_called = false;
    const auto done = [&](const absl::StatusOr<Delivery>&) {
      // Asks the engine, by its lock.
      (*other)->PartitionsOf("orders").IgnoreError();
      is_called = true;
    };
    ASSERT_THAT(producer_->Send({.topic = "orders", .value = "a"}, done),
                IsOk());
    producer_.reset();
    ASSERT_THAT(client_->Close(), IsOk());
    executor_.RunDue();
    EXPECT_TRUE(is_called);
  }
};

TEST_F(DestroyedProducer, IsCalledBackUnderNoLock) {
  ExpectCalledBackUnderNoLock(&executor_);
}

TEST_F(DestroyedProducer, IsCalledBackUnderNoLockByItself) {
  ExpectCalledBackUnderNoLock(nullptr);
}

// As by a pool that ends.
TEST_F(DestroyedProducer, IsCalledBackThoughTasksAreDropped) {
  Open(&executor_);
  Produce({.linger = absl::ZeroDuration()});
  ASSERT_THAT(Send("a"), IsOk());
  producer_.reset();
  ASSERT_THAT(client_->Close(), IsOk());
  executor_.DropAll();
  EXPECT_THAT(told_, ElementsAre("a@0"));
}

// Who syncs says that all is durable, and only then calls back.
TEST_F(DestroyedProducer, WaitsForTheThreadThatIsAboutToTellIt) {
  // One round may go well by chance: who is late may be quick.
  constexpr int kRounds = 20;
  Open();
  auto partition =
      client_->engine()->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  for (int i = 0; i < kRounds; ++i) {
    Produce();
    ASSERT_THAT(Send("a"), IsOk());
    std::shared_ptr<Gate> gate;
    std::latch is_set(1);
    std::thread syncs([&] {
      gate = std::make_shared<Gate>(std::this_thread::get_id());
      EXPECT_THAT(partition->Watch(gate), IsOk());
      is_set.count_down();
      EXPECT_THAT(partition->Flush(), IsOk());
    });
    is_set.wait();
    gate->AwaitReached();
    // Told of in the last call of the producer, which then is destroyed.
    ASSERT_THAT(producer_->Send({.topic = "orders",
                                 .partition = PartitionId{1},
                                 .value = "b"},
                                [&](const auto&) { gate->Open(); }),
                IsOk());

    producer_.reset();
    EXPECT_THAT(told_, SizeIs(i + 1));

    syncs.join();
    partition->Unwatch(*gate);
  }
}

TEST_F(DestroyedProducer, WaitsForNobodyInAForkedChild) {
  Open();
  Produce();
  ASSERT_THAT(Send("a"), IsOk());

  files_.set_forks(1);
  producer_.reset();

  EXPECT_THAT(told_, IsEmpty());
  files_.set_forks(0);
  ASSERT_THAT(client_->Close(), IsOk());
}

// A task of the executor would sync it, which a child has not.
TEST_F(DestroyedProducer, FlushesForNobodyInAForkedChild) {
  Open(&executor_);
  Produce({.linger = absl::ZeroDuration()});
  ASSERT_THAT(Send("a"), IsOk());

  files_.set_forks(1);
  EXPECT_THAT(producer_->Flush(), HasReason(Reason::kClosed));
  EXPECT_THAT(producer_->Close(), HasReason(Reason::kClosed));
  EXPECT_THAT(producer_->SendAndWait({.topic = "orders", .value = "b"}),
              HasReason(Reason::kClosed));
  EXPECT_THAT(producer_->InitTransactions(), HasReason(Reason::kClosed));
  producer_.reset();

  files_.set_forks(0);
  ASSERT_THAT(client_->Close(), IsOk());
}

TEST_F(ProducerDeliveryTest, TellsOfWhatItCouldNotWriteWhenItIsDestroyed) {
  Open(&executor_);
  Produce({.linger = absl::Hours(1)});
  FillDisk();
  ASSERT_THAT(Send("a"), IsOk());
  producer_.reset();
  EXPECT_THAT(told_, ElementsAre("a: CLOSED"));
}

TEST_F(ProducerDeliveryTest, MaySendFromACallback) {
  Open();
  Produce();
  int chain = 0;
  std::function<void(const absl::StatusOr<Delivery>&)> next =
      [&](const absl::StatusOr<Delivery>& sent) {
        ASSERT_THAT(sent, IsOk());
        if (++chain == 1000) return;
        ASSERT_THAT(producer_->Send({.topic = "orders",
                                     .partition = PartitionId{1},
                                     .value = "v"},
                                    next),
                    IsOk());
      };
  next(Delivery{});
  // Each is written at once, and told of by a flush.
  while (chain < 1000) ASSERT_THAT(producer_->Flush(), IsOk());
  EXPECT_THAT(Stored(1), SizeIs(999));
}

}  // namespace
}  // namespace cauce
