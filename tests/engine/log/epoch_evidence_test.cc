#include "engine/log/epoch_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EpochStart At(int32_t epoch, int64_t start) {
  return {LeaderEpoch{epoch}, Offset{start}};
}

// Batches of one record each, from offset `start` on.
EpochEvidence Of(const std::vector<int32_t>& epochs, int64_t start = 0) {
  EpochEvidence seen;
  for (const int32_t epoch : epochs) {
    seen.See(LeaderEpoch{epoch}, Offset{start++});
  }
  return seen;
}

std::vector<EpochStart> Believed(const EpochEvidence& seen) {
  return {seen.believed().begin(), seen.believed().end()};
}

TEST(EpochEvidence, NothingIsKnownOfNoBatch) {
  EXPECT_THAT(Believed({}), IsEmpty());
  EXPECT_EQ(EpochEvidence().unconfirmed(), std::nullopt);
}

TEST(EpochEvidence, AnEpochIsBelievedOnceAnotherBatchHasIt) {
  const EpochEvidence seen = Of({1, 1, 4, 4, 4});
  EXPECT_THAT(Believed(seen), ElementsAre(At(1, 0), At(4, 2)));
  EXPECT_EQ(seen.unconfirmed(), std::nullopt);
  EXPECT_EQ(seen.disproved(), std::nullopt);
}

TEST(EpochEvidence, AHigherOneBehindItConfirmsIt) {
  const EpochEvidence seen = Of({1, 3, 5, 5});
  EXPECT_THAT(Believed(seen), ElementsAre(At(1, 0), At(3, 1), At(5, 2)));
}

TEST(EpochEvidence, NobodyConfirmsTheLastBatch) {
  const EpochEvidence seen = Of({1, 1, 1000});
  EXPECT_THAT(Believed(seen), ElementsAre(At(1, 0)));
  EXPECT_EQ(seen.unconfirmed(), At(1000, 2));
  EXPECT_EQ(seen.disproved(), std::nullopt);
}

TEST(EpochEvidence, ALowerOneBehindItProvesItWrong) {
  const EpochEvidence seen = Of({1, 1, 1000, 1, 2, 2});
  EXPECT_THAT(Believed(seen), ElementsAre(At(1, 0), At(2, 4)));
  EXPECT_EQ(seen.disproved(), At(1000, 2));
}

TEST(EpochEvidence, TheBatchThatProvesOneWrongIsSeenAsWell) {
  const EpochEvidence seen = Of({1, 1, 1000, 2, 2});
  EXPECT_THAT(Believed(seen), ElementsAre(At(1, 0), At(2, 3)));
}

TEST(EpochEvidence, AnEpochThatFellChangesNothing) {
  const EpochEvidence seen = Of({4, 4, 0, 4, 4});
  EXPECT_THAT(Believed(seen), ElementsAre(At(4, 0)));
  EXPECT_EQ(seen.unconfirmed(), std::nullopt);
}

TEST(EpochEvidence, SegmentsJoinedSayWhatTheBatchesInARowSay) {
  const std::vector<std::vector<int32_t>> logs = {
      {1, 1, 4, 4, 4}, {1, 1, 1000, 1}, {1, 4, 4, 5},    {0, 1000},
      {2, 2, 2},       {4, 4, 0, 7, 4}, {1, 2, 3, 4, 5}, {5, 9, 5, 9, 9}};
  for (const auto& log : logs) {
    const EpochEvidence whole = Of(log);
    for (size_t cut = 0; cut <= log.size(); ++cut) {
      SCOPED_TRACE(cut);
      const auto middle = log.begin() + static_cast<std::ptrdiff_t>(cut);
      EpochEvidence joined = Of({log.begin(), middle});
      joined.Join(Of({middle, log.end()}, static_cast<int64_t>(cut)));
      EXPECT_EQ(Believed(joined), Believed(whole));
      EXPECT_EQ(joined.unconfirmed(), whole.unconfirmed());
    }
  }
}

}  // namespace
}  // namespace cauce
