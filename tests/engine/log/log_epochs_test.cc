#include "engine/log/log_epochs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Remembers what was saved, or refuses it.
class LogEpochsTest : public ::testing::Test {
 protected:
  LogEpochsTest() {
    environment_.save_epochs = [this](const TopicPartition&,
                                      std::span<const EpochStart> starts) {
      if (answer_.ok()) saved_.assign(starts.begin(), starts.end());
      return answer_;
    };
    environment_.events = [this](Severity, std::string_view line) {
      events_.emplace_back(line);
    };
  }

  static EpochStart At(int32_t epoch, int64_t start) {
    return {LeaderEpoch{epoch}, Offset{start}};
  }
  LogEpochs Of(std::vector<EpochStart> saved) {
    saved_ = saved;
    return LogEpochs(environment_, {"orders", PartitionId{0}}, saved);
  }
  // Epoch and offset of each, as saved.
  std::vector<std::pair<int32_t, int64_t>> Saved() const {
    std::vector<std::pair<int32_t, int64_t>> all;
    for (const EpochStart& each : saved_) {
      all.emplace_back(each.epoch.value, each.start.value);
    }
    return all;
  }
  void DiskIs(absl::Status answer) { answer_ = std::move(answer); }
  static absl::Status Full() { return MakeError(Reason::kDiskFull, "full"); }

  LogEnvironment environment_;
  absl::Status answer_;
  std::vector<EpochStart> saved_;
  std::vector<std::string> events_;
};

using Pairs = std::vector<std::pair<int32_t, int64_t>>;

TEST_F(LogEpochsTest, SavesAnEpochBeforeItsFirstBatch) {
  LogEpochs epochs = Of({});
  EXPECT_THAT(epochs.Take(std::nullopt, Offset{0}), IsOk());
  EXPECT_EQ(Saved(), (Pairs{{0, 0}}));
  EXPECT_THAT(epochs.Take(LeaderEpoch{4}, Offset{10}), IsOk());
  EXPECT_EQ(Saved(), (Pairs{{0, 0}, {4, 10}}));
  EXPECT_THAT(epochs.Take(LeaderEpoch{3}, Offset{20}),
              HasReason(Reason::kFencedEpoch));
  EXPECT_EQ(epochs.latest(), LeaderEpoch{4});
}

TEST_F(LogEpochsTest, AnEpochThatCannotBeSavedIsNotTaken) {
  LogEpochs epochs = Of({At(1, 0)});
  for (const Reason reason : {Reason::kDiskFull, Reason::kDiskFailed}) {
    DiskIs(MakeError(reason, "no"));
    EXPECT_THAT(epochs.Take(LeaderEpoch{2}, Offset{10}), HasReason(reason));
    EXPECT_EQ(epochs.latest(), LeaderEpoch{1});
    EXPECT_FALSE(epochs.owed());
  }
}

TEST_F(LogEpochsTest, OnAFullDiskACutOwesThemToTheNextAppend) {
  LogEpochs epochs = Of({At(1, 0), At(2, 10)});
  DiskIs(Full());
  EXPECT_THAT(epochs.CutAt(Offset{5}), IsOk());
  EXPECT_TRUE(epochs.owed());
  EXPECT_EQ(epochs.latest(), LeaderEpoch{1});
  EXPECT_THAT(epochs.Take(LeaderEpoch{1}, Offset{5}),
              HasReason(Reason::kDiskFull));
  EXPECT_THAT(epochs.SaveForClose(), HasReason(Reason::kDiskFull));

  DiskIs(absl::OkStatus());
  EXPECT_THAT(epochs.Take(LeaderEpoch{1}, Offset{5}), IsOk());
  EXPECT_FALSE(epochs.owed());
  EXPECT_EQ(Saved(), (Pairs{{1, 0}}));
}

TEST_F(LogEpochsTest, ACutThatADiskFailsToSaveFails) {
  LogEpochs epochs = Of({At(1, 0), At(2, 10)});
  DiskIs(MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(epochs.CutAt(Offset{5}), HasReason(Reason::kDiskFailed));
}

TEST_F(LogEpochsTest, ANewStartIsSavedByACloseAndNotOnAFullDisk) {
  LogEpochs epochs = Of({At(1, 0), At(2, 10)});
  epochs.BeginAt(Offset{12});
  EXPECT_EQ(Saved(), (Pairs{{1, 0}, {2, 10}}));
  EXPECT_FALSE(epochs.owed());
  DiskIs(Full());
  EXPECT_THAT(epochs.SaveForClose(), IsOk());
  DiskIs(absl::OkStatus());
  EXPECT_THAT(epochs.SaveForClose(), IsOk());
  EXPECT_EQ(Saved(), (Pairs{{2, 12}}));
}

TEST_F(LogEpochsTest, LearnsFromBatchesWhatWasLost) {
  LogEpochs epochs = Of({});
  EpochEvidence seen;
  seen.See(LeaderEpoch{3}, Offset{0});
  seen.See(LeaderEpoch{5}, Offset{10});
  EXPECT_THAT(epochs.Recovered(Offset{0}, Offset{20}, seen), IsOk());
  EXPECT_EQ(Saved(), (Pairs{{3, 0}, {5, 10}}));
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(LogEpochsTest, DoubtsALastBatchWhoseEpochNobodySaved) {
  LogEpochs epochs = Of({At(3, 0)});
  EpochEvidence seen;
  seen.See(LeaderEpoch{3}, Offset{0});
  seen.See(LeaderEpoch{900}, Offset{10});
  EXPECT_THAT(epochs.Recovered(Offset{0}, Offset{20}, seen), IsOk());
  EXPECT_EQ(epochs.latest(), LeaderEpoch{3});
  EXPECT_THAT(events_, ElementsAre(HasSubstr("at offset 10 says that it is of "
                                             "leader epoch 900")));
}

TEST_F(LogEpochsTest, KeepsOneThatWasAssignedAtTheEndAndHasNotWritten) {
  LogEpochs epochs = Of({At(1, 0), At(2, 20), At(3, 30)});
  EXPECT_THAT(epochs.Recovered(Offset{0}, Offset{20}, {}), IsOk());
  EXPECT_EQ(Saved(), (Pairs{{1, 0}, {2, 20}}));
}

// What a log learns of leader epochs from batches whose epoch is damaged.
class EpochsOfALog : public test::LogFixture {
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

INSTANTIATE_TEST_SUITE_P(Disks, EpochsOfALog,
                         ::testing::Values(test::DiskKind::kMemory),
                         test::DiskName);

TEST_P(EpochsOfALog, OneThatNoOtherBatchKnowsDoesNotRaiseTheLogs) {
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

TEST_P(EpochsOfALog, EveryOneThatIsNotBelievedIsToldOfByItsOwnBatch) {
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

TEST_P(EpochsOfALog, ThoseThatAreSavedAreToldOfByNoWarning) {
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{3});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(EpochsOfALog, AreNotBelievedAfterACleanStopEither) {
  ASSERT_THAT(rig_.Close(), IsOk());
  FlipEpochOf(3);
  Open();
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{3});
  rig_.Kill();
  FlipEpochOf(3);
}

TEST_P(EpochsOfALog, OneThatSeveralBatchesHaveIsLearned) {
  rig_.Kill();
  FlipEpochOf(2);
  FlipEpochOf(3);
  Open();
  EXPECT_EQ(log().leader_epoch(), LeaderEpoch{0x20000003});
}

}  // namespace
}  // namespace cauce
