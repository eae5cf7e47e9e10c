#include <gtest/gtest.h>

#include "cauce/stores.h"

namespace cauce::test {
namespace {

TEST(StoreKind, HasANameThatIsReadBack) {
  for (const auto kind : {StoreKind::kKeyValue, StoreKind::kTimestamped,
                          StoreKind::kWindow, StoreKind::kSession}) {
    EXPECT_EQ(ParseStoreKind(StoreKindName(kind)), kind);
  }
  EXPECT_EQ(ParseStoreKind("none"), std::nullopt);
  EXPECT_EQ(TableStateName(TableState::kDamaged), "damaged");
}

}  // namespace
}  // namespace cauce::test
