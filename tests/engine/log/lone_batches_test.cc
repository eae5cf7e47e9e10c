#include "engine/log/lone_batches.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/testing/found_logs.h"

namespace cauce {
namespace {

using test::FindLogs;
using test::kRubbish;
using test::Ones;
using test::Piece;
using test::PlannedLog;

// Whether run `run` of log `log` is believed once all runs of more than one
// batch are, and those that are called as their files.
bool IsBelieved(const std::vector<PlannedLog>& logs, size_t log, size_t run,
                const KnownOfLog& known) {
  const std::vector<FoundLog> found = FindLogs(logs, known.may_have_gaps);
  OffsetLine line(found.size());
  for (size_t each = 0; each < found.size(); ++each) {
    for (const BatchRun& batches : found[each].runs) {
      const bool is_sure =
          batches.batches > 1 || batches.is_linked ||
          (batches.position == 0 && batches.base == found[each].named);
      const LogPart part{each, batches.position, batches.base, batches.next};
      if (is_sure && line.HasRoomFor(part)) line.Take(part);
    }
  }
  return LoneBatches(found, known, line).IsBelieved(log, run);
}

const KnownOfLog kNoGaps = {.may_have_gaps = false};
const KnownOfLog kGaps = {.durable = Offset{1000}};

TEST(LoneBatch, IsBelievedBetweenDamageInItsOrder) {
  const auto between = [](int64_t base) {
    return std::vector<PlannedLog>{
        {0, {{0, 1}, {1, 2}, kRubbish, {base, base + 2}, kRubbish}},
        {9, Ones(9, 11)}};
  };
  for (const KnownOfLog& known : {kNoGaps, kGaps}) {
    EXPECT_TRUE(IsBelieved(between(4), 0, 1, known));
    EXPECT_FALSE(IsBelieved(between(8), 0, 1, known));
    EXPECT_FALSE(IsBelieved(between(12), 0, 1, known));
  }
}

TEST(LoneBatch, IsNotBelievedBesideOneThatItDoesNotContinue) {
  const std::vector<PlannedLog> logs = {{0, {{0, 1}, {1, 2}, {5, 6}}},
                                        {9, Ones(9, 11)}};
  EXPECT_FALSE(IsBelieved(logs, 0, 1, kNoGaps));
  EXPECT_TRUE(IsBelieved(logs, 0, 1, kGaps));
}

// Either may be wrong.
TEST(LoneBatch, IsNotBelievedBesideOneThatIsNotBelievedYet) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 1}, kRubbish, {4, 5}, {7, 8}, kRubbish}}};
  EXPECT_FALSE(IsBelieved(logs, 0, 1, kNoGaps));
  EXPECT_FALSE(IsBelieved(logs, 0, 2, kNoGaps));
}

TEST(LoneBatch, IsBelievedBehindAGapWhereTheNextFileMeetsIt) {
  std::vector<PlannedLog> logs = {{0, {{0, 1}, {1, 2}, {5, 6}}}, {6, {}}};
  EXPECT_TRUE(IsBelieved(logs, 0, 1, kNoGaps));
  logs[1] = {6, {kRubbish, {8, 9}, {9, 10}}};
  EXPECT_TRUE(IsBelieved(logs, 0, 1, kNoGaps));
  logs.pop_back();
  EXPECT_FALSE(IsBelieved(logs, 0, 1, kNoGaps));
  KnownOfLog ends_there = kNoGaps;
  ends_there.durable = Offset{6};
  EXPECT_TRUE(IsBelieved(logs, 0, 1, ends_there));
}

TEST(LoneBatch, IsNotBelievedAmongTheOffsetsOfADamagedFile) {
  for (const auto& damaged : {std::vector<Piece>{kRubbish},
                              std::vector<Piece>{kRubbish, {8, 9}, {9, 10}}}) {
    // At its name, and behind it.
    for (const int64_t base : {5, 6}) {
      const std::vector<PlannedLog> logs = {
          {0, {{0, 1}, kRubbish, {base, base + 1}}}, {5, damaged}};
      EXPECT_FALSE(IsBelieved(logs, 0, 1, kNoGaps)) << base;
      EXPECT_FALSE(IsBelieved(logs, 0, 1, kGaps)) << base;
    }
  }
}

// Two others meet it.
TEST(LoneBatch, IsBelievedInPlaceOfADamagedFileWhereItFillsTheHole) {
  const std::vector<PlannedLog> logs = {
      {0, Ones(0, 6)}, {6, {kRubbish}}, {9, Ones(9, 11)}, {20, {{6, 9}}}};
  EXPECT_TRUE(IsBelieved(logs, 3, 0, kGaps));
  std::vector<PlannedLog> shorter = logs;
  shorter[3].pieces = {{6, 8}};
  EXPECT_FALSE(IsBelieved(shorter, 3, 0, kGaps));
}

// Between its name and its first batch something may be missing.
TEST(LoneBatch, IsNotBelievedWhereTheNextFileIsCalledSo) {
  const std::vector<PlannedLog> astray = {
      {0, Ones(0, 2)}, {2, {{4, 5}}}, {4, Ones(6, 8)}};
  EXPECT_FALSE(IsBelieved(astray, 1, 0, kGaps));
  // That name is wrong where the file in front goes on behind it.
  const std::vector<PlannedLog> goes_on = {
      {0, {{0, 1}, {1, 2}, kRubbish, {3, 6}}}, {2, Ones(7, 9)}};
  EXPECT_TRUE(IsBelieved(goes_on, 0, 1, kGaps));
  const std::vector<PlannedLog> meets = {{0, {{0, 1}, {1, 2}, {3, 6}}},
                                         {2, Ones(6, 8)}};
  EXPECT_TRUE(IsBelieved(meets, 0, 1, kGaps));
  const std::vector<PlannedLog> meets_not = {{0, {{0, 1}, {1, 2}, {3, 6}}},
                                             {2, Ones(7, 9)}};
  EXPECT_FALSE(IsBelieved(meets_not, 0, 1, kGaps));
}

TEST(LoneBatch, IsBelievedAgainstItsNameWhereMoreMeetsIt) {
  for (const KnownOfLog& known : {kNoGaps, kGaps}) {
    EXPECT_TRUE(IsBelieved({{0, Ones(0, 2)}, {4, Ones(4, 6)}, {9, {{2, 4}}}}, 2,
                           0, known));
    EXPECT_FALSE(IsBelieved(
        {{0, Ones(0, 2)}, {2, {{6, 8}}}, {4, Ones(4, 6)}, {8, Ones(8, 9)}}, 1,
        0, known));
    EXPECT_FALSE(IsBelieved({{0, Ones(0, 2)}, {7, {{4, 6}}}}, 1, 0, known));
  }
}

// What stands behind it goes on from the name.
TEST(LoneBatch, IsNotBelievedInFrontOfWhatFollowsItsName) {
  const std::vector<PlannedLog> logs = {{0, Ones(0, 2)},
                                        {4, {{2, 3}, {5, 6}, {6, 7}}}};
  EXPECT_FALSE(IsBelieved(logs, 1, 0, kNoGaps));
  EXPECT_FALSE(IsBelieved(logs, 1, 0, kGaps));
}

TEST(LoneBatch, AboveTheSavedEndNeedsAnotherToConfirmIt) {
  const KnownOfLog known = {.durable = Offset{2}};
  EXPECT_FALSE(IsBelieved({{0, {{0, 1}, {1, 2}, {5, 6}}}}, 0, 1, known));
  EXPECT_TRUE(
      IsBelieved({{0, {{0, 1}, {1, 2}, kRubbish, {5, 6}}}}, 0, 1, known));
  EXPECT_FALSE(IsBelieved({{0, Ones(0, 2)}, {2, {{5, 6}}}}, 1, 0, known));
}

TEST(LoneBatch, OfFilesThatExchangedTheirNamesIsBelieved) {
  const std::vector<PlannedLog> logs = {
      {0, {{2, 4}}}, {2, {{4, 6}}}, {4, {{0, 2}}}, {6, {{6, 8}}}};
  for (size_t log = 0; log < 3; ++log) {
    EXPECT_TRUE(IsBelieved(logs, log, 0, kNoGaps));
  }
}

// It would be where the other one is.
TEST(LoneBatch, OfACopyIsNotBelieved) {
  const std::vector<Piece> batches = {{2, 3}, {3, 4}, kRubbish, {90, 91}};
  for (const KnownOfLog& known : {kNoGaps, kGaps}) {
    const std::vector<FoundLog> found = FindLogs(
        {{2, {{2, 3}, {3, 4}, {4, 5}}}, {9, batches}}, known.may_have_gaps);
    OffsetLine line(found.size());
    line.Take({0, 0, Offset{2}, Offset{5}});
    EXPECT_FALSE(LoneBatches(found, known, line)
                     .IsBelieved(1, found[1].runs.size() - 1));
  }
}

TEST(LoneBatch, AboveWhereTheLogWasClosedIsNotBelieved) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 1}, {1, 2}, kRubbish, {70, 71}}}};
  for (KnownOfLog known : {kNoGaps, kGaps}) {
    known.durable = Offset{9};
    EXPECT_TRUE(IsBelieved(logs, 0, 1, known));
    known.clean_stop = true;
    EXPECT_FALSE(IsBelieved(logs, 0, 1, known));
    // That is lost, or wrong: others lie above it.
    for (const int64_t wrong : {0, 1}) {
      known.durable = Offset{wrong};
      EXPECT_TRUE(IsBelieved(logs, 0, 1, known));
    }
  }
}

TEST(LoneBatch, ThatGoesOnBehindOneWhoseOffsetIsWrongIsBelieved) {
  EXPECT_TRUE(
      IsBelieved({{0, {{0, 1}, {1, 2}, {42, 45}, {5, 6}}}}, 0, 2, kNoGaps));
  EXPECT_FALSE(
      IsBelieved({{0, {{0, 1}, {1, 2}, {42, 45}, {6, 7}}}}, 0, 2, kNoGaps));
  EXPECT_TRUE(IsBelieved({{3, {{42, 45}, {6, 7}}}}, 0, 1, kNoGaps));
}

// Nothing lies in the damage then.
TEST(LoneBatch, OfWhichAnotherIsOutOfOrderIsNotBelieved) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 1}, {1, 2}, kRubbish, {9, 10}, {5, 6}, kRubbish}}};
  EXPECT_FALSE(IsBelieved(logs, 0, 1, kGaps));
  EXPECT_FALSE(IsBelieved(logs, 0, 2, kGaps));
}

TEST(LoneBatch, ThatGoesOnBehindABatchThatIsThereTwiceIsBelieved) {
  EXPECT_TRUE(IsBelieved({{0, {{0, 1}, {1, 2}, {2, 3}, {1, 2}, {3, 4}}}}, 0, 4,
                         kNoGaps));
}

TEST(LoneBatch, IsNotBelievedFurtherFromItsNameThanAnIndexCanTell) {
  const int64_t far = 10 + kSegmentOffsetsMax;
  EXPECT_TRUE(IsBelieved({{10, {kRubbish, {far - 1, far}}}}, 0, 0, kNoGaps));
  EXPECT_FALSE(IsBelieved({{10, {kRubbish, {far, far + 1}}}}, 0, 0, kNoGaps));
}

TEST(LoneBatch, ThatLeadsToTheNextFileAcrossOneWhoseOffsetIsWrongIsBelieved) {
  const auto in_front_of = [](const Piece& wrong) {
    return std::vector<PlannedLog>{{0, {{0, 1}, kRubbish, {4, 5}, wrong}},
                                   {8, {{8, 9}}},
                                   {9, Ones(9, 11)}};
  };
  EXPECT_TRUE(IsBelieved(in_front_of({70, 73}), 0, 1, kNoGaps));
  EXPECT_FALSE(IsBelieved(in_front_of({70, 72}), 0, 1, kNoGaps));
  // Into the next file.
  EXPECT_FALSE(IsBelieved(in_front_of({70, 74}), 0, 1, kNoGaps));
}

// Then the log was closed in order, and nobody knows where.
TEST(LoneBatch, IsNotDoubtedWhereTheEndThatWasSavedIsLost) {
  for (KnownOfLog known : {kNoGaps, kGaps}) {
    known.clean_stop = true;
    known.durable = Offset{0};
    EXPECT_TRUE(IsBelieved({{3, {kRubbish, {5, 6}}}}, 0, 0, known));
  }
  const KnownOfLog lost = {.clean_stop = true};
  EXPECT_TRUE(IsBelieved({{0, {{0, 1}, {1, 2}, {5, 6}}}}, 0, 1, lost));
}

TEST(LoneBatch, MindsNoNameOfACopyOrOfAnEmptyFile) {
  const std::vector<PlannedLog> behind = {{13, Ones(13, 15)},
                                          {24, {{24, 25}, {25, 26}, {33, 34}}},
                                          {32, Ones(13, 15)}};
  EXPECT_TRUE(IsBelieved(behind, 1, 1, kGaps));
  for (const auto& pieces : {std::vector<Piece>(), Ones(0, 2)}) {
    EXPECT_TRUE(IsBelieved(
        {{0, Ones(0, 2)}, {2, {{5, 6}}}, {3, pieces}, {7, Ones(7, 9)}}, 1, 0,
        kGaps));
  }
}

// Others lie between that name and what the file holds.
TEST(LoneBatch, MindsNoNameThatIsWrong) {
  EXPECT_TRUE(
      IsBelieved({{4, {{4, 6}, {8, 9}}}, {8, Ones(20, 23)}, {9, Ones(9, 20)}},
                 0, 1, kGaps));
}

// It says nothing of where others belong, be it against them or for them.
TEST(LoneBatch, MindsNoNameThatWasNobodys) {
  std::vector<PlannedLog> claimed = {
      {23, {kRubbish, kRubbish, {27, 31}, kRubbish}}, {25, Ones(33, 47)}};
  std::vector<PlannedLog> met = {{0, {{0, 1}, {1, 2}, {5, 6}}},
                                 {6, Ones(8, 10)}};
  for (const KnownOfLog& known : {kNoGaps, kGaps}) {
    claimed[1].former_name.reset();
    EXPECT_FALSE(IsBelieved(claimed, 0, 0, known));
    claimed[1].former_name = {Offset{33}};
    EXPECT_TRUE(IsBelieved(claimed, 0, 0, known));
    // One that is gone had the offsets behind it.
    claimed[1].former_name->has_anothers = true;
    EXPECT_FALSE(IsBelieved(claimed, 0, 0, known));
  }
  EXPECT_TRUE(IsBelieved(met, 0, 1, kNoGaps));
  met[1].former_name = {Offset{8}};
  EXPECT_FALSE(IsBelieved(met, 0, 1, kNoGaps));
}

TEST(LoneBatch, OfAFileWhosePlaceOthersHaveIsBelievedInOrder) {
  // What is damaged keeps the names from telling.
  std::vector<PlannedLog> logs = {{0, {{10, 11}}},
                                  {2, Ones(0, 2)},
                                  {8, Ones(13, 16)},
                                  {11, Ones(2, 8)},
                                  {30, {kRubbish}}};
  EXPECT_TRUE(IsBelieved(logs, 0, 0, kGaps));
  EXPECT_FALSE(IsBelieved(logs, 0, 0, kNoGaps));
}

// Compaction left a gap in front of it, where it was.
TEST(LoneBatch, OfAFileWhosePlaceOthersHaveMayBelongToTheirNames) {
  const KnownOfLog known = {.durable = Offset{5}};
  std::vector<PlannedLog> logs = {
      {0, {{13, 14}}}, {9, Ones(0, 4)}, {30, {kRubbish}}};
  EXPECT_TRUE(IsBelieved(logs, 0, 0, known));
  logs[1].named = 15;
  EXPECT_FALSE(IsBelieved(logs, 0, 0, known));
}

TEST(LoneBatch, AndAnotherThatGoesOnFromItConfirmEachOther) {
  const std::vector<PlannedLog> logs = {{0, {{0, 1}, {1, 2}, {5, 6}}},
                                        {9, {{6, 8}}}};
  EXPECT_TRUE(IsBelieved(logs, 0, 1, kNoGaps));
  EXPECT_TRUE(IsBelieved(logs, 1, 0, kNoGaps));
}

// It is one of another file, but for its first batch, whose offset is wrong.
TEST(LoneBatch, AtTheFrontOfACopyIsNotBelieved) {
  EXPECT_FALSE(IsBelieved({{10, {{10, 13}, {13, 16}}},
                           {16, Ones(16, 24)},
                           {18, {{26, 29}, {13, 16}}},
                           {24, Ones(24, 26)}},
                          2, 0, kNoGaps));
}

}  // namespace
}  // namespace cauce
