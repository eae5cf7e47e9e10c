#include "engine/log/producer_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_state.h"
#include "engine/log/segment_name.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ProducerFilesTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  FileSystem& files() { return disk_.files(); }
  const std::string& directory() { return disk_.directory(); }

  test::TestDisk disk_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Disks, ProducerFilesTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(ProducerFilesTest, ReadsTheSnapshotThatItWrote) {
  const ProducerState producer(ProducerId{7}, {.epoch = 3});
  ASSERT_THAT(WriteSnapshot(files(), directory(), Offset{12}, {producer}),
              IsOk());
  ASSERT_THAT(WriteSnapshot(files(), directory(), Offset{5}, {}), IsOk());
  disk_.Write("00000000000000000007.snapshot.deleted", "");
  disk_.Write("00000000000000000007.log", "");

  EXPECT_THAT(ListSnapshots(files(), directory()),
              IsOkAndHolds(ElementsAre(Offset{5}, Offset{12})));
  const auto read = ReadSnapshot(files(), directory(), Offset{12});
  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_EQ(read->front().epoch(), 3);
}

TEST_P(ProducerFilesTest, TellsASnapshotThatIsGoneFromOneThatIsDamaged) {
  EXPECT_THAT(ReadSnapshot(files(), directory(), Offset{5}),
              StatusIs(absl::StatusCode::kNotFound));
  disk_.Write(SegmentFileName(Offset{5}, kSnapshotSuffix), "rubbish");
  EXPECT_THAT(ReadSnapshot(files(), directory(), Offset{5}),
              HasReason(Reason::kCorruptFile));
}

TEST_P(ProducerFilesTest, RemovesASnapshotWhetherItIsThereOrNot) {
  ASSERT_THAT(WriteSnapshot(files(), directory(), Offset{5}, {}), IsOk());
  EXPECT_THAT(RemoveSnapshot(files(), directory(), Offset{5}), IsOk());
  EXPECT_THAT(RemoveSnapshot(files(), directory(), Offset{5}), IsOk());
  EXPECT_THAT(ListSnapshots(files(), directory()), IsOkAndHolds(IsEmpty()));
}

TEST_P(ProducerFilesTest, AListOfNothingIsNoFile) {
  AbortedIndex index;
  index.Add({{7}, {4}, {6}, {7}});
  ASSERT_THAT(WriteAborted(files(), directory(), Offset{3}, index), IsOk());
  auto read = ReadAborted(files(), directory(), Offset{3});
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->entries(), SizeIs(1));

  ASSERT_THAT(WriteAborted(files(), directory(), Offset{3}, {}), IsOk());
  EXPECT_THAT(disk_.Names(kTxnIndexSuffix), IsEmpty());
  read = ReadAborted(files(), directory(), Offset{3});
  ASSERT_THAT(read, IsOk());
  EXPECT_TRUE(read->empty());
}

TEST_P(ProducerFilesTest, AnEmptyListIsRemovedAndNoOther) {
  const std::string name = SegmentFileName(Offset{3}, kTxnIndexSuffix);
  EXPECT_THAT(RemoveEmptyAborted(files(), directory(), Offset{3}), IsOk());
  disk_.Write(name, "an entry");
  EXPECT_THAT(RemoveEmptyAborted(files(), directory(), Offset{3}), IsOk());
  EXPECT_TRUE(disk_.Read(name).has_value());
  disk_.Write(name, "");
  EXPECT_THAT(RemoveEmptyAborted(files(), directory(), Offset{3}), IsOk());
  EXPECT_FALSE(disk_.Read(name).has_value());
}

TEST_P(ProducerFilesTest, TellsADamagedList) {
  disk_.Write(SegmentFileName(Offset{3}, kTxnIndexSuffix), "rubbish");
  EXPECT_THAT(ReadAborted(files(), directory(), Offset{3}),
              HasReason(Reason::kCorruptFile));
}

}  // namespace
}  // namespace cauce
