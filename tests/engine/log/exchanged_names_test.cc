#include "engine/log/exchanged_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/found_logs.h"

namespace cauce {
namespace {

using test::FindLogs;
using test::kRubbish;
using test::Ones;
using test::PlannedLog;
using ::testing::ElementsAre;

std::vector<bool> Find(const std::vector<PlannedLog>& logs,
                       bool may_have_gaps = false) {
  return FindExchangedNames(FindLogs(logs, may_have_gaps), may_have_gaps);
}

TEST(ExchangedNames, AreOfFilesThatWouldFitInAnotherOrder) {
  EXPECT_THAT(Find({{0, {{2, 4}}}, {2, {{0, 2}}}, {4, Ones(4, 6)}}),
              ElementsAre(true, true, false));
  EXPECT_THAT(Find({{0, Ones(0, 2)}, {2, {{2, 4}}}}),
              ElementsAre(false, false));
}

// What compaction left out in front of a batch is no other's.
TEST(ExchangedNames, AreFoundWhereThereAreGaps) {
  const std::vector<PlannedLog> logs = {
      {0, {{9, 12}}}, {7, {{16, 17}}}, {12, {{4, 7}}}};
  EXPECT_THAT(Find(logs, true), ElementsAre(true, true, true));
  EXPECT_THAT(Find(logs, false), ElementsAre(false, false, false));
  // An empty file is none of them.
  std::vector<PlannedLog> with_end = logs;
  with_end.push_back({17, {}});
  EXPECT_THAT(Find(with_end, true), ElementsAre(true, true, true, false));
}

// Whatever is wrong with the others.
TEST(ExchangedNames, AreOfFilesInACircle) {
  EXPECT_THAT(Find({{0, {{2, 4}}},
                    {2, {{4, 6}}},
                    {4, {{0, 2}}},
                    {6, {kRubbish, {7, 8}}},
                    {8, {{70, 72}}}}),
              ElementsAre(true, true, true, false, false));
}

// The one that is called as it begins is where it belongs.
TEST(ExchangedNames, IsNoneThatBeginsAsARightOneIsCalled) {
  EXPECT_THAT(Find({{0, {{2, 4}}}, {2, {{2, 4}}}}), ElementsAre(false, false));
}

TEST(ExchangedNames, AreNotOfFilesThatWaitOrHoldNothing) {
  EXPECT_THAT(Find({{0, {}}, {2, {{0, 2}}}, {0, {{2, 4}}, true}}),
              ElementsAre(false, false, false));
}

}  // namespace
}  // namespace cauce
