#include "bench/writers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "tests/testing/matchers.h"

namespace cauce::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(RunWriters, SharesTheWorkAmongItsThreads) {
  std::mutex mutex;
  std::map<int, int> done;
  const auto sample = RunWriters(3, 11, [&](int thread) {
    const std::lock_guard lock(mutex);
    ++done[thread];
    return absl::OkStatus();
  });
  ASSERT_THAT(sample, test::IsOk());
  EXPECT_THAT(done, ElementsAre(Pair(0, 4), Pair(1, 4), Pair(2, 3)));
  EXPECT_GT(sample->seconds, 0);
  EXPECT_GT(sample->p99_seconds.value_or(0), 0);
  EXPECT_LE(*sample->p99_seconds, sample->seconds);
}

TEST(RunWriters, EndsWithAnError) {
  const auto sample = RunWriters(2, 100, [](int thread) -> absl::Status {
    if (thread == 1) return absl::DataLossError("gone");
    return absl::OkStatus();
  });
  EXPECT_THAT(sample, test::StatusIs(absl::StatusCode::kDataLoss));
}

TEST(InFlight, HoldsNoMoreThanItMay) {
  InFlight flight(2);
  flight.Begin();
  flight.Begin();
  std::atomic<bool> third = false;
  std::jthread writer([&] {
    flight.Begin();
    third = true;
  });
  EXPECT_FALSE(third);
  flight.Done(1, absl::OkStatus());
  writer.join();
  EXPECT_TRUE(third);
  flight.Done(2, absl::OkStatus());
  EXPECT_THAT(flight.Finish(), test::IsOk());
}

TEST(InFlight, TellsAFailureAndHoldsNobodyBackAfterIt) {
  InFlight flight(1);
  flight.Begin();
  flight.Done(1, absl::DataLossError("gone"));
  flight.Begin();
  flight.Begin();
  flight.Done(2, absl::OkStatus());
  EXPECT_THAT(flight.Finish(), test::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace cauce::bench
