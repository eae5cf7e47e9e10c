// What readers of a log see, wait for and find.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <iterator>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/engine/log/manual_executor.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::ManualExecutor;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LogLooks : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogLooks,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogLooks, NeverTakesBackWhatItShowedWhenTheFlushPolicyChanges) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  config().flush = FlushPolicy::kGroup;
  ASSERT_TRUE(log().SetConfig(config(), false));

  EXPECT_EQ(log().high_watermark(), Offset{1});
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(log().high_watermark(), Offset{1});
  Append({"b"}, kWritten);
  EXPECT_EQ(log().high_watermark(), Offset{1});
}

TEST_P(LogLooks, NeverTakesBackWhatWasShownWhileTheFlushPolicyChanges) {
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
  ASSERT_TRUE(log().SetConfig(config(), false));
  ASSERT_THAT(log().Flush(), IsOk());

  ASSERT_TRUE(once);
  EXPECT_GE(seen, Offset{1});
  EXPECT_GE(log().high_watermark(), seen);
}

TEST_P(LogLooks, StillShowsWhatItShowedWhenTheSyncOfANewFlushPolicyFails) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "no"));
  config().flush = FlushPolicy::kGroup;
  ASSERT_TRUE(log().SetConfig(config(), false));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kDiskFailed));

  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_EQ(log().high_watermark(), Offset{1});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(LogLooks, WaitsUntilARecordIsVisible) {
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

TEST_P(LogLooks, WaitsForTheSyncThatRunsInTheBackground) {
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

class MoveCounter final : public PartitionWatcher {
 public:
  void Moved() override { ++moves; }
  int moves = 0;
};

// Nobody can read it before: whoever was woken would wait again.
TEST_P(LogLooks, TellsWatchersOfARecordOnceItIsShown) {
  config().flush = FlushPolicy::kGroup;
  ManualExecutor executor;
  rig_.set_executor(&executor);
  Open();
  const auto counter = std::make_shared<MoveCounter>();
  log().Watch(counter);
  Append({"a"}, kWritten);
  EXPECT_EQ(log().high_watermark(), Offset{0});
  EXPECT_EQ(counter->moves, 0);
  executor.Run();
  EXPECT_EQ(log().high_watermark(), Offset{1});
  EXPECT_EQ(counter->moves, 1);

  // What is shown as soon as it is written is told at once.
  config().flush = FlushPolicy::kOs;
  log().SetConfig(config(), false);
  Append({"b"}, kWritten);
  EXPECT_EQ(counter->moves, 2);
  log().Unwatch(*counter);
}

// It would find nothing, and wait again.
TEST_P(LogLooks, WakesNobodyWhomAnOpenTransactionKeepsBack) {
  config().flush = FlushPolicy::kOs;
  Open();
  ASSERT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
  const auto all = std::make_shared<MoveCounter>();
  const auto decided = std::make_shared<MoveCounter>();
  log().Watch(all);
  log().Watch(decided, Isolation::kReadCommitted);
  Append({"decided"});
  EXPECT_EQ(decided->moves, 1);
  TestProducer producer(7);
  ASSERT_THAT(log().Append(producer.InTransaction({"open"}).view(), {}),
              IsOk());
  for (int i = 0; i < 10; ++i) Append({"behind it"});

  EXPECT_EQ(all->moves, 12);
  EXPECT_EQ(decided->moves, 1);
  ASSERT_THAT(log().EndTransaction(producer.Commit(), {}), IsOk());
  EXPECT_EQ(decided->moves, 2);
  Append({"decided"});
  EXPECT_EQ(decided->moves, 3);
  EXPECT_EQ(all->moves, 14);
  log().Unwatch(*all);
  log().Unwatch(*decided);
}

TEST_P(LogLooks, TellsThoseWhomATransactionKeepsBackOfTheEnd) {
  config().flush = FlushPolicy::kOs;
  Open();
  const auto decided = std::make_shared<MoveCounter>();
  log().Watch(decided, Isolation::kReadCommitted);
  ASSERT_THAT(log().LastStableOffset(), IsOk());
  TestProducer producer(7);
  ASSERT_THAT(log().Append(producer.InTransaction({"open"}).view(), {}),
              IsOk());
  Append({"behind it"});
  const int before = decided->moves;
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"lost"}).view(), {}),
              HasReason(Reason::kDiskFailed));

  EXPECT_GT(decided->moves, before);
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration(),
                            Isolation::kReadCommitted),
              HasReason(Reason::kDiskFailed));
  log().Unwatch(*decided);
}

TEST_P(LogLooks, WaitsUntilARecordIsDecided) {
  Open();
  TestProducer producer(7);
  ASSERT_THAT(log().Append(producer.InTransaction({"open"}).view(), {}),
              IsOk());
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration()),
              IsOkAndHolds(true));
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration(),
                            Isolation::kReadCommitted),
              IsOkAndHolds(false));
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT((*reader)->WaitFor(Offset{0}, absl::ZeroDuration(),
                                 Isolation::kReadCommitted),
              IsOkAndHolds(false));
  std::latch begun(1);
  std::thread waiter([&] {
    begun.count_down();
    EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration(),
                              Isolation::kReadCommitted),
                IsOkAndHolds(true));
  });
  begun.wait();
  for (int i = 0; i < 10; ++i) Append({"behind it"}, kWritten);
  // The waiter makes it durable itself.
  ASSERT_THAT(log().EndTransaction(producer.Commit(), kWritten), IsOk());
  waiter.join();
  EXPECT_THAT((*reader)->WaitFor(Offset{0}, absl::ZeroDuration(),
                                 Isolation::kReadCommitted),
              IsOkAndHolds(true));
}

TEST_P(LogLooks, StopsWaitingWhenItsTimeIsOver) {
  Open();
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration()),
              IsOkAndHolds(false));
  Append({"a"});
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::ZeroDuration()),
              IsOkAndHolds(true));
}

// The system has few watches, which others may have used up.
TEST_P(LogLooks, AReaderThatDoesNotWaitNeedsNoWatch) {
  Open();
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  rig_.disk().files().Fail(FileCall::kWatch, "",
                           MakeError(Reason::kDiskFailed, "none is left"));
  const auto look = [&] {
    return (*reader)->WaitFor(Offset{0}, absl::ZeroDuration());
  };

  EXPECT_THAT(look(), IsOkAndHolds(false));
  Append({"a"});
  EXPECT_THAT(look(), IsOkAndHolds(true));
  EXPECT_THAT((*reader)->WaitFor(Offset{1}, absl::Seconds(1)),
              HasReason(Reason::kDiskFailed));
}

// To close one takes longer than most of what it waits for.
TEST_P(LogLooks, AReaderThatWaitsAgainAndAgainTakesOneWatch) {
  constexpr int kRecords = 20;
  Open();
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  std::atomic<int> wanted = -1;
  std::thread waiter([&] {
    for (int i = 0; i < kRecords; ++i) {
      wanted = i;
      wanted.notify_one();
      EXPECT_THAT((*reader)->WaitFor(Offset{i}, absl::InfiniteDuration()),
                  IsOkAndHolds(true));
    }
  });
  for (int i = 0; i < kRecords; ++i) {
    wanted.wait(i - 1);
    Append({"a"});
  }
  waiter.join();

  EXPECT_LE(rig_.disk().files().Count(FileCall::kWatch, ""), 1);
}

// By hand, as verify advises where a segment is damaged, or by a repair.
TEST_P(LogLooks, AReaderGoesOnWhereAnotherFileGetsASegmentsName) {
  config().segment_bytes = 300;
  Open();
  for (int i = 0; i < 6; ++i) Append({"a value"});
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, {});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  test::TestDisk& disk = rig_.disk();
  disk.Write("copy", *disk.Read(name));
  ASSERT_THAT(disk.files().Rename(disk.directory() + "/copy",
                                  disk.directory() + "/" + name),
              IsOk());
  for (int i = 0; i < 2; ++i) disk.pool()->CloseIdle();

  for (int64_t offset = 1; offset < 6; ++offset) {
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_EQ(record.offset, Offset{offset});
  }
}

TEST_P(LogLooks, StopsWaitingWhenItIsClosed) {
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

TEST_P(LogLooks, NobodyWaitsForALogThatTakesNothingMore) {
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

TEST_P(LogLooks, WhatWasWrittenBeforeAFailedWriteBecomesVisible) {
  Open();
  Append({"a"}, kWritten);
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"b"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().WaitFor(Offset{0}, absl::InfiniteDuration()),
              IsOkAndHolds(true));
}

TEST_P(LogLooks, FindsTheFirstRecordAtOrAfterATime) {
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

TEST_P(LogLooks, FindsByTimeOnlyWhatIsVisible) {
  Open();
  Append({"a"}, kWritten);
  EXPECT_THAT(log().FindByTime({0}), IsOkAndHolds(std::nullopt));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(log().FindByTime({0}),
              IsOkAndHolds(FoundOffset{{0}, rig_.now()}));
}

// One of those that are missing may be what was asked for.
TEST_P(LogLooks, FindsNoTimeRightBehindRecordsThatAreMissing) {
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

  // Where they may have been compacted away an index that is left tells of
  // them; without it they are not missed.
  rig_.set_may_have_gaps(true);
  Open();
  EXPECT_THAT(log().FindByTime(time_of(lost)),
              HasReason(Reason::kCorruptBatch));
  rig_.Kill();
  for (const std::string_view suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    rig_.disk().Remove(SegmentFileName(lost, suffix));
  }
  Open();
  const auto found = log().FindByTime(time_of(lost));
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->offset, behind);
  rig_.Kill();
}

// The same where a batch is gone to the last byte.
TEST_P(LogLooks, FindsNoTimeRightBehindABatchThatIsMissing) {
  UseSmallSegments();
  rig_.set_may_have_gaps(false);
  Open();
  const size_t one = Batch({"value"}).bytes().size();
  std::vector<Timestamp> times;
  while (Logs().size() < 3) {
    times.push_back(rig_.now());
    Append({"value"});
    rig_.clock().Advance(absl::Seconds(1));
  }
  const auto& segments = log().segments()->segments();
  const Offset base = segments[1]->base();
  const std::string name = SegmentFileName(base, kLogSuffix);
  ASSERT_GT(segments[1]->next() - base, 2);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  const std::string whole = *rig_.disk().Read(name);
  ASSERT_EQ(whole.size() % one, 0u);

  const auto expect_missing = [&](Offset lost) {
    for (Offset at{0}; at < Offset{std::ssize(times)}; at = at + 1) {
      SCOPED_TRACE(at.value);
      const auto found = log().FindByTime(times[static_cast<size_t>(at.value)]);
      if (at == lost || at == lost + 1) {
        EXPECT_THAT(found, HasReason(Reason::kCorruptBatch));
      } else {
        ASSERT_THAT(found, IsOk());
        EXPECT_EQ((*found)->offset, at);
      }
    }
  };
  rig_.disk().Write(name, whole.substr(one));
  Open();
  expect_missing(base);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Write(name, whole.substr(0, one) + whole.substr(2 * one));
  Open();
  expect_missing(base + 1);
}

// One of its records may be what was asked for.
TEST_P(LogLooks, FindsNoTimeBehindASegmentThatCannotBeRead) {
  UseSmallSegments();
  Open();
  std::vector<Timestamp> times;
  while (Logs().size() < 3) {
    times.push_back(rig_.now());
    Append({"value"});
    rig_.clock().Advance(absl::Seconds(1));
  }
  const Offset unreadable = log().segments()->segments()[1]->base();
  ASSERT_THAT(rig_.Reopen(), IsOk());
  for (const FileCall call : {FileCall::kOpen, FileCall::kRead}) {
    rig_.disk().files().Fail(call, SegmentFileName(unreadable, kLogSuffix),
                             MakeError(Reason::kDiskFailed, "no"));
  }
  for (size_t i = 0; i < times.size(); ++i) {
    SCOPED_TRACE(i);
    const Offset offset{static_cast<int64_t>(i)};
    const auto found = log().FindByTime(times[i]);
    if (offset < unreadable) {
      EXPECT_THAT(found, IsOkAndHolds(FoundOffset{offset, times[i]}));
    } else {
      EXPECT_THAT(found, HasReason(Reason::kDiskFailed));
    }
  }
}

// It may have listed the segments while another process deleted them.
TEST_P(LogLooks, AReaderLooksAgainBeforeATimeLiesBehindMissingRecords) {
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

TEST_P(LogLooks, FindsATimeWhereTheActiveSegmentsIndexLies) {
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

}  // namespace
}  // namespace cauce
