// Programs of up to three steps over a topic that is compacted, and that
// producers with and without transactions write to, with the power cut in front
// of every change of the last step.
#include <gtest/gtest.h>

#include <string>

#include "tests/crash/power_loss.h"
#include "tests/crash/program.h"

namespace cauce::test {
namespace {

// Of so many programs of two steps, and of three, one also has every single
// sector, size and name kept or lost alone.
constexpr int kAloneOneInPairs = 5;
constexpr int kAloneOneIn = 30;

class TableSteps : public PowerLoss {
 protected:
  TableSteps() : PowerLoss(Topics::kTable) {}
};

TEST_F(TableSteps, EachHoldWhatTheyPromised) {
  for (const Step step : kTableSteps) CutEverywhere({step}, Losses::kEvery);
  EXPECT_GT(fates().kept, 0);
  EXPECT_GT(fates().dropped, 0);
  EXPECT_GT(fates().torn, 0);
  EXPECT_GT(fates().names_kept, 0);
  EXPECT_GT(fates().names_dropped, 0);
}

TEST_F(TableSteps, InPairsHoldWhatTheyPromised) {
  int number = 0;
  for (const Step first : kTableSteps) {
    for (const Step second : kTableSteps) {
      ++number;
      if (HasFailure() || number % kOneIn != 0) continue;
      const bool alone = number / kOneIn % kAloneOneInPairs == 0;
      CutEverywhere({first, second},
                    alone ? Losses::kAlikeButOne : Losses::kExtremes);
    }
  }
}

// The first step is the parameter: each has a test of its own.
class ThreeTableSteps : public TableSteps,
                        public ::testing::WithParamInterface<Step> {};

TEST_P(ThreeTableSteps, HoldWhatTheyPromised) {
  int number = static_cast<int>(GetParam());
  for (const Step second : kTableSteps) {
    for (const Step third : kTableSteps) {
      ++number;
      if (HasFailure() || number % kOneIn != 0) continue;
      const bool alone = number / kOneIn % kAloneOneIn == 0;
      CutEverywhere({GetParam(), second, third},
                    alone ? Losses::kAlikeButOne : Losses::kExtremes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EachFirst, ThreeTableSteps,
                         ::testing::ValuesIn(kTableSteps),
                         [](const auto& info) {
                           return std::string(StepName(info.param));
                         });

}  // namespace
}  // namespace cauce::test
