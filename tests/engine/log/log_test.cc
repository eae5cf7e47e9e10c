#include "engine/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
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

class LogTest : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

// ---- Appending

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

// An append asks for no more of a config than it has to: each key that it goes
// by, while the log is open.
TEST_P(LogTest, AConfigThatIsSetAnewHoldsForTheNextAppend) {
  config().flush = FlushPolicy::kOs;
  Open();
  Append({"a"});
  EXPECT_EQ(log().durable_end(), Offset{0});

  const TopicConfig before = config();
  config().flush_messages = 1;
  log().SetConfig(config(), false);
  Append({"b"});
  EXPECT_EQ(log().durable_end(), Offset{2});

  config() = before;
  config().max_message_bytes = 100;
  log().SetConfig(config(), false);
  EXPECT_THAT(log().Append(BatchOfBytes(101).view(), {}),
              HasReason(Reason::kBatchTooLarge));

  config() = before;
  config().cleanup.compact = true;
  log().SetConfig(config(), false);
  EXPECT_THAT(
      log().Append(BatchOf({{.value = "no key", .timestamp = {1}}}).view(), {}),
      HasReason(Reason::kInvalidRecord));

  config() = before;
  config().compression = Codec::kZstd;
  log().SetConfig(config(), false);
  Append({"c"});
  LogCursor cursor(rig_.shared_log(), Offset{2}, {});
  RecordBatch stored;
  ASSERT_THAT(cursor.NextBatch(&stored), IsOkAndHolds(true));
  EXPECT_EQ(stored.codec(), Codec::kZstd);
  EXPECT_EQ(log().durable_end(), Offset{2});
  EXPECT_THAT(Logs(), SizeIs(1));

  config() = before;
  config().segment_bytes = 1;
  log().SetConfig(config(), false);
  Append({"d"});
  EXPECT_THAT(Logs(), SizeIs(2));
}

// One that lets a batch's own claim of the time pass gives it the log's time.
TEST_P(LogTest, ABatchIsStampedByTheConfigThatTakesIt) {
  config().compression = Codec::kZstd;  // looked into before the writer's turn
  Open();
  TopicConfig by_log = config();
  by_log.timestamp_type = TimestampType::kLogAppendTime;
  const TopicConfig by_producer = config();
  BatchFields fields;
  fields.timestamp_type = TimestampType::kLogAppendTime;
  const OwnedBatch future = Batch({"a"}, {rig_.now().ms * 2}, fields);

  std::atomic<bool> is_over = false;
  std::thread alters([&] {
    while (!is_over) {
      log().SetConfig(by_log, false);
      log().SetConfig(by_producer, false);
    }
  });
  for (int i = 0; i < 3000; ++i) {
    const auto appended = log().Append(future.view(), kWritten);
    if (appended.ok()) {
      EXPECT_EQ(appended->append_time, rig_.now());
    } else {
      EXPECT_THAT(appended, HasReason(Reason::kInvalidTimestamp));
    }
  }
  is_over = true;
  alters.join();
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

// As Kafka does: what counts is what came in, and then what is stored.
TEST_P(LogTest, RefusesALargeBatchThatItWouldCompress) {
  config().compression = Codec::kZstd;
  config().max_message_bytes = 500;
  Open();
  EXPECT_THAT(log().Append(Batch({std::string(1000, 'a')}).view(), {}),
              HasReason(Reason::kBatchTooLarge));
  EXPECT_EQ(log().log_end(), Offset{0});
}

TEST_P(LogTest, RefusesTimesFromBefore1970) {
  Open();
  const Record old = {.value = "a", .timestamp = {-2}};
  EXPECT_THAT(log().Append({&old, 1}, {}),
              HasReason(Reason::kInvalidTimestamp));
  const Record none = {.value = "b"};
  EXPECT_THAT(log().Append({&none, 1}, {}), IsOk());
  EXPECT_THAT(
      ReadAll(rig_.shared_log(), Offset{0}),
      IsOkAndHolds(ElementsAre(test::ReadRecord{0, "b", rig_.now().ms})));
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

// Recovery takes a gap there for what its cleaner has left.
TEST_P(LogTest, RollsABrokersLogOnlyBehindASegmentThatIsDurable) {
  config().segment_bytes = 1;  // a segment for each batch
  Open();
  Append({"a"}, kWritten);
  Append({"b"}, kWritten);
  EXPECT_EQ(Syncs(), 0);
  log().SetConfig(config(), /*keep_everything=*/true);
  Append({"c"}, kWritten);
  EXPECT_EQ(Syncs(), 1);

  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "gone"), 0, 1);
  EXPECT_THAT(log().Append(Batch({"d"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Flush(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Append(Batch({"d"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_end(), Offset{3});
}

// What it would have covered may be gone: batches that fit into the segment
// must not follow it.
TEST_P(LogTest, TakesNothingMoreAfterASyncThatFailedInARoll) {
  const std::string half(100, '.');
  for (const FileCall call : {FileCall::kSync, FileCall::kSyncDirectory}) {
    for (const Reason reason : {Reason::kDiskFailed, Reason::kDiskFull}) {
      SCOPED_TRACE(static_cast<int>(call));
      config().segment_bytes = 300;
      Open();
      const bool is_of_segment = call == FileCall::kSync;
      log().SetConfig(config(), /*keep_everything=*/is_of_segment);
      // Where a name was made since that is not durable yet.
      if (!is_of_segment) Append({half}, kWritten);
      Append({half}, kWritten);
      absl::Status told;
      log().AppendAsync(Batch({"a"}, rig_.now()).view(), {},
                        [&told](const auto& done) { told = done.status(); });
      const Offset end = log().log_end();

      rig_.disk().files().Fail(call, is_of_segment ? ".log" : "",
                               MakeError(reason, "gone"), 0, 1);
      EXPECT_THAT(log().Append(Batch({half}).view(), kWritten),
                  HasReason(Reason::kDiskFailed));
      EXPECT_THAT(told, HasReason(Reason::kDiskFailed));
      EXPECT_THAT(log().Append(Batch({"a"}).view(), kWritten),
                  HasReason(Reason::kDiskFailed));
      EXPECT_EQ(log().log_end(), end);
      rig_.Kill();
      rig_.disk().files().Mend();
    }
  }
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

// A file beside the log is not the log: nothing of it depends on that write.
TEST_P(LogTest, IsNotFencedWhereAFileBesideItCannotBeWritten) {
  UseSmallSegments();
  Open();
  Append({"a"});
  rig_.disk().files().Fail(FileCall::kWrite, ".timeindex",
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(log().Append(BatchOfBytes(2000).view(), {}),
              HasReason(Reason::kDiskFailed));
  EXPECT_EQ(Append({"b"}), Offset{1}) << "it still fits into the segment";
  rig_.disk().files().Mend();
  rig_.set_save_epochs(MakeError(Reason::kDiskFailed, "no"));
  const AppendOptions leader{.leader_epoch = LeaderEpoch{7}};
  EXPECT_THAT(log().Append(Batch({"c"}).view(), leader),
              HasReason(Reason::kDiskFailed));
  EXPECT_EQ(Append({"c"}), Offset{2});

  rig_.set_save_epochs(absl::OkStatus());
  ASSERT_THAT(log().Append(BatchOfBytes(2000).view(), leader), IsOk());
  EXPECT_THAT(Logs(), SizeIs(2));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_end(), Offset{4});
}

TEST_P(LogTest, NamesTheFileThatNoOffsetIsLeftFor) {
  Open();
  Append({"a"});
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{INT64_MAX}, kLogSuffix);
  rig_.disk().Write(name, "no batch");
  rig_.disk().Write(SegmentFileName(Offset{INT64_MAX}, kOffsetIndexSuffix),
                    std::string(16, '\x7f'));
  // Where the log was closed is not known: else the file is no part of it.
  const LogBounds saved = rig_.bounds();
  rig_.set_bounds({});

  const absl::Status opened = rig_.Open();
  EXPECT_THAT(opened, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(std::string(MessageOf(opened)), HasSubstr(name));
  rig_.set_bounds(saved);
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
  EXPECT_THAT(rig_.disk().Names(".cut"), SizeIs(1));
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
