#include "engine/log/published_segments.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "engine/log/sync_error.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::StatusIs;

class PublishedSegmentsTest : public ::testing::Test {
 protected:
  // A segment that nobody has synced.
  std::shared_ptr<Segment> Make(int64_t base) {
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), "bytes");
    auto segment = std::make_shared<Segment>(
        disk_.Place(Offset{base}), OpenMode::kReadWrite, 5, Offset{base + 1});
    EXPECT_THAT(segment->OpenFile(), IsOk());
    segment->MarkDirty();
    return segment;
  }
  int Syncs(int64_t base) {
    return disk_.files().Count(FileCall::kSync,
                               SegmentFileName(Offset{base}, kLogSuffix));
  }
  int DirectorySyncs() {
    return disk_.files().Count(FileCall::kSyncDirectory, disk_.directory());
  }

  test::TestDisk disk_;
};

TEST_F(PublishedSegmentsTest, ShowTheLastSetAndLeaveOlderOnesAlone) {
  const auto one = Make(0), two = Make(10);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  const auto before = published.Get();
  published.Publish({one, two});

  EXPECT_EQ(before->segments(), SegmentSet::List{one});
  EXPECT_EQ(published.Get()->segments(), (SegmentSet::List{one, two}));
}

TEST_F(PublishedSegmentsTest, ShowWhatIsNewBehindTheOthersAndMarkNone) {
  const auto one = Make(0), two = Make(10), three = Make(20);
  PublishedSegments published(disk_.files(), disk_.directory(), {one, two});
  const auto before = published.Get();
  published.PublishBehind(three);

  EXPECT_EQ(before->segments(), (SegmentSet::List{one, two}));
  EXPECT_EQ(published.Get()->segments(), (SegmentSet::List{one, two, three}));
  EXPECT_EQ(published.cuts(), 0);
  for (const auto& each : {one, two, three}) {
    EXPECT_FALSE(each->is_superseded());
  }
}

TEST_F(PublishedSegmentsTest, MarkWhatIsCutOffAndNotWhatIsForgotten) {
  const auto one = Make(0), two = Make(10), three = Make(20);
  PublishedSegments published(disk_.files(), disk_.directory(),
                              {one, two, three});
  published.Publish({two, three});
  EXPECT_FALSE(one->is_superseded());

  const auto cut = Make(10);
  published.Publish({cut});
  EXPECT_TRUE(two->is_superseded());
  EXPECT_TRUE(three->is_superseded());
  EXPECT_FALSE(cut->is_superseded());
}

TEST_F(PublishedSegmentsTest, SyncWhatWasRolledOnceAndTheNewName) {
  const auto one = Make(0), two = Make(10);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRoll(one);
  published.Publish({one, two});

  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 1);
  EXPECT_EQ(Syncs(10), 1);
  EXPECT_EQ(DirectorySyncs(), 1);
  two->MarkDirty();
  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 1);
  EXPECT_EQ(Syncs(10), 2);
  EXPECT_EQ(DirectorySyncs(), 1);
}

TEST_F(PublishedSegmentsTest, CountWhatWasRolledOnceItsIndexesAreWritten) {
  const auto one = Make(0), two = Make(10);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRollAhead(one);
  published.Publish({one, two});
  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 1);
  EXPECT_FALSE(published.TakeSynced().has_value());

  published.IndexesWritten();
  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 1);
  EXPECT_EQ(published.TakeSynced(), 5);
}

TEST_F(PublishedSegmentsTest, DoNotSyncWhatIsNoLongerInTheLog) {
  const auto one = Make(0), two = Make(10);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRoll(one);
  published.Publish({two});
  published.Forget(one);
  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 0);
}

TEST_F(PublishedSegmentsTest, TellWhichSyncFailed) {
  PublishedSegments published(disk_.files(), disk_.directory(), {Make(0)});
  disk_.files().Fail(FileCall::kSync, ".log",
                     MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(published.Sync(), HasReason(Reason::kDiskFailed));
}

TEST_F(PublishedSegmentsTest, TellOnceHowMuchOfSealedSegmentsIsDurable) {
  const auto one = Make(0), two = Make(10), three = Make(20);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRoll(one);
  published.NoteRoll(two);
  published.Publish({one, two, three});
  EXPECT_FALSE(published.TakeSynced().has_value());

  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(published.TakeSynced(), one->bytes() + two->bytes());
  EXPECT_FALSE(published.TakeSynced().has_value());
}

TEST_F(PublishedSegmentsTest, WhatWasRolledSinceTheSyncIsNotCalledDurable) {
  const auto one = Make(0), two = Make(10), three = Make(20);
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRoll(one);
  published.Publish({one, two});
  ASSERT_THAT(published.Sync(), IsOk());
  published.NoteRoll(two);
  published.Publish({one, two, three});

  EXPECT_EQ(published.TakeSynced(), one->bytes());
}

TEST_F(PublishedSegmentsTest, DoNotSyncAgainWhatASyncOfNamesMayHaveLost) {
  PublishedSegments published(disk_.files(), disk_.directory(), {Make(0)});
  published.NoteNames();
  disk_.files().Fail(FileCall::kSyncDirectory, "",
                     MakeError(Reason::kDiskFailed, "gone"), 0, 1);
  EXPECT_THAT(published.SyncNames(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(published.SyncNames(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(published.Sync(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(DirectorySyncs(), 1);
}

// Nothing is lost by it: it may be done another time.
TEST_F(PublishedSegmentsTest, SyncLaterWhatFindsNoDescriptorNow) {
  const auto one = Make(0), two = Make(10);
  disk_.Write(SegmentFileName(Offset{0}, kOffsetIndexSuffix), "an entry");
  PublishedSegments published(disk_.files(), disk_.directory(), {one});
  published.NoteRoll(one);
  published.Publish({one, two});
  const auto expect_not_begun = [&](FileCall call, std::string_view suffix) {
    for (const absl::Status& why :
         {absl::ResourceExhaustedError("too many open files"),
          absl::PermissionDeniedError("not yours")}) {
      disk_.files().Fail(call, suffix, why, 0, 1);
      const absl::Status synced = published.Sync();
      EXPECT_THAT(synced, StatusIs(why.code()));
      EXPECT_TRUE(IsSyncNotBegun(synced)) << synced;
    }
  };

  expect_not_begun(FileCall::kOpen, ".index");
  expect_not_begun(FileCall::kSyncDirectory, "");
  EXPECT_FALSE(published.TakeSynced().has_value());

  EXPECT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(Syncs(0), 1);
  EXPECT_EQ(published.TakeSynced(), one->bytes());
}

// A full disk has tried.
TEST_F(PublishedSegmentsTest, DoNotSyncNamesAgainThatFoundNoRoom) {
  PublishedSegments published(disk_.files(), disk_.directory(), {Make(0)});
  published.NoteNames();
  disk_.files().Fail(FileCall::kSyncDirectory, "",
                     MakeError(Reason::kDiskFull, "full"), 0, 1);
  EXPECT_FALSE(IsSyncNotBegun(published.SyncNames()));
  EXPECT_THAT(published.SyncNames(), HasReason(Reason::kDiskFull));
}

TEST_F(PublishedSegmentsTest, SyncNamesThatWereFound) {
  PublishedSegments published(disk_.files(), disk_.directory(), {Make(0)});
  published.NoteNames();
  ASSERT_THAT(published.Sync(), IsOk());
  ASSERT_THAT(published.Sync(), IsOk());
  EXPECT_EQ(DirectorySyncs(), 1);
}

}  // namespace
}  // namespace cauce
