#include "engine/capi/rows.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/capi/error.h"

namespace cauce::capi {
namespace {

template <typename T>
bool IsMisuse(const absl::StatusOr<T>& result) {
  return ReasonNumberOf(result.status()) == CAUCE_MISUSE;
}

TEST(CapiRows, HaveAKeyAndPerhapsAValue) {
  cauce_row_t row = CAUCE_ROW_INIT;
  EXPECT_TRUE(IsMisuse(TakeRow(nullptr)));
  EXPECT_TRUE(IsMisuse(TakeRow(&row)));
  row.key = "k";
  row.key_size = 1;
  row.start = 4;
  const auto taken = TakeRow(&row);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->key, "k");
  EXPECT_EQ(taken->value, std::nullopt);
  EXPECT_EQ(taken->start, Timestamp{4});
  EXPECT_EQ(TakeRows(&row, 1)->size(), 1u);
  row.struct_size = 8;
  EXPECT_TRUE(IsMisuse(TakeRow(&row)));
  EXPECT_TRUE(IsMisuse(TakeRows(&row, 1)));
}

TEST(CapiRows, AreWalkedOverByOneOfThreeWays) {
  cauce_scan_t scan = CAUCE_SCAN_INIT;
  const auto all = TakeScan(&scan);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->range.from, "");
  EXPECT_EQ(all->range.to, std::nullopt);
  EXPECT_EQ(all->times.to, Timestamp{INT64_MAX});
  scan.prefix = "a";
  scan.prefix_size = 1;
  scan.is_reverse = 1;
  EXPECT_EQ(TakeScan(&scan)->order, KeyOrder::kReverse);
  scan.from = "a";
  scan.from_size = 1;
  EXPECT_TRUE(IsMisuse(TakeScan(&scan)));
  scan.from = nullptr;
  scan.from_size = 0;
  scan.is_reverse = 2;
  EXPECT_TRUE(IsMisuse(TakeScan(&scan)));
}

TEST(CapiRows, AValueThatIsNotThereIsNull) {
  cauce_value_t* value = nullptr;
  ASSERT_TRUE(GiveValue(std::optional<std::string>(), &value).ok());
  EXPECT_EQ(value, nullptr);
  ASSERT_TRUE(
      GiveValue(std::optional<TimestampedValue>({"", Timestamp{3}}), &value)
          .ok());
  ASSERT_NE(value, nullptr);
  EXPECT_NE(value->value, nullptr);
  EXPECT_EQ(value->value_size, 0u);
  EXPECT_EQ(value->time, 3);
  EXPECT_EQ(cauce_value_free(value), CAUCE_OK);
  EXPECT_EQ(cauce_value_free(nullptr), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::capi
