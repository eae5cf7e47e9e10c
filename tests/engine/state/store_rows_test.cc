#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "cauce/state_store.h"
#include "engine/state/store_rows.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

TEST(StoreRows, RefusesARowThatNoStoreOfTheKindHas) {
  for (const auto kind :
       {StoreKind::kTimestamped, StoreKind::kWindow, StoreKind::kSession}) {
    std::shared_ptr<StateStore> table =
        NewMemoryStateBackend()->Open({.directory = "t"}).value();
    const StateChange change{"short", "v"};
    ASSERT_THAT(table->Write({{}, {&change, 1}, ""}), IsOk());

    const StoreRows rows(table, *table, kind, {TableRange{}}, {},
                         KeyOrder::kForward);

    EXPECT_FALSE(rows.Valid());
    EXPECT_THAT(rows.status(), HasReason(Reason::kCorruptFile));
  }
}

TEST(StoreRows, OfNothingEndAtOnce) {
  const StoreRows rows(absl::OkStatus());
  EXPECT_FALSE(rows.Valid());
  EXPECT_THAT(rows.status(), IsOk());
}

}  // namespace
}  // namespace cauce::test
