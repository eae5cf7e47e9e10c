#include "tests/testing/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

TEST(AllChoices, GoThroughEverySequenceOnce) {
  AllChoices all;
  std::vector<std::vector<size_t>> seen;
  do {
    // The second question is asked only after some answers to the first.
    std::vector<size_t> answers = {all.Pick(3)};
    if (answers[0] > 0) answers.push_back(all.Pick(2));
    seen.push_back(answers);
  } while (all.Next());
  EXPECT_THAT(seen,
              ElementsAre(ElementsAre(0), ElementsAre(1, 0), ElementsAre(1, 1),
                          ElementsAre(2, 0), ElementsAre(2, 1)));
}

TEST(AllChoices, AreOneWhereNothingIsAsked) {
  AllChoices all;
  EXPECT_FALSE(all.Next());
}

TEST(AlikeButOne, AnswersOneQuestionOtherwise) {
  AlikeButOne first(AlikeButOne::Answer::kFirst, 1);
  EXPECT_EQ(first.Pick(3), 0);
  EXPECT_EQ(first.Pick(3), 2);
  EXPECT_EQ(first.Pick(3), 0);
  AlikeButOne last(AlikeButOne::Answer::kLast, 0);
  EXPECT_EQ(last.Pick(3), 0);
  EXPECT_EQ(last.Pick(3), 2);
  EXPECT_EQ(last.asked(), 2);
}

TEST(AlikeButOne, AnswersAllAlikeWithoutTheOne) {
  AlikeButOne first(AlikeButOne::Answer::kFirst);
  AlikeButOne last(AlikeButOne::Answer::kLast);
  for (size_t alternatives = 1; alternatives < 4; ++alternatives) {
    EXPECT_EQ(first.Pick(alternatives), 0);
    EXPECT_EQ(last.Pick(alternatives), alternatives - 1);
  }
}

TEST(RandomChoices, ReachEveryAnswerAndRepeatWithTheirSeed) {
  RandomChoices one(7);
  RandomChoices other(7);
  std::set<size_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const size_t answer = one.Pick(5);
    ASSERT_EQ(other.Pick(5), answer);
    seen.insert(answer);
    if (i % 10 == 0) {
      one.Turn();
      other.Turn();
    }
  }
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4));
}

}  // namespace
}  // namespace cauce::test
