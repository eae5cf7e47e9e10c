#include "engine/base/final_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace cauce {
namespace {

TEST(FinalStatus, IsOkUntilItIsSet) {
  FinalStatus status;

  EXPECT_EQ(status.Get(), absl::OkStatus());
  EXPECT_TRUE(status.Set(absl::AbortedError("first")));
  EXPECT_EQ(status.Get(), absl::AbortedError("first"));
}

TEST(FinalStatus, KeepsWhatWasSetFirst) {
  FinalStatus status;
  ASSERT_TRUE(status.Set(absl::AbortedError("first")));

  EXPECT_FALSE(status.Set(absl::InternalError("second")));
  EXPECT_EQ(status.Get(), absl::AbortedError("first"));
}

TEST(FinalStatus, OneOfThoseWhoSetItAtOnceIsSeenByAll) {
  FinalStatus status;
  std::atomic<int> firsts = 0;
  std::vector<absl::Status> seen(4);

  std::vector<std::thread> threads;
  for (size_t i = 0; i < seen.size(); ++i) {
    threads.emplace_back([&, i] {
      firsts += status.Set(absl::AbortedError(std::to_string(i))) ? 1 : 0;
      seen[i] = status.Get();
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(firsts, 1);
  EXPECT_FALSE(seen[0].ok());
  EXPECT_THAT(seen, ::testing::Each(seen[0]));
}

TEST(FinalStatusDeathTest, IsNeverSetToOk) {
  FinalStatus status;
  EXPECT_DEATH(status.Set(absl::OkStatus()), "!why.ok\\(\\)");
}

}  // namespace
}  // namespace cauce
