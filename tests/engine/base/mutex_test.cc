#include "engine/base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cauce {
namespace {

TEST(Mutex, LetsOneThreadInAtATime) {
  Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        MutexLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 40'000);
}

TEST(Mutex, IsNotTakenTwice) {
  Mutex mutex;
  mutex.Lock();
  std::thread([&mutex] {
    const bool taken = mutex.TryLock();
    EXPECT_FALSE(taken);
    if (taken) mutex.Unlock();
  }).join();
  mutex.Unlock();

  const bool taken = mutex.TryLock();
  EXPECT_TRUE(taken);
  if (taken) mutex.Unlock();
}

TEST(CondVar, WakesTheThreadThatWaits) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  bool answered = false;
  std::thread other([&] {
    MutexLock lock(mutex);
    while (!ready) changed.Wait(mutex);
    answered = true;
    changed.NotifyOne();
  });
  {
    MutexLock lock(mutex);
    ready = true;
    changed.NotifyAll();
    while (!answered) changed.WaitFor(mutex, absl::InfiniteDuration());
  }
  other.join();
  EXPECT_TRUE(answered);
}

TEST(CondVar, TellsThatTheTimePassed) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  // A wait may end early for no reason, but not for ever.
  while (never.WaitFor(mutex, absl::Microseconds(1))) {
  }
  while (never.WaitFor(mutex, -absl::InfiniteDuration())) {
  }
}

}  // namespace
}  // namespace cauce
