#include "engine/log/cleaned_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cauce/errors.h"
#include "engine/io/free_space.h"
#include "engine/log/aborted_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CleanedSegmentTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Begin() {
    auto cleaned = CleanedSegment::Create(disk_.Place(Offset{10}, 100));
    ASSERT_THAT(cleaned, IsOk());
    cleaned_ = *std::move(cleaned);
  }
  void Add(int64_t offset) {
    const OwnedBatch batch =
        test::BatchOfBytes(100, {1000 + offset}).At(Offset{offset});
    log_ += batch.bytes();
    ASSERT_THAT(
        cleaned_->Append(batch.bytes(), BatchFacts::Of(batch.view(), 0)),
        IsOk());
  }

  test::TestDisk disk_{GetParam()};
  std::unique_ptr<CleanedSegment> cleaned_;
  std::string log_;
};

INSTANTIATE_TEST_SUITE_P(Disks, CleanedSegmentTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CleanedSegmentTest, GoesByThreeNamesOneAfterTheOther) {
  Begin();
  for (const int64_t offset : {10, 12, 15, 16}) Add(offset);
  AbortedIndex aborted;
  aborted.Add({ProducerId{7}, Offset{3}, Offset{15}, Offset{16}});
  cleaned_->ListAborted(aborted.entries().front());
  ASSERT_THAT(cleaned_->Finish(), IsOk());
  EXPECT_THAT(disk_.Names(),
              ElementsAre("00000000000000000010.index.cleaned",
                          "00000000000000000010.log.cleaned",
                          "00000000000000000010.timeindex.cleaned",
                          "00000000000000000010.txnindex.cleaned"));
  EXPECT_EQ(disk_.Read("00000000000000000010.log.cleaned"), log_);

  ASSERT_THAT(cleaned_->BecomeSwap(), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre("00000000000000000010.index.swap",
                                         "00000000000000000010.log.swap",
                                         "00000000000000000010.timeindex.swap",
                                         "00000000000000000010.txnindex.swap"));
  const auto segment = cleaned_->MakeSegment(Offset{20});
  EXPECT_EQ(segment->bytes(), static_cast<int64_t>(log_.size()));
  EXPECT_EQ(segment->next(), Offset{20});
  BatchScanner scanner;
  const auto read = segment->Seek(scanner, Offset{13});
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ((*read)->base_offset(), Offset{15});

  ASSERT_THAT(segment->TakeOwnName(), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre("00000000000000000010.index",
                                         "00000000000000000010.log",
                                         "00000000000000000010.timeindex",
                                         "00000000000000000010.txnindex"));
  EXPECT_EQ(disk_.Read("00000000000000000010.txnindex"), aborted.Encode());
  // Its index files are what the log makes.
  segment->DropIdle();
  segment->DropIdle();
  const auto again = segment->Seek(scanner, Offset{16});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->base_offset(), Offset{16});
  const auto index = segment->Index();
  ASSERT_THAT(index, IsOk());
  EXPECT_EQ(disk_.Read("00000000000000000010.index"),
            (*index)->EncodeOffsets());
  EXPECT_EQ(disk_.Read("00000000000000000010.timeindex"),
            (*index)->EncodeTimes());
  EXPECT_FALSE((*index)->EncodeOffsets().empty());
}

// Recovery believes a swap that it finds.
TEST_P(CleanedSegmentTest, IsDurableBeforeItIsASwap) {
  Begin();
  Add(10);
  ASSERT_THAT(cleaned_->Finish(), IsOk());
  ASSERT_THAT(cleaned_->BecomeSwap(), IsOk());
  std::vector<std::string> changes;
  for (const std::string& change : disk_.files().changes()) {
    if (change.find(".log") != change.npos ||
        change.starts_with("sync directory")) {
      changes.push_back(change.substr(0, change.find(' ')));
    }
  }
  const auto at = [&](std::string_view what) {
    return std::ranges::find(changes, what) - changes.begin();
  };
  EXPECT_LT(at("write"), at("sync"));
  EXPECT_LT(at("sync"), at("rename"));
}

TEST_P(CleanedSegmentTest, TakesThePlaceOfOneThatAStopHasLeft) {
  disk_.Write("00000000000000000010.log.cleaned", "rubbish");
  disk_.Write("00000000000000000010.index.cleaned", "rubbish");
  Begin();
  Add(11);
  ASSERT_THAT(cleaned_->Finish(), IsOk());
  EXPECT_EQ(disk_.Read("00000000000000000010.log.cleaned"), log_);
  ASSERT_THAT(cleaned_->Discard(), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_P(CleanedSegmentTest, IsWithdrawnWhole) {
  Begin();
  Add(10);
  ASSERT_THAT(cleaned_->Finish(), IsOk());
  disk_.files().Fail(FileCall::kRename, ".log.cleaned",
                     MakeError(Reason::kDiskFailed, "broken"), 0, 1);
  EXPECT_FALSE(cleaned_->BecomeSwap().ok());
  EXPECT_THAT(cleaned_->Withdraw(), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_P(CleanedSegmentTest, LeavesFreeWhatIsToStayFree) {
  test::SimClock clock;
  const FreeSpace space(disk_.files(), disk_.directory(), 1000, clock, nullptr);
  SegmentPlace place = disk_.Place(Offset{10});
  place.space = &space;
  auto cleaned = CleanedSegment::Create(place);
  ASSERT_THAT(cleaned, IsOk());
  cleaned_ = *std::move(cleaned);
  Add(10);
  disk_.files().set_free_bytes(1000 + static_cast<int64_t>(log_.size()) - 1);
  EXPECT_THAT(cleaned_->Finish(), HasReason(Reason::kDiskFull));
}

}  // namespace
}  // namespace cauce
