#include "engine/log/log_judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/testing/found_logs.h"

namespace cauce {
namespace {

using test::Judge;
using test::kRubbish;
using test::Ones;
using test::Piece;
using test::PlannedLog;
using test::StoryOf;
using ::testing::ElementsAre;

constexpr bool kGaps = true;
constexpr bool kNoGaps = false;

KnownOfLog Known(bool may_have_gaps, int64_t durable = 0) {
  return {.durable = Offset{durable}, .may_have_gaps = may_have_gaps};
}

// The same where the log was closed.
KnownOfLog Closed(bool may_have_gaps, int64_t end) {
  return {.durable = Offset{end},
          .start_is_known = true,
          .clean_stop = true,
          .may_have_gaps = may_have_gaps};
}

// Of another log.
PlannedLog Foreign(int64_t named, int64_t base, int64_t next) {
  return {.named = named, .pieces = Ones(base, next), .of = 1};
}

TEST(Judgement, LeavesAWholeLogAsItIs) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(
        StoryOf({{0, Ones(0, 3)}, {3, {{3, 7}}}, {7, {}}}, Closed(gaps, 7)),
        ElementsAre("0: 0 1 2", "3: 3", "7:"));
  }
}

TEST(Judgement, KeepsGapsOfCompaction) {
  EXPECT_THAT(
      StoryOf({{0, {{0, 1}, {4, 5}, {7, 9}}}, {9, {{12, 13}, {15, 16}}}},
              Closed(kGaps, 16)),
      ElementsAre("0: 0 4 7", "9: 12 15"));
}

// The next file is damaged as well, where the offset seems to lead.
TEST(Judgement, ABatchThatIsAstrayStaysDamageWhateverElseIs) {
  const std::vector<Piece> front = {{25, 27}, {27, 29}, {32, 35}};
  for (const bool gaps : {kGaps, kNoGaps}) {
    const KnownOfLog known = Closed(gaps, 40);
    EXPECT_THAT(
        StoryOf({{25, front}, {32, {kRubbish, {35, 38}, {38, 40}}}}, known),
        ElementsAre("25: 25 27 x", "32: x 35 38"));
    EXPECT_THAT(
        StoryOf({{18, {{21, 24}}}, {21, {kRubbish}}, {24, Ones(24, 40)}},
                known),
        ElementsAre("aside", "aside",
                    "24:" + StoryOf({{24, Ones(24, 40)}}, known)[0].substr(3)));
    EXPECT_THAT(StoryOf({{25, front}, {32, {kRubbish}}}, known)[0],
                "25: 25 27 x");
  }
}

TEST(Judgement, ABatchInTheMiddleThatContradictsItsNeighboursIsDamage) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const int64_t base : {0, 1, 4, 5, 9, 70'000}) {
      SCOPED_TRACE(base);
      EXPECT_THAT(
          StoryOf({{0, {{0, 1}, {1, 2}, {base, base + 1}, {3, 4}, {4, 5}}}},
                  Closed(gaps, 5)),
          ElementsAre("0: 0 1 x 3 4"));
    }
  }
}

TEST(Judgement, ABatchInFrontThatContradictsItsNameIsDamage) {
  for (const int64_t base : {0, 1, 2, 5, 6, 7, 58'880}) {
    SCOPED_TRACE(base);
    for (const bool gaps : {kGaps, kNoGaps}) {
      EXPECT_THAT(StoryOf({{0, Ones(0, 4)},
                           {4, {{base, base + 1}, {5, 6}, {6, 7}}},
                           {7, Ones(7, 9)}},
                          Closed(gaps, 9))[1],
                  "4: x 5 6");
    }
    EXPECT_THAT(
        StoryOf({{0, Ones(0, 4)}, {4, {{base, base + 2}}}, {6, Ones(6, 9)}},
                Closed(kNoGaps, 9))[1],
        "aside");
  }
}

// Nothing tells it from a batch that lies behind a gap.
TEST(Judgement, AnOffsetInOrderIsNotDoubtedWhereThereMayBeGaps) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 1}, {2, 3}}}, {4, {{5, 6}}}, {7, Ones(7, 9)}};
  EXPECT_THAT(StoryOf(logs, Closed(kGaps, 9)),
              ElementsAre("0: 0 2", "4: 5", "7: 7 8"));
  EXPECT_THAT(StoryOf(logs, Closed(kNoGaps, 9)),
              ElementsAre("0: 0 x", "aside", "7: 7 8"));
}

// Compaction leaves none there, and no batch behind it agrees.
TEST(Judgement, ALastBatchAboveWhatWasDurableLeavesNoGap) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 1}, {1, 2}, {70'000, 70'001}}}};
  EXPECT_THAT(StoryOf(logs, Known(kGaps, 2)), ElementsAre("0: 0 1 x"));
  EXPECT_THAT(
      StoryOf({{0, Ones(0, 2)}, {2, {{70'000, 70'001}}}}, Known(kGaps, 2)),
      ElementsAre("0: 0 1", "2: x"));
  // Two of them agree, as far as anything can.
  EXPECT_THAT(StoryOf({{0, {{0, 1}, {1, 2}, {5, 6}, {6, 7}}}}, Known(kGaps, 2)),
              ElementsAre("0: 0 1 5 6"));
}

// As where someone logs logs, and the header is damaged of what holds them.
TEST(Judgement, BatchesThatMayLieWithinARecordWaitForThoseOfTheirFile) {
  const auto run = [](int64_t position, int64_t base, int64_t batches) {
    return BatchRun{.position = position,
                    .end = position + 100 * batches,
                    .base = Offset{base},
                    .next = Offset{base + batches},
                    .batches = batches};
  };
  std::vector<FoundLog> found = {
      {.named = Offset{0},
       .runs = {run(0, 0, 3), run(350, 70, 50), run(5400, 4, 4)}}};
  EXPECT_THAT(JudgeLogs(found, Closed(kGaps, 8))[0].stay, ElementsAre(0, 1));
  found[0].runs[1].is_doubtful = true;
  EXPECT_THAT(JudgeLogs(found, Closed(kGaps, 8))[0].stay, ElementsAre(0, 2));
  // Where they contradict none they stay.
  found[0].runs[2] = run(5400, 120, 4);
  EXPECT_THAT(JudgeLogs(found, Closed(kGaps, 124))[0].stay,
              ElementsAre(0, 1, 2));
}

// It may not have been the file's from there on.
TEST(Judgement, BatchesThatContradictTheNamedFrontOfTheirFileWaitForIt) {
  std::vector<FoundLog> found = {
      {.named = Offset{8},
       .runs = {{.end = 200,
                 .base = Offset{8},
                 .next = Offset{10},
                 .batches = 2},
                {.position = 300,
                 .end = 900,
                 .base = Offset{2},
                 .next = Offset{8},
                 .batches = 6}}}};
  EXPECT_THAT(JudgeLogs(found, Closed(kGaps, 10))[0].stay, ElementsAre(0));
}

// Each is known by the one behind it alone: what is in front is astray.
TEST(Judgement, SaysWhereItsRoundsAreNotEnough) {
  PlannedLog log;
  int64_t astray = 1'000'000;
  const auto add_astray = [&] {
    log.pieces.push_back({astray, astray + 1});
    astray += 10;
  };
  add_astray();
  constexpr int64_t kBatches = 200;
  for (int64_t i = 0; i < kBatches; ++i) {
    add_astray();
    log.pieces.push_back({2 + 2 * i, 3 + 2 * i});
  }
  const KnownOfLog known = Closed(kNoGaps, 1 + 2 * kBatches);
  const std::vector<FoundLog> found = test::FindLogs({log}, kNoGaps);

  EXPECT_TRUE(JudgeLogs(found, known, 1)[0].is_undecided);
  const JudgedLog judged = JudgeLogs(found, known)[0];
  EXPECT_FALSE(judged.is_undecided);
  EXPECT_EQ(judged.stay.size(), kBatches);
}

// Nobody has what it says, and so it is none.
TEST(Judgement, AFileOfWhichNothingIsBelievedIsNoCopyOfWhatHasItsName) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    const std::vector<JudgedLog> judged =
        Judge({{0, Ones(0, 6)}, {3, {{900, 901}}}, {6, Ones(6, 8)}},
              Closed(gaps, 8));
    EXPECT_EQ(judged[1].fate, LogFate::kNoBatch);
    EXPECT_EQ(judged[1].other, 0);
  }
  const std::vector<JudgedLog> copy = Judge(
      {{0, Ones(0, 6)}, {3, Ones(1, 3)}, {6, Ones(6, 8)}}, Closed(kGaps, 8));
  EXPECT_EQ(copy[1].fate, LogFate::kCopy);
  EXPECT_EQ(copy[1].other, 0);
}

// Not each of them is looked at for each, nor each name around them.
TEST(Judgement, IsMadeOfAsManyBatchesAsALogMayHave) {
  constexpr int64_t kBatches = 50'000;
  PlannedLog lone{.named = 0};
  for (int64_t i = 0; i < kBatches; ++i) {
    lone.pieces.push_back({2 * i, 2 * i + 1});
    lone.pieces.push_back(kRubbish);
  }
  std::vector<PlannedLog> logs = {lone};
  for (int64_t i = 0; i < kBatches; ++i) {
    logs.push_back({.named = 2 * kBatches + i});
  }
  for (const bool gaps : {kGaps, kNoGaps}) {
    const std::vector<JudgedLog> judged = Judge(logs, Known(gaps));
    EXPECT_EQ(judged[0].fate, LogFate::kSegment);
    EXPECT_EQ(judged[0].stay.size(), kBatches);
  }
}

TEST(Judgement, BatchesBehindDamageStay) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, {{0, 1}, kRubbish, {2, 3}, kRubbish}},
                         {5, {kRubbish, {6, 8}}}},
                        Known(gaps)),
                ElementsAre("0: 0 x 2 x", "5: x 6"));
  }
}

// It ends where the next file begins; what was in front of it is gone.
TEST(Judgement, ALoneBatchBehindWhatIsGoneStaysWhereTheNextFileMeetsIt) {
  EXPECT_THAT(
      StoryOf({{0, {{0, 1}, {2, 3}}}, {3, {{3, 4}}}}, Closed(kNoGaps, 4)),
      ElementsAre("0: 0 2", "3: 3"));
}

TEST(Judgement, SegmentsThatMissTheirFirstBatchesKeepTheirNames) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {2, Ones(4, 6)}}, Closed(gaps, 6)),
                ElementsAre("0: 0 1", "2: 4 5"));
  }
}

// Else nothing would tell of the one that was called so.
TEST(Judgement, ASegmentThatIsKnownByAnotherNameGetsThatBack) {
  const auto known_as = [](int64_t name) {
    return PlannedLog{.named = 2,
                      .pieces = {{7, 8}, {8, 9}},
                      .former_name = FormerName{Offset{name}}};
  };
  for (const bool gaps : {kGaps, kNoGaps}) {
    const KnownOfLog known = Closed(gaps, 9);
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, known_as(5)}, known),
                ElementsAre("0: 0 1", "5: 7 8"));
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, known_as(7)}, known),
                ElementsAre("0: 0 1", "7: 7 8"));
    // Where others lie behind that name it is not its own.
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, known_as(3), {4, Ones(4, 6)}}, known),
                ElementsAre("0: 0 1", "7: 7 8", "4: 4 5"));
  }
}

TEST(Judgement, AWrongNameGivesWayToBatchesThatContinueEachOther) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {4, Ones(4, 6)}, {7, Ones(2, 4)}},
                        Closed(gaps, 6)),
                ElementsAre("0: 0 1", "4: 4 5", "2: 2 3"));
  }
}

TEST(Judgement, AWrongNameGivesWayToABatchThatItsNeighboursMeet) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {4, Ones(4, 6)}, {9, {{2, 4}}}},
                        Closed(gaps, 6))[2],
                "2: 2");
    // One of them.
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {9, {{2, 4}}}}, Known(gaps))[1],
                "2: 2");
  }
}

TEST(Judgement, AWrongNameGivesWayToABatchThatTheEndsOfTheLogMeet) {
  EXPECT_THAT(StoryOf({{9, {{2, 4}}}}, Known(kNoGaps, 9)), ElementsAre("9: x"));
  EXPECT_THAT(StoryOf({{9, {{2, 4}}}}, Known(kNoGaps, 4)), ElementsAre("2: 2"));
  KnownOfLog known = Known(kNoGaps, 7);
  known.log_start = Offset{3};
  known.start_is_known = true;
  EXPECT_THAT(StoryOf({{9, {{2, 4}}}}, known), ElementsAre("2: 2"));
}

TEST(Judgement, ANameKeepsABatchDamageForWhichAsMuchSpeaks) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    // Its place is free since another segment is gone.
    EXPECT_THAT(
        StoryOf(
            {{0, Ones(0, 2)}, {2, {{6, 8}}}, {4, Ones(4, 6)}, {8, Ones(8, 9)}},
            Closed(gaps, 9))[1],
        "aside");
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {7, {{4, 6}}}}, Known(gaps))[1],
                "7: x");
  }
}

TEST(Judgement, FilesOfOneBatchThatExchangedTheirNamesGetThemBack) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(
        StoryOf({{0, {{4, 6}}}, {2, {{2, 4}}}, {4, {{0, 2}}}}, Closed(gaps, 6)),
        ElementsAre("4: 4", "2: 2", "0: 0"));
    EXPECT_THAT(
        StoryOf({{0, {{4, 6}}}, {2, {{0, 2}}}, {4, {{2, 4}}}, {6, Ones(6, 8)}},
                Closed(gaps, 8)),
        ElementsAre("4: 4", "0: 0", "2: 2", "6: 6 7"));
  }
}

// The first of them waits by then.
TEST(Judgement, FindsTheSameWhenARenamingInACircleWasCutShort) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    const KnownOfLog known = Closed(gaps, 8);
    EXPECT_THAT(StoryOf({{2, {{4, 6}}},
                         {4, {{0, 2}}},
                         {6, Ones(6, 8)},
                         {2, {{2, 4}}, true}},
                        known),
                ElementsAre("4: 4", "0: 0", "6: 6 7", "2: 2"));
    EXPECT_THAT(StoryOf({{0, {{2, 4}}},
                         {2, {{4, 6}}},
                         {6, Ones(6, 8)},
                         {0, {{0, 2}}, true}},
                        known),
                ElementsAre("2: 2", "4: 4", "6: 6 7", "0: 0"));
  }
}

TEST(Judgement, WhatWaitsIsPutAsideWhereItIsACopyOrHoldsNothing) {
  for (const KnownOfLog& known : {Closed(kGaps, 2), Known(kGaps, 2)}) {
    EXPECT_THAT(StoryOf({{0, Ones(0, 2)},
                         {0, Ones(0, 2), true},
                         {4, {kRubbish}, true},
                         {7, {}, true}},
                        known),
                ElementsAre("0: 0 1", "aside", "aside", "aside"));
  }
}

// Neither is called as it begins.
TEST(Judgement, OfACopyTheOneWithTheNearerNameStays) {
  const std::vector<Piece> batches = {{24, 25}, {27, 30}, {30, 32}};
  EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {9, batches}, {22, batches}},
                      Closed(kGaps, 32)),
              ElementsAre("0: 0 1", "aside", "22: 24 27 30"));
}

TEST(Judgement, OfACopyTheOneWithTheRightNameStays) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const int64_t named : {1, 3, 7, 9999}) {
      for (const auto& batches : {Ones(2, 4), std::vector<Piece>{{2, 4}}}) {
        std::vector<PlannedLog> logs = {
            {0, Ones(0, 2)}, {2, batches}, {4, Ones(4, 6)}, {named, batches}};
        test::SortLogs(logs);
        for (const KnownOfLog& known : {Closed(gaps, 6), Known(gaps, 1)}) {
          const auto story = StoryOf(logs, known);
          EXPECT_EQ(std::ranges::count(story, "aside"), 1) << named;
          for (size_t log = 0; log < logs.size(); ++log) {
            EXPECT_EQ(story[log] == "aside", logs[log].named == named);
          }
        }
      }
    }
  }
}

TEST(Judgement, OfTwoThatHoldTheSameTheOneWithMoreStays) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, Ones(0, 3)}, {1, Ones(0, 6)}, {6, Ones(6, 8)}},
                        Closed(gaps, 8)),
                ElementsAre("aside", "0: 0 1 2 3 4 5", "6: 6 7"));
  }
}

// How much there is of it speaks for nothing.
TEST(Judgement, ALargerFileOfAnotherLogDisplacesNothing) {
  const std::vector<PlannedLog> own = {
      {0, Ones(0, 10)}, {10, Ones(10, 20)}, {20, Ones(20, 30)}};
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const KnownOfLog& known :
         {Closed(gaps, 30), Known(gaps), Known(gaps, 20)}) {
      const std::vector<std::string> whole = StoryOf(own, known);
      for (const int64_t begin : {0, 4, 10, 20}) {
        for (const int64_t named : {1, 5, 15, 25, 30, 31, 50, 90}) {
          SCOPED_TRACE(fmt::format("offsets from {} in {}", begin, named));
          std::vector<PlannedLog> logs = own;
          logs.push_back(Foreign(named, begin, 80));
          test::SortLogs(logs);
          std::vector<std::string> story = StoryOf(logs, known);
          EXPECT_EQ(std::erase(story, "aside"), 1);
          EXPECT_EQ(story, whole);
        }
      }
    }
  }
}

// Here nothing of its own is left for the offsets of the one that is gone.
TEST(Judgement, ALargerFileOfAnotherLogInThePlaceOfOneDisplacesNoOther) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const KnownOfLog& known :
         {Closed(gaps, 40), Known(gaps), Known(gaps, 20)}) {
      // Whatever it is called by.
      EXPECT_THAT(StoryOf({{0, Ones(0, 10)},
                           {10, Ones(10, 20)},
                           {20, Ones(20, 30)},
                           Foreign(30, 0, 80)},
                          known),
                  ElementsAre("0: 0 1 2 3 4 5 6 7 8 9",
                              "10: 10 11 12 13 14 15 16 17 18 19",
                              "20: 20 21 22 23 24 25 26 27 28 29",
                              testing::Not(testing::HasSubstr("0 "))));
      const auto story = StoryOf({Foreign(0, 0, 80),
                                  {10, Ones(10, 14)},
                                  {14, Ones(14, 18)},
                                  {18, Ones(18, 40)}},
                                 known);
      EXPECT_EQ(story[1], "10: 10 11 12 13");
      EXPECT_EQ(story[2], "14: 14 15 16 17");
      EXPECT_THAT(story[3], testing::StartsWith("18: 18 19 20 21"));
    }
  }
}

// It contradicts both its name and where the log was closed.
TEST(Judgement, ABatchOfAnotherLogAboveTheEndIsNoneWhereNothingElseIsLeft) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({Foreign(0, 50, 60)}, Closed(gaps, 30)),
                ElementsAre("aside"));
    EXPECT_THAT(StoryOf({{0, Ones(0, 30)}, {9, Ones(30, 40)}},
                        Closed(gaps, 30)),
                ElementsAre(testing::StartsWith("0: 0 1 2"),
                            testing::StartsWith("30: 30 31")));
  }
}

TEST(Judgement, BatchesAboveWhatWasDurableAreNoneWhereOnlyTheirOffsetsSaySo) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const int64_t begin : {30, 50}) {
      SCOPED_TRACE(begin);
      const PlannedLog foreign = Foreign(0, begin, begin + 10);
      const PlannedLog last = Foreign(20, begin, begin + 10);
      for (const KnownOfLog& known : {Closed(gaps, 30), Known(gaps, 30)}) {
        EXPECT_THAT(StoryOf({foreign}, known), ElementsAre("aside"));
        EXPECT_THAT(StoryOf({{0, Ones(0, 20)}, last}, known)[1], "aside");
      }
    }
    // Those that another file meets have their place, and so have those of a
    // file that begins as it is called, or has lost its first batches.
    EXPECT_EQ(StoryOf({{0, Ones(0, 30)}, {30, Ones(31, 33)}},
                      Known(gaps, 30))[1],
              "30: 31 32");
    EXPECT_EQ(
        StoryOf({{0, Ones(0, 30)}, {9, Ones(30, 33)}}, Known(gaps, 30))[1],
        "30: 30 31 32");
    EXPECT_EQ(StoryOf({{9, Ones(31, 33)}, {33, Ones(33, 35)}},
                      Known(gaps, 30))[0],
              "9: 31 32");
    EXPECT_EQ(StoryOf({{0, Ones(0, 30)}, {30, Ones(30, 33)}},
                      Known(gaps, 30))[1],
              "30: 30 31 32");
  }
}

// As verification has it: nothing was written there.
TEST(Judgement, AnEmptyFileAboveALogThatWasClosedEmptyIsNoSegment) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, {}}, {5, {}}}, Closed(gaps, 0)),
                ElementsAre("0:", "aside"));
    // Nor where an empty segment stands at the end, and a gap in front of it.
    EXPECT_THAT(StoryOf({{0, {{0, 2}}}, {4, {}}, {9, {}}}, Closed(kGaps, 4)),
                ElementsAre("0: 0", "4:", "aside"));
  }
}

// The close has noted where that is, and nobody has written since.
TEST(Judgement, WhatLiesBehindANotedCloseIsOfAnotherLogWhateverItIsCalled) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    KnownOfLog known = Closed(gaps, 3);
    known.closed_end = known.durable;
    for (const int64_t named : {3, 4, 7, 9}) {
      for (const int64_t begin : {3, 4, 7}) {
        SCOPED_TRACE(fmt::format("{} in {}", begin, named));
        EXPECT_THAT(
            StoryOf({{0, Ones(0, 3)}, Foreign(named, begin, begin + 5)}, known),
            ElementsAre("0: 0 1 2", "aside"));
        EXPECT_THAT(
            StoryOf({{0, Ones(0, 3)}, Foreign(named, begin, begin + 1)}, known),
            ElementsAre("0: 0 1 2", "aside"));
      }
    }
  }
}

// As long as no other file fills it as well as it does.
TEST(Judgement, AFileOfAnotherLogFillsNoDamage) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const KnownOfLog& known : {Closed(gaps, 16), Known(gaps)}) {
      EXPECT_THAT(StoryOf({{0, {{0, 1}, {1, 2}, kRubbish, {3, 4}, {4, 5}}},
                           Foreign(3, 0, 60),
                           {5, {kRubbish, {6, 7}, {7, 8}}},
                           {8, {{8, 9}, {9, 10}, kRubbish}},
                           {12, Ones(12, 16)}},
                          known),
                  ElementsAre("0: 0 1 x 3 4", "aside", "5: x 6 7", "8: 8 9 x",
                              "12: 12 13 14 15"));
    }
  }
}

// After a clean stop it is known how long each was.
TEST(Judgement, OfTwoThatAreCalledAsTheyBeginTheOneThatWasThereStays) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    const std::vector<PlannedLog> logs = {
        {0, Ones(0, 4)},
        Foreign(4, 4, 20),
        {.named = 8, .pieces = Ones(8, 12), .is_listed = true}};
    const auto story = StoryOf(logs, Closed(gaps, 12));
    EXPECT_EQ(story[0], "0: 0 1 2 3");
    EXPECT_THAT(story[1], testing::StartsWith("4: 4 5 6 7 x x x x"));
    EXPECT_EQ(story[2], "8: 8 9 10 11");
  }
}

TEST(Judgement, NamesTheBatchesOfANamedFileThatOthersAreBelievedInsteadOf) {
  const std::vector<JudgedLog> judged =
      Judge({{0, Ones(0, 4)},
             Foreign(4, 4, 20),
             {.named = 8, .pieces = Ones(8, 12), .is_listed = true},
             {.named = 9, .pieces = Ones(0, 4)}},
            Closed(kNoGaps, 12));
  EXPECT_THAT(judged[0].displaced, testing::IsEmpty());
  EXPECT_FALSE(judged[1].displaced.empty());
  EXPECT_THAT(judged[2].displaced, testing::IsEmpty());
  // A copy.
  EXPECT_THAT(judged[3].displaced, testing::IsEmpty());
}

// They may be a newer copy of it, and count as lost.
TEST(Judgement, NamesTheBatchesOfAllFilesThatGoOnBehindANotedClose) {
  KnownOfLog known = Closed(kNoGaps, 3);
  known.closed_end = known.durable;
  const std::vector<JudgedLog> judged =
      Judge({{0, Ones(0, 3)}, {3, Ones(3, 6)}, {6, Ones(6, 9)}}, known);
  EXPECT_FALSE(judged[1].displaced.empty());
  EXPECT_FALSE(judged[2].displaced.empty());
}

TEST(Judgement, ABatchThatIsThereTwiceStaysOnce) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(
        StoryOf({{0, {{0, 1}, {1, 2}, {1, 2}, {2, 3}}}}, Closed(gaps, 3)),
        ElementsAre("0: 0 1 x 2"));
    EXPECT_THAT(
        StoryOf({{0, {{1, 2}, {0, 1}, {1, 2}, {2, 3}}}}, Closed(gaps, 3)),
        ElementsAre("0: x 0 1 2"));
    EXPECT_THAT(StoryOf({{0, {{0, 1}, {1, 2}, {2, 3}, {1, 2}, {3, 4}}}},
                        Closed(gaps, 4)),
                ElementsAre("0: 0 1 2 x 3"));
  }
}

// What is left of the first copy ends there as well, and is less.
TEST(Judgement, ASecondCopyThatReachesTheEndStaysForADamagedFirstOne) {
  const std::vector<Piece> twice = {kRubbish, {7, 8}, {8, 9}, {4, 5},
                                    {5, 7},   {7, 8}, {8, 9}};
  EXPECT_THAT(StoryOf({{0, Ones(0, 4)}, {4, twice}}, Closed(kNoGaps, 9)),
              ElementsAre("0: 0 1 2 3", "4: x x x 4 5 7 8"));
}

TEST(Judgement, FilesWithoutABatchWithinABatchGoAside) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, {{0, 10}}}, {3, {}}, {5, {kRubbish}}, {10, {}}},
                        Closed(gaps, 10)),
                ElementsAre("0: 0", "aside", "aside", "10:"));
  }
}

// Each would be in the way of the batch that holds both.
TEST(Judgement, AForeignBatchBesideAnEmptyFileWithinABatchGoesAside) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const KnownOfLog& known : {Closed(gaps, 12), Known(gaps, 0)}) {
      EXPECT_THAT(
          StoryOf({{0, {{0, 10}}}, {3, {}}, {5, {{5, 6}}}, {10, Ones(10, 12)}},
                  known),
          ElementsAre("0: 0", "aside", "aside", "10: 10 11"));
    }
  }
}

TEST(Judgement, AFileThatStandsInDamageOfAnotherGoesAside) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_THAT(StoryOf({{0, {{0, 1}, {1, 2}, kRubbish, {4, 5}, {5, 6}}},
                         {3, {{3, 4}}}},
                        Closed(gaps, 6))[1],
                "aside");
  }
}

TEST(Judgement, AnEmptyFileKeepsNoNameFromASegment) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    for (const auto& batches : {Ones(0, 2), std::vector<Piece>{{0, 2}}}) {
      EXPECT_THAT(
          StoryOf({{0, {}}, {1, batches}, {2, Ones(2, 4)}}, Closed(gaps, 4))[0],
          "aside");
      EXPECT_THAT(
          StoryOf({{0, {}}, {1, batches}, {2, Ones(2, 4)}}, Closed(gaps, 4))[1]
              .substr(0, 2),
          "0:");
    }
    // Two were exchanged, and one of them is empty since.
    EXPECT_THAT(
        StoryOf({{0, {}}, {2, Ones(2, 4)}, {4, Ones(0, 2)}, {6, Ones(6, 8)}},
                Closed(gaps, 8)),
        ElementsAre("aside", "2: 2 3", "0: 0 1", "6: 6 7"));
  }
}

// It held something.
TEST(Judgement, ADamagedFileKeepsItsPlaceFromALoneBatch) {
  EXPECT_THAT(StoryOf({{3, {kRubbish}}, {4, Ones(4, 6)}, {9, {{2, 4}}}},
                      Closed(kNoGaps, 6))[2],
              "aside");
}

TEST(Judgement, FilesAboveTheEndOfAClosedLogGoAside) {
  EXPECT_THAT(
      StoryOf({{0, Ones(0, 2)}, {9, {}}, {12, {kRubbish}}, {14, {{14, 15}}}},
              Closed(kNoGaps, 2)),
      ElementsAre("0: 0 1", "9:", "aside", "14: 14"));
  EXPECT_THAT(
      StoryOf({{0, Ones(0, 2)}, {9, {}}, {12, {kRubbish}}}, Closed(kNoGaps, 2)),
      ElementsAre("0: 0 1", "aside", "aside"));
  // Where it was not closed the log goes on in the last one.
  EXPECT_THAT(
      StoryOf({{0, Ones(0, 2)}, {9, {}}, {12, {kRubbish}}}, Known(kNoGaps, 2)),
      ElementsAre("0: 0 1", "9:", "12: x"));
}

TEST(Judgement, ADamagedFileStaysOnlyWhereTheLogGoesOnInIt) {
  EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {2, {kRubbish}}}, Known(kGaps, 2)),
              ElementsAre("0: 0 1", "2: x"));
  EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {2, {kRubbish}}}, Known(kGaps, 3)),
              ElementsAre("0: 0 1", "aside"));
  EXPECT_THAT(StoryOf({{0, Ones(0, 2)}, {2, {kRubbish}}, {4, Ones(4, 6)}},
                      Known(kGaps)),
              ElementsAre("0: 0 1", "aside", "4: 4 5"));
}

TEST(Judgement, NoSegmentIsLongerThanAnIndexCanTell) {
  const int64_t far = kSegmentOffsetsMax + 5;
  EXPECT_THAT(
      StoryOf({{0, {{0, 1}, {1, 2}, {far, far + 1}, {far + 1, far + 2}}}},
              Known(kGaps)),
      ElementsAre("0: 0 1 x x"));
  EXPECT_THAT(StoryOf({{0, Ones(far, far + 2)}}, Known(kGaps)),
              ElementsAre(fmt::format("{0}: {0} {1}", far, far + 1)));
}

// Every way in which up to five files can bear each other's names, of one batch
// each, of several, or of both, of the same size or not.
TEST(Judgement, UndoesEveryExchangeOfNames) {
  const std::vector<std::vector<int64_t>> kBatches = {
      {1, 1, 1, 1, 1}, {2, 2, 2, 2, 2}, {1, 2, 1, 3, 1}, {3, 1, 2, 1, 1}};
  for (const auto& batches : kBatches) {
    for (const int64_t records : {1, 3}) {
      std::vector<PlannedLog> right;
      int64_t next = 0;
      for (const int64_t count : batches) {
        PlannedLog log{.named = next};
        for (int64_t i = 0; i < count; ++i) {
          const int64_t base = std::exchange(next, next + records + i % 2);
          log.pieces.push_back({base, next});
        }
        right.push_back(log);
      }
      std::vector<size_t> order(batches.size());
      std::iota(order.begin(), order.end(), size_t{0});
      do {
        std::vector<PlannedLog> logs = right;
        for (size_t i = 0; i < order.size(); ++i) {
          logs[i].pieces = right[order[i]].pieces;
        }
        for (const bool gaps : {kGaps, kNoGaps}) {
          for (const KnownOfLog& known : {Closed(gaps, next), Known(gaps, 0)}) {
            const std::vector<JudgedLog> judged = Judge(logs, known);
            for (size_t i = 0; i < order.size(); ++i) {
              SCOPED_TRACE(fmt::format("{} batches of {}, file {} of {}, {}",
                                       batches, records, i, order, gaps));
              ASSERT_EQ(judged[i].fate, LogFate::kSegment);
              ASSERT_EQ(judged[i].base, Offset{right[order[i]].named});
              const auto found = test::FindLogs(logs, gaps);
              ASSERT_EQ(judged[i].stay.size(), found[i].runs.size());
            }
          }
        }
      } while (std::ranges::next_permutation(order).found);
    }
  }
}

}  // namespace
}  // namespace cauce
