#include "engine/log/log_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_set.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;

// A log that writes and a view of the same files.
class ViewOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  ViewOn() { EXPECT_THAT(rig_.Open(), test::IsOk()); }

  void Append(int batches) {
    for (int i = 0; i < batches; ++i) {
      const test::OwnedBatch batch = test::Batch({"value"}, rig_.now());
      ASSERT_THAT(rig_.log().Append(batch.view(), {}), test::IsOk());
    }
  }

  // The recovery point is the one that was saved last.
  std::unique_ptr<LogView> View() { return ViewOpenedWith(rig_.bounds()); }
  // They may have been saved anew before it looks at a file.
  std::unique_ptr<LogView> ViewOpenedWith(const LogBounds& bounds) {
    auto view = LogView::Open(rig_.disk().Place(), bounds,
                              {.bounds_now = [this] { return rig_.bounds(); },
                               .closed_now = [this] { return is_closed_; }});
    EXPECT_THAT(view, test::IsOk());
    return *std::move(view);
  }

  static std::vector<int64_t> BasesOf(const LogView& view) {
    std::vector<int64_t> bases;
    for (const auto& segment : view.segments()) {
      bases.push_back(segment->base().value);
    }
    return bases;
  }
  static Offset EndOf(const LogView& view) {
    return view.segments().back()->next();
  }

  // Segments of a few batches each, from now on.
  void UseSmallSegments() {
    rig_.config().segment_bytes = 400;
    rig_.config().file_delete_delay = absl::ZeroDuration();
    rig_.log().SetConfig(rig_.config(), false);
  }

  // Whether `view` shows what the log holds, segment by segment and batch by
  // batch.
  void ExpectSame(const LogView& view) {
    const auto& actual = view.segments();
    const auto set = rig_.log().segments();
    ASSERT_EQ(actual.size(), set->segments().size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i]->base(), set->segments()[i]->base());
      EXPECT_EQ(actual[i]->bytes(), set->segments()[i]->bytes());
      EXPECT_EQ(actual[i]->next(), set->segments()[i]->next());
    }
    const Offset end = rig_.log().log_end();
    for (Offset at = actual.front()->base(); at < end; at = at + 1) {
      BatchScanner scanner;
      const auto batch = SegmentSet(actual).Find(at)->Seek(scanner, at);
      ASSERT_THAT(batch, test::IsOk());
      ASSERT_TRUE(batch->has_value()) << at.value;
      ASSERT_EQ((*batch)->base_offset(), at);
    }
  }

  test::LogRig rig_{GetParam()};
  bool is_closed_ = false;
};

INSTANTIATE_TEST_SUITE_P(Disks, ViewOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(ViewOn, FollowsWhatIsWrittenInTheSameSegment) {
  Append(3);
  const auto view = View();
  EXPECT_EQ(EndOf(*view), Offset{3});
  const auto segment = view->segments().back();

  // Enough for zeros to be written ahead, which are not batches.
  Append(2000);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{2003});
  EXPECT_EQ(view->segments().back(), segment);
}

// A topic is deleted, and another gets its name: for a moment its directory is
// there and holds nothing.
TEST_P(ViewOn, StaysAsItWasWhileTheDirectoryIsGone) {
  Append(3);
  const auto view = View();
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, test::IsOk());
  rig_.Kill();
  for (const std::string& name : rig_.disk().Names()) rig_.disk().Remove(name);
  FileSystem& files = rig_.disk().files();
  ASSERT_THAT(files.RemoveDirectory(rig_.disk().directory()), test::IsOk());

  EXPECT_THAT(view->Refresh(), test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(view->Refresh(), test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(EndOf(*view), Offset{3});
  EXPECT_THAT((*reader)->Refresh(), test::HasReason(Reason::kUnknownTopic));

  ASSERT_THAT(files.CreateDirectories(rig_.disk().directory()), test::IsOk());
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_THAT(BasesOf(*view), ElementsAre(0));
  EXPECT_EQ(EndOf(*view), Offset{0});
  // That it is another one a log sees but where the system has given it the id
  // of the one that is gone.
  const absl::Status again = (*reader)->Refresh();
  if (!again.ok()) {
    EXPECT_THAT(again, test::HasReason(Reason::kUnknownTopic));
  } else {
    EXPECT_EQ((*reader)->log_end(), Offset{0});
  }
}

TEST_P(ViewOn, TakesInSegmentsThatWereRolled) {
  Append(1);
  const auto view = View();
  rig_.config().segment_bytes = 1;
  rig_.log().SetConfig(rig_.config(), false);
  Append(3);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_THAT(BasesOf(*view), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(view->segments()[1]->next(), Offset{2});
  EXPECT_EQ(EndOf(*view), Offset{4});
}

TEST_P(ViewOn, TakesAnEndBelowOlderBoundsForACut) {
  Append(4);
  const LogBounds older = {.recovery_point = Offset{4}};
  ASSERT_THAT(rig_.log().TruncateTo(Offset{2}), test::IsOk());
  const auto view = ViewOpenedWith(older);
  ASSERT_EQ(EndOf(*view), Offset{2});
  EXPECT_THAT(view->FindLostEnd(), test::IsOkAndHolds(OffsetRange()));
  EXPECT_EQ(EndOf(*view), Offset{2});
}

TEST_P(ViewOn, KnowsAnEndThatWasDurableAndIsGone) {
  Append(4);
  rig_.Leaves(test::Left::kDamaged);
  rig_.set_bounds({.recovery_point = Offset{6}});
  const auto view = View();
  EXPECT_THAT(view->FindLostEnd(),
              test::IsOkAndHolds(OffsetRange{Offset{4}, Offset{6}}));
}

// As if it went on far away, behind a gap that compaction may have left.
TEST_P(ViewOn, KnowsAnEndWhoseSegmentHasAnotherName) {
  UseSmallSegments();
  Append(12);
  rig_.Leaves(test::Left::kDamaged);
  rig_.Kill();
  rig_.set_bounds({.recovery_point = Offset{12}});
  const std::vector<int64_t> bases = BasesOf(*View());
  ASSERT_GT(bases.size(), 1u);
  const Offset last{bases.back()};
  const std::string name = SegmentFileName(last, kLogSuffix);
  const std::string bytes = *rig_.disk().Read(name);
  rig_.disk().Remove(name);
  for (const std::string_view held : {std::string_view(bytes), {}}) {
    rig_.disk().Write(SegmentFileName(Offset{30}, kLogSuffix), held);
    // To a file without records a writer may just have rolled.
    EXPECT_THAT(View()->FindLostEnd(),
                test::IsOkAndHolds(held.empty()
                                       ? OffsetRange()
                                       : OffsetRange{last, Offset{12}}));
    is_closed_ = true;
    EXPECT_THAT(View()->FindLostEnd(),
                test::IsOkAndHolds(OffsetRange{last, Offset{12}}));
    is_closed_ = false;
  }
}

// Nobody is writing it, so what it holds is missing, or damaged.
TEST_P(ViewOn, ReadingComesToALastSegmentThatBeginsBelowItsName) {
  UseSmallSegments();
  Append(12);
  rig_.Leaves(test::Left::kDamaged);
  rig_.Kill();
  rig_.set_bounds({});
  const Offset last{BasesOf(*View()).back()};
  ASSERT_EQ(last, Offset{10});
  const std::string name = SegmentFileName(last, kLogSuffix);
  const std::string bytes = *rig_.disk().Read(name);
  rig_.disk().Remove(name);
  // Of its batches the last may stand there, but for the first.
  rig_.disk().Write(SegmentFileName(Offset{11}, kLogSuffix), bytes);
  EXPECT_EQ(EndOf(*View()), Offset{12});

  // Alone it hides nothing.
  for (const std::string& each : rig_.disk().Names()) rig_.disk().Remove(each);
  rig_.disk().Write(SegmentFileName(Offset{30}, kLogSuffix), bytes);
  const auto view = View();
  EXPECT_EQ(EndOf(*view), Offset{31});
  BatchScanner scanner;
  const auto read = view->segments().back()->Seek(scanner, Offset{30});
  EXPECT_THAT(read, test::HasReason(Reason::kCorruptBatch));
}

// What it holds nobody knows: who reads to the end has not read all.
TEST_P(ViewOn, KnowsThatALogBehindTheEndMayNotBeRead) {
  Append(4);
  rig_.set_bounds({.recovery_point = Offset{4}});
  EXPECT_EQ(View()->FindHidden(), OffsetRange());
  rig_.Leaves(test::Left::kDamaged);
  rig_.disk().Write(SegmentFileName(Offset{9}, kLogSuffix), "");
  rig_.disk().files().Fail(test::FileCall::kOpen,
                           SegmentFileName(Offset{9}, kLogSuffix),
                           absl::PermissionDeniedError("forbidden"));
  const auto view = View();
  EXPECT_EQ(EndOf(*view), Offset{4});
  EXPECT_THAT(view->FindLostEnd(), test::IsOkAndHolds(OffsetRange()));
  EXPECT_EQ(view->FindHidden(), (OffsetRange{Offset{4}, Offset{10}}));
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, test::IsOk());
  EXPECT_EQ((*reader)->lost().back, (OffsetRange{Offset{4}, Offset{10}}));
  rig_.disk().files().Mend();
}

TEST_P(ViewOn, ALastSegmentThatCannotBeOpenedHidesNoneInFrontOfIt) {
  UseSmallSegments();
  Append(12);
  const std::vector<int64_t> bases = BasesOf(*View());
  ASSERT_GT(bases.size(), 1u);
  rig_.set_bounds({.recovery_point = Offset{12}});
  rig_.disk().files().Fail(test::FileCall::kOpen,
                           SegmentFileName(Offset{bases.back()}, kLogSuffix),
                           absl::FailedPreconditionError("a pipe"));

  const auto view = View();
  EXPECT_EQ(BasesOf(*view), bases);
  EXPECT_EQ(EndOf(*view), Offset{12});
  const SegmentSet::List known = view->segments();
  EXPECT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(view->segments(), known) << "nothing has changed";
  BatchScanner scanner;
  EXPECT_THAT(view->segments().front()->Seek(scanner, Offset{0}), test::IsOk());
  EXPECT_THAT(view->segments().back()->Seek(scanner, Offset{11}),
              test::StatusIs(absl::StatusCode::kFailedPrecondition));
  rig_.disk().files().Mend();
  Append(1);
  EXPECT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
}

TEST_P(ViewOn, EndsInFrontOfALastSegmentThatCannotBeOpenedAboveThePoint) {
  UseSmallSegments();
  Append(12);
  const std::vector<int64_t> bases = BasesOf(*View());
  ASSERT_GT(bases.size(), 1u);
  const Offset last{bases.back()};
  rig_.set_bounds({.recovery_point = last});
  rig_.disk().files().Fail(test::FileCall::kOpen,
                           SegmentFileName(last, kLogSuffix),
                           absl::PermissionDeniedError("forbidden"));

  const auto view = View();
  EXPECT_EQ(EndOf(*view), last);
  const SegmentSet::List known = view->segments();
  EXPECT_EQ(known.size(), bases.size() - 1);
  EXPECT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(view->segments(), known);
  rig_.disk().files().Mend();
  ASSERT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
}

// That the bounds cannot be read says nothing of the segment.
TEST_P(ViewOn, TellsThatTheBoundsMayNotBeReadAndNotThatTheTailMayNot) {
  UseSmallSegments();
  Append(12);
  rig_.Kill();
  const std::vector<int64_t> bases = BasesOf(*View());
  ASSERT_GT(bases.size(), 1u);
  const std::string name = SegmentFileName(Offset{bases.back()}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes[bytes.size() - 1] ^= 1;
  rig_.disk().Write(name, bytes);
  const LogBounds bounds = {.recovery_point = Offset{12}};
  int looks = 0;
  const auto view = LogView::Open(
      rig_.disk().Place(), bounds,
      {.bounds_now = [&]() -> absl::StatusOr<LogBounds> {
         if (++looks > 1) return bounds;
         return absl::PermissionDeniedError("the checkpoint");
       },
       .closed_now = [] { return false; }});
  EXPECT_THAT(view, test::StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_P(ViewOn, WhatNoRecoveryHadRoomToCutOffASealedSegmentIsNotShown) {
  UseSmallSegments();
  Append(12);
  const Offset end = View()->segments().front()->next();
  ASSERT_LT(end, Offset{12});
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string whole = rig_.disk().Read(name).value();
  for (const std::string& behind :
       {std::string("rubbish"), std::string(100, '\0')}) {
    rig_.disk().Write(name, whole + behind);
    for (const Offset point : {Offset{0}, Offset{1}, end}) {
      SCOPED_TRACE(point.value);
      ExpectSame(*ViewOpenedWith({.recovery_point = point}));
    }
  }
  rig_.disk().Write(name, whole);
}

// As a copy of a directory may be that has no checkpoint.
TEST_P(ViewOn, LooksIntoNoSealedSegmentOfALogThatWasClosed) {
  UseSmallSegments();
  Append(12);
  ASSERT_THAT(rig_.Close(), test::IsOk());
  const auto indexes_opened = [this](bool is_closed) {
    const auto count = [this] {
      return rig_.disk().files().Count(test::FileCall::kOpen, ".index");
    };
    const int before = count();
    const auto view =
        LogView::Open(rig_.disk().Place(), {},
                      {.bounds_now = [] { return LogBounds{}; },
                       .closed_now = [is_closed] { return is_closed; }});
    EXPECT_THAT(view, test::IsOk());
    EXPECT_EQ(EndOf(**view), Offset{12});
    EXPECT_GT((*view)->segments().size(), 2u);
    return count() - before;
  };
  EXPECT_GT(indexes_opened(false), 2);
  // The first, since it does not reach to the saved end, and the last.
  EXPECT_LE(indexes_opened(true), 2);
}

TEST_P(ViewOn, LeavesOutSegmentsThatWereDeleted) {
  rig_.config().segment_bytes = 1;
  rig_.log().SetConfig(rig_.config(), false);
  Append(4);
  const auto view = View();
  ASSERT_THAT(rig_.log().DeleteRecordsBefore(Offset{2}), test::IsOk());
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_THAT(BasesOf(*view), ElementsAre(2, 3));
}

// As a writer that was killed leaves it: nobody ends that before the next.
TEST_P(ViewOn, StaysAsItIsBesideASwapThatStays) {
  UseSmallSegments();
  Append(20);
  const std::string log = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string swap = SegmentFileName(Offset{0}, kSwapLogSuffix);
  FileSystem& files = rig_.disk().files();
  const std::string path = rig_.disk().directory() + "/";
  for (const bool is_alone : {false, true}) {
    if (!is_alone) {
      rig_.disk().Write(swap, rig_.disk().Read(log).value());
    } else {
      ASSERT_THAT(files.RemoveFile(path + log), test::IsOk());
    }
    const auto view = View();
    const SegmentSet::List before = view->segments();
    ASSERT_THAT(view->Refresh(), test::IsOk());
    EXPECT_EQ(view->segments(), before);
    // But for what another writer appends.
    Append(1);
    ASSERT_THAT(view->Refresh(), test::IsOk());
    EXPECT_EQ(EndOf(*view), rig_.log().log_end());
  }
  ASSERT_THAT(files.Rename(path + swap, path + log), test::IsOk());
}

// What it was to take the place of, in part, is there.
TEST_P(ViewOn, PassesOverASwapThatWasNotComplete) {
  UseSmallSegments();
  Append(20);
  const Offset base = View()->segments().at(1)->base();
  const std::string swap = SegmentFileName(base, kSwapLogSuffix);
  const std::string cleaned = SegmentFileName(Offset{0}, kCleanedLogSuffix);
  const std::string log = SegmentFileName(base, kLogSuffix);
  rig_.disk().Write(swap, rig_.disk().Read(log).value());
  rig_.disk().Write(cleaned, "not whole");
  const auto view = View();
  for (const auto& segment : view->segments()) {
    EXPECT_TRUE(segment->path().ends_with(kLogSuffix)) << segment->path();
  }
  rig_.disk().Remove(swap);
  rig_.disk().Remove(cleaned);
}

// It ends with a batch, and looks whole: who opens the log for writing sets it
// aside.
TEST_P(ViewOn, PassesOverASwapThatEndsInFrontOfItsSources) {
  UseSmallSegments();
  Append(20);
  const std::string log = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string swap = SegmentFileName(Offset{0}, kSwapLogSuffix);
  const std::string retired = SegmentFileName(Offset{0}, kDeletedLogSuffix);
  const std::string whole = rig_.disk().Read(log).value();
  const auto first = View()->segments().at(0);
  BatchScanner scanner;
  const auto batch = first->Seek(scanner, first->base());
  ASSERT_THAT(batch, test::IsOk());
  ASSERT_TRUE(batch->has_value());
  ASSERT_LT((*batch)->next_offset(), first->next());
  rig_.disk().Write(swap, (*batch)->bytes());

  ExpectSame(*View());
  // Nor where these are called `.deleted` by now: they get their names back.
  rig_.disk().Remove(log);
  rig_.disk().Write(retired, whole);
  const auto view = View();
  const auto& now = view->segments().at(0);
  EXPECT_TRUE(now->path().ends_with(kDeletedSuffix)) << now->path();
  EXPECT_EQ(now->next(), first->next());
  ExpectSame(*view);
  // It is gone once a writer has opened the log.
  rig_.disk().Remove(swap);
  rig_.disk().Remove(retired);
  rig_.disk().Write(log, whole);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_TRUE(view->segments().at(0)->path().ends_with(kLogSuffix));
  ExpectSame(*view);
}

// Its sources have gone out of its way: it is all there is of their offsets.
TEST_P(ViewOn, ReadingComesToADamagedSwapThatIsAlone) {
  UseSmallSegments();
  Append(20);
  const std::string log = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string swap = SegmentFileName(Offset{0}, kSwapLogSuffix);
  const std::string whole = rig_.disk().Read(log).value();
  const Offset next = View()->segments().at(1)->base();
  std::string bytes = whole;
  bytes.back() ^= 1;
  rig_.disk().Write(swap, bytes);
  rig_.disk().Remove(log);

  const auto view = View();
  const auto first = view->segments().at(0);
  EXPECT_EQ(first->base(), Offset{0});
  EXPECT_EQ(first->next(), next);
  EXPECT_EQ(first->bytes(), static_cast<int64_t>(whole.size()));
  EXPECT_TRUE(first->path().ends_with(kSwapSuffix)) << first->path();
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(view->segments().at(0), first);
  rig_.disk().Remove(swap);
  rig_.disk().Write(log, whole);
}

TEST_P(ViewOn, LooksAgainAtALogThatWasCut) {
  Append(5);
  const auto view = View();
  ASSERT_THAT(rig_.log().TruncateTo(Offset{2}), test::IsOkAndHolds(Offset{2}));
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{2});
  Append(1);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{3});
}

TEST_P(ViewOn, LooksAgainAtALogThatWasCutAndHasGrownPastItsSizeSince) {
  for (const int64_t cut : {0, 2, 4}) {
    Append(5);
    const auto view = View();
    ASSERT_THAT(rig_.log().TruncateTo(Offset{cut}), test::IsOk());
    for (int i = 0; i < 9; ++i) {
      const test::OwnedBatch batch = test::Batch({"another one"}, rig_.now());
      ASSERT_THAT(rig_.log().Append(batch.view(), {}), test::IsOk());
    }
    ASSERT_THAT(view->Refresh(), test::IsOk());
    ExpectSame(*view);
    Append(1);
    ASSERT_THAT(view->Refresh(), test::IsOk());
    ExpectSame(*view);
  }
}

// The same name, and another file.
TEST_P(ViewOn, LooksAgainWhereItsLastSegmentWasWrittenAnew) {
  UseSmallSegments();
  Append(7);
  const auto view = View();
  const Offset tail = rig_.log().segments()->active()->base();
  ASSERT_THAT(rig_.log().TruncateTo(Offset{tail + -1}), test::IsOk());
  Append(40);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
}

TEST_P(ViewOn, ComesToDamageInASegmentThatWasRolledSince) {
  rig_.Leaves(test::Left::kDamaged);
  UseSmallSegments();
  Append(2);
  const auto view = View();
  Append(1);
  const auto damaged = rig_.log().segments()->active();
  ASSERT_EQ(damaged->base(), Offset{0});
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes[static_cast<size_t>(damaged->bytes()) - 1] ^= 1;
  const auto file = damaged->OpenFile();
  ASSERT_THAT(file, test::IsOk());
  ASSERT_THAT((*file)->Write(0, bytes), test::IsOk());
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{2});

  Append(10);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{13});
  BatchScanner scanner;
  EXPECT_THAT(view->segments()[0]->Seek(scanner, Offset{2}),
              test::HasReason(Reason::kCorruptBatch));
}

TEST_P(ViewOn, ShowsTheSameThroughEveryAppendRollAndCut) {
  UseSmallSegments();
  const auto view = View();
  for (const int64_t cut : {40, 37, 22, 6, 0}) {
    for (int i = 0; i < 15; ++i) {
      Append(1);
      ASSERT_THAT(view->Refresh(), test::IsOk());
      ExpectSame(*view);
      if (HasFatalFailure()) return;
    }
    const Offset to{std::min(cut, rig_.log().log_end().value)};
    ASSERT_THAT(rig_.log().TruncateTo(to), test::IsOk());
    ASSERT_THAT(view->Refresh(), test::IsOk());
    ExpectSame(*view);
  }
}

TEST_P(ViewOn, FindsTheLogAgainWhenNothingItKnewIsLeft) {
  UseSmallSegments();
  Append(3);
  const auto view = View();
  Append(40);
  ASSERT_THAT(rig_.log().DeleteRecordsBefore(Offset{40}), test::IsOk());
  ASSERT_THAT(rig_.log().ApplyRetention(), test::IsOk());
  ASSERT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
}

TEST_P(ViewOn, ChangesNoFile) {
  UseSmallSegments();
  Append(17);
  const auto changes = [this] {
    int count = 0;
    for (const auto call :
         {test::FileCall::kWrite, test::FileCall::kTruncate,
          test::FileCall::kRename, test::FileCall::kRemove,
          test::FileCall::kSync, test::FileCall::kSyncDirectory}) {
      count += rig_.disk().files().Count(call, "");
    }
    return count;
  };
  const int before = changes();
  const auto names = rig_.disk().Names();
  const auto view = View();
  ASSERT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
  EXPECT_EQ(changes(), before);
  EXPECT_EQ(rig_.disk().Names(), names);
}

TEST_P(ViewOn, AFailedReadMayBeTriedAgain) {
  Append(3);
  const auto view = View();
  Append(1);
  rig_.disk().files().Fail(test::FileCall::kRead, ".log",
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(view->Refresh(), test::HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  ASSERT_THAT(view->Refresh(), test::IsOk());
  ExpectSame(*view);
}

TEST_P(ViewOn, ABatchThatIsHalfThereIsNotThereYet) {
  Append(2);
  rig_.Kill();
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string whole = *rig_.disk().Read(name);
  const std::string batch = test::Batch({"value"}).At(Offset{2}).bytes();
  for (size_t half = 1; half < batch.size(); ++half) {
    rig_.disk().Write(name, whole + batch.substr(0, half));
    const auto view = View();
    ASSERT_EQ(EndOf(*view), Offset{2}) << half;
    if (half % 20 != 0) continue;

    rig_.disk().Write(name, whole + batch);
    ASSERT_THAT(view->Refresh(), test::IsOk());
    ASSERT_EQ(EndOf(*view), Offset{3}) << half;
  }
}

// Whoever wrote it would not have gone on: an opening for writing would cut
// them off.
TEST_P(ViewOn, KnowsOfWholeBatchesBehindATornOne) {
  Append(4);
  rig_.Kill();
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string whole = *rig_.disk().Read(name);
  const size_t batch = test::Batch({"value"}).bytes().size();
  std::string torn = whole;
  torn[2 * batch - 1] ^= 1;
  rig_.disk().Write(name, torn);
  const auto view = View();
  ASSERT_EQ(EndOf(*view), Offset{1});
  EXPECT_THAT(view->FindBehindTorn(),
              test::IsOkAndHolds(OffsetRange{Offset{1}, Offset{4}}));

  // A second look finds what was on its way during the first.
  int opens = 0;
  rig_.disk().files().set_during(test::FileCall::kOpen, name, [&] {
    if (++opens == 3) rig_.disk().Write(name, whole);
  });
  EXPECT_THAT(view->FindBehindTorn(), test::IsOkAndHolds(OffsetRange()));
  EXPECT_GE(opens, 3);
  rig_.disk().files().Mend();
  // The last one alone is what a stop leaves, as are zeros.
  for (const std::string& end :
       {whole.substr(0, 3 * batch + 20),
        whole.substr(0, 3 * batch) + std::string(1000, '\0')}) {
    rig_.disk().Write(name, end);
    EXPECT_THAT(View()->FindBehindTorn(), test::IsOkAndHolds(OffsetRange()));
  }
}

// Its checksum covers all but that.
TEST_P(ViewOn, KnowsOfALastBatchThatOnlyItsOffsetKeepsOut) {
  Append(4);
  rig_.Kill();
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string log = *rig_.disk().Read(name);
  const size_t batch = test::Batch({"value"}).bytes().size();
  log[3 * batch] ^= 1;
  rig_.disk().Write(name, log);
  const auto view = View();
  ASSERT_EQ(EndOf(*view), Offset{3});

  EXPECT_THAT(view->FindBehindTorn(),
              test::IsOkAndHolds(OffsetRange{Offset{3}, Offset{4}}));

  // With a byte of it wrong nobody knows that it was more than torn.
  log.back() ^= 1;
  rig_.disk().Write(name, log);
  EXPECT_THAT(View()->FindBehindTorn(), test::IsOkAndHolds(OffsetRange()));
}

// They may be megabytes, and each reader has looked at them by then.
TEST_P(ViewOn, LooksForThemNoFurtherThanTheLogWasScanned) {
  Append(4);
  rig_.Kill();
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  rig_.disk().Write(name, *rig_.disk().Read(name) + std::string(1 << 20, '\0'));
  const auto view = View();
  const int reads = rig_.disk().files().Count(test::FileCall::kRead, name);
  EXPECT_THAT(view->FindBehindTorn(), test::IsOkAndHolds(OffsetRange()));
  EXPECT_EQ(rig_.disk().files().Count(test::FileCall::kRead, name), reads);
}

// A power loss may drop one block of a file and keep those behind it.
TEST_P(ViewOn, KnowsOfWholeBatchesBehindAHoleOfZeros) {
  rig_.Leaves(test::Left::kDamaged);
  // So long that the index leads to each.
  const std::string value(5000, 'v');
  for (int i = 0; i < 5; ++i) {
    const test::OwnedBatch batch = test::Batch({value}, rig_.now());
    ASSERT_THAT(rig_.log().Append(batch.view(), {}), test::IsOk());
  }
  ASSERT_THAT(rig_.Close(), test::IsOk());
  rig_.set_bounds({Offset{0}, Offset{0}});
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string whole = *rig_.disk().Read(name);
  const size_t batch = test::Batch({value}, rig_.now()).bytes().size();
  ASSERT_EQ(whole.size(), 5 * batch);

  // The last one is gone too: no index entry is believed without a look.
  std::string torn = whole.substr(0, 4 * batch);
  torn.replace(batch, batch, batch, '\0');
  rig_.disk().Write(name, torn);
  const auto view = View();
  ASSERT_EQ(EndOf(*view), Offset{1});
  EXPECT_THAT(view->FindBehindTorn(),
              test::IsOkAndHolds(OffsetRange{Offset{1}, Offset{4}}));

  torn.replace(batch, 3 * batch, 3 * batch, '\0');
  rig_.disk().Write(name, torn);
  EXPECT_THAT(View()->FindBehindTorn(), test::IsOkAndHolds(OffsetRange()));
}

TEST_P(ViewOn, ABatchOnItsWayBehindACutIsNotThereYet) {
  Append(20);
  rig_.SaveBounds();
  const auto view = View();
  EXPECT_EQ(EndOf(*view), Offset{20});
  ASSERT_THAT(rig_.log().TruncateTo(Offset{15}), test::IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string whole = *rig_.disk().Read(name);
  const std::string batch = test::Batch({"value"}).At(Offset{15}).bytes();

  rig_.disk().Write(name, whole + batch.substr(0, batch.size() / 2));
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{15});
  EXPECT_EQ(EndOf(*ViewOpenedWith({Offset{20}, Offset{0}})), Offset{15});
  rig_.disk().Write(name, whole + batch);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{16});
}

TEST_P(ViewOn, LooksNoMoreThanAFewTimesAtBoundsThatMove) {
  Append(3);
  rig_.Kill();
  int64_t point = 3;
  const auto view = LogView::Open(
      rig_.disk().Place(), {Offset{3}, Offset{0}},
      {.bounds_now =
           [&point] {
             return LogBounds{Offset{++point}, Offset{0}};
           },
       .closed_now = [] { return false; }});
  EXPECT_THAT(view, test::IsOk()) << "nothing is damaged";
  EXPECT_EQ(point, 3);

  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes.back() ^= 1;
  rig_.disk().Write(name, bytes);
  const auto again = LogView::Open(
      rig_.disk().Place(), {Offset{3}, Offset{0}},
      {.bounds_now =
           [&point] {
             return LogBounds{Offset{++point}, Offset{0}};
           },
       .closed_now = [] { return false; }});
  EXPECT_TRUE(absl::IsUnavailable(again.status())) << again.status();
  rig_.Leaves(test::Left::kDamaged);
}

TEST_P(ViewOn, BelowTheRecoveryPointABadBatchIsPartOfTheLog) {
  Append(3);
  rig_.Kill();
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes.back() ^= 1;
  rig_.disk().Write(name, bytes);

  EXPECT_EQ(EndOf(*View()), Offset{2});
  rig_.set_bounds({Offset{3}, Offset{0}});
  const auto view = View();
  EXPECT_EQ(EndOf(*view), Offset{3});
  EXPECT_EQ(view->segments().back()->bytes(),
            static_cast<int64_t>(bytes.size()));
}

TEST(LogView, AnEmptyDirectoryIsAnEmptyLogUntilThereIsAFile) {
  test::TestDisk disk;
  const LogBounds bounds{Offset{0}, Offset{7}};
  const auto view =
      LogView::Open(disk.Place(), bounds,
                    {.bounds_now = [&bounds] { return bounds; },
                     .closed_now = [] { return false; }});
  ASSERT_THAT(view, test::IsOk());
  ASSERT_EQ((*view)->segments().size(), 1u);
  EXPECT_EQ((*view)->segments()[0]->base(), Offset{7});

  disk.Write(SegmentFileName(Offset{7}, kLogSuffix),
             test::Batch({"value"}).At(Offset{7}).bytes());
  ASSERT_THAT((*view)->Refresh(), test::IsOk());
  EXPECT_EQ((*view)->segments().back()->next(), Offset{8});
}

TEST(LogView, AnEmptyDirectoryStaysTheSameSegmentUntilTheLogStartMoves) {
  test::TestDisk disk;
  LogBounds bounds{Offset{0}, Offset{7}};
  const auto view =
      LogView::Open(disk.Place(), bounds,
                    {.bounds_now = [&bounds] { return bounds; },
                     .closed_now = [] { return false; }});
  ASSERT_THAT(view, test::IsOk());
  const auto known = (*view)->segments()[0];

  ASSERT_THAT((*view)->Refresh(), test::IsOk());
  EXPECT_EQ((*view)->segments()[0], known);
  ASSERT_THAT((*view)->ListAgain(), test::IsOk());
  EXPECT_EQ((*view)->segments()[0], known);

  bounds.log_start = Offset{9};
  ASSERT_THAT((*view)->ListAgain(), test::IsOk());
  ASSERT_EQ((*view)->segments().size(), 1u);
  EXPECT_EQ((*view)->segments()[0]->base(), Offset{9});
}

TEST_P(ViewOn, AForeignFileInTheMiddleOfASegmentHidesNothing) {
  const auto plant = [this](int64_t base) {
    rig_.disk().Write(SegmentFileName(Offset{base}, kLogSuffix), "abc");
  };
  Append(4);
  plant(1);
  const auto view = View();
  EXPECT_THAT(BasesOf(*view), ElementsAre(0));
  EXPECT_EQ(EndOf(*view), Offset{4});

  // Nor one that comes later.
  plant(2);
  Append(1);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_THAT(BasesOf(*view), ElementsAre(0));
  EXPECT_EQ(EndOf(*view), Offset{5});
  for (const int64_t base : {1, 2}) {
    rig_.disk().Remove(SegmentFileName(Offset{base}, kLogSuffix));
  }
  Append(1);
  ASSERT_THAT(view->Refresh(), test::IsOk());
  EXPECT_EQ(EndOf(*view), Offset{6});
}

}  // namespace
}  // namespace cauce
