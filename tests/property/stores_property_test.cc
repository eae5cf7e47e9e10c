#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "cauce/stores.h"
#include "fmt/format.h"
#include "tests/property/store_walk.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

constexpr StoreKind kKinds[] = {StoreKind::kKeyValue, StoreKind::kTimestamped,
                                StoreKind::kWindow, StoreKind::kSession};
constexpr TablesIn kTables[] = {TablesIn::kMemory, TablesIn::kModel,
                                TablesIn::kRocksDb};
constexpr int kSteps = 400;

using Case = std::tuple<StoreKind, TablesIn>;

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  static const char* const kKindNames[] = {"KeyValue", "Timestamped", "Window",
                                           "Session"};
  static const char* const kTableNames[] = {"Memory", "Model", "RocksDb"};
  return fmt::format("{}_{}",
                     kKindNames[static_cast<int>(std::get<0>(info.param))],
                     kTableNames[static_cast<int>(std::get<1>(info.param))]);
}

class StoreProperty : public ::testing::TestWithParam<Case> {
 protected:
  static StoreWalk::Counts Walk(bool foreign, bool upkeep) {
    const Seed seed;
    StoreWalk walk({.kind = std::get<0>(GetParam()),
                    .tables = std::get<1>(GetParam()),
                    .foreign = foreign,
                    .upkeep = upkeep},
                   seed.value());
    walk.Run(kSteps);
    return walk.counts();
  }
};

TEST_P(StoreProperty, ShowsWhatAMapHoldsWhateverTablesAndDisksLose) {
  const StoreWalk::Counts counts = Walk(false, false);
  EXPECT_GT(counts.changes, kSteps / 4);
  EXPECT_GT(counts.kills, 0);
  EXPECT_GT(counts.cuts, 0);
  if (std::get<1>(GetParam()) != TablesIn::kMemory) {
    EXPECT_GT(counts.damaged, 0);
  }
}

TEST_P(StoreProperty, ShowsWhatItsChangelogHoldsWhoeverWritesToIt) {
  const StoreWalk::Counts counts = Walk(true, false);
  EXPECT_GT(counts.foreign, 0);
}

TEST_P(StoreProperty, ShowsTheSameWhateverUpkeepTakesFromTheChangelog) {
  const StoreWalk::Counts counts = Walk(true, true);
  EXPECT_GT(counts.foreign, 0);
  EXPECT_GT(counts.removed, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoreProperty,
                         ::testing::Combine(::testing::ValuesIn(kKinds),
                                            ::testing::ValuesIn(kTables)),
                         NameOf);

}  // namespace
}  // namespace cauce::test
