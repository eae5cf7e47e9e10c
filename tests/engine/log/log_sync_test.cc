// When what is appended is synced, and who is called back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/engine/log/manual_executor.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::BatchOfBytes;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::ManualExecutor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogSync : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogSync,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogSync, SyncsAfterSoManyMessagesWhereAsked) {
  config().flush = FlushPolicy::kOs;
  config().flush_messages = 3;
  Open();
  Append({"a", "b"});
  EXPECT_EQ(log().durable_end(), Offset{0});
  Append({"c"});
  EXPECT_EQ(log().durable_end(), Offset{3});
}

TEST_P(LogSync, SyncsAfterSomeTimeWhereAsked) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  config().flush = FlushPolicy::kOs;
  config().flush_interval = absl::Seconds(1);
  Open();
  Append({"a"});
  Append({"b"});
  EXPECT_EQ(executor.waiting_later(), 1u);
  EXPECT_EQ(log().durable_end(), Offset{0});

  executor.RunLater();
  executor.Run();
  EXPECT_EQ(log().durable_end(), Offset{2});
  Append({"c"});
  EXPECT_EQ(executor.waiting_later(), 1u);
  rig_.Kill();
}

TEST_P(LogSync, SyncsWhatWasWrittenDuringAnothersSyncWhenItsTimeIsOver) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  config().flush = FlushPolicy::kOs;
  config().flush_interval = absl::Seconds(1);
  Open();
  Append({"a"});
  bool appended = false;
  rig_.disk().files().set_during(FileCall::kSync, ".log", [&] {
    if (std::exchange(appended, true)) return;
    Append({"b"});
    // The time that began with the first one is over before the sync is.
    executor.RunLater();
  });
  ASSERT_THAT(log().Flush(), IsOk());
  ASSERT_TRUE(appended);

  executor.Run();
  executor.RunLater();
  executor.Run();
  EXPECT_EQ(log().durable_end(), Offset{2});
  rig_.Kill();
}

TEST_P(LogSync, SyncsAtTheAppendAfterSomeTimeWhereNothingRunsInBetween) {
  config().flush = FlushPolicy::kOs;
  config().flush_interval = absl::Seconds(1);
  Open();
  Append({"a"});
  rig_.clock().Advance(absl::Milliseconds(999));
  Append({"b"});
  EXPECT_EQ(log().durable_end(), Offset{0});
  rig_.clock().Advance(absl::Milliseconds(1));
  Append({"c"});
  EXPECT_EQ(log().durable_end(), Offset{3});

  // The time counts from the first write that no sync covers.
  rig_.clock().Advance(absl::Seconds(10));
  Append({"d"});
  EXPECT_EQ(log().durable_end(), Offset{3});
  ASSERT_THAT(log().Flush(), IsOk());
  rig_.clock().Advance(absl::Milliseconds(999));
  Append({"e"});
  rig_.clock().Advance(absl::Milliseconds(999));
  Append({"f"});
  EXPECT_EQ(log().durable_end(), Offset{4});
  rig_.clock().Advance(absl::Milliseconds(1));
  Append({"g"});
  EXPECT_EQ(log().durable_end(), Offset{7});
}

TEST_P(LogSync, ASyncAfterSoManyMessagesBeginsTheTimeAnew) {
  config().flush = FlushPolicy::kOs;
  config().flush_messages = 2;
  config().flush_interval = absl::Seconds(1);
  Open();
  Append({"a"});
  rig_.clock().Advance(absl::Milliseconds(900));
  Append({"b"});
  ASSERT_EQ(log().durable_end(), Offset{2});

  rig_.clock().Advance(absl::Milliseconds(900));
  Append({"c"});
  EXPECT_EQ(log().durable_end(), Offset{2});
}

TEST_P(LogSync, SyncsEveryAppendWhereTheTimeIsZero) {
  config().flush = FlushPolicy::kOs;
  config().flush_interval = absl::ZeroDuration();
  Open();
  Append({"a"});
  EXPECT_EQ(log().durable_end(), Offset{1});
  log().AppendAsync(Batch({"b"}).view(), {},
                    [](const absl::StatusOr<AppendResult>& result) {
                      EXPECT_THAT(result, IsOk());
                    });
  EXPECT_EQ(log().durable_end(), Offset{2});
}

TEST_P(LogSync, CallsBackInTheOrderOfTheAppends) {
  Open();
  std::vector<int64_t> told;
  for (int i = 0; i < 10; ++i) {
    log().AppendAsync(Batch({"a"}).view(), {},
                      [&told](absl::StatusOr<AppendResult> result) {
                        ASSERT_THAT(result, IsOk());
                        told.push_back(result->base.value);
                      });
  }
  EXPECT_THAT(told, IsEmpty());
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(told, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(Syncs(), 1);
}

TEST_P(LogSync, CallsBackAtOnceWhereNobodyWaitsForASync) {
  Open();
  int told = 0;
  const auto note = [&told](const absl::StatusOr<AppendResult>& result) {
    if (result.ok()) ++told;
  };
  log().AppendAsync(Batch({"a"}).view(), kWritten, note);
  EXPECT_EQ(told, 1);
  config().flush = FlushPolicy::kOs;
  log().SetConfig(config(), false);
  log().AppendAsync(Batch({"b"}).view(), {}, note);
  EXPECT_EQ(told, 2);
}

TEST_P(LogSync, CallsBackWithTheErrorOfAnAppend) {
  config().max_message_bytes = 100;
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      BatchOfBytes(1000).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, HasReason(Reason::kBatchTooLarge));
}

TEST_P(LogSync, SyncsInTheBackgroundWhereItMay) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  Open();
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    log().AppendAsync(Batch({"a"}).view(), {},
                      [&told](const absl::StatusOr<AppendResult>& result) {
                        if (result.ok()) ++told;
                      });
  }
  EXPECT_EQ(executor.waiting(), 1u);
  EXPECT_EQ(told, 0);
  executor.Run();
  EXPECT_EQ(told, 3);

  Append({"b"}, kWritten);
  EXPECT_EQ(executor.waiting(), 1u) << "every write has a sync scheduled";
  executor.Run();
  EXPECT_EQ(log().high_watermark(), Offset{4});
}

TEST_P(LogSync, ABackgroundSyncMayComeAfterTheLogHasGone) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  Open();
  Append({"a"}, kWritten);
  rig_.Kill();
  executor.Run();
  EXPECT_EQ(Syncs(), 0);
}

TEST_P(LogSync, ACallbackMayAppend) {
  Open();
  int told = 0;
  AppendOptions options;
  log().AppendAsync(Batch({"a"}).view(), options,
                    [&](const absl::StatusOr<AppendResult>& first) {
                      ASSERT_THAT(first, IsOk());
                      log().AppendAsync(
                          Batch({"b"}).view(), options,
                          [&](const absl::StatusOr<AppendResult>& second) {
                            ASSERT_THAT(second, IsOk());
                            ++told;
                          });
                    });
  ASSERT_THAT(log().Flush(), IsOk());
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(told, 1);
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b")));
}

TEST_P(LogSync, ACallbackMayAppendWhenItsRecordsWereCutOff) {
  Open();
  Append({"kept"});
  std::optional<absl::Status> told;
  log().AppendAsync(Batch({"cut"}).view(), {},
                    [&](const absl::StatusOr<AppendResult>& result) {
                      told = result.status();
                      EXPECT_THAT(log().Append(Batch({"again"}).view(), {}),
                                  IsOk());
                    });
  ASSERT_THAT(log().TruncateTo(Offset{1}), IsOkAndHolds(Offset{1}));

  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, HasReason(Reason::kTruncated));
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("kept", "again")));
}

// What a chain of appends needs of the stack, each of which is made by the
// callback of the one before.
class Chain {
 public:
  Chain(Log& log, AppendOptions options, int links)
      : log_(log), options_(options), left_(links) {}

  void Append() {
    if (left_ == 0) return;
    --left_;
    log_.AppendAsync(batch_.view(), options_,
                     [this](const absl::StatusOr<AppendResult>& result) {
                       ++depth_;
                       deepest_ = std::max(deepest_, depth_);
                       result.ok() ? ++told_ok_ : ++told_failed_;
                       Append();
                       --depth_;
                     });
  }
  int deepest() const { return deepest_; }
  int told_ok() const { return told_ok_; }
  int told_failed() const { return told_failed_; }

 private:
  const test::OwnedBatch batch_ = Batch({"a"});
  Log& log_;
  const AppendOptions options_;
  int left_;
  int depth_ = 0;
  int deepest_ = 0;
  int told_ok_ = 0;
  int told_failed_ = 0;
};

TEST_P(LogSync, CallbacksThatAppendNeedNoMoreStackHoweverManyAreInFlight) {
  constexpr int kInFlight = 4096;
  constexpr int kAppends = 4 * kInFlight;
  Open();
  Chain chain(log(), {}, kAppends);
  for (int i = 0; i < kInFlight; ++i) chain.Append();
  while (log().durable_end() < log().log_end()) {
    ASSERT_THAT(log().Flush(), IsOk());
  }
  EXPECT_EQ(chain.told_ok(), kAppends);
  EXPECT_EQ(chain.deepest(), 1);
}

TEST_P(LogSync, CallbacksThatAppendNeedNoMoreStackWhereNobodyWaitsForASync) {
  config().flush = FlushPolicy::kOs;
  Open();
  Chain chain(log(), {}, 1000);
  chain.Append();
  EXPECT_EQ(chain.told_ok(), 1000);
  EXPECT_EQ(chain.deepest(), 1);
}

TEST_P(LogSync, CallbacksThatTryAgainNeedNoMoreStack) {
  config().max_message_bytes = 1;
  Open();
  Chain chain(log(), {}, 1000);
  chain.Append();
  EXPECT_EQ(chain.told_failed(), 1000);
  EXPECT_EQ(chain.deepest(), 1);
}

}  // namespace
}  // namespace cauce
