#include "engine/log/epoch_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EpochStart At(int32_t epoch, int64_t start) {
  return {LeaderEpoch{epoch}, Offset{start}};
}

EpochHistory History(const std::vector<EpochStart>& starts) {
  return EpochHistory(starts);
}

// Epoch 2 wrote [0, 10), epoch 5 [10, 30), epoch 6 from there on.
EpochHistory ThreeEpochs() { return History({At(2, 0), At(5, 10), At(6, 30)}); }

TEST(EpochHistory, KnowsNoEpochBeforeTheFirst) {
  const EpochHistory none;
  EXPECT_EQ(none.latest(), LeaderEpoch{-1});
  EXPECT_THAT(none.starts(), IsEmpty());
}

TEST(EpochHistory, TakesOnlyNewerEpochs) {
  EpochHistory history;
  EXPECT_TRUE(history.Assign(LeaderEpoch{3}, Offset{0}));
  EXPECT_FALSE(history.Assign(LeaderEpoch{3}, Offset{10}));
  EXPECT_FALSE(history.Assign(LeaderEpoch{2}, Offset{10}));
  EXPECT_TRUE(history.Assign(LeaderEpoch{4}, Offset{10}));

  EXPECT_THAT(history.starts(), ElementsAre(At(3, 0), At(4, 10)));
}

TEST(EpochHistory, ForgetsEpochsThatNeverWrote) {
  EpochHistory history;
  history.Assign(LeaderEpoch{3}, Offset{0});
  history.Assign(LeaderEpoch{4}, Offset{10});
  history.Assign(LeaderEpoch{7}, Offset{10});

  EXPECT_THAT(history.starts(), ElementsAre(At(3, 0), At(7, 10)));
}

TEST(EpochHistory, LeavesOutSavedEpochsThatDoNotGrow) {
  const EpochHistory history =
      History({At(2, 5), At(2, 9), At(3, 5), At(1, 20), At(4, 20)});
  EXPECT_THAT(history.starts(), ElementsAre(At(2, 5), At(4, 20)));
}

TEST(EpochHistory, LosesTheEpochsBehindACut) {
  EpochHistory history = ThreeEpochs();

  EXPECT_FALSE(history.TruncateFromEnd(Offset{31}));
  EXPECT_TRUE(history.TruncateFromEnd(Offset{30}));
  EXPECT_THAT(history.starts(), ElementsAre(At(2, 0), At(5, 10)));
  EXPECT_TRUE(history.TruncateFromEnd(Offset{0}));
  EXPECT_THAT(history.starts(), IsEmpty());
}

TEST(EpochHistory, KeepsTheEpochThatCoversTheNewStart) {
  EpochHistory history = ThreeEpochs();

  EXPECT_FALSE(history.TruncateFromStart(Offset{0}));
  EXPECT_TRUE(history.TruncateFromStart(Offset{12}));
  EXPECT_THAT(history.starts(), ElementsAre(At(5, 12), At(6, 30)));
  EXPECT_FALSE(history.TruncateFromStart(Offset{12}));
  EXPECT_TRUE(history.TruncateFromStart(Offset{30}));
  EXPECT_THAT(history.starts(), ElementsAre(At(6, 30)));
  EXPECT_TRUE(history.TruncateFromStart(Offset{99}));
  EXPECT_THAT(history.starts(), ElementsAre(At(6, 99)));
}

TEST(EpochHistory, IgnoresAStartBelowItsFirstEpoch) {
  EpochHistory history = History({At(5, 10)});
  EXPECT_FALSE(history.TruncateFromStart(Offset{3}));
  EXPECT_THAT(history.starts(), ElementsAre(At(5, 10)));
}

}  // namespace
}  // namespace cauce
