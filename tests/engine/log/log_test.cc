#include "engine/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"

namespace cauce {
namespace {

using test::Batch;
using test::BatchOf;
using test::BatchOfBytes;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::OwnedBatch;
using test::ReadAll;
using test::ReadValues;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Runs what it is given when a test says so.
class ManualExecutor final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task task) override {
    later_.push_back(std::move(task));
  }

  size_t waiting() const { return tasks_.size(); }
  size_t waiting_later() const { return later_.size(); }
  void Run() {
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
  }
  void RunLater() {
    for (; !later_.empty(); later_.pop_front()) later_.front()();
  }

 private:
  std::deque<Task> tasks_, later_;
};

class LogTest : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

// ---- Appending

TEST_P(LogTest, BeginsEmptyAtOffsetZero) {
  Open();
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_EQ(log().log_end(), Offset{0});
  EXPECT_EQ(log().high_watermark(), Offset{0});
  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{-1});
  EXPECT_THAT(Values(), IsOkAndHolds(IsEmpty()));
}

TEST_P(LogTest, GivesOffsetsInTheOrderOfTheAppends) {
  Open();
  const auto first = log().Append(Batch({"a", "b", "c"}).view(), {});
  const auto second = log().Append(Batch({"d"}).view(), {});
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());

  EXPECT_EQ(first->base, Offset{0});
  EXPECT_EQ(first->next, Offset{3});
  EXPECT_FALSE(first->append_time.has_value());
  EXPECT_EQ(second->base, Offset{3});
  EXPECT_EQ(log().log_end(), Offset{4});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "c", "d")));
}

TEST_P(LogTest, StoresABatchAsItCameButForOffsetAndEpoch) {
  Open();
  Append({"first"});
  const OwnedBatch batch = Batch({"a", "b"});
  AppendOptions options;
  options.leader_epoch = LeaderEpoch{5};
  ASSERT_THAT(log().Append(batch.view(), options), IsOk());

  LogCursor cursor(rig_.shared_log(), Offset{1}, {});
  RecordBatch stored;
  ASSERT_THAT(cursor.NextBatch(&stored), IsOkAndHolds(true));
  EXPECT_EQ(stored.bytes(), batch.At(Offset{1}, LeaderEpoch{5}).bytes());
}

TEST_P(LogTest, BuildsABatchOfTheRecordsItIsGiven) {
  Open();
  const std::vector<Record> records = {
      {.key = "k", .value = "timed", .timestamp = {1'600'000'000'000}},
      {.value = "untimed"},
  };
  ASSERT_THAT(log().Append(records, {}), IsOk());

  const auto read = ReadAll(rig_.shared_log(), Offset{0});
  EXPECT_THAT(read, IsOkAndHolds(ElementsAre(
                        test::ReadRecord{0, "timed", 1'600'000'000'000},
                        test::ReadRecord{1, "untimed", rig_.now().ms})));
  EXPECT_THAT(log().Append(std::span<const Record>(), {}),
              HasReason(Reason::kInvalidRecord));
}

TEST_P(LogTest, RefusesABatchLargerThanTheTopicAllows) {
  config().max_message_bytes =
      static_cast<int64_t>(BatchOfBytes(100).bytes().size());
  Open();

  EXPECT_THAT(log().Append(BatchOfBytes(100).view(), {}), IsOk());
  EXPECT_THAT(log().Append(BatchOfBytes(101).view(), {}),
              HasReason(Reason::kBatchTooLarge));
  EXPECT_EQ(log().log_end(), Offset{1});
}

TEST_P(LogTest, RefusesTimestampsTooFarAhead) {
  config().timestamp_after_max = absl::Seconds(10);
  Open();
  const int64_t now = rig_.now().ms;

  EXPECT_THAT(log().Append(Batch({"a"}, {now + 10'000}).view(), {}), IsOk());
  EXPECT_THAT(log().Append(Batch({"a"}, {now + 10'001}).view(), {}),
              HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(log().Append(Batch({"a"}, kNoTimestamp).view(), {}), IsOk());
}

TEST_P(LogTest, RefusesTimestampsTooFarBehindOnlyWhereAsked) {
  Open();
  const Timestamp old{rig_.now().ms - 10'001};
  EXPECT_THAT(log().Append(Batch({"a"}, old).view(), {}), IsOk());

  config().timestamp_before_max = absl::Seconds(10);
  log().SetConfig(config(), false);
  EXPECT_THAT(log().Append(Batch({"a"}, old).view(), {}),
              HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(log().Append(Batch({"a"}, {old.ms + 1}).view(), {}), IsOk());
}

TEST_P(LogTest, ACompactedTopicNeedsKeys) {
  config().cleanup.compact = true;
  Open();
  EXPECT_THAT(log().Append(Batch({"a"}).view(), {}), IsOk());
  EXPECT_THAT(
      log().Append(BatchOf({{.value = "no key", .timestamp = {1}}}).view(), {}),
      HasReason(Reason::kInvalidRecord));
}

TEST_P(LogTest, RefusesBatchesThatOnlyTheLogItselfMayWrite) {
  Open();
  BatchFields gap;
  gap.last_offset_delta = 5;
  EXPECT_THAT(log().Append(test::ControlBatch().view(), {}),
              HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(log().Append(Batch({"a"}, {1}, gap).view(), {}),
              HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(log().Append(BatchOf({}).view(), {}),
              HasReason(Reason::kInvalidRecord));
  EXPECT_EQ(log().log_end(), Offset{0});
}

TEST_P(LogTest, GivesItsOwnTimeWhereTheTopicSaysSo) {
  config().timestamp_type = TimestampType::kLogAppendTime;
  Open();
  const OwnedBatch future = Batch({"a", "b"}, {rig_.now().ms * 2});
  const auto result = log().Append(future.view(), {});
  ASSERT_THAT(result, IsOk());

  EXPECT_EQ(result->append_time, rig_.now());
  EXPECT_THAT(
      ReadAll(rig_.shared_log(), Offset{0}),
      IsOkAndHolds(ElementsAre(test::ReadRecord{0, "a", rig_.now().ms},
                               test::ReadRecord{1, "b", rig_.now().ms})));
}

TEST_P(LogTest, CompressesAnewWhatTheTopicWantsOtherwise) {
  config().compression = Codec::kZstd;
  Open();
  BatchFields gzip;
  gzip.codec = Codec::kGzip;
  ASSERT_THAT(log().Append(Batch({"a", "b"}, {7}, gzip).view(), {}), IsOk());
  ASSERT_THAT(log().Append(Batch({"c"}, {8}).view(), {}), IsOk());

  LogCursor cursor(rig_.shared_log(), Offset{0}, {});
  RecordBatch stored;
  while (*cursor.NextBatch(&stored)) EXPECT_EQ(stored.codec(), Codec::kZstd);
  EXPECT_THAT(ReadAll(rig_.shared_log(), Offset{0}),
              IsOkAndHolds(ElementsAre(test::ReadRecord{0, "a", 7},
                                       test::ReadRecord{1, "b", 7},
                                       test::ReadRecord{2, "c", 8})));
}

TEST_P(LogTest, FencesOlderLeaderEpochs) {
  Open();
  AppendOptions options;
  options.leader_epoch = LeaderEpoch{3};
  ASSERT_THAT(log().Append(Batch({"a"}).view(), options), IsOk());
  options.leader_epoch = LeaderEpoch{2};
  EXPECT_THAT(log().Append(Batch({"b"}).view(), options),
              HasReason(Reason::kFencedEpoch));
  options.leader_epoch = LeaderEpoch{4};
  ASSERT_THAT(log().Append(Batch({"c"}).view(), options), IsOk());
  Append({"d"});

  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{4});
  EXPECT_THAT(rig_.epochs(),
              ElementsAre(EpochStart{LeaderEpoch{3}, Offset{0}},
                          EpochStart{LeaderEpoch{4}, Offset{1}}));
}

TEST_P(LogTest, KnowsItsEpochsAfterAnyEnd) {
  Open();
  AppendOptions options;
  for (const int32_t epoch : {2, 3, 7}) {
    options.leader_epoch = LeaderEpoch{epoch};
    ASSERT_THAT(log().Append(Batch({"a", "b"}).view(), options), IsOk());
  }
  const auto epochs = rig_.epochs();
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{7});
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{7});
  EXPECT_EQ(rig_.epochs(), epochs);

  ASSERT_THAT(log().TruncateTo(Offset{3}), IsOkAndHolds(Offset{2}));
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{2});
}

// Nothing is left of the log but batches below its start, which still tell of
// their epoch.
TEST_P(LogTest, LearnsNoEpochThatBeginsBelowItsStart) {
  Open();
  Append({"a", "b"});
  Append({"c", "d"});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{2}), IsOk());
  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOkAndHolds(Offset{2}));

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(rig_.epochs(),
              ElementsAre(EpochStart{LeaderEpoch{0}, Offset{2}}));
}

// Of two names that were not synced a power loss might keep the later alone:
// a log with a hole.
TEST_P(LogTest, RollsOnlyBehindANameThatIsDurable) {
  config().segment_bytes = 1;  // a segment for each batch
  Open();
  Append({"a"}, kWritten);
  Append({"b"}, kWritten);
  const auto syncs = [this] {
    return rig_.disk().files().Count(FileCall::kSyncDirectory, "");
  };
  const int before = syncs();
  Append({"c"}, kWritten);
  EXPECT_EQ(syncs(), before + 1);

  rig_.disk().files().Fail(FileCall::kSyncDirectory, "",
                           MakeError(Reason::kDiskFailed, "gone"), 0, 1);
  const auto refused = log().Append(Batch({"d"}).view(), kWritten);
  EXPECT_THAT(refused, HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_end(), Offset{3});
}

// ---- When an append is acknowledged and what readers see

TEST_P(LogTest, ShowsWhatIsDurableAndNothingElse) {
  Open();
  Append({"a"}, kWritten);
  EXPECT_EQ(log().log_end(), Offset{1});
  EXPECT_EQ(log().high_watermark(), Offset{0});
  EXPECT_THAT(Values(), IsOkAndHolds(IsEmpty()));

  Append({"b"});
  EXPECT_EQ(log().durable_end(), Offset{2});
  EXPECT_EQ(log().high_watermark(), Offset{2});
  EXPECT_EQ(Syncs(), 1) << "one sync covers both";
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b")));
}

TEST_P(LogTest, ShowsWhatIsWrittenWhereTheTopicSaysSo) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  EXPECT_EQ(log().high_watermark(), Offset{1});
  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(Syncs(), 0);

  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(log().durable_end(), Offset{1});
  EXPECT_EQ(Syncs(), 1);
}

TEST_P(LogTest, SyncsAfterSoManyMessagesWhereAsked) {
  config().flush = FlushPolicy::kOs;
  config().flush_messages = 3;
  Open();
  Append({"a", "b"});
  EXPECT_EQ(log().durable_end(), Offset{0});
  Append({"c"});
  EXPECT_EQ(log().durable_end(), Offset{3});
}

TEST_P(LogTest, SyncsAfterSomeTimeWhereAsked) {
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
  EXPECT_EQ(log().durable_end(), Offset{2});
  Append({"c"});
  EXPECT_EQ(executor.waiting_later(), 1u);
  rig_.Kill();
}

TEST_P(LogTest, SyncsAtTheAppendAfterSomeTimeWhereNothingRunsInBetween) {
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

TEST_P(LogTest, ASyncAfterSoManyMessagesBeginsTheTimeAnew) {
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

TEST_P(LogTest, SyncsEveryAppendWhereTheTimeIsZero) {
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

TEST_P(LogTest, NeverTakesBackWhatItShowedWhenTheFlushPolicyChanges) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  config().flush = FlushPolicy::kGroup;
  log().SetConfig(config(), false);

  EXPECT_EQ(log().high_watermark(), Offset{1});
  Append({"b"}, kWritten);
  EXPECT_EQ(log().high_watermark(), Offset{1});
}

TEST_P(LogTest, NeverTakesBackWhatWasShownWhileTheFlushPolicyChanges) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  Offset seen;
  bool once = false;
  rig_.disk().files().set_during(FileCall::kSync, ".log", [&] {
    if (std::exchange(once, true)) return;
    Append({"b"}, kWritten);
    seen = log().high_watermark();
  });
  config().flush = FlushPolicy::kGroup;
  log().SetConfig(config(), false);

  ASSERT_TRUE(once);
  EXPECT_GE(seen, Offset{1});
  EXPECT_GE(log().high_watermark(), seen);
}

TEST_P(LogTest, StillShowsWhatItShowedWhenTheSyncOfANewFlushPolicyFails) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "no"));
  config().flush = FlushPolicy::kGroup;
  log().SetConfig(config(), false);

  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(log().high_watermark(), Offset{1});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(LogTest, CallsBackInTheOrderOfTheAppends) {
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

TEST_P(LogTest, CallsBackAtOnceWhereNobodyWaitsForASync) {
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

TEST_P(LogTest, CallsBackWithTheErrorOfAnAppend) {
  config().max_message_bytes = 100;
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      BatchOfBytes(1000).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, HasReason(Reason::kBatchTooLarge));
}

TEST_P(LogTest, SyncsInTheBackgroundWhereItMay) {
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

TEST_P(LogTest, ABackgroundSyncMayComeAfterTheLogHasGone) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  Open();
  Append({"a"}, kWritten);
  rig_.Kill();
  executor.Run();
  EXPECT_EQ(Syncs(), 0);
}

TEST_P(LogTest, ACallbackMayAppend) {
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

TEST_P(LogTest, ACallbackMayAppendWhenItsRecordsWereCutOff) {
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

// ---- Waiting

TEST_P(LogTest, WaitsUntilARecordIsVisible) {
  Open();
  std::latch begun(1);
  std::thread waiter([&] {
    begun.count_down();
    EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration()),
                IsOkAndHolds(true));
  });
  begun.wait();
  Append({"a"}, kWritten);  // the waiter makes it durable itself
  waiter.join();
  EXPECT_EQ(log().durable_end(), Offset{1});
}

TEST_P(LogTest, WaitsForTheSyncThatRunsInTheBackground) {
  ManualExecutor executor;
  rig_.set_executor(&executor);
  Open();
  std::thread waiter([this] {
    EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration()),
                IsOkAndHolds(true));
  });
  Append({"a"}, kWritten);
  executor.Run();
  waiter.join();
}

TEST_P(LogTest, StopsWaitingWhenItsTimeIsOver) {
  Open();
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration()),
              IsOkAndHolds(false));
  Append({"a"});
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration()),
              IsOkAndHolds(true));
}

TEST_P(LogTest, StopsWaitingWhenItIsClosed) {
  Open();
  const std::shared_ptr<Log> shared = rig_.shared_log();
  std::latch begun(1);
  std::thread waiter([&] {
    begun.count_down();
    EXPECT_THAT(shared->WaitFor(Offset{0}, absl::InfiniteDuration()),
                HasReason(Reason::kClosed));
  });
  begun.wait();
  EXPECT_THAT(rig_.Close(), IsOk());
  waiter.join();
}

TEST_P(LogTest, NobodyWaitsForALogThatTakesNothingMore) {
  for (const FileCall call : {FileCall::kSync, FileCall::kWrite}) {
    test::LogRig rig(GetParam());
    ASSERT_THAT(rig.Open(), IsOk());
    std::latch begun(1);
    std::thread early([&] {
      begun.count_down();
      EXPECT_THAT(rig.log().WaitFor(Offset{5}, absl::InfiniteDuration()),
                  HasReason(Reason::kDiskFailed));
    });
    begun.wait();
    rig.disk().files().Fail(call, ".log",
                            MakeError(Reason::kDiskFailed, "gone"));
    EXPECT_THAT(rig.log().Append(Batch({"a"}).view(), {}),
                HasReason(Reason::kDiskFailed));
    early.join();
    EXPECT_THAT(rig.log().WaitFor(Offset{5}, absl::InfiniteDuration()),
                HasReason(Reason::kDiskFailed));
  }
}

TEST_P(LogTest, WhatWasWrittenBeforeAFailedWriteBecomesVisible) {
  Open();
  Append({"a"}, kWritten);
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"b"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration()),
              IsOkAndHolds(true));
}

// ---- Rolling

TEST_P(LogTest, RollsBySize) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 10; ++i) Append({"value"});

  const auto set = log().segments();
  EXPECT_GT(set->segments().size(), 2u);
  int64_t bytes = 0;
  for (const auto& segment : set->segments()) {
    EXPECT_LE(segment->bytes(), config().segment_bytes);
    bytes += segment->bytes();
  }
  EXPECT_EQ(log().bytes(), bytes);
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(10)));
}

TEST_P(LogTest, RollsByTheTimeOfTheRecords) {
  config().segment_age_max = absl::Seconds(10);
  Open();
  Append({"a"});
  rig_.clock().Advance(absl::Seconds(10));
  Append({"b"});
  EXPECT_THAT(Logs(), SizeIs(1));
  rig_.clock().Advance(absl::Seconds(1));
  EXPECT_THAT(Logs(), SizeIs(1)) << "an idle log does not roll";
  Append({"c"});
  EXPECT_THAT(Logs(), ElementsAre(SegmentFileName(Offset{0}, kLogSuffix),
                                  SegmentFileName(Offset{2}, kLogSuffix)));
}

TEST_P(LogTest, RollsNoMoreOftenThanItsAgeSaysWhateverTheJitterWas) {
  UseSmallSegments();
  config().segment_jitter = absl::Hours(1);
  Open();
  // Each roll draws a jitter that is a millisecond longer.
  while (Logs().size() < 8) Append({"value"});
  config().segment_bytes = 1 << 20;
  config().segment_age_max = absl::Milliseconds(2);
  log().SetConfig(config(), false);

  for (int i = 0; i < 5; ++i) Append({"value"});
  EXPECT_THAT(Logs(), SizeIs(8)) << "all of them at one time";
  rig_.clock().Advance(absl::Milliseconds(3));
  Append({"value"});
  EXPECT_THAT(Logs(), SizeIs(9));
}

TEST_P(LogTest, RollsWhenAnIndexIsFull) {
  config().segment_index_bytes = 36;
  config().index_interval_bytes = 0;
  Open();
  for (int i = 0; i < 20; ++i) {
    rig_.clock().Advance(absl::Seconds(1));
    Append({"a"});
  }
  EXPECT_GT(Logs().size(), 4u);
  for (const std::string& index : rig_.disk().Names("index")) {
    EXPECT_LE(rig_.disk().Read(index)->size(), 36u) << index;
  }
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(20)));
}

// The least that `internal.segment.bytes` and `segment.index.bytes` may be.
TEST_P(LogTest, WorksWithASegmentForEachBatch) {
  for (const bool by_index : {false, true}) {
    SCOPED_TRACE(by_index ? "by index" : "by size");
    test::LogRig rig(GetParam());
    (by_index ? rig.config().segment_index_bytes : rig.config().segment_bytes) =
        by_index ? 4 : 1;
    ASSERT_THAT(rig.Open(), IsOk());
    const Timestamp start = rig.now();
    for (int i = 0; i < 10; ++i) {
      rig.clock().Advance(absl::Seconds(1));
      ASSERT_THAT(rig.log().Append(Batch({"a", "b"}, rig.now()).view(), {}),
                  IsOk());
    }
    EXPECT_THAT(rig.disk().Names(".log"), SizeIs(10));
    EXPECT_THAT(rig.log().FindByTime({start.ms + 5000}),
                IsOkAndHolds(FoundOffset{{8}, {start.ms + 5000}}));
    ASSERT_THAT(rig.log().TruncateTo(Offset{17}), IsOkAndHolds(Offset{16}));

    ASSERT_THAT(rig.KillAndReopen(), IsOk());
    EXPECT_EQ(rig.log().log_end(), Offset{16});
    ASSERT_THAT(rig.log().Append(Batch({"c"}, rig.now()).view(), {}), IsOk());
    ASSERT_THAT(rig.Reopen(), IsOk());
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(SizeIs(17)));
    ASSERT_THAT(rig.log().DeleteRecordsBefore(Offset{9}), IsOk());
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{9}),
                IsOkAndHolds(SizeIs(8)));
    EXPECT_THAT(rig.events(), IsEmpty());
  }
}

TEST_P(LogTest, MakesARolledSegmentAndItsNameDurable) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 6; ++i) Append({"value"}, kWritten);
  ASSERT_THAT(Logs(), SizeIs(2));
  auto& files = rig_.disk().files();
  const int directories =
      files.Count(FileCall::kSyncDirectory, rig_.disk().directory());

  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(files.Count(FileCall::kSync, Logs()[0]), 1);
  EXPECT_EQ(files.Count(FileCall::kSync, Logs()[1]), 1);
  EXPECT_EQ(files.Count(FileCall::kSyncDirectory, rig_.disk().directory()),
            directories + 1);
  EXPECT_EQ(log().durable_end(), Offset{6});

  // The next one has nothing to do for the first segment.
  Append({"e"});
  EXPECT_EQ(files.Count(FileCall::kSync, Logs()[0]), 1);
}

// ---- Looking by time

TEST_P(LogTest, FindsTheFirstRecordAtOrAfterATime) {
  UseSmallSegments();
  Open();
  const int64_t start = rig_.now().ms;
  for (int i = 0; i < 20; ++i) {
    Append({"a", "b"});
    rig_.clock().Advance(absl::Seconds(1));
  }
  const auto find = [&](int64_t time) { return log().FindByTime({time}); };

  EXPECT_THAT(find(0), IsOkAndHolds(FoundOffset{{0}, {start}}));
  EXPECT_THAT(find(start + 1), IsOkAndHolds(FoundOffset{{2}, {start + 1000}}));
  EXPECT_THAT(find(start + 19'000),
              IsOkAndHolds(FoundOffset{{38}, {start + 19'000}}));
  EXPECT_THAT(find(start + 19'001), IsOkAndHolds(std::nullopt));

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{5}), IsOk());
  EXPECT_THAT(find(0), IsOkAndHolds(FoundOffset{{5}, {start + 2000}}));
}

TEST_P(LogTest, FindsByTimeOnlyWhatIsVisible) {
  Open();
  Append({"a"}, kWritten);
  EXPECT_THAT(log().FindByTime({0}), IsOkAndHolds(std::nullopt));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(log().FindByTime({0}),
              IsOkAndHolds(FoundOffset{{0}, rig_.now()}));
}

// ---- Ends and beginnings

// One of those that are missing may be what was asked for.
TEST_P(LogTest, FindsNoTimeRightBehindRecordsThatAreMissing) {
  UseSmallSegments();
  rig_.set_may_have_gaps(false);
  Open();
  std::vector<Timestamp> times;
  while (Logs().size() < 4) {
    times.push_back(rig_.now());
    Append({"value"});
    rig_.clock().Advance(absl::Seconds(1));
  }
  const auto& segments = log().segments()->segments();
  const Offset lost = segments[1]->base();
  const Offset behind = segments[2]->base();
  ASSERT_GT(segments[3]->base() - behind, 1);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Remove(SegmentFileName(lost, kLogSuffix));
  Open();
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());

  const auto time_of = [&](Offset at) {
    return times[static_cast<size_t>(at.value)];
  };
  for (Log* const each : {&log(), reader->get()}) {
    for (Offset at{0}; at < log().log_end(); at = at + 1) {
      SCOPED_TRACE(at.value);
      const auto found = each->FindByTime(time_of(at));
      if (at >= lost && at <= behind) {
        EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
        EXPECT_THAT(std::string(found.status().message()),
                    HasSubstr("orders-0"));
      } else {
        ASSERT_THAT(found, IsOk());
        EXPECT_EQ((*found)->offset, at);
      }
    }
  }
  rig_.Kill();

  // Where they may have been compacted away they are not missed.
  rig_.set_may_have_gaps(true);
  Open();
  const auto found = log().FindByTime(time_of(lost));
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->offset, behind);
  rig_.Kill();
}

// It may have listed the segments while another process deleted them.
TEST_P(LogTest, AReaderLooksAgainBeforeATimeLiesBehindMissingRecords) {
  UseSmallSegments();
  rig_.set_may_have_gaps(false);
  Open();
  while (Logs().size() < 4) {
    Append({"value"});
    rig_.clock().Advance(absl::Seconds(1));
  }
  const std::vector<std::string> names = Logs();
  const auto behind = log().segments()->segments()[2];
  const auto time = behind->LargestTimestamp();
  ASSERT_THAT(time, IsOk());
  const Offset base = behind->base();
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  rig_.disk().Remove(names[1]);
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  bool deleted = false;
  rig_.disk().files().set_during(FileCall::kRead, names[0], [&] {
    if (!std::exchange(deleted, true)) rig_.disk().Remove(names[0]);
  });

  const Timestamp first{time->ms - 1000 * (behind->next() - base - 1)};
  EXPECT_THAT((*reader)->FindByTime(first),
              IsOkAndHolds(FoundOffset{base, first}));
  EXPECT_TRUE(deleted);
}

TEST_P(LogTest, FindsEverythingAgainAfterACleanEnd) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"v" + std::to_string(i)});
  const auto before = Values();
  const auto logs = Logs();
  const auto bytes = rig_.disk().Read(logs.back());

  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_EQ(Logs(), logs);
  EXPECT_EQ(log().log_end(), Offset{12});
  EXPECT_EQ(log().high_watermark(), Offset{12});
  EXPECT_EQ(Values(), before);
  EXPECT_EQ(rig_.disk().Read(logs.back()), bytes);
  EXPECT_EQ(Append({"next"}), Offset{12});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogTest, FindsEverythingAgainAfterADeath) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) {
    Append({"v" + std::to_string(i)}, i % 2 == 0 ? kWritten : AppendOptions{});
  }
  const auto before =
      ReadValues(rig_.shared_log(), Offset{0}, {.up_to = ReadUpTo::kLogEnd});

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_end(), Offset{12});
  EXPECT_EQ(log().durable_end(), Offset{12});
  EXPECT_EQ(Values(), before);
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogTest, WritesNothingWhenItWasOnlyOpened) {
  Open();
  Append({"a"});
  ASSERT_THAT(rig_.Close(), IsOk());
  auto& files = rig_.disk().files();
  const auto writes = [&] {
    return files.Count(FileCall::kWrite, "") + files.Count(FileCall::kSync, "");
  };
  const int before = writes();
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_EQ(writes(), before);
}

TEST_P(LogTest, AnswersEverybodyWhenItIsClosed) {
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      Batch({"a"}).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  const std::shared_ptr<Log> held = rig_.shared_log();
  ASSERT_THAT(rig_.Close(), IsOk());

  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, IsOk()) << "closing makes it durable";
  EXPECT_THAT(held->Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kClosed));
  EXPECT_THAT(held->Flush(), HasReason(Reason::kClosed));
  EXPECT_THAT(held->FindByTime({0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->TruncateTo(Offset{0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->DeleteRecordsBefore(Offset{1}), HasReason(Reason::kClosed));
  EXPECT_THAT(ReadValues(held, Offset{0}), HasReason(Reason::kClosed));
  EXPECT_THAT(held->Close(test::LogRig::ClosedError()), IsOk());
}

TEST_P(LogTest, WritesNothingMoreOnceItIsAbandoned) {
  Open();
  std::optional<absl::Status> told;
  log().AppendAsync(
      Batch({"a"}).view(), {},
      [&told](const absl::StatusOr<AppendResult>& r) { told = r.status(); });
  log().Abandon(MakeError(Reason::kUnknownTopic, "the topic was deleted"));

  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(log().Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(Syncs(), 0);
}

// The directory is somebody else's by then, or gone.
TEST_P(LogTest, AReaderRepairsNoIndexOnceTheLogHasEnded) {
  for (const bool abandoned : {false, true}) {
    SCOPED_TRACE(abandoned ? "abandoned" : "closed");
    test::LogRig rig(GetParam());
    rig.config().segment_bytes = 300;
    ASSERT_THAT(rig.Open(), IsOk());
    for (int i = 0; i < 12; ++i) {
      ASSERT_THAT(rig.log().Append(Batch({"value"}).view(), {}), IsOk());
    }
    ASSERT_THAT(rig.Reopen(), IsOk());
    const auto set = rig.log().segments();
    const std::string name = SegmentFileName(Offset{0}, kOffsetIndexSuffix);
    rig.disk().Remove(name);
    bool once = false;
    rig.disk().files().set_during(FileCall::kOpen, name, [&] {
      if (std::exchange(once, true)) return;
      if (abandoned) {
        rig.log().Abandon(test::LogRig::ClosedError());
      } else {
        EXPECT_THAT(rig.Close(), IsOk());
      }
    });

    EXPECT_THAT(set->segments().front()->Index(), IsOk());
    ASSERT_TRUE(once);
    EXPECT_EQ(rig.disk().Read(name), std::nullopt);
    rig.Leaves(test::Left::kKilled);
  }
}

TEST_P(LogTest, AReadOnlyLogTellsThatItsDurableEndIsGone) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.OpenReadOnly(), IsOk());
  ASSERT_THAT(rig_.events(), IsEmpty());

  const std::string last = Logs().back();
  for (const bool removed : {false, true}) {
    SCOPED_TRACE(removed);
    const size_t before = rig_.events().size();
    rig_.disk().Write(last, "");
    if (removed) rig_.disk().Remove(last);
    auto reader = rig_.OpenReadOnly();
    ASSERT_THAT(reader, IsOk());
    const auto events = rig_.events();
    ASSERT_EQ(events.size(), before + 1);
    EXPECT_THAT(events.back(), HasSubstr("orders-0: "));
    EXPECT_THAT(events.back(),
                HasSubstr("ends at offset " +
                          std::to_string((*reader)->log_end().value) + ","));
    EXPECT_THAT(events.back(), HasSubstr("durable up to 12;"));
  }
}

TEST_P(LogTest, AReadOnlyLogWritesNothing) {
  Open();
  Append({"a"});
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());

  EXPECT_THAT((*reader)->Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->TruncateTo(Offset{0}), HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->DeleteRecordsBefore(Offset{1}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT((*reader)->Flush(), IsOk());
  EXPECT_THAT((*reader)->ApplyRetention(), IsOk());
  EXPECT_THAT(ReadValues(*reader, Offset{0}), IsOkAndHolds(ElementsAre("a")));
  EXPECT_THAT((*reader)->Close(test::LogRig::ClosedError()), IsOk());
}

// ---- A disk that fails

TEST_P(LogTest, RefusesAppendsAfterAFailedSync) {
  Open();
  Append({"durable"});
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"lost"}).view(), {}),
              HasReason(Reason::kDiskFailed));

  rig_.disk().files().Mend();
  const Offset end = log().log_end();
  EXPECT_THAT(log().Append(Batch({"a"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Append(Batch({"a"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_end(), end);
  EXPECT_EQ(log().high_watermark(), Offset{1});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("durable")));
  EXPECT_THAT(rig_.Close(), HasReason(Reason::kDiskFailed));

  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_THAT(log().Append(Batch({"a"}).view(), {}), IsOk());
}

TEST_P(LogTest, RefusesAppendsAfterAFailedSyncWhateverIsAcknowledged) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  EXPECT_THAT(log().Append(Batch({"b"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
}

TEST_P(LogTest, RefusesAppendsAfterAFailedWrite) {
  Open();
  Append({"a"});
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  EXPECT_THAT(log().Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(LogTest, ARollThatFailsLeavesNothingStaleBehind) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  Open();
  Append({"a"});
  auto& files = rig_.disk().files();
  // Somebody asks for the age of the segment that is about to be left.
  files.set_during(FileCall::kOpen, ".log", [this] {
    EXPECT_THAT(log().segments()->active()->LargestTimestamp(), IsOk());
  });
  files.Fail(FileCall::kOpen, ".log", MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(log().Append(BatchOfBytes(2000).view(), {}),
              HasReason(Reason::kDiskFull));
  files.Mend();
  rig_.clock().Advance(absl::Minutes(50));
  Append({"b"});
  ASSERT_THAT(log().Append(BatchOfBytes(2000, rig_.now()).view(), {}), IsOk());
  ASSERT_THAT(Logs(), SizeIs(2));

  rig_.clock().Advance(absl::Minutes(20));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0}) << "b is twenty minutes old";
}

TEST_P(LogTest, FindsATimeWhereTheActiveSegmentsIndexLies) {
  // An entry for every second batch.
  config().index_interval_bytes = 100;
  Open();
  for (int64_t i = 0; i < 6; ++i) {
    const Timestamp time{1000 + 10 * i};
    ASSERT_THAT(log().Append(Batch({"v"}, time).view(), {}), IsOk());
  }
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = "00000000000000000000.timeindex";
  std::string times = rig_.disk().Read(name).value();
  ASSERT_EQ(LoadBig<int64_t>(times.data()), 1020);
  StoreBig<int64_t>(times.data(), 1005);
  rig_.disk().Write(name, times);
  rig_.Leaves(test::Left::kDamaged);
  Open();

  const auto found = log().FindByTime({1010});

  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found, (FoundOffset{Offset{1}, {1010}}));
}

TEST_P(LogTest, TakesNoMoreOnceItsOffsetsAreUsedUp) {
  rig_.set_bounds({Offset{INT64_MAX - 1}, Offset{INT64_MAX - 1}});
  Open();
  EXPECT_THAT(log().Append(Batch({"a", "b"}, rig_.now()).view(), {}),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_EQ(Append({"a"}), Offset{INT64_MAX - 1});
  EXPECT_THAT(log().Append(Batch({"b"}, rig_.now()).view(), {}),
              HasReason(Reason::kOffsetOutOfRange));

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_end(), Offset{INT64_MAX});
  EXPECT_THAT(Values(Offset{INT64_MAX - 1}), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(LogTest, AFullDiskMayBeTriedAgain) {
  UseSmallSegments();
  Open();
  Append({"a"});
  Append({"b"});
  Append({"c"});
  // At every step of what makes it roll.
  const std::vector<std::pair<FileCall, std::string_view>> steps = {
      {FileCall::kOpen, ".log"},
      {FileCall::kWrite, ".log"},
  };
  for (const auto& [call, suffix] : steps) {
    rig_.disk().files().Fail(call, suffix,
                             MakeError(Reason::kDiskFull, "no room"));
    EXPECT_THAT(log().Append(BatchOfBytes(2000).view(), {}),
                HasReason(Reason::kDiskFull));
    rig_.disk().files().Mend();
  }

  EXPECT_EQ(Append({"d"}), Offset{3});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "c", "d")));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "c", "d")));
}

}  // namespace
}  // namespace cauce
