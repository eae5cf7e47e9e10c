#include "engine/log/file_claims.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "tests/testing/found_logs.h"

namespace cauce {
namespace {

using test::FindLogs;
using test::kRubbish;
using test::Ones;
using test::PlannedLog;
using Name = OffsetClaim::Name;

constexpr bool kGaps = true;
constexpr bool kNoGaps = false;

// Of run `run` of log `log` alone.
OffsetClaim ClaimOf(const std::vector<PlannedLog>& logs, size_t log, size_t run,
                    bool may_have_gaps) {
  const KnownOfLog known{.durable = Offset{8}, .may_have_gaps = may_have_gaps};
  const std::vector<FoundLog> found = FindLogs(logs, may_have_gaps);
  return FileClaims(found, known).Of(log, run, run + 1);
}

TEST(FileClaims, TellWhatANameSaysToTheFrontOfItsFile) {
  const auto named = [](int64_t name, bool gaps) {
    return ClaimOf({{name, Ones(4, 8)}}, 0, 0, gaps).name;
  };
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_EQ(named(4, gaps), Name::kAgrees);
    EXPECT_EQ(named(5, gaps), Name::kContradicts);
  }
  EXPECT_EQ(named(2, kGaps), Name::kAllows);
  EXPECT_EQ(named(2, kNoGaps), Name::kContradicts);
  // Another log has the offsets in front of it.
  EXPECT_EQ(
      ClaimOf({{1, Ones(4, 8)}, {2, Ones(2, 4)}}, 0, 0, kGaps).name,
      Name::kContradicts);
}

TEST(FileClaims, TellWhatANameSaysToWhatLiesBehindDamage) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    EXPECT_EQ(ClaimOf({{0, {kRubbish, {1, 2}, {2, 3}}}}, 0, 0, gaps).name,
              Name::kAllows);
    EXPECT_EQ(ClaimOf({{5, {kRubbish, {1, 2}, {2, 3}}}}, 0, 0, gaps).name,
              Name::kContradicts);
    const std::vector<PlannedLog> damaged = {
        {0, {{0, 1}, {1, 2}, kRubbish, {3, 4}, {4, 5}}}};
    EXPECT_EQ(ClaimOf(damaged, 0, 1, gaps).name, Name::kAgrees);
    const std::vector<PlannedLog> turned = {
        {3, {{3, 4}, {4, 5}, kRubbish, {0, 1}, {1, 2}}}};
    EXPECT_EQ(ClaimOf(turned, 0, 1, gaps).name, Name::kContradicts);
  }
  // The offset of one batch may be wrong, and the name right all the same.
  EXPECT_EQ(ClaimOf({{0, {{9, 10}, {1, 2}, {2, 3}}}}, 0, 1, kNoGaps).name,
            Name::kAllows);
  EXPECT_EQ(ClaimOf({{0, {{5, 6}, {6, 7}, kRubbish, {8, 9}, {9, 10}}}}, 0, 1,
                    kNoGaps)
                .name,
            Name::kContradicts);
}

TEST(FileClaims, ANameSpeaksForTheSameBatchesInOtherFiles) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    const auto copy = [gaps](uint32_t of) {
      const PlannedLog other{.named = 2, .pieces = Ones(0, 4), .of = of};
      return ClaimOf({{0, Ones(0, 4)}, other}, 1, 0, gaps).name;
    };
    EXPECT_EQ(copy(0), Name::kAgrees);
    EXPECT_EQ(copy(1), Name::kContradicts);
  }
}

TEST(FileClaims, CountTheSidesOnWhichAnotherFileOrAnEndMeetsThem) {
  for (const bool gaps : {kGaps, kNoGaps}) {
    const std::vector<PlannedLog> logs = {
        {0, Ones(0, 4)}, {4, Ones(4, 6)}, {7, Ones(7, 8)}};
    EXPECT_EQ(ClaimOf(logs, 0, 0, gaps).sides_met, 2);
    EXPECT_EQ(ClaimOf(logs, 1, 0, gaps).sides_met, 1);
    EXPECT_EQ(ClaimOf(logs, 2, 0, gaps).sides_met, 1);
  }
}

TEST(FileClaims, CountTheNamesWithinThatOthersBeginBy) {
  const std::vector<PlannedLog> logs = {
      {0, {{0, 6}}}, {2, {{2, 3}}}, {3, {{9, 10}}}, {4, {{4, 5}}}, {6, {}}};
  EXPECT_EQ(ClaimOf(logs, 0, 0, kNoGaps).names_within, 2);
  EXPECT_EQ(ClaimOf(logs, 1, 0, kNoGaps).names_within, 0);
}

}  // namespace
}  // namespace cauce
