#include "engine/log/batch_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"

namespace cauce {
namespace {

using Gaps = BatchRuns::Gaps;
using ::testing::ElementsAre;

// A batch of a hundred bytes; what has no offsets is none.
using Piece = std::pair<int64_t, int64_t>;

BatchRun At(size_t place, const Piece& piece) {
  const auto position = static_cast<int64_t>(place) * 100;
  return {.position = position,
          .end = position + 100,
          .base = Offset{piece.first},
          .next = Offset{piece.second}};
}

// Where each begins and ends, and how many batches it has.
std::vector<std::string> Words(const std::vector<BatchRun>& runs) {
  std::vector<std::string> words;
  for (const BatchRun& run : runs) {
    words.push_back(fmt::format("{}{}-{} of {}", run.is_linked ? "+" : "",
                                run.base.value, run.next.value, run.batches));
  }
  return words;
}

std::vector<std::string> Fold(Gaps gaps, const std::vector<Piece>& pieces) {
  BatchRuns runs(gaps);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].second > 0) runs.Add(At(i, pieces[i]));
  }
  return Words(runs.Take());
}

std::vector<std::string> Part(const std::vector<Offset>& cuts,
                              const std::vector<Piece>& pieces) {
  RunParts parts(cuts);
  for (size_t i = 0; i < pieces.size(); ++i) parts.Add(At(i, pieces[i]));
  return Words(parts.Take());
}

TEST(BatchRuns, AreOfBatchesThatContinueEachOther) {
  for (const Gaps gaps : {Gaps::kNone, Gaps::kOfCompaction}) {
    EXPECT_THAT(Fold(gaps, {{3, 5}, {5, 6}, {6, 9}}), ElementsAre("3-9 of 3"));
  }
}

TEST(BatchRuns, EndWhereOtherBytesLie) {
  for (const Gaps gaps : {Gaps::kNone, Gaps::kOfCompaction}) {
    EXPECT_THAT(Fold(gaps, {{3, 5}, {5, 6}, {0, 0}, {6, 9}}),
                ElementsAre("3-6 of 2", "6-9 of 1"));
  }
}

TEST(BatchRuns, EndWhereOffsetsAreLeftOutAndNoneMayBe) {
  EXPECT_THAT(Fold(Gaps::kNone, {{0, 1}, {1, 2}, {3, 4}, {6, 7}, {7, 8}}),
              ElementsAre("0-2 of 2", "3-4 of 1", "6-8 of 2"));
}

TEST(BatchRuns, GoOnAcrossGapsButWithWhatNothingConfirms) {
  EXPECT_THAT(
      Fold(Gaps::kOfCompaction, {{0, 1}, {3, 4}, {6, 7}, {9, 10}, {12, 13}}),
      ElementsAre("0-1 of 1", "3-10 of 3", "12-13 of 1"));
  EXPECT_THAT(Fold(Gaps::kOfCompaction, {{0, 1}, {1, 2}, {5, 6}, {6, 7}}),
              ElementsAre("0-7 of 4"));
  EXPECT_THAT(Fold(Gaps::kOfCompaction, {{0, 1}, {1, 2}, {5, 6}}),
              ElementsAre("0-2 of 2", "5-6 of 1"));
}

TEST(BatchRuns, LeaveBatchesAloneAtWhichTheOrderBreaks) {
  EXPECT_THAT(Fold(Gaps::kOfCompaction,
                   {{0, 1}, {1, 2}, {9, 10}, {3, 4}, {5, 6}, {7, 8}, {11, 12}}),
              ElementsAre("0-2 of 2", "9-10 of 1", "3-4 of 1", "5-8 of 2",
                          "11-12 of 1"));
}

TEST(BatchRuns, AreNoLongerThanAnIndexCanTell) {
  const int64_t far = kSegmentOffsetsMax + 9;
  EXPECT_EQ(Fold(Gaps::kOfCompaction,
                 {{0, 1}, {1, 2}, {far, far + 1}, {far + 1, far + 2}})
                .size(),
            2U);
}

// However many gaps there are.
TEST(BatchRuns, StayFewWhereAllBatchesHaveGaps) {
  BatchRuns runs(Gaps::kOfCompaction);
  for (int64_t i = 0; i < 1000; ++i) {
    runs.Add(At(static_cast<size_t>(i), {2 * i, 2 * i + 1}));
  }
  EXPECT_EQ(runs.runs().size(), 3U);
}

TEST(RunParts, AreSplitAroundABatchInWhichAnotherHasItsBorder) {
  const std::vector<Piece> run = {{0, 2}, {2, 4}, {4, 6}, {6, 8}};
  EXPECT_THAT(Part({Offset{5}}, run),
              ElementsAre("0-4 of 2", "+4-6 of 1", "+6-8 of 1"));
  EXPECT_THAT(Part({Offset{4}}, run), ElementsAre("0-4 of 2", "+4-8 of 2"));
  EXPECT_THAT(Part({Offset{0}, Offset{8}}, run), ElementsAre("0-8 of 4"));
}

TEST(RunParts, AreNotLinkedAcrossAGap) {
  EXPECT_THAT(Part({Offset{3}}, {{0, 1}, {1, 2}, {5, 6}, {6, 7}}),
              ElementsAre("0-2 of 2", "5-7 of 2"));
}

TEST(RunParts, AreWantedWhereSomethingLiesWithinSeveralBatches) {
  const BatchRun run{.base = Offset{2}, .next = Offset{5}, .batches = 2};
  const auto cut = [&](int64_t at) {
    return IsCut(run, std::vector<Offset>{Offset{at}});
  };
  EXPECT_FALSE(cut(2));
  EXPECT_TRUE(cut(3));
  EXPECT_FALSE(cut(5));
  BatchRun one = run;
  one.batches = 1;
  EXPECT_FALSE(IsCut(one, std::vector<Offset>{Offset{3}}));
}

}  // namespace
}  // namespace cauce
