#include "engine/log/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/mutex.h"
#include "engine/log/sync_error.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AppendResult Result(int64_t next) { return {Offset{next - 1}, Offset{next}}; }

// A committer whose syncs a test sees and decides.
class Syncs {
 public:
  explicit Syncs(bool in_background = false)
      : committer_(Offset{0}, HooksFor(in_background)) {}

  Committer& operator*() { return committer_; }
  Committer* operator->() { return &committer_; }

  int count() const { return count_; }
  int moved() const { return moved_; }
  int scheduled() const { return scheduled_; }
  void FailFromNowOn() { result_ = absl::InternalError("the disk is gone"); }
  void BeginNoneFromNowOn() {
    result_ = SyncNotBegun(absl::ResourceExhaustedError("too many open files"));
  }
  void Mend() { result_ = absl::OkStatus(); }
  // Called inside of every sync.
  void set_during(std::function<void()> during) { during_ = std::move(during); }

  // What an append does, but for the write.
  absl::Status Wait(Offset end) {
    Committer::Waiter waiter;
    committer_.Enter(waiter, end);
    return committer_.Wait(waiter);
  }
  void Call(AppendResult result, AppendCallback done) {
    committer_.CallWhenDurable(std::move(result), std::move(done));
    committer_.Serve();
  }

  // A callback that adds what it is told to `told()`, in order.
  AppendCallback Note() {
    return [this](absl::StatusOr<AppendResult> result) {
      MutexLock lock(mutex_);
      told_.push_back(std::move(result));
    };
  }
  std::vector<absl::StatusOr<AppendResult>> told() {
    MutexLock lock(mutex_);
    return told_;
  }
  size_t told_count() {
    MutexLock lock(mutex_);
    return told_.size();
  }
  std::vector<int64_t> told_ends() {
    std::vector<int64_t> ends;
    for (const auto& result : told()) ends.push_back(result->next.value);
    return ends;
  }

 private:
  Committer::Hooks HooksFor(bool in_background) {
    Committer::Hooks hooks;
    hooks.sync = [this] {
      ++count_;
      if (during_) during_();
      return result_;
    };
    hooks.moved = [this] { ++moved_; };
    if (in_background) hooks.schedule = [this] { ++scheduled_; };
    return hooks;
  }

  std::atomic<int> count_ = 0;
  std::atomic<int> moved_ = 0;
  std::atomic<int> scheduled_ = 0;
  absl::Status result_;
  std::function<void()> during_;
  Mutex mutex_;
  std::vector<absl::StatusOr<AppendResult>> told_ ABSL_GUARDED_BY(mutex_);
  Committer committer_;
};

TEST(Committer, ALoneWaiterSyncsOnceInItsOwnThread) {
  Syncs syncs;
  syncs->Written(Offset{5});

  EXPECT_THAT(syncs.Wait(Offset{5}), IsOk());
  EXPECT_EQ(syncs.count(), 1);
  EXPECT_EQ(syncs->durable(), Offset{5});
  EXPECT_GE(syncs.moved(), 1);
}

TEST(Committer, DoesNotSyncForWhatIsDurable) {
  Syncs syncs;
  syncs->Written(Offset{5});
  ASSERT_THAT(syncs.Wait(Offset{5}), IsOk());

  EXPECT_THAT(syncs.Wait(Offset{3}), IsOk());
  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs.count(), 1);
}

TEST(Committer, ASyncDoesNotCoverWhatIsWrittenWhileItRuns) {
  Syncs syncs;
  syncs->Written(Offset{1});
  syncs.set_during([&] {
    if (syncs.count() == 1) syncs->Written(Offset{2});
  });

  EXPECT_THAT(syncs.Wait(Offset{1}), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{1});
  EXPECT_THAT(syncs.Wait(Offset{2}), IsOk());
  EXPECT_EQ(syncs.count(), 2);
}

TEST(Committer, WaitersThatArriveDuringASyncShareTheNextOne) {
  constexpr int kWaiters = 8;
  Syncs syncs;
  std::vector<std::thread> waiters;
  std::atomic<int> told_ok = 0;
  syncs->Written(Offset{1});
  // While the first sync runs everybody else writes and sets out to wait.
  syncs.set_during([&] {
    if (syncs.count() > 1) return;
    std::latch written(kWaiters);
    for (int i = 0; i < kWaiters; ++i) syncs->Written(Offset{2 + i});
    for (int i = 0; i < kWaiters; ++i) {
      waiters.emplace_back([&, i] {
        written.count_down();
        if (syncs.Wait(Offset{2 + i}).ok()) ++told_ok;
      });
    }
    written.wait();
  });

  EXPECT_THAT(syncs.Wait(Offset{1}), IsOk());
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(told_ok, kWaiters);
  EXPECT_EQ(syncs.count(), 2);
}

TEST(Committer, AFlushCoversWhatIsWrittenAndWaitsForNoMore) {
  Syncs syncs;
  EXPECT_THAT(syncs->Flush(), IsOk());
  EXPECT_EQ(syncs.count(), 0);
  syncs->Written(Offset{5});
  syncs.set_during([&] { syncs->Written(Offset{5 + syncs.count()}); });

  EXPECT_THAT(syncs->Flush(), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{5});
  EXPECT_EQ(syncs.count(), 1);
}

TEST(Committer, AFlushCoversWhatACutLeaves) {
  Syncs syncs;
  std::thread flusher;
  syncs->Written(Offset{3});
  syncs.set_during([&] {
    if (syncs.count() > 1) return;
    // Another's sync covers three; the flush is for all of nine.
    syncs->Written(Offset{9});
    flusher = std::thread([&] { EXPECT_THAT(syncs->Flush(), IsOk()); });
  });
  ASSERT_THAT(syncs.Wait(Offset{3}), IsOk());
  syncs->Truncated(Offset{6});
  flusher.join();

  EXPECT_EQ(syncs->durable(), Offset{6});
}

TEST(Committer, CallsBackOnceItIsDurableAndInOrder) {
  Syncs syncs;
  for (int64_t end = 1; end <= 5; ++end) {
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
  }
  EXPECT_THAT(syncs.told(), IsEmpty());
  EXPECT_EQ(syncs.count(), 0);

  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_THAT(syncs.told(), Each(IsOk()));
  EXPECT_THAT(syncs.told_ends(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(syncs.count(), 1);
}

TEST(Committer, CallsBackAtOnceForWhatIsDurable) {
  Syncs syncs;
  syncs->Written(Offset{3});
  ASSERT_THAT(syncs->RunPending(), IsOk());

  syncs.Call(Result(3), syncs.Note());
  EXPECT_THAT(syncs.told_ends(), ElementsAre(3));
}

TEST(Committer, AsksForOneRunInTheBackgroundAtATime) {
  Syncs syncs(/*in_background=*/true);
  for (int64_t end = 1; end <= 100; ++end) {
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
  }
  EXPECT_EQ(syncs.scheduled(), 1);
  EXPECT_THAT(syncs.told(), IsEmpty());

  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_THAT(syncs.told(), AllOf(SizeIs(100), Each(IsOk())));
  syncs->Written(Offset{101});
  syncs->SyncSoon();
  EXPECT_EQ(syncs.scheduled(), 2);
}

// Else one sync of a log that is written all the time leads to another for
// ever.
TEST(Committer, DoesNotSyncAgainForWhatNobodyAskedFor) {
  Syncs syncs(/*in_background=*/true);
  syncs->Written(Offset{1});
  syncs.set_during([&] { syncs->Written(Offset{2}); });

  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{1});
  EXPECT_EQ(syncs.count(), 1);
  EXPECT_EQ(syncs.scheduled(), 0);
}

TEST(Committer, SyncsAgainForWhatWasAskedForMeanwhile) {
  Syncs syncs(/*in_background=*/true);
  syncs->Written(Offset{1});
  syncs.set_during([&] {
    syncs->Written(Offset{2});
    syncs->SyncSoon();
  });
  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs.scheduled(), 1);

  syncs.set_during([&] { syncs->Written(Offset{3}); });
  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{2});
  EXPECT_EQ(syncs.scheduled(), 1);
}

TEST(Committer, DoesNotSyncForWhatWasAskedForAndCutOff) {
  Syncs syncs(/*in_background=*/true);
  syncs->Written(Offset{5});
  syncs->SyncSoon();
  syncs->Truncated(Offset{2});
  syncs.set_during([&] { syncs->Written(Offset{4}); });

  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs.count(), 1);
  EXPECT_EQ(syncs.scheduled(), 1);  // by SyncSoon() itself
}

// Others wait for the thread: logs that are synced by it, and checkpoints.
TEST(Committer, GivesItsThreadBackAfterEachSync) {
  Syncs syncs(/*in_background=*/true);
  syncs->Written(Offset{1});
  syncs.Call(Result(1), syncs.Note());
  int64_t end = 1;
  syncs.set_during([&] {
    ++end;
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
  });
  EXPECT_EQ(syncs.scheduled(), 1);

  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs.count(), 1);
  EXPECT_THAT(syncs.told_ends(), ElementsAre(1));
  EXPECT_EQ(syncs.scheduled(), 2);
}

TEST(Committer, AFullQueueIsServedByTheAppendThatFillsIt) {
  constexpr int64_t kMany = 10'000;
  Syncs syncs;  // nothing runs in the background
  size_t waiting_most = 0;
  for (int64_t end = 1; end <= kMany; ++end) {
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
    const size_t waiting = static_cast<size_t>(end) - syncs.told_count();
    waiting_most = std::max(waiting_most, waiting);
  }

  EXPECT_LE(waiting_most, 4096u);
  EXPECT_EQ(syncs.count(), kMany / 4096);
  EXPECT_THAT(syncs.told(), Each(IsOk()));
}

TEST(Committer, AQueueThatTheBackgroundDoesNotServeIsBoundedToo) {
  constexpr int64_t kMany = 10'000;
  Syncs syncs(/*in_background=*/true);
  for (int64_t end = 1; end <= kMany; ++end) {
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
    ASSERT_LE(static_cast<size_t>(end) - syncs.told_count(), 4096u);
  }
}

TEST(Committer, AFailedSyncFailsEverybodyThenAndLater) {
  Syncs syncs;
  syncs.FailFromNowOn();
  syncs->Written(Offset{2});
  syncs.Call(Result(1), syncs.Note());
  syncs.Call(Result(2), syncs.Note());

  EXPECT_THAT(syncs.Wait(Offset{2}), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(syncs.told(),
              AllOf(SizeIs(2), Each(HasReason(Reason::kDiskFailed))));
  syncs->Written(Offset{3});
  EXPECT_THAT(syncs.Wait(Offset{3}), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(syncs->RunPending(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(syncs->status(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(syncs.count(), 1) << "a sync is not tried again";
}

TEST(Committer, ASyncThatWasNotBegunFailsWhomItWasForAndNobodyLater) {
  Syncs syncs;
  syncs.BeginNoneFromNowOn();
  syncs->Written(Offset{1});
  syncs.Call(Result(1), syncs.Note());
  // One of whom the sync knew nothing: the next one is for it.
  syncs.set_during([&] {
    if (syncs.count() > 1) return;
    syncs->Written(Offset{2});
    syncs->CallWhenDurable(Result(2), syncs.Note());
  });
  const auto not_begun = StatusIs(absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(syncs.Wait(Offset{1}), not_begun);
  EXPECT_THAT(syncs.told(), ElementsAre(not_begun));
  EXPECT_THAT(syncs->status(), IsOk());
  EXPECT_THAT(syncs->SyncFailed(SyncNotBegun(absl::ResourceExhaustedError(""))),
              not_begun);
  EXPECT_THAT(syncs->status(), IsOk());

  syncs.Mend();
  EXPECT_THAT(syncs->Flush(), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{2});
  EXPECT_THAT(syncs.told(), ElementsAre(not_begun, IsOk()));
  EXPECT_EQ(syncs.count(), 2);
}

TEST(Committer, DoesNotTryInTheBackgroundAgainAndAgain) {
  Syncs syncs(true);
  syncs.BeginNoneFromNowOn();
  syncs->Written(Offset{1});
  syncs->SyncSoon();
  ASSERT_EQ(syncs.scheduled(), 1);
  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs.scheduled(), 1);

  syncs.Mend();
  syncs->Written(Offset{2});
  syncs->SyncSoon();
  EXPECT_EQ(syncs.scheduled(), 2);
  EXPECT_THAT(syncs->RunPending(), IsOk());
  EXPECT_EQ(syncs->durable(), Offset{2});
}

TEST(Committer, WhatWasDurableBeforeTheFailureStays) {
  Syncs syncs;
  syncs->Written(Offset{2});
  ASSERT_THAT(syncs->RunPending(), IsOk());
  syncs.FailFromNowOn();
  syncs->Written(Offset{4});
  ASSERT_THAT(syncs->RunPending(), HasReason(Reason::kDiskFailed));

  EXPECT_EQ(syncs->durable(), Offset{2});
  EXPECT_THAT(syncs.Wait(Offset{2}), IsOk());
  EXPECT_THAT(syncs.Wait(Offset{3}), HasReason(Reason::kDiskFailed));
}

TEST(Committer, TellsThoseWhoseRecordsWereCutOff) {
  Syncs syncs;
  for (int64_t end = 1; end <= 4; ++end) {
    syncs->Written(Offset{end});
    syncs.Call(Result(end), syncs.Note());
  }

  syncs->Truncated(Offset{2});
  EXPECT_THAT(syncs.told(), IsEmpty()) << "the owner may hold its locks";
  syncs->Deliver();
  EXPECT_THAT(syncs.told(), SizeIs(2));
  ASSERT_THAT(syncs->RunPending(), IsOk());
  const auto told = syncs.told();
  ASSERT_THAT(told, SizeIs(4));
  int cut = 0;
  for (const auto& result : told) {
    if (result.ok()) {
      EXPECT_LE(result->next, Offset{2});
    } else {
      EXPECT_THAT(result, HasReason(Reason::kTruncated));
      ++cut;
    }
  }
  EXPECT_EQ(cut, 2);
}

// Threads may queue up in another order than they wrote in.
TEST(Committer, TellsThoseWhoWereCutOffInWhateverOrderTheyCame) {
  Syncs syncs;
  syncs->Written(Offset{4});
  for (const int64_t end : {1, 3, 4, 2}) {
    syncs.Call(Result(end), syncs.Note());
  }

  syncs->Truncated(Offset{2});
  syncs->Written(Offset{9});  // by others
  syncs->Deliver();
  EXPECT_THAT(syncs.told(),
              AllOf(SizeIs(2), Each(HasReason(Reason::kTruncated))));
  ASSERT_THAT(syncs->RunPending(), IsOk());
  EXPECT_THAT(syncs.told(), SizeIs(4));
}

// Between its write and its wait an append holds no lock.
TEST(Committer, TakesWhatIsWrittenInThePlaceOfACutWriteForAnothers) {
  Syncs syncs;
  syncs->Written(Offset{10});
  ASSERT_THAT(syncs->RunPending(), IsOk());
  Committer::Waiter waiter;
  syncs->Written(Offset{12});
  syncs->Enter(waiter, Offset{12});
  syncs->CallWhenDurable(Result(12), syncs.Note());

  syncs->Truncated(Offset{10});
  syncs->Written(Offset{12});
  ASSERT_THAT(syncs->RunPending(), IsOk());
  ASSERT_EQ(syncs->durable(), Offset{12});
  EXPECT_THAT(syncs->Wait(waiter), HasReason(Reason::kTruncated));
  syncs->Serve();
  EXPECT_THAT(syncs.told(), ElementsAre(HasReason(Reason::kTruncated)));
}

TEST(Committer, ForgetsWhatWasCutWhenItIsWrittenAgain) {
  Syncs syncs;
  syncs->Written(Offset{4});
  ASSERT_THAT(syncs->RunPending(), IsOk());
  syncs->Truncated(Offset{1});
  EXPECT_EQ(syncs->durable(), Offset{1});

  syncs->Written(Offset{3});
  EXPECT_THAT(syncs.Wait(Offset{3}), IsOk());
  EXPECT_EQ(syncs.count(), 2);
  EXPECT_EQ(syncs->durable(), Offset{3});
}

TEST(Committer, TellsEverybodyWhyItEnds) {
  Syncs syncs;
  syncs->Written(Offset{1});
  syncs.Call(Result(1), syncs.Note());

  syncs->Fail(MakeError(Reason::kClosed, "closed"));
  syncs->Deliver();
  EXPECT_THAT(syncs.told(), ElementsAre(HasReason(Reason::kClosed)));
  syncs.Call(Result(2), syncs.Note());
  EXPECT_THAT(syncs.told(), AllOf(SizeIs(2), Each(HasReason(Reason::kClosed))));
  EXPECT_THAT(syncs.Wait(Offset{2}), HasReason(Reason::kClosed));
}

TEST(Committer, BeginsNoSyncOnceItHasEnded) {
  Syncs syncs;
  syncs->Written(Offset{1});
  syncs->Fail(MakeError(Reason::kDiskFailed, "not cut whole"));

  EXPECT_THAT(syncs->RunPending(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(syncs.count(), 0);
  EXPECT_EQ(syncs->durable(), Offset{0});
}

TEST(Committer, ACallbackMayAppendAndWait) {
  Syncs syncs;
  std::optional<absl::Status> inner;
  syncs->Written(Offset{1});
  syncs.Call(Result(1), [&](absl::StatusOr<AppendResult>) {
    syncs->Written(Offset{2});
    syncs.Call(Result(2), syncs.Note());
    inner = syncs.Wait(Offset{2});
  });

  EXPECT_THAT(syncs->RunPending(), IsOk());
  ASSERT_TRUE(inner.has_value());
  EXPECT_THAT(*inner, IsOk());
  EXPECT_THAT(syncs.told_ends(), ElementsAre(2));
}

// Many threads write, wait, are called back and sync in the background. A
// model knows which syncs began after which write.
TEST(Committer, AcknowledgesNothingThatNoSyncCovers) {
  constexpr int kThreads = 6;
  constexpr int kEach = 400;
  const test::Seed seed;
  Mutex order;  // as a log's writer lock: writes are told in their order
  int64_t end = 0;
  std::atomic<int64_t> covered = 0;  // told as written when a sync began
  std::atomic<int64_t> synced = 0;
  std::atomic<int> callbacks = 0;
  std::atomic<int> wrong = 0;
  Committer* self = nullptr;
  std::atomic<int64_t> told = 0;  // as written
  Committer::Hooks hooks;
  hooks.sync = [&] {
    covered = told.load();
    std::this_thread::yield();
    synced = covered.load();
    return absl::OkStatus();
  };
  hooks.moved = [] {};
  hooks.schedule = [] {};
  Committer committer(Offset{0}, std::move(hooks));
  self = &committer;

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(seed.value() + static_cast<uint32_t>(t));
      for (int i = 0; i < kEach; ++i) {
        const bool waits = random() % 2 == 0;
        Committer::Waiter waiter;
        Offset mine;
        {
          MutexLock lock(order);
          mine = Offset{++end};
          told = end;
          self->Written(mine);
          if (waits) {
            self->Enter(waiter, mine);
          } else {
            self->CallWhenDurable(
                Result(mine.value),
                [&wrong, &synced, &callbacks,
                 mine](const absl::StatusOr<AppendResult>& result) {
                  if (!result.ok() || synced < mine.value) ++wrong;
                  ++callbacks;
                });
          }
        }
        if (waits) {
          if (!self->Wait(waiter).ok() || synced < mine.value) ++wrong;
          ++callbacks;
        } else {
          self->Serve();
        }
        if (random() % 16 == 0 && !self->RunPending().ok()) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(committer.RunPending(), IsOk());

  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(callbacks, kThreads * kEach);
  EXPECT_EQ(committer.durable(), Offset{end});
}

TEST(Committer, EverybodyIsToldWhenASyncFailsUnderLoad) {
  constexpr int kThreads = 6;
  constexpr int kEach = 200;
  Mutex order;
  int64_t end = 0;
  std::atomic<int> syncs = 0;
  std::atomic<int> answers = 0;
  std::atomic<int64_t> durable_at_failure = -1;
  std::atomic<int> wrong = 0;
  Committer* self = nullptr;
  Committer::Hooks hooks;
  hooks.sync = [&]() -> absl::Status {
    if (++syncs < 20) return absl::OkStatus();
    durable_at_failure = self->durable().value;
    return absl::InternalError("the disk is gone");
  };
  hooks.moved = [] {};
  Committer committer(Offset{0}, std::move(hooks));
  self = &committer;

  const auto check = [&](Offset mine, const absl::Status& status) {
    const bool failed = ReasonOf(status) == Reason::kDiskFailed;
    if (!status.ok() && !failed) ++wrong;
    if (failed && mine.value <= durable_at_failure) ++wrong;
    ++answers;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const bool waits = (i + t) % 2 == 0;
        Committer::Waiter waiter;
        Offset mine;
        {
          MutexLock lock(order);
          mine = Offset{++end};
          self->Written(mine);
          if (waits) {
            self->Enter(waiter, mine);
          } else {
            self->CallWhenDurable(
                Result(mine.value),
                [&, mine](const absl::StatusOr<AppendResult>& result) {
                  check(mine, result.status());
                });
          }
        }
        if (waits) {
          check(mine, self->Wait(waiter));
        } else {
          self->Serve();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(answers, kThreads * kEach);
  EXPECT_THAT(committer.status(), HasReason(Reason::kDiskFailed));
}

}  // namespace
}  // namespace cauce
