// Transactions whose end takes its time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/client.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "engine/facade/engine_core.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using testing::ElementsAre;

// Runs tasks, or keeps them until a test runs them.
class HoldingExecutor final : public Executor {
 public:
  void Schedule(Task task) override {
    {
      MutexLock lock(mutex_);
      if (holds_) return tasks_.push_back(std::move(task));
    }
    threads_->Schedule(std::move(task));
  }
  void ScheduleAfter(absl::Duration delay, Task task) override {
    if (delay <= absl::ZeroDuration()) return Schedule(std::move(task));
    threads_->ScheduleAfter(delay, std::move(task));
  }
  void Hold() {
    MutexLock lock(mutex_);
    holds_ = true;
  }
  // Until what was given to the thread before has run.
  void AwaitIdle() {
    std::latch is_idle(1);
    threads_->Schedule([&is_idle] { is_idle.count_down(); });
    is_idle.wait();
  }
  // In the order in which they came, with those that come meanwhile.
  void RunHeld() {
    MutexLock lock(mutex_);
    while (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      mutex_.Unlock();
      std::move(task)();
      mutex_.Lock();
    }
    holds_ = false;
  }

 private:
  const std::unique_ptr<Executor> threads_ = NewThreadPool(1);
  Mutex mutex_;
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
};

TEST(SlowTransactions, OfAClosedProducerAreAbortedThoughItIsBusy) {
  const auto files = NewMemoryFileSystem();
  HoldingExecutor executor;
  auto client = Client::Open("dir:/data", {.engine = {.file_system = &*files,
                                                      .executor = &executor}});
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->engine()->CreateTopic("orders"), IsOk());
  ProducerOptions options;
  options.transactional_id = "x";
  options.linger = absl::ZeroDuration();
  auto producer = (*client)->NewProducer(options);
  ASSERT_THAT(producer, IsOk());
  ASSERT_THAT((*producer)->InitTransactions(), IsOk());
  ASSERT_THAT((*producer)->BeginTransaction(), IsOk());

  // That the partition takes part is being stored, and so the coordinator busy.
  executor.AwaitIdle();
  executor.Hold();
  ASSERT_THAT((*producer)->Send({.topic = "orders", .value = "v"}), IsOk());
  (*producer)->Close(absl::ZeroDuration()).IgnoreError();
  executor.RunHeld();

  const auto coordinator =
      EngineCore::Of(*(*client)->engine())->Transactions();
  ASSERT_THAT(coordinator, IsOk());
  EXPECT_EQ((*(*coordinator)->Describe("x"))->status,
            TransactionStatus::kCompleteAbort);
}

// Stands still unless a test moves it, and tells of each look that one thread
// takes at it.
class WatchedClock final : public Clock {
 public:
  void Advance(absl::Duration by) { still_.Advance(by); }
  absl::Time Now() override { return still_.Now(); }
  absl::Duration Monotonic() override {
    if (std::this_thread::get_id() == watched_.load()) look_();
    return still_.Monotonic();
  }
  // From now on, on this thread.
  void Watch(std::function<void()> look) {
    look_ = std::move(look);
    watched_ = std::this_thread::get_id();
  }

 private:
  test::SimClock still_;
  std::function<void()> look_;
  std::atomic<std::thread::id> watched_;
};

// A producer that is closed while its transaction is being committed, and the
// executor holds what coordinator and log have to tell of it.
class ClosedInACommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ClientOptions options;
    options.engine.file_system = &*files_;
    options.engine.clock = &clock_;
    options.engine.executor = &executor_;
    auto client = Client::Open("dir:/data", options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_THAT(client_->engine()->CreateTopic("orders"), IsOk());
    auto producer = client_->NewProducer({.linger = absl::ZeroDuration(),
                                          .block_max = absl::Seconds(1),
                                          .transactional_id = "x"});
    ASSERT_THAT(producer, IsOk());
    producer_ = *std::move(producer);
    ASSERT_THAT(producer_->InitTransactions(), IsOk());
    ASSERT_THAT(producer_->BeginTransaction(), IsOk());
  }
  void Send(std::string_view value) {
    ASSERT_THAT(producer_->Send({.topic = "orders", .value = value},
                                [this](const auto& sent) {
                                  told_.push_back(ReasonOf(sent.status()));
                                }),
                IsOk());
  }
  void HoldTasks() {
    executor_.AwaitIdle();
    executor_.Hold();
  }
  TransactionStatus StatusInTheEnd() {
    const auto coordinator =
        EngineCore::Of(*client_->engine())->Transactions();
    EXPECT_THAT(coordinator, IsOk());
    return (*(*coordinator)->Describe("x"))->status;
  }

  WatchedClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  HoldingExecutor executor_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
  std::vector<Reason> told_;
};

TEST_F(ClosedInACommit, AbortsTheTransactionThatLacksWhatItHasFailed) {
  HoldTasks();
  Send("a");  // waits until its partition takes part
  std::latch waits(1);
  absl::Status committed;
  std::thread commits([&] {
    // It lets go of the lock only to wait.
    clock_.Watch([&, looks = 0]() mutable {
      if (++looks == 1) waits.count_down();
    });
    committed = producer_->CommitTransaction();
    clock_.Watch([] {});
  });
  waits.wait();

  producer_->Close(absl::ZeroDuration()).IgnoreError();
  executor_.RunHeld();

  commits.join();
  EXPECT_THAT(committed, HasReason(Reason::kClosed));
  EXPECT_THAT(told_, ElementsAre(Reason::kClosed));
  EXPECT_EQ(StatusInTheEnd(), TransactionStatus::kCompleteAbort);
}

TEST_F(ClosedInACommit, AbortsTheTransactionThatNobodyWasAskedToCommit) {
  Send("a");
  ASSERT_THAT(producer_->Flush(), IsOk());
  HoldTasks();
  Send("b");  // is written, and not acknowledged
  clock_.Watch([this] { clock_.Advance(absl::Seconds(1)); });
  ASSERT_THAT(producer_->CommitTransaction(), HasReason(Reason::kTimedOut));
  clock_.Watch([] {});

  producer_->Close(absl::ZeroDuration()).IgnoreError();
  executor_.RunHeld();

  EXPECT_EQ(StatusInTheEnd(), TransactionStatus::kCompleteAbort);
}

// A producer whose tries are an hour apart, on a clock that stands still, and
// the marker of its first transaction, whose commit has been answered, kept
// back in front of the disk.
class BehindACommit : public ::testing::Test {
 protected:
  void SetUp() override {
    ClientOptions options;
    options.engine.file_system = &files_;
    options.engine.clock = &clock_;
    options.engine.executor = &executor_;
    auto client = Client::Open("dir:/data", options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_THAT(client_->engine()->CreateTopic("orders"), IsOk());
    producer_ = NewProducer();
    ASSERT_THAT(producer_->InitTransactions(), IsOk());
    ASSERT_THAT(producer_->BeginTransaction(), IsOk());
    ASSERT_THAT(producer_->Send({.topic = "orders", .value = "a"}), IsOk());
    ASSERT_THAT(producer_->Flush(), IsOk());
    files_.set_during(FileCall::kWrite, "orders-0/00000000000000000000.log",
                      [this] {
                        if (is_kept_.exchange(true)) return;
                        is_there_.count_down();
                        goes_on_.wait();
                      });
    ASSERT_THAT(producer_->CommitTransaction(), IsOk());
    is_there_.wait();
  }
  void TearDown() override {
    if (!goes_on_.try_wait()) goes_on_.count_down();
  }
  std::unique_ptr<Producer> NewProducer() {
    ProducerOptions options;
    options.transactional_id = "x";
    options.linger = absl::ZeroDuration();
    options.block_max = absl::Hours(2);
    options.retry_backoff = options.retry_backoff_max = absl::Hours(1);
    auto producer = client_->NewProducer(options);
    EXPECT_THAT(producer, IsOk());
    return *std::move(producer);
  }

  bool is_written_ = false;
  std::atomic<bool> is_kept_ = false;
  std::latch is_there_{1};
  std::latch goes_on_{1};
  WatchedClock clock_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  HoldingExecutor executor_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Producer> producer_;
};

TEST_F(BehindACommit, AWriteGoesOnOnceThatHasEndedWithoutTimePassing) {
  executor_.Hold();
  ASSERT_THAT(producer_->BeginTransaction(), IsOk());
  ASSERT_THAT(producer_->Send({.topic = "orders", .value = "b"},
                              [this](const auto& sent) {
                                EXPECT_THAT(sent, IsOk());
                                is_written_ = true;
                              }),
              IsOk());
  // The coordinator is asked, and is busy.
  executor_.RunHeld();
  ASSERT_FALSE(is_written_);

  executor_.Hold();
  goes_on_.count_down();
  executor_.AwaitIdle();
  executor_.RunHeld();

  EXPECT_TRUE(is_written_);
  EXPECT_EQ(clock_.Monotonic(), absl::ZeroDuration());
  EXPECT_THAT(producer_->AbortTransaction(), IsOk());
}

TEST_F(BehindACommit, TheNextInstanceBeginsWithoutTimePassing) {
  const auto next = NewProducer();
  // It looks how long it may wait, asks, is answered at once, and looks again.
  int looks = 0;
  clock_.Watch([this, &looks] {
    if (++looks == 2) goes_on_.count_down();
  });

  EXPECT_THAT(next->InitTransactions(), IsOk());

  clock_.Watch([] {});
}

}  // namespace
}  // namespace cauce
