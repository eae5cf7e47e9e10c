// Every program of three steps, with the power cut in front of every change of
// the last one: what comes before is a shorter program.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/crash/power_loss.h"
#include "tests/crash/program.h"

namespace cauce::test {
namespace {

// Of so many programs one also has every single sector, size and name kept or
// lost alone.
constexpr int kAloneOneIn = 16;

// How each name begins with the first steps.
std::string Joined(const Steps& steps) {
  std::string name;
  for (const Step step : steps) name += StepName(step);
  return name;
}

// The first step is the parameter: each has a test of its own.
class ThreeSteps : public PowerLoss,
                   public ::testing::WithParamInterface<Step> {
 protected:
  // Those whose number, together with the first step's, is a multiple.
  void CutPrograms(int one_in, Losses losses) {
    const int first = static_cast<int>(GetParam());
    for (int i = 0; i < kSteps * kSteps && !HasFailure(); ++i) {
      if ((i + first) % one_in != 0) continue;
      CutEverywhere({GetParam(), static_cast<Step>(i / kSteps),
                     static_cast<Step>(i % kSteps)},
                    losses);
    }
  }
};

TEST_P(ThreeSteps, HoldWhatTheyPromised) {
  CutPrograms(kOneIn, Losses::kExtremes);
  CutPrograms(kAloneOneIn * kOneIn, Losses::kAlikeButOne);
}

// Every loss there can be takes long: a part of the campaign for each two steps
// that a program begins with, or is.
class CampaignOfThreeSteps : public PowerLoss,
                             public ::testing::WithParamInterface<Steps> {};

TEST_P(CampaignOfThreeSteps, HoldsWhatEveryProgramPromised) {
  CutEverywhere(GetParam(), Losses::kEvery);
  for (int i = 0; i < kSteps && !HasFailure(); ++i) {
    Steps steps = GetParam();
    steps.push_back(static_cast<Step>(i));
    CutEverywhere(steps, Losses::kEvery);
  }
  EXPECT_GT(fates().torn, 0);
  // Two writes that no sync parts are those of a topic that has none.
  if (GetParam().back() == Step::kAppendOs) {
    EXPECT_GT(fates().reordered, 0);
  }
}

std::vector<Step> AllSteps() {
  std::vector<Step> all;
  for (int i = 0; i < kSteps; ++i) all.push_back(static_cast<Step>(i));
  return all;
}

std::vector<Steps> AllPairs() {
  std::vector<Steps> all;
  for (const Step first : AllSteps()) {
    for (const Step second : AllSteps()) all.push_back({first, second});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(EachFirst, ThreeSteps, ::testing::ValuesIn(AllSteps()),
                         [](const auto& info) {
                           return std::string(StepName(info.param));
                         });
INSTANTIATE_TEST_SUITE_P(EachFirstTwo, CampaignOfThreeSteps,
                         ::testing::ValuesIn(AllPairs()),
                         [](const auto& info) { return Joined(info.param); });

}  // namespace
}  // namespace cauce::test
