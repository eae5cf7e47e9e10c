#include "engine/log/aborted_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AbortedListsTest : public test::LogFixture {
 protected:
  AbortedListsTest() { config().flush = FlushPolicy::kOs; }

  void Abort() {
    ASSERT_THAT(log().Append(producer_.InTransaction({"a"}).view(), {}),
                IsOk());
    ASSERT_THAT(log().EndTransaction(producer_.Abort(), {}), IsOk());
  }
  std::vector<int64_t> Markers() {
    const auto read =
        ReadAborted(rig_.disk().real_files(), rig_.disk().directory(), {0});
    EXPECT_THAT(read, IsOk());
    std::vector<int64_t> markers;
    if (!read.ok()) return markers;
    for (const auto& each : read->entries()) markers.push_back(each.last.value);
    return markers;
  }
  // What fails of the list from now on.
  void Fail(FileCall call) {
    rig_.disk().files().Fail(call, kTxnIndexSuffix,
                             MakeError(Reason::kDiskFull, "full"));
  }
  void Mend() { rig_.disk().files().Mend(); }

  TestProducer producer_{7};
};

INSTANTIATE_TEST_SUITE_P(Disks, AbortedListsTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(AbortedListsTest, GrowWithEveryAbort) {
  Open();
  Abort();
  Abort();
  EXPECT_THAT(Markers(), ElementsAre(1, 3));
  ASSERT_THAT(log().Append(producer_.InTransaction({"a"}).view(), {}), IsOk());
  ASSERT_THAT(log().EndTransaction(producer_.Commit(), {}), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(1, 3));
}

TEST_P(AbortedListsTest, AreSyncedWithTheLog) {
  config().flush = FlushPolicy::kGroup;
  Open();
  Abort();
  EXPECT_EQ(rig_.disk().files().Count(FileCall::kSync, kTxnIndexSuffix), 1);
}

TEST_P(AbortedListsTest, ThatCannotBeWrittenAreOwed) {
  Open();
  Abort();
  ASSERT_THAT(log().Flush(), IsOk());
  ASSERT_THAT(log().NoteBounds(), IsOk());
  const Offset point = rig_.bounds().recovery_point;
  // Of the one that is open as well as of any other.
  Fail(FileCall::kOpen);
  Fail(FileCall::kWrite);
  Abort();
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr("made anew")));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(log().NoteBounds(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(rig_.bounds().recovery_point, point);

  Mend();
  ASSERT_THAT(log().NoteBounds(), IsOk());
  EXPECT_EQ(rig_.bounds().recovery_point, Offset{4});
  EXPECT_THAT(Markers(), ElementsAre(1, 3));
}

TEST_P(AbortedListsTest, ThatCannotBeSyncedAreOwed) {
  Open();
  Abort();
  Fail(FileCall::kSync);
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(rig_.events(), SizeIs(1));
  EXPECT_THAT(log().NoteBounds(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(rig_.bounds().recovery_point, Offset{0});

  Mend();
  ASSERT_THAT(log().NoteBounds(), IsOk());
  EXPECT_EQ(rig_.bounds().recovery_point, Offset{2});
  EXPECT_THAT(Markers(), ElementsAre(1));
}

TEST_P(AbortedListsTest, ThatAreOwedAreWrittenByAClose) {
  Open();
  Fail(FileCall::kOpen);
  Abort();
  Mend();
  EXPECT_THAT(Markers(), IsEmpty());
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(1));
}

TEST_P(AbortedListsTest, ThatAreDamagedAreMadeAnewAtTheNextAbort) {
  Open();
  Abort();
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Write(SegmentFileName(Offset{0}, kTxnIndexSuffix), "rubbish");
  Open();
  Abort();
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr("made anew")));
  ASSERT_THAT(log().NoteBounds(), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(1, 3));
}

}  // namespace
}  // namespace cauce
