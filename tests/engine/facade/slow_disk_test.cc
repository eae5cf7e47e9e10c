// An engine with a disk whose sync of one partition does not come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FailingFileSystem;
using test::FileCall;
using test::IsOk;
using test::IsOkAndHolds;

class SlowDisk : public ::testing::Test {
 protected:
  void Open(Executor* executor = nullptr) {
    auto engine =
        Engine::Open("/data", {.file_system = &files_, .executor = executor});
    ASSERT_THAT(engine, IsOk());
    engine_.emplace(*std::move(engine));
    ASSERT_THAT(engine_->CreateTopic("slow"), IsOk());
    ASSERT_THAT(engine_->CreateTopic("fast"), IsOk());
    slow_.emplace(Of("slow"));
    fast_.emplace(Of("fast"));
    files_.set_during(FileCall::kSync, "slow-0/00000000000000000000.log",
                      [this] {
                        if (!stalled_.try_wait()) stalled_.count_down();
                        go_on_.wait();
                      });
  }
  Partition Of(std::string_view topic) {
    auto partition = engine_->OpenPartition(topic, PartitionId{0});
    EXPECT_THAT(partition, IsOk());
    return *std::move(partition);
  }
  static absl::StatusOr<AppendResult> Append(Partition& to, Ack ack) {
    const Record record{.value = "v"};
    return to.Append({&record, 1}, {.ack = ack});
  }
  static int64_t CountOf(const Partition& partition) {
    Cursor cursor = partition.Read(Offset{0});
    RecordView record;
    int64_t count = 0;
    while (cursor.Next(&record).value_or(false)) ++count;
    return count;
  }

  // One after the other: a second sync of the partition does not begin before
  // the first is done.
  std::latch stalled_{1};
  std::latch go_on_{1};
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FailingFileSystem files_{*memory_};
  std::optional<Engine> engine_;
  std::optional<Partition> slow_;
  std::optional<Partition> fast_;
};

// Each of these hangs where it has to wait for the partition that stalls.

TEST_F(SlowDisk, AStalledSyncHoldsUpItsOwnPartitionAlone) {
  Open();
  std::thread waiting(
      [this] { EXPECT_THAT(Append(*slow_, Ack::kDurable), IsOk()); });
  stalled_.wait();

  for (int i = 0; i < 10; ++i) {
    ASSERT_THAT(Append(*fast_, Ack::kDurable), IsOk());
  }
  EXPECT_EQ(CountOf(*fast_), 10);
  EXPECT_THAT(engine_->CreateTopic("new"), IsOk());
  Partition fresh = Of("new");
  EXPECT_THAT(Append(fresh, Ack::kDurable), IsOk());
  EXPECT_THAT(engine_->DeleteTopic("new"), IsOk());
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(::testing::SizeIs(2)));
  // What waits for no sync goes on there as well.
  EXPECT_THAT(Append(*slow_, Ack::kWritten), IsOk());
  EXPECT_EQ(CountOf(*slow_), 0) << "nothing of it is durable";
  EXPECT_EQ(slow_->log_end(), Offset{2});

  go_on_.count_down();
  waiting.join();
  EXPECT_THAT(engine_->Close(), IsOk());
}

TEST_F(SlowDisk, AStalledSyncInTheBackgroundHoldsUpNoOthers) {
  const auto executor = NewThreadPool(2);
  Open(executor.get());
  BatchBuilder builder({}, 1000);
  ASSERT_TRUE(builder.Add({.value = "v"}));
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, IsOk());
  std::latch slow_done(1);
  slow_->AppendAsync(*batch, {}, [&slow_done](auto result) {
    EXPECT_THAT(result, IsOk());
    slow_done.count_down();
  });
  stalled_.wait();
  for (int i = 0; i < 10; ++i) {
    std::latch done(1);
    fast_->AppendAsync(*batch, {}, [&done](auto result) {
      EXPECT_THAT(result, IsOk());
      done.count_down();
    });
    done.wait();
  }
  EXPECT_FALSE(slow_done.try_wait());
  go_on_.count_down();
  slow_done.wait();
  EXPECT_THAT(engine_->Close(), IsOk());
}

// 4096 appends may wait for one sync; who comes then waits in the call.
TEST_F(SlowDisk, NoMoreAppendsWaitForAStalledSyncThanMayWait) {
  constexpr int64_t kWaitingMax = 4096;
  constexpr int64_t kAppends = 3 * kWaitingMax;
  auto executor = NewThreadPool(1);
  Open(executor.get());
  std::latch many(kWaitingMax - 1);
  std::atomic<int64_t> told = 0;
  std::atomic<int64_t> waiting_most = 0;
  std::thread appender([&] {
    BatchBuilder builder({}, 1000);
    EXPECT_TRUE(builder.Add({.value = "v"}));
    const auto batch = builder.Finish();
    for (int64_t i = 1; i <= kAppends; ++i) {
      slow_->AppendAsync(*batch, {}, [&told](auto result) {
        EXPECT_THAT(result, IsOk());
        ++told;
      });
      // As long as the sync stalls, all that have returned wait.
      if (!go_on_.try_wait()) waiting_most = i;
      if (i < kWaitingMax) many.count_down();
    }
  });
  many.wait();
  EXPECT_EQ(told, 0);
  // Meanwhile others go on, for as long as it takes somebody who does not wait
  // to come too far.
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(Append(*fast_, Ack::kDurable), IsOk());
  }
  go_on_.count_down();
  appender.join();
  ASSERT_THAT(slow_->Flush(), IsOk());
  EXPECT_LE(waiting_most, kWaitingMax);
  EXPECT_THAT(engine_->Close(), IsOk());
  // Its thread may still be calling back those whose sync it led.
  executor = nullptr;
  EXPECT_EQ(told, kAppends);
}

}  // namespace
}  // namespace cauce
