#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "cauce/stores.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

constexpr int64_t kMinute = 60'000;

WindowOptions Keep(absl::Duration retention) {
  return {.retention = retention};
}

TEST(SessionStore, FindsWhatARecordMayBelongTo) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenSession("s", Keep(absl::Hours(1))).value();
    ASSERT_THAT(store.Put({"a", {100}, {200}}, "1"), IsOk());
    ASSERT_THAT(store.Put({"a", {500}, {900}}, "2"), IsOk());
    ASSERT_THAT(store.Put({"b", {0}, {0}}, "3"), IsOk());
    EXPECT_THAT(store.Put({"a", {2}, {1}}, "x"),
                HasReason(Reason::kInvalidTimestamp));

    EXPECT_THAT(store.Fetch({"a", {100}, {200}}),
                IsOkAndHolds(Optional(Eq("1"))));
    EXPECT_THAT(ValuesOf(store.Find("a", {200}, {500})),
                ElementsAre("1", "2"));
    EXPECT_THAT(ValuesOf(store.Find("a", {201}, {500})), ElementsAre("2"));
    EXPECT_THAT(ValuesOf(store.Find("a", {0}, {499})), ElementsAre("1"));
    EXPECT_THAT(
        ValuesOf(store.FindRange({.from = "a"}, {0}, {INT64_MAX},
                                 KeyOrder::kReverse)),
        ElementsAre("3", "2", "1"));
    ASSERT_THAT(store.Remove({"a", {100}, {200}}), IsOk());
  }
  rig.tables.Wipe();
  auto store = rig.stores->OpenSession("s", {}).value();

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("2", "3"));
  StoreIterator at = store.All();
  EXPECT_EQ(at.row().key, "a");
  EXPECT_EQ(at.row().start, Timestamp{500});
  EXPECT_EQ(at.row().end, Timestamp{900});
}

TEST(SessionStore, ForgetsByItsEnd) {
  StoreRig rig;
  auto store = rig.stores->OpenSession("s", Keep(absl::Minutes(1))).value();
  ASSERT_THAT(store.Put({"a", {0}, {kMinute}}, "1"), IsOk());
  ASSERT_THAT(store.Put({"a", {0}, {2 * kMinute}}, "2"), IsOk());
  EXPECT_EQ(ValuesOf(store.All()).size(), 2u);
  ASSERT_THAT(store.Put({"a", {0}, {2 * kMinute + 1}}, "3"), IsOk());

  EXPECT_THAT(ValuesOf(store.All()), ElementsAre("2", "3"));
}

}  // namespace
}  // namespace cauce::test
