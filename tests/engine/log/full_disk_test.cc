// A log whose disk has no room, or is to keep some free.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "engine/io/free_space.h"
#include "engine/log/log.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
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
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kMin = 1 << 20;

class FullDisk : public test::LogFixture {
 protected:
  // Opens a log that leaves kMin bytes free.
  void OpenWatched() {
    rig_.set_free_bytes_min(kMin);
    Open();
  }
  test::FailingFileSystem& files() { return rig_.disk().files(); }
  // What the disk says is free. Seen at the next look.
  void SetFree(std::optional<int64_t> bytes) {
    files().set_free_bytes(bytes);
    rig_.clock().Advance(FreeSpace::kLookInterval);
  }
  int Looks() { return files().Count(FileCall::kFreeBytes, ""); }
  absl::Status AppendOne() {
    return log().Append(Batch({"v"}, rig_.now()).view(), {}).status();
  }
  // Small segments roll soon, and a roll looks at the disk.
  absl::Status AppendUntilRefused() {
    absl::Status appended;
    for (int i = 0; i < 10 && appended.ok(); ++i) appended = AppendOne();
    return appended;
  }
  static absl::Status Full() { return MakeError(Reason::kDiskFull, "no room"); }
  int64_t BytesOf(std::string_view name) {
    return static_cast<int64_t>(rig_.disk().Read(name).value_or("").size());
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, FullDisk,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

// ---- The watermark

TEST_P(FullDisk, AppendsStopAtTheWatermarkAndGoOnWithoutReopening) {
  OpenWatched();
  SetFree(kMin + 100);
  Append({"a"});
  SetFree(kMin + 10);
  const absl::Status refused = AppendOne();
  EXPECT_THAT(refused, HasReason(Reason::kDiskFull));
  EXPECT_THAT(std::string(MessageOf(refused)),
              AllOf(HasSubstr("orders-0"), HasSubstr("1048586 bytes are free"),
                    HasSubstr("free_bytes_min")));
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
  EXPECT_THAT(log().Flush(), IsOk()) << "nothing is fenced";

  SetFree(std::nullopt);
  EXPECT_EQ(Append({"b"}), Offset{1});
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b")));
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr("are to stay free"),
                                         HasSubstr("free again")));
}

TEST_P(FullDisk, NothingIsWrittenBelowTheWatermark) {
  OpenWatched();
  SetFree(kMin);
  const auto epoch = log().leader_epoch();
  const auto epochs = rig_.epochs();
  const int writes = files().Count(FileCall::kWrite, "");
  EXPECT_THAT(log().Append(Batch({"a"}).view(),
                           {.leader_epoch = LeaderEpoch{epoch.value + 7}}),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(files().Count(FileCall::kWrite, ""), writes);
  EXPECT_EQ(log().leader_epoch(), epoch);
  EXPECT_EQ(rig_.epochs(), epochs);
}

TEST_P(FullDisk, WhatACoordinatorKeepsIsWrittenDownToAQuarter) {
  UseSmallSegments();
  OpenWatched();
  SetFree(kMin / 4 + 100'000);
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  const auto keep = [&] {
    return log()
        .Append(Batch({"v"}, rig_.now()).view(),
                {.origin = AppendOrigin::kCoordinator})
        .status();
  };
  for (int i = 0; i < 10; ++i) EXPECT_THAT(keep(), IsOk());
  EXPECT_THAT(Logs(), SizeIs(Gt(1u))) << "a roll may do the same";

  SetFree(kMin / 4);
  EXPECT_THAT(keep(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(log().log_end(), Offset{10});
}

TEST_P(FullDisk, TheDiskIsNotAskedForEveryAppend) {
  OpenWatched();
  Append({"a"});
  const int looks = Looks();
  for (int i = 0; i < 100; ++i) Append({"a"});
  EXPECT_EQ(Looks(), looks);
}

TEST_P(FullDisk, TheDiskIsAskedBeforeEveryRoll) {
  UseSmallSegments();
  OpenWatched();
  Append({"a"});
  const int looks = Looks();
  SetFree(kMin);
  EXPECT_THAT(AppendUntilRefused(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(Looks(), looks + 1);
  EXPECT_THAT(Logs(), SizeIs(1));
}

TEST_P(FullDisk, NoZerosAreWrittenAheadWhereTheyWouldPassTheWatermark) {
  OpenWatched();
  ASSERT_THAT(log().Append(BatchOfBytes(100'000).view(), {}), IsOk());
  SetFree(kMin + 10'000);
  ASSERT_THAT(log().Append(BatchOfBytes(1000).view(), {}), IsOk());
  EXPECT_EQ(BytesOf(Logs().front()), log().bytes());
}

TEST_P(FullDisk, RetentionGoesOnBelowTheWatermarkAndRemovesFilesAtOnce) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  config().file_delete_delay = absl::Minutes(10);
  OpenWatched();
  for (int i = 0; i < 6; ++i) Append({"value"});
  SetFree(kMin / 2);
  ASSERT_THAT(AppendUntilRefused(), HasReason(Reason::kDiskFull));
  rig_.clock().Advance(absl::Hours(2));
  ASSERT_THAT(AppendOne(), HasReason(Reason::kDiskFull));

  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), log().log_end());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
  // That made room: it is seen without waiting for the next look.
  files().set_free_bytes(std::nullopt);
  EXPECT_THAT(AppendOne(), IsOk());
}

TEST_P(FullDisk, DeletingRecordsBelowTheWatermarkRemovesFilesAtOnce) {
  UseSmallSegments();
  config().file_delete_delay = absl::Minutes(10);
  OpenWatched();
  for (int i = 0; i < 6; ++i) Append({"value"});
  SetFree(0);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{5}), IsOk());
  EXPECT_EQ(log().log_start(), Offset{5});
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
  EXPECT_THAT(log().TruncateTo(Offset{5}), IsOk());
  EXPECT_THAT(rig_.Close(), IsOk());
}

TEST_P(FullDisk, FilesThatSomebodyReadsAreKeptAllTheSame) {
  UseSmallSegments();
  OpenWatched();
  for (int i = 0; i < 6; ++i) Append({"value"});
  const auto held = log().segments();
  SetFree(0);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{6}), IsOk());
  EXPECT_THAT(rig_.disk().Names(".log.deleted"), Not(IsEmpty()));
}

// ---- A disk that is full all the same

TEST_P(FullDisk, HalfABatchIsTakenBackAndTheLogGoesOn) {
  Open();
  Append({"a"});
  const int64_t before = BytesOf(Logs().front());
  files().Fail(FileCall::kWrite, ".log", Full());
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(BytesOf(Logs().front()), before);
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));

  files().Mend();
  EXPECT_EQ(Append({"b"}), Offset{1});
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b")));
}

TEST_P(FullDisk, WhoCallsBackIsToldThatItMayTryAgain) {
  Open();
  files().Fail(FileCall::kWrite, ".log", Full());
  absl::Status told;
  log().AppendAsync(Batch({"a"}).view(), {},
                    [&told](auto result) { told = result.status(); });
  EXPECT_THAT(told, HasReason(Reason::kDiskFull));
}

TEST_P(FullDisk, IsLookedAtAnewOnceAWriteWasRefused) {
  OpenWatched();
  Append({"a"});
  files().Fail(FileCall::kWrite, ".log", Full(), 0, /*bad=*/1);
  ASSERT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  const int looks = Looks();
  EXPECT_THAT(AppendOne(), IsOk());
  EXPECT_EQ(Looks(), looks + 1);
}

TEST_P(FullDisk, FencesWhereHalfABatchCannotBeTakenBack) {
  Open();
  Append({"a"});
  files().Fail(FileCall::kWrite, ".log", Full());
  files().Fail(FileCall::kTruncate, ".log", Full());
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  files().Mend();
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(FullDisk, FencesWhereHalfTheZerosAheadCannotBeTakenBack) {
  Open();
  ASSERT_THAT(log().Append(BatchOfBytes(100'000).view(), {}), IsOk());
  files().Fail(FileCall::kWrite, ".log", Full(), 0, /*bad=*/1);
  files().Fail(FileCall::kTruncate, ".log", Full());
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  files().Mend();
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
}

// As on a volume that promises more than it has: the pages are lost.
TEST_P(FullDisk, ASyncThatFindsNoRoomFences) {
  Open();
  Append({"a"});
  files().Fail(FileCall::kSync, ".log", Full(), 0, /*bad=*/1);
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().durable_end(), Offset{1});
}

TEST_P(FullDisk, ALogRollsWithoutIndexFilesWhereTheyDoNotFit) {
  UseSmallSegments();
  Open();
  for (const auto& [call, suffix] :
       std::vector<std::pair<FileCall, std::string_view>>{
           {FileCall::kOpen, ".index"},
           {FileCall::kWrite, ".timeindex"},
           {FileCall::kSync, ".timeindex"}}) {
    SCOPED_TRACE(suffix);
    const size_t logs = Logs().size();
    const auto indexes = rig_.disk().Names("index");
    files().Fail(call, suffix, Full());
    for (int i = 0; i < 10 && Logs().size() == logs; ++i) Append({"value"});
    EXPECT_EQ(Logs().size(), logs + 1);
    files().Mend();
    EXPECT_EQ(rig_.disk().Names("index"), indexes);
  }
  const auto found = log().FindByTime(rig_.now());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->offset, Offset{0});
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(log().FindByTime(rig_.now()), IsOk());
}

TEST_P(FullDisk, ALogClosesCleanlyWithoutIndexFilesWhereTheyDoNotFit) {
  Open();
  Append({"a"});
  files().Fail(FileCall::kWrite, "index", Full());
  ASSERT_THAT(rig_.Close(), IsOk());
  files().Mend();
  EXPECT_THAT(rig_.disk().Names("index"), IsEmpty());
  ASSERT_THAT(rig_.Open(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(FullDisk, AnAppendThatFindsNoRoomToRollMayBeTriedAgain) {
  UseSmallSegments();
  Open();
  Append({"a"});
  files().Fail(FileCall::kOpen, ".log", Full());
  EXPECT_THAT(log().Append(BatchOfBytes(2000).view(), {}),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(Append({"b"}), Offset{1}) << "there is room in this segment";
  files().Mend();
  ASSERT_THAT(log().Append(BatchOfBytes(2000).view(), {}), IsOk());
  EXPECT_THAT(Logs(), SizeIs(2));
}

TEST_P(FullDisk, RetentionRemovesWhatItMayWhereThereIsNoRoomToRoll) {
  UseSmallSegments();
  config().retention_age = absl::Hours(1);
  Open();
  for (int i = 0; i < 6; ++i) Append({"value"});
  const Offset active = log().segments()->active()->base();
  rig_.clock().Advance(absl::Hours(2));
  files().Fail(FileCall::kOpen, ".log", Full());
  EXPECT_THAT(log().ApplyRetention(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(log().log_start(), active);
  files().Mend();
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(log().log_start(), Offset{6});
}

// ---- Tails that cannot be kept aside yet

// As a failed append leaves one, once the log has gone on in the next segment
// and the power has taken back that it was cut off.
class FullDiskTail : public FullDisk {
 protected:
  FullDiskTail() {
    UseSmallSegments();
    Open();
    for (int i = 0; i < 10; ++i) Append({"value"});
    next_ = log().segments()->segments()[1]->base();
    rig_.Kill();
    log_ = Logs()[0];
    whole_ = rig_.disk().Read(log_).value();
    rig_.disk().Write(log_, whole_ + tail_);
    rig_.set_bounds({});
    rig_.set_notes_work();
    files().Fail(FileCall::kOpen, ".cut.tmp", Full());
    Open();
  }
  std::optional<std::string> Kept() {
    return rig_.disk().Read(SegmentFileName(next_, kLogSuffix) + ".cut");
  }

  const std::string tail_{
      Batch({"a value that is cut"}).view().bytes().substr(0, 70)};
  Offset next_;
  std::string log_, whole_;
};

INSTANTIATE_TEST_SUITE_P(Disks, FullDiskTail,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(FullDiskTail, NothingBehindItsSegmentCountsAsDurable) {
  EXPECT_EQ(log().segments()->segments().size(), 3u);
  EXPECT_EQ(rig_.bounds().recovery_point, next_);
  ASSERT_THAT(log().NoteBounds(), IsOk());
  EXPECT_EQ(rig_.bounds().recovery_point, next_);
  EXPECT_EQ(log().bounds().recovery_point, next_);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  EXPECT_EQ(rig_.bounds(), (LogBounds{next_, Offset{1}}));
  EXPECT_FALSE(log().IsAtRest());
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  EXPECT_THAT(Values(Offset{1}), IsOkAndHolds(SizeIs(9)));
  EXPECT_THAT(rig_.Close(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(rig_.disk().Read(log_), whole_ + tail_);

  // So the next opening finds it again, and it is in nobody's way then.
  files().Mend();
  Open();
  EXPECT_EQ(rig_.disk().Read(log_), whole_);
  EXPECT_EQ(Kept(), tail_);
  EXPECT_THAT(Values(Offset{1}), IsOkAndHolds(SizeIs(9)));
  EXPECT_EQ(Append({"more"}), Offset{10});
}

TEST_P(FullDiskTail, IsKeptAndCutOffBeforeTheNextAppend) {
  files().Mend();
  const int syncs = files().Count(FileCall::kSync, log_);
  EXPECT_EQ(Append({"more"}), Offset{10});
  EXPECT_EQ(rig_.disk().Read(log_), whole_);
  EXPECT_EQ(files().Count(FileCall::kSync, log_), syncs + 1);
  EXPECT_EQ(Kept(), tail_);
  EXPECT_EQ(log().bounds().recovery_point, Offset{11});
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(11)));
}

TEST_P(FullDiskTail, FencesWhereItsCutIsNotDurable) {
  files().Mend();
  files().Fail(FileCall::kSync, log_, MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  files().Mend();
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(log().bounds().recovery_point, next_);
}

TEST_P(FullDiskTail, GoesWithItsSegment) {
  ASSERT_THAT(log().DeleteRecordsBefore(next_), IsOk());
  EXPECT_EQ(Append({"more"}), Offset{10});
  EXPECT_FALSE(Kept());
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(Values(next_), IsOkAndHolds(Not(IsEmpty())));
}

// ---- Epochs that cannot be saved

TEST_P(FullDisk, AnEpochThatCannotBeSavedIsNotTaken) {
  Open();
  Append({"a"});
  const LeaderEpoch before = log().leader_epoch();
  const AppendOptions next{.leader_epoch = LeaderEpoch{before.value + 1}};
  rig_.set_save_epochs(Full());
  EXPECT_THAT(log().Append(Batch({"b"}).view(), next),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(log().leader_epoch(), before);
  EXPECT_EQ(Append({"b"}), Offset{1});
  rig_.set_save_epochs(absl::OkStatus());
  EXPECT_THAT(log().Append(Batch({"c"}).view(), next), IsOk());
}

TEST_P(FullDisk, ACutIsGoodThoughItsEpochsAreSavedLater) {
  Open();
  const LeaderEpoch first = log().leader_epoch();
  Append({"a"});
  Append({"b"}, {.leader_epoch = LeaderEpoch{first.value + 5}});
  Append({"c"});
  rig_.set_save_epochs(Full());
  ASSERT_THAT(log().TruncateTo(Offset{1}), IsOk());

  // What was saved would give the new records to the epoch that was cut.
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  EXPECT_THAT(log().NoteBounds(), HasReason(Reason::kDiskFull));
  EXPECT_FALSE(log().IsAtRest());
  rig_.set_save_epochs(absl::OkStatus());
  EXPECT_EQ(Append({"d"}), Offset{1});
  EXPECT_THAT(log().NoteBounds(), IsOk());
  ASSERT_THAT(rig_.epochs(), SizeIs(1));
  EXPECT_EQ(rig_.epochs().front().start, Offset{0});
}

TEST_P(FullDisk, EpochsThatOnlyTheBatchesTellAreSavedLater) {
  Open();
  const LeaderEpoch first = log().leader_epoch();
  Append({"a"});
  const auto saved = rig_.epochs();
  Append({"b"}, {.leader_epoch = LeaderEpoch{first.value + 5}});
  Append({"c"});  // one batch alone might be damaged
  rig_.set_epochs(saved);
  rig_.set_save_epochs(Full());
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().leader_epoch().value, first.value + 5);
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  EXPECT_THAT(log().NoteBounds(), HasReason(Reason::kDiskFull))
      << "the next opening would not look at the batches again";
  rig_.set_save_epochs(absl::OkStatus());
  EXPECT_THAT(AppendOne(), IsOk());
  EXPECT_EQ(rig_.epochs().back().epoch.value, first.value + 5);
}

TEST_P(FullDisk, NoRecoveryPointIsSavedOrNotedBeforeTheEpochsBelowIt) {
  rig_.set_notes_work();
  Open();
  // So much that a sync is worth noting.
  ASSERT_THAT(log().Append(BatchOfBytes(100'000).view(), kWritten), IsOk());
  Append({"b"}, {.ack = Ack::kWritten,
                 .leader_epoch = LeaderEpoch{log().leader_epoch().value + 1}});
  rig_.set_save_epochs(Full());
  ASSERT_THAT(log().TruncateTo(Offset{1}), IsOk());
  const LogBounds before = rig_.bounds();
  ASSERT_EQ(before.recovery_point, Offset{0});

  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(log().durable_end(), Offset{1});
  EXPECT_EQ(rig_.bounds(), before);
  EXPECT_THAT(log().DeleteRecordsBefore(Offset{1}),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(rig_.bounds(), before);
  EXPECT_THAT(log().TruncateTo(Offset{0}), HasReason(Reason::kDiskFull));
  EXPECT_EQ(rig_.bounds(), before);

  rig_.set_save_epochs(absl::OkStatus());
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{1}), IsOk());
  EXPECT_EQ(rig_.bounds(), (LogBounds{Offset{1}, Offset{1}}));
}

// ---- A cut that makes another segment

TEST_P(FullDisk, ACutIntoAGapIsRefusedWhereWhatItMakesDoesNotFit) {
  rig_.disk().Write(SegmentFileName(Offset{0}, kLogSuffix),
                    Batch({"a", "b"}).At(Offset{0}).bytes() +
                        Batch({"c", "d"}).At(Offset{6}).bytes());
  rig_.set_bounds({Offset{8}, Offset{0}});
  OpenWatched();
  SetFree(kMin + 1000);
  EXPECT_THAT(log().TruncateTo(Offset{4}), HasReason(Reason::kDiskFull));
  EXPECT_EQ(log().log_end(), Offset{8});
  EXPECT_EQ(rig_.bounds().recovery_point, Offset{8});
  EXPECT_THAT(log().TruncateTo(Offset{6}), HasReason(Reason::kDiskFull))
      << "offsets 2 to 5 were given out";

  // Nothing is fenced, and where no segment is made no room is needed.
  SetFree(kMin);
  EXPECT_THAT(log().TruncateTo(Offset{2}), IsOkAndHolds(Offset{2}));
  SetFree(std::nullopt);
  EXPECT_EQ(Append({"new"}), Offset{2});
}

// As at a quota: the disk says that there is room.
TEST_P(FullDisk, FilesGoAtOnceWhereTheDiskRefusesWritesWhateverItSays) {
  UseSmallSegments();
  config().file_delete_delay = absl::Minutes(10);
  Open();
  SetFree(int64_t{1} << 40);
  const auto delete_one = [&] {
    // Who holds a segment keeps its file.
    const Offset second = log().segments()->segments()[1]->base();
    return log().DeleteRecordsBefore(second);
  };
  for (int i = 0; i < 20; ++i) Append({"value"});
  ASSERT_THAT(delete_one(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), Not(IsEmpty()));

  // A batch, the file of a segment, and the new start.
  files().Fail(FileCall::kWrite, ".log", Full(), 0, 1);
  EXPECT_THAT(AppendOne(), HasReason(Reason::kDiskFull));
  ASSERT_THAT(delete_one(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());

  while (log().segments()->active()->bytes() + 100 < 300) Append({"value"});
  ASSERT_THAT(delete_one(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), Not(IsEmpty()));
  files().Fail(FileCall::kOpen, ".log", Full());
  EXPECT_THAT(AppendUntilRefused(), HasReason(Reason::kDiskFull));
  files().Mend();
  ASSERT_THAT(delete_one(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());

  rig_.set_save_bounds(Full());
  ASSERT_THAT(delete_one(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".deleted"), IsEmpty());
}

// ---- A start that cannot be saved

TEST_P(FullDisk, WholeSegmentsGoWhereTheNewStartCannotBeSaved) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 9; ++i) Append({"v" + std::to_string(i)});
  const Offset active = log().segments()->active()->base();
  rig_.set_save_bounds(Full());
  ASSERT_THAT(log().DeleteRecordsBefore(active), IsOk());
  EXPECT_EQ(log().log_start(), active);
  EXPECT_THAT(Logs(), SizeIs(1));
  EXPECT_THAT(Values(Offset{0}), HasReason(Reason::kOffsetOutOfRange));

  // What a stop leaves says the same.
  rig_.set_bounds({.recovery_point = Offset{0}, .log_start = Offset{0}});
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().log_start(), active);
}

TEST_P(FullDisk, AStartWithinASegmentIsNotPromisedWithoutBeingSaved) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 9; ++i) Append({"v" + std::to_string(i)});
  const Offset active = log().segments()->active()->base();
  rig_.set_save_bounds(Full());
  EXPECT_THAT(log().DeleteRecordsBefore(active + 1),
              HasReason(Reason::kDiskFull));
  EXPECT_EQ(log().log_start(), active) << "as far as it could be done";
  EXPECT_EQ(rig_.bounds().log_start, active) << "for the next checkpoint";
  EXPECT_THAT(log().DeleteRecordsBefore(active + 1),
              HasReason(Reason::kDiskFull));
  rig_.set_save_bounds(absl::OkStatus());
  ASSERT_THAT(log().DeleteRecordsBefore(active + 1), IsOk());
  EXPECT_EQ(log().log_start(), active + 1);
}

TEST_P(FullDisk, TheIndexesOfWhatGoesMakeTheRoomToSaveTheNewStart) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 9; ++i) Append({"v" + std::to_string(i)});
  ASSERT_THAT(log().Flush(), IsOk());
  ASSERT_THAT(rig_.disk().Names(".timeindex"), Not(IsEmpty()));
  rig_.set_save_bounds(Full());
  files().set_during(FileCall::kRemove, ".timeindex",
                     [this] { rig_.set_save_bounds(absl::OkStatus()); });
  // Within a segment, so that no name of a file tells it.
  const Offset start = log().segments()->segments()[1]->base() + 1;
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());
  EXPECT_EQ(log().log_start(), start);
  EXPECT_EQ(rig_.bounds().log_start, start);
}

}  // namespace
}  // namespace cauce
