#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/stores.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::Pair;

TEST(TimestampedStore, KeepsTheTimeOfEachValue) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenTimestamped("s").value();
    ASSERT_THAT(store.Put("a", "1", Timestamp{77}), IsOk());
    EXPECT_THAT(store.PutIfAbsent("a", "2", Timestamp{78}),
                IsOkAndHolds(Optional(Eq(TimestampedValue{"1", {77}}))));
    ASSERT_THAT(store.Put("b", "", kNoTimestamp), IsOk());
  }
  rig.tables.Wipe();
  auto store = rig.stores->OpenTimestamped("s").value();

  EXPECT_THAT(store.Get("a"),
              IsOkAndHolds(Optional(Eq(TimestampedValue{"1", {77}}))));
  EXPECT_THAT(store.Get("b"), IsOkAndHolds(Optional(Eq(TimestampedValue{
                                  "", Timestamp::From(rig.clock.Now())}))));
  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "")));
  EXPECT_EQ(store.Range({}).row().time, Timestamp{77});
}

TEST(TimestampedStore, TakesTheLogsTimeWhereThatCounts) {
  StoreRig rig;
  auto store = rig.stores
                   ->OpenTimestamped(
                       "s", {.configs = {{"message.timestamp.type",
                                          "LogAppendTime"}}})
                   .value();
  ASSERT_THAT(store.Put("a", "1", Timestamp{77}), IsOk());

  EXPECT_EQ(store.Get("a").value()->time, Timestamp::From(rig.clock.Now()));
}

}  // namespace
}  // namespace cauce::test
