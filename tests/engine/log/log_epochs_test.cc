// What a log learns of leader epochs from batches whose epoch is damaged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LogEpochs : public test::LogFixture {
 protected:
  void SetUp() override {
    Open();
    Append({"a"});
    Append({"b"}, {.leader_epoch = LeaderEpoch{3}});
    Append({"c"});
    Append({"d"});
  }
  // A high bit in the epoch of batch `at`, which its CRC does not cover.
  void FlipEpochOf(size_t at) {
    const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
    std::string bytes = *rig_.disk().Read(name);
    const size_t batch = (bytes.find_last_not_of('\0') + 4) / 4;
    bytes[at * batch + 12] ^= 0x20;
    rig_.disk().Write(name, bytes);
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, LogEpochs,
                         ::testing::Values(test::DiskKind::kMemory),
                         test::DiskName);

TEST_P(LogEpochs, OneThatNoOtherBatchKnowsDoesNotRaiseTheLogs) {
  for (const size_t at : {0, 1, 2, 3}) {
    SCOPED_TRACE(at);
    rig_.Kill();
    FlipEpochOf(at);
    Open();
    EXPECT_EQ(log().leader_epoch(), LeaderEpoch{3});
    EXPECT_THAT(rig_.epochs(),
                ElementsAre(EpochStart{LeaderEpoch{0}, Offset{0}},
                            EpochStart{LeaderEpoch{3}, Offset{1}}));
    EXPECT_THAT(rig_.events(),
                Contains(HasSubstr("says that it is of leader epoch")));
    EXPECT_THAT(Values(), IsOkAndHolds(ElementsAre("a", "b", "c", "d")));
    rig_.Kill();
    FlipEpochOf(at);  // back
    Open();
  }
  // Whoever leads goes on under its own epoch.
  EXPECT_EQ(Append({"e"}, {.leader_epoch = LeaderEpoch{3}}), Offset{4});
}

TEST_P(LogEpochs, EveryOneThatIsNotBelievedIsToldOfByItsOwnBatch) {
  rig_.Kill();
  FlipEpochOf(1);  // which the batches behind it show
  FlipEpochOf(3);  // which nothing stands behind
  Open();
  EXPECT_THAT(rig_.events(),
              ElementsAre(HasSubstr("the batch at offset 1 says"),
                          HasSubstr("the batch at offset 3 says")));
  rig_.Kill();
  FlipEpochOf(1);
  FlipEpochOf(3);
}

TEST_P(LogEpochs, ThoseThatAreSavedAreToldOfByNoWarning) {
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{3});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogEpochs, AreNotBelievedAfterACleanStopEither) {
  ASSERT_THAT(rig_.Close(), IsOk());
  FlipEpochOf(3);
  Open();
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{3});
  rig_.Kill();
  FlipEpochOf(3);
}

TEST_P(LogEpochs, OneThatSeveralBatchesHaveIsLearned) {
  rig_.Kill();
  FlipEpochOf(2);
  FlipEpochOf(3);
  Open();
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{0x20000003});
}

}  // namespace
}  // namespace cauce
