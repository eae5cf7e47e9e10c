#include "engine/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::ReadValues;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class LogEndsTest : public test::LogFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogEndsTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

// ---- Cutting

TEST_P(LogEndsTest, TruncatesToEveryOffset) {
  for (int64_t at = 0; at <= 30; ++at) {
    SCOPED_TRACE(at);
    test::LogRig rig(GetParam());
    rig.config().segment_bytes = 300;
    ASSERT_THAT(rig.Open(), IsOk());
    std::vector<std::string> expected;
    for (int i = 0; i < 15; ++i) {
      const std::string one = "a" + std::to_string(i);
      const std::string two = "b" + std::to_string(i);
      ASSERT_THAT(rig.log().Append(Batch({one, two}).view(), kWritten), IsOk());
      if (at >= 2 * i + 2) {
        expected.push_back(one);
        expected.push_back(two);
      }
    }

    // A batch that the offset cuts goes as a whole.
    const Offset end{at / 2 * 2};
    ASSERT_THAT(rig.log().TruncateTo(Offset{at}), IsOkAndHolds(end));
    EXPECT_EQ(rig.log().log_end(), end);
    ASSERT_THAT(rig.log().Append(Batch({"new"}).view(), {}), IsOk());
    expected.push_back("new");
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(expected));
    ASSERT_THAT(rig.KillAndReopen(), IsOk());
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(expected));
    EXPECT_THAT(rig.events(), IsEmpty());
  }
}

TEST_P(LogEndsTest, LeavesNoIndexThatLeadsToWhatWasCutOff) {
  UseSmallSegments();
  config().index_interval_bytes = 1;
  Open();
  for (int i = 0; i < 12; ++i) Append({"a"});
  const std::vector<std::string> before = rig_.disk().Names(".index");
  ASSERT_THAT(before, SizeIs(::testing::Ge(2u)));

  // A crash here leaves a segment that recovery may believe as it is.
  ASSERT_THAT(log().TruncateTo(Offset{1}), IsOkAndHolds(Offset{1}));
  rig_.Kill();
  EXPECT_THAT(rig_.disk().Names(".index"), IsEmpty());
  EXPECT_THAT(rig_.disk().Names(".timeindex"), IsEmpty());
}

// The cut syncs what it keeps, past the committer.
TEST_P(LogEndsTest, NothingIsAcknowledgedWhileACutsSyncFails) {
  Open();
  std::vector<absl::Status> told;
  for (const char* value : {"kept", "cut"}) {
    log().AppendAsync(Batch({value}).view(), {},
                      [&told](const absl::StatusOr<AppendResult>& result) {
                        told.push_back(result.status());
                      });
  }
  absl::Status flushed;
  std::thread flusher;
  rig_.disk().files().set_during(FileCall::kSync, ".log", [&] {
    if (flusher.joinable()) return;
    flusher = std::thread([&] { flushed = log().Flush(); });
  });
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "gone"), 0,
                           /*bad=*/1);
  EXPECT_THAT(log().TruncateTo(Offset{1}), HasReason(Reason::kDiskFailed));
  flusher.join();
  EXPECT_THAT(flushed, HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().durable_end(), Offset{0});
  EXPECT_THAT(told, ElementsAre(HasReason(Reason::kDiskFailed),
                                HasReason(Reason::kDiskFailed)));
}

TEST_P(LogEndsTest, TruncatesOnlyWithinTheLog) {
  Open();
  for (int i = 0; i < 5; ++i) Append({"a"});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{2}), IsOk());

  EXPECT_THAT(log().TruncateTo(Offset{1}),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(log().TruncateTo(Offset{6}),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(log().TruncateTo(Offset{5}), IsOkAndHolds(Offset{5}));
  EXPECT_THAT(log().TruncateTo(Offset{2}), IsOkAndHolds(Offset{2}));
  EXPECT_EQ(log().log_end(), Offset{2});
}

TEST_P(LogEndsTest, ClosesWithEpochsThatBeginWhereItDoes) {
  Open();
  AppendOptions options = kWritten;
  for (const int32_t epoch : {1, 2}) {
    options.leader_epoch = LeaderEpoch{epoch};
    ASSERT_THAT(log().Append(Batch({"a", "b"}).view(), options), IsOk());
  }
  ASSERT_THAT(log().Flush(), IsOk());
  const std::vector<EpochStart> before = {{LeaderEpoch{1}, Offset{0}},
                                          {LeaderEpoch{2}, Offset{2}}};
  ASSERT_EQ(rig_.epochs(), before);

  // Retention does not wait for another file to be synced.
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{3}), IsOk());
  EXPECT_EQ(rig_.epochs(), before);
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_THAT(rig_.epochs(),
              ElementsAre(EpochStart{LeaderEpoch{2}, Offset{3}}));
}

TEST_P(LogEndsTest, NeverGivesAnOffsetBelowItsStartAgain) {
  Open();
  Append({"a", "b", "c", "d"});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{2}), IsOk());

  // The batch goes as a whole, but its first offsets do not come back.
  ASSERT_THAT(log().TruncateTo(Offset{3}), IsOkAndHolds(Offset{2}));
  EXPECT_EQ(Append({"new"}), Offset{2});
  EXPECT_THAT(Values(Offset{2}), IsOkAndHolds(ElementsAre("new")));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{2});
  EXPECT_THAT(Values(Offset{2}), IsOkAndHolds(ElementsAre("new")));
}

// Compaction leaves gaps between batches and between segments.
TEST_P(LogEndsTest, NeverGivesAnOffsetInAGapAgainAfterACut) {
  for (int64_t at = 0; at <= 16; ++at) {
    for (const bool clean : {false, true}) {
      SCOPED_TRACE(testing::Message() << at << (clean ? " clean" : " killed"));
      test::LogRig rig(GetParam());
      rig.disk().Write(SegmentFileName(Offset{0}, kLogSuffix),
                       Batch({"a", "b"}).At(Offset{0}).bytes() +
                           Batch({"c", "d"}).At(Offset{6}).bytes());
      rig.disk().Write(SegmentFileName(Offset{12}, kLogSuffix),
                       Batch({"e", "f"}).At(Offset{14}).bytes());
      rig.set_bounds({Offset{16}, Offset{0}});
      ASSERT_THAT(rig.Open(), IsOk());

      // A batch that the offset cuts goes as a whole, and no more than that.
      const Offset end{at == 1 || at == 7 || at == 15 ? at - 1 : at};
      ASSERT_THAT(rig.log().TruncateTo(Offset{at}), IsOkAndHolds(end));
      EXPECT_EQ(rig.log().log_end(), end);
      ASSERT_THAT(clean ? rig.Reopen() : rig.KillAndReopen(), IsOk());
      EXPECT_EQ(rig.log().log_end(), end);
      // It was laid without indexes, and a look-up in it says so; the cut is no
      // damage.
      if (at < 12) {
        EXPECT_THAT(
            rig.events(),
            ElementsAre(HasSubstr(
                rig.disk() / SegmentFileName(Offset{0}, kOffsetIndexSuffix))));
      } else {
        EXPECT_THAT(rig.events(), IsEmpty());
      }

      const auto appended = rig.log().Append(Batch({"new"}).view(), {});
      ASSERT_THAT(appended, IsOk());
      EXPECT_EQ(appended->base, end);
      std::vector<std::string> expected;
      if (end >= Offset{2}) expected = {"a", "b"};
      if (end >= Offset{8}) expected = {"a", "b", "c", "d"};
      if (end >= Offset{16}) expected = {"a", "b", "c", "d", "e", "f"};
      expected.emplace_back("new");
      EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                  IsOkAndHolds(expected));
    }
  }
}

// The name of the segment that ends the gap comes last, and until it is durable
// nobody may believe that the log reaches as far.
TEST_P(LogEndsTest, ACutIntoAGapThatIsKilledAtAnyChangeLeavesNoDamage) {
  bool cut = false;
  for (int changes = 0; !cut; ++changes) {
    SCOPED_TRACE(changes);
    test::LogRig rig(GetParam());
    rig.disk().Write(SegmentFileName(Offset{0}, kLogSuffix),
                     Batch({"a", "b"}).At(Offset{0}).bytes() +
                         Batch({"c", "d"}).At(Offset{6}).bytes());
    rig.disk().Write(SegmentFileName(Offset{12}, kLogSuffix),
                     Batch({"e", "f"}).At(Offset{12}).bytes());
    rig.set_bounds({Offset{14}, Offset{0}});
    ASSERT_THAT(rig.Open(), IsOk());

    rig.disk().files().FailAfter(changes);
    cut = rig.log().TruncateTo(Offset{4}).ok();
    rig.Kill();
    rig.disk().files().Mend();
    if (cut) {
      EXPECT_EQ(rig.bounds().recovery_point, Offset{4});
    }

    ASSERT_THAT(rig.Open(), IsOk());
    for (const std::string& event : rig.events()) {
      EXPECT_THAT(event, Not(HasSubstr("damaged")));
    }
    const Offset end = rig.log().log_end();
    EXPECT_TRUE(!cut || end == Offset{4}) << end.value;
    std::vector<std::string> expected = {"a", "b"};
    if (end > Offset{4}) expected.insert(expected.end(), {"c", "d"});
    if (end > Offset{8}) expected.insert(expected.end(), {"e", "f"});
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(expected));
    ASSERT_THAT(rig.log().Append(Batch({"new"}).view(), {}), IsOk());
    expected.emplace_back("new");
    ASSERT_THAT(rig.KillAndReopen(), IsOk());
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(expected));
  }
}

// A sync through another descriptor may not tell of a page that was lost.
TEST_P(LogEndsTest, SyncsWhatItKeepsBeforeItCutsIt) {
  Open();
  for (int i = 0; i < 4; ++i) Append({"a"}, kWritten);
  const std::string path = rig_.disk() / SegmentFileName(Offset{0}, kLogSuffix);
  const size_t before = rig_.disk().files().changes().size();
  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOkAndHolds(Offset{2}));

  const auto changes = rig_.disk().files().changes();
  const auto first = changes.begin() + static_cast<std::ptrdiff_t>(before);
  EXPECT_EQ(*first, "sync " + path);
  const auto truncated = std::find(first, changes.end(), "truncate " + path);
  EXPECT_NE(std::find(truncated, changes.end(), "sync " + path), changes.end());
}

TEST_P(LogEndsTest, CutsNothingWhereWhatItKeepsCannotBeSynced) {
  Open();
  for (int i = 0; i < 4; ++i) Append({"a"}, kWritten);
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const auto bytes = rig_.disk().Read(name);
  rig_.disk().files().Fail(FileCall::kSync, ".log",
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(log().TruncateTo(Offset{2}), HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();

  EXPECT_EQ(rig_.disk().Read(name), bytes);
  EXPECT_THAT(log().Append(Batch({"b"}).view(), {}),
              HasReason(Reason::kDiskFailed));
}

// Nothing has been cut by then.
TEST_P(LogEndsTest, GoesOnWhereACutFindsNoDescriptor) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  const Offset end = log().log_end();
  int opens = 0;
  for (bool is_cut = false; !is_cut; ++opens) {
    SCOPED_TRACE(opens);
    ASSERT_THAT(rig_.Reopen(), IsOk());
    rig_.disk().files().Fail(FileCall::kOpen, ".log",
                             absl::ResourceExhaustedError("no descriptor"),
                             opens);
    const auto cut = log().TruncateTo(Offset{2});
    rig_.disk().files().Mend();
    is_cut = cut.ok();
    if (is_cut) continue;
    EXPECT_THAT(cut, test::StatusIs(absl::StatusCode::kResourceExhausted));
    ASSERT_EQ(log().log_end(), end);
    ASSERT_THAT(Values(), IsOkAndHolds(SizeIs(20)));
  }
  // One at least looks where it is to be cut, and one is for what stays.
  EXPECT_GT(opens, 2);
  EXPECT_EQ(log().log_end(), Offset{2});
  EXPECT_EQ(Append({"value"}), Offset{2});
}

TEST_P(LogEndsTest, SavesItsRecoveryPointBeforeItIsCutBelowIt) {
  Open();
  for (int i = 0; i < 6; ++i) Append({"a"});
  rig_.SaveBounds();
  ASSERT_EQ(rig_.bounds().recovery_point, Offset{6});
  ASSERT_THAT(log().TruncateTo(Offset{4}), IsOk());
  EXPECT_EQ(rig_.bounds().recovery_point, Offset{4});

  rig_.set_save_bounds(MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(log().TruncateTo(Offset{2}), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_end(), Offset{4}) << "nothing was cut";
}

TEST_P(LogEndsTest, MayCutAndGrowOverTheSameSegmentsAgainAndAgain) {
  UseSmallSegments();
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 12; ++i) Append({"value"});
    ASSERT_GT(Logs().size(), 2u);
    ASSERT_THAT(log().TruncateTo(Offset{1}), IsOkAndHolds(Offset{1}));
  }
  EXPECT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
  EXPECT_THAT(rig_.Close(), IsOk());
}

TEST_P(LogEndsTest, TakesNoMoreAppendsWhenACutFailsHalfway) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  rig_.disk().files().Fail(FileCall::kSyncDirectory, "",
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(log().TruncateTo(Offset{1}), HasReason(Reason::kDiskFailed));

  rig_.disk().files().Mend();
  EXPECT_THAT(log().Append(Batch({"a"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Append(Batch({"a"}).view(), kWritten),
              HasReason(Reason::kDiskFailed));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(log().Append(Batch({"a"}).view(), {}), IsOk());
}

// What it was before is no longer known to be durable, nor what it is now.
TEST_P(LogEndsTest, MovesNoBoundsOnceACutHasFailedHalfway) {
  const std::vector<std::pair<FileCall, std::string_view>> steps = {
      {FileCall::kSyncDirectory, ""}, {FileCall::kTruncate, ".log"}};
  for (const auto& [call, suffix] : steps) {
    SCOPED_TRACE(suffix);
    test::LogRig rig(GetParam());
    rig.config().segment_bytes = 300;
    rig.config().retention_age = absl::Hours(1);
    ASSERT_THAT(rig.Open(), IsOk());
    for (int i = 0; i < 12; ++i) {
      ASSERT_THAT(rig.log().Append(Batch({"value"}, rig.now()).view(), {}),
                  IsOk());
    }
    rig.SaveBounds();
    rig.disk().files().Fail(call, suffix, MakeError(Reason::kDiskFailed, "no"));
    ASSERT_THAT(rig.log().TruncateTo(Offset{1}),
                HasReason(Reason::kDiskFailed));
    rig.disk().files().Mend();
    const LogBounds saved = rig.bounds();
    const auto names = rig.disk().Names();
    ASSERT_EQ(saved.recovery_point, Offset{1});

    rig.clock().Advance(absl::Hours(2));
    EXPECT_THAT(rig.log().DeleteRecordsBefore(Offset{1}),
                HasReason(Reason::kDiskFailed));
    EXPECT_THAT(rig.log().ApplyRetention(), HasReason(Reason::kDiskFailed));
    EXPECT_THAT(rig.log().NoteBounds(), HasReason(Reason::kDiskFailed));
    EXPECT_EQ(rig.bounds(), saved);
    EXPECT_EQ(rig.disk().Names(), names);

    ASSERT_THAT(rig.KillAndReopen(), IsOk());
    for (const std::string& event : rig.events()) {
      EXPECT_THAT(event, Not(HasSubstr("damaged")));
    }
    EXPECT_THAT(ReadValues(rig.shared_log(), Offset{0}),
                IsOkAndHolds(SizeIs(rig.log().log_end() - Offset{0})));
  }
}

TEST_P(LogEndsTest, MovesNoBoundsOnceAWriteHasFailed) {
  config().retention_age = absl::Hours(1);
  Open();
  Append({"a"});
  rig_.SaveBounds();
  Append({"b"});
  const LogBounds saved = rig_.bounds();
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  ASSERT_THAT(log().Append(Batch({"c"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  rig_.clock().Advance(absl::Hours(2));

  EXPECT_THAT(log().DeleteRecordsBefore(Offset{1}),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().ApplyRetention(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().NoteBounds(), HasReason(Reason::kDiskFailed));
  EXPECT_FALSE(log().IsAtRest());
  EXPECT_EQ(rig_.bounds(), saved);
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b")));
}

TEST_P(LogEndsTest, RemovesNothingMoreOnceACutHasFailedHalfway) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  rig_.disk().files().Fail(FileCall::kSyncDirectory, "",
                           MakeError(Reason::kDiskFailed, "no"));
  ASSERT_THAT(log().TruncateTo(Offset{1}), HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  const auto names = rig_.disk().Names();
  ASSERT_THAT(rig_.disk().Names(".deleted"), Not(IsEmpty()));

  EXPECT_THAT(rig_.Close(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(rig_.disk().Names(), names);
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_LE(log().log_end(), Offset{12});
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(log().log_end() - Offset{0})));
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

TEST_P(LogEndsTest, ACutIsNoWayAroundAFailedWrite) {
  Open();
  Append({"a"});
  Append({"b"});
  rig_.disk().files().Fail(FileCall::kWrite, ".log",
                           MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(log().Append(Batch({"c"}).view(), {}),
              HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();

  EXPECT_THAT(log().TruncateTo(Offset{1}), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(log().Append(Batch({"c"}).view(), {}),
              HasReason(Reason::kDiskFailed));
}

TEST_P(LogEndsTest, ForgetsRecordsAtOnceAndDurably) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"v" + std::to_string(i)});
  const size_t segments = Logs().size();

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{7}), IsOk());
  EXPECT_EQ(log().log_start(), Offset{7});
  EXPECT_EQ(rig_.bounds().log_start, Offset{7});
  EXPECT_LT(Logs().size(), segments);
  EXPECT_THAT(Values(Offset{7}),
              IsOkAndHolds(ElementsAre("v7", "v8", "v9", "v10", "v11")));
  EXPECT_THAT(Values(Offset{6}), HasReason(Reason::kOffsetOutOfRange));

  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{7});
  EXPECT_THAT(Values(Offset{7}), IsOkAndHolds(SizeIs(5)));
}

TEST_P(LogEndsTest, ForgetsOnlyWhatIsBelowTheHighWatermark) {
  Open();
  Append({"a"});
  Append({"b"}, kWritten);
  EXPECT_THAT(log().DeleteRecordsBefore(Offset{2}),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  EXPECT_THAT(log().DeleteRecordsBefore(Offset{0}), IsOk());
  EXPECT_EQ(log().log_start(), Offset{1});
}

TEST_P(LogEndsTest, DeletesNothingWhenItsNewStartCannotBeSaved) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  const auto logs = Logs();
  rig_.set_save_bounds(MakeError(Reason::kDiskFailed, "no"));

  EXPECT_THAT(log().DeleteRecordsBefore(Offset{7}),
              HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_EQ(Logs(), logs);
}

// ---- Retention

TEST_P(LogEndsTest, DeletesSegmentsThatAreTooOld) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  Open();
  for (int i = 0; i < 12; ++i) {
    Append({"value"});
    rig_.clock().Advance(absl::Minutes(10));
  }
  ASSERT_THAT(log().ApplyRetention(), IsOk());

  const Offset start = log().log_start();
  EXPECT_GT(start, Offset{3});
  EXPECT_LE(start, Offset{6});
  EXPECT_EQ(rig_.bounds().log_start, start);
  EXPECT_THAT(Values(start), IsOkAndHolds(SizeIs(Offset{12} - start)));
}

// A producer's clock was ahead for once, and the index has lost what it says of
// that, where what followed is older than what it still says.
TEST_P(LogEndsTest, DeletesNothingYoungWhoseTimeAnIndexHides) {
  config().retention_age = absl::Hours(1);
  config().index_interval_bytes = 1;
  for (const size_t value_bytes : {size_t{5}, size_t{20'000}}) {
    for (const bool is_sealed : {true, false}) {
      SCOPED_TRACE(testing::Message() << value_bytes << " " << is_sealed);
      Open();
      const Offset base = log().log_end();
      const std::string value(value_bytes, 'v');
      const auto append = [&](absl::Duration age) {
        const Record record{.value = value,
                            .timestamp = Timestamp::From(
                                rig_.clock().Now() - age)};
        ASSERT_THAT(log().Append(test::BatchOf({record}).view(), {}), IsOk());
      };
      for (const int minutes : {300, 200, 10, 250, 250, 250, 250, 250}) {
        append(absl::Minutes(minutes));
      }
      if (is_sealed) {
        config().segment_bytes = 1;
        log().SetConfig(config(), false);
        append(absl::ZeroDuration());
        config().segment_bytes = 1 << 30;
      }
      ASSERT_THAT(rig_.Close(), IsOk());
      const std::string times = SegmentFileName(base, kTimeIndexSuffix);
      rig_.disk().Write(times, rig_.disk().Read(times)->substr(0, 12));
      for (int opened = 0; opened < 2; ++opened) {
        Open();
        ASSERT_THAT(log().ApplyRetention(), IsOk());
        EXPECT_EQ(log().log_start(), base);
        ASSERT_THAT(rig_.Close(), IsOk());
      }
      rig_.clock().Advance(absl::Minutes(51));
      Open();
      ASSERT_THAT(log().ApplyRetention(), IsOk());
      EXPECT_EQ(log().log_start(), base + 8);
      rig_.clock().Advance(absl::Hours(2));
      ASSERT_THAT(log().ApplyRetention(), IsOk());
      ASSERT_THAT(rig_.Close(), IsOk());
    }
  }
}

TEST_P(LogEndsTest, DeletesTheActiveSegmentTooOnceItIsTooOld) {
  config().retention_age = absl::Hours(1);
  Open();
  Append({"a"});
  Append({"b"});
  rig_.clock().Advance(absl::Hours(1));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0}) << "an hour is not more than one";

  rig_.clock().Advance(absl::Milliseconds(1));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{2});
  EXPECT_EQ(log().log_end(), Offset{2});
  EXPECT_EQ(log().bytes(), 0);
  EXPECT_THAT(Logs(), ElementsAre(SegmentFileName(Offset{2}, kLogSuffix)));

  EXPECT_EQ(Append({"c"}), Offset{2});
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(Offset{2}), IsOkAndHolds(ElementsAre("c")));
}

TEST_P(LogEndsTest, KeepsAnOldActiveSegmentThatNobodyHasSeenYet) {
  config().retention_age = absl::Hours(1);
  Open();
  Append({"a"}, kWritten);
  rig_.clock().Advance(absl::Hours(2));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0});
  EXPECT_EQ(log().log_end(), Offset{1});
}

TEST_P(LogEndsTest, DeletesWhatIsMoreThanTheBytesToKeep) {
  UseSmallSegments();
  config().retention_bytes = 700;
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  ASSERT_THAT(log().ApplyRetention(), IsOk());

  EXPECT_GE(log().bytes(), 700);
  EXPECT_LT(log().bytes(), 700 + config().segment_bytes);
  EXPECT_GT(log().log_start(), Offset{0});
}

// How old it is cannot be told, and how large it is can.
TEST_P(LogEndsTest, DeletesByBytesWhereASegmentCannotBeRead) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  config().retention_bytes = 700;
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  ASSERT_THAT(rig_.Reopen(), IsOk());
  const std::string unreadable = Logs()[1];
  for (const FileCall call : {FileCall::kOpen, FileCall::kRead}) {
    rig_.disk().files().Fail(call, unreadable,
                             MakeError(Reason::kDiskFailed, "no"));
  }
  EXPECT_THAT(log().ApplyRetention(), HasReason(Reason::kDiskFailed));
  EXPECT_LT(log().bytes(), 700 + config().segment_bytes);
  EXPECT_GE(log().bytes(), 700);
  EXPECT_THAT(Logs(), Not(::testing::Contains(unreadable)));

  EXPECT_THAT(log().ApplyRetention(), IsOk());
}

TEST_P(LogEndsTest, DeletesNothingByAgeFromASegmentOnThatCannotBeRead) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  ASSERT_THAT(rig_.Reopen(), IsOk());
  const Offset stays = log().segments()->segments()[1]->base();
  for (const FileCall call : {FileCall::kOpen, FileCall::kRead}) {
    rig_.disk().files().Fail(call, Logs()[1],
                             MakeError(Reason::kDiskFailed, "no"));
  }
  rig_.clock().Advance(absl::Hours(2));
  EXPECT_THAT(log().ApplyRetention(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().log_start(), stays);
  EXPECT_THAT(log().NextRetention(), HasReason(Reason::kDiskFailed));

  rig_.disk().files().Mend();
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{20});
}

// Somebody wanted the room at once.
TEST_P(LogEndsTest, DeletesWhatSomebodyHasRemovedByHand) {
  UseSmallSegments();
  config().retention_bytes = 700;
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  const std::vector<std::string> logs = Logs();
  rig_.disk().Remove(logs[0]);
  rig_.disk().Remove(logs[1]);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_LT(log().bytes(), 700 + config().segment_bytes);
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(log().log_start()),
              IsOkAndHolds(SizeIs(Offset{20} - log().log_start())));
}

TEST_P(LogEndsTest, KeepsEverythingThatNoPolicyDeletes) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  config().retention_bytes = 0;
  config().cleanup.remove = false;
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  rig_.clock().Advance(absl::Hours(100));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0});

  // Nor from an imported topic whose configs were never given.
  config().cleanup.remove = true;
  log().SetConfig(config(), /*keep_everything=*/true);
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{0});
  log().SetConfig(config(), /*keep_everything=*/false);
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{20});
}

// A broker that was stopped has left them there; or its start is damaged.
TEST_P(LogEndsTest, KeepsWhatLiesBelowTheStartWhereItKeepsEverything) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  config().file_delete_delay = absl::ZeroDuration();
  rig_.set_keep_everything();
  Open();
  for (int i = 0; i < 20; ++i) Append({"value"});
  const std::vector<std::string> logs = Logs();
  ASSERT_THAT(logs, SizeIs(Ge(4u)));
  ASSERT_THAT(rig_.Close(), IsOk());
  LogBounds bounds = rig_.bounds();
  bounds.log_start = Offset{19};
  rig_.set_bounds(bounds);
  ASSERT_THAT(rig_.Open(), IsOk());
  rig_.clock().Advance(absl::Hours(100));

  ASSERT_THAT(log().ApplyRetention(), IsOk());
  ASSERT_THAT(rig_.Reopen(), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());

  EXPECT_EQ(log().log_start(), Offset{19});
  EXPECT_EQ(Logs(), logs);
  // Whoever asks for it by an offset means what lies below that one.
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  EXPECT_EQ(Logs(), logs);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{19}), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(Logs(), SizeIs(1));
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

TEST_P(LogEndsTest, CountsTheAgeOfRecordsWithoutTimeFromTheirFile) {
  config().retention_age = absl::Hours(1);
  Open();
  ASSERT_THAT(log().Append(Batch({"a"}, kNoTimestamp).view(), {}), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_end(), Offset{1});
  if (GetParam() == DiskKind::kPosix) return;  // whose clock is not ours
  EXPECT_EQ(log().log_start(), Offset{0});
  rig_.clock().Advance(absl::Hours(2));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{1});
}

TEST_P(LogEndsTest, KeepsDeletedFilesForAWhile) {
  UseSmallSegments();
  config().file_delete_delay = absl::Minutes(1);
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{12}), IsOk());
  ASSERT_THAT(rig_.disk().Names(".log.deleted"), Not(IsEmpty()));

  rig_.clock().Advance(absl::Seconds(59));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".log.deleted"), Not(IsEmpty()));
  rig_.clock().Advance(absl::Seconds(1));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

// Each hangs where the append has to wait for retention.

TEST_P(LogEndsTest, AppendsGoOnWhileRetentionLoadsAnIndex) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  ASSERT_THAT(rig_.Reopen(), IsOk());
  rig_.clock().Advance(absl::Hours(2));
  int appended = 0;
  rig_.disk().files().set_during(FileCall::kOpen, "000.timeindex", [&] {
    Append({"meanwhile"});
    ++appended;
  });

  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(appended, 1);
  EXPECT_GT(log().log_start(), Offset{0});
  EXPECT_LE(log().log_start(), Offset{12}) << "the new record is not old";
  EXPECT_THAT(Values(log().log_start()), IsOkAndHolds(Not(IsEmpty())));
}

TEST_P(LogEndsTest, AppendsGoOnWhileRetentionRenamesAndUnlinks) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  for (int i = 0; i < 12; ++i) Append({"value"});
  rig_.clock().Advance(absl::Hours(2));
  int appended = 0;
  // From a thread of its own, as anybody else's append: this one holds what
  // renaming the segment takes.
  const auto append = [&] {
    std::thread([this] { Append({"meanwhile"}); }).join();
    ++appended;
  };

  rig_.disk().files().set_during(FileCall::kRename, ".log", append);
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_GT(appended, 0);
  const int renamed = appended;
  rig_.disk().files().set_during(FileCall::kRemove, ".log.deleted", append);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{12}), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());

  EXPECT_EQ(log().log_end(), Offset{12 + appended});
  EXPECT_GE(appended, renamed);
  EXPECT_THAT(Values(log().log_start()), IsOkAndHolds(SizeIs(appended)));
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

}  // namespace
}  // namespace cauce
