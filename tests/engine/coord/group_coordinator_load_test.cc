#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/state_partition.h"
#include "tests/engine/coord/coordinator_rig.h"
#include "tests/engine/coord/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::CoordinatorRig;
using test::HasReason;
using test::IsOk;
using test::Newcomer;

TEST(GroupCoordinatorLoad, FindsWhatWasCommittedAndWhoBelongsToAGroup) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.Commit("g", 1, 6);
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});

  rig.Start();

  EXPECT_EQ(rig.Fetched("g", 0), 5);
  EXPECT_EQ(rig.Fetched("g", 1), 6);
  EXPECT_THAT(rig.Heartbeat("g", "a", joined->generation), IsOk());
}

TEST(GroupCoordinatorLoad, FindsOnlyWhatBecameDurable) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.log->Hold();
  const auto lost = rig.Commit("g", 0, 6);
  rig.log->Crash(0);

  rig.Start();

  EXPECT_FALSE(lost.is_there());
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

TEST(GroupCoordinatorLoad, TellsWhoAsksThatWhatItKeepsCannotBeRead) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  const PartitionId partition =
      StatePartitionOf("g", rig.log->partitions());
  rig.log->Append(partition,
                  {.records = {{.key = "?", .value = "v"}}, .transaction = {}},
                  [](const auto&) {});

  rig.Start();

  EXPECT_THAT(rig.Fetch("g", 0)->status, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(rig.Join("g", Newcomer("a"))->status,
              HasReason(Reason::kCorruptBatch));
}

TEST(GroupCoordinatorLoad, ReadsWhatItCouldNotReadNoMoreOftenThanNowAndThen) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.Start();
  rig.log->set_unreadable(MakeError(Reason::kDiskFailed, "no disk"));
  const int before = rig.log->replays();

  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(rig.Fetch("g", 0)->status, HasReason(Reason::kDiskFailed));
    EXPECT_THAT(rig.Join("g", Newcomer("a"))->status,
                HasReason(Reason::kDiskFailed));
    rig.Pass(absl::Milliseconds(100));
  }

  // At the beginning, and behind 1, 3 and 7 s.
  EXPECT_EQ(rig.log->replays() - before, 4);
  rig.log->set_unreadable(absl::OkStatus());
  rig.Pass(absl::Minutes(1));
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

TEST(GroupCoordinatorLoad, FindsTransactionsAsTheyEnded) {
  const ProducerInstance ended{{1000}, 1};
  const ProducerInstance aborted{{1001}, 1};
  const ProducerInstance open{{1002}, 1};
  CoordinatorRig rig;
  rig.Commit("g", 0, 5, {}, ended);
  rig.Commit("g", 1, 5, {}, aborted);
  rig.Commit("g", 2, 5, {}, open);
  const PartitionId partition = rig.coordinator->PartitionOf("g").value();
  rig.coordinator->EndTransaction(partition,
                                  {.producer_id = ended.id,
                                   .producer_epoch = 2,
                                   .coordinator_epoch = 0,
                                   .outcome = TransactionOutcome::kCommit},
                                  [](const absl::Status&) {});
  rig.coordinator->EndTransaction(partition,
                                  {.producer_id = aborted.id,
                                   .producer_epoch = 2,
                                   .coordinator_epoch = 0,
                                   .outcome = TransactionOutcome::kAbort},
                                  [](const absl::Status&) {});

  rig.Start();

  EXPECT_EQ(rig.Fetched("g", 0), 5);
  EXPECT_EQ(rig.Fetched("g", 1), -1);
  EXPECT_EQ(rig.Fetched("g", 2), -1);
  EXPECT_THAT(
      rig.Fetch("g", 2, UnstableOffsets::kRefuse)->offsets.at(0).status,
      HasReason(Reason::kUnstableOffsetCommit));
}

}  // namespace
}  // namespace cauce
