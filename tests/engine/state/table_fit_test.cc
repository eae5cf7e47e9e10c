#include <gtest/gtest.h>

#include "engine/state/table_fit.h"

namespace cauce::test {
namespace {

TEST(TableFit, TakesATableWithinItsChangelog) {
  const RowLayout layout(StoreKind::kKeyValue, 0, 0);
  const ChangelogView log{.begin = {10}, .end = {20}};

  EXPECT_EQ(WhyUnfit({.applied = {10}}, layout, log), std::nullopt);
  EXPECT_EQ(WhyUnfit({.applied = {20}}, layout, log), std::nullopt);
  EXPECT_NE(WhyUnfit({.applied = {9}}, layout, log), std::nullopt);
  EXPECT_NE(WhyUnfit({.applied = {21}}, layout, log), std::nullopt);
}

TEST(TableFit, TakesNoTableOfAnotherStore) {
  const RowLayout layout(StoreKind::kWindow, 60'000, 1);
  const ChangelogView log{.end = {20}, .last_record = 7};
  const StoreMark good{
      .kind = StoreKind::kWindow, .segment_ms = 60'000, .last_record = 7};
  ASSERT_EQ(WhyUnfit(good, layout, log), std::nullopt);

  StoreMark mark = good;
  mark.topic.bytes[3] = 1;
  EXPECT_NE(WhyUnfit(mark, layout, log), std::nullopt);
  mark = good;
  mark.partition.value = 1;
  EXPECT_NE(WhyUnfit(mark, layout, log), std::nullopt);
  mark = good;
  mark.kind = StoreKind::kSession;
  EXPECT_NE(WhyUnfit(mark, layout, log), std::nullopt);
  mark = good;
  mark.segment_ms = 1;
  EXPECT_NE(WhyUnfit(mark, layout, log), std::nullopt);
  mark = good;
  mark.last_record = 8;
  EXPECT_NE(WhyUnfit(mark, layout, log), std::nullopt);
  mark.last_record = 0;  // nobody knows
  EXPECT_EQ(WhyUnfit(mark, layout, log), std::nullopt);
}

TEST(TableFit, GapsAreTakenWhileEachTombstoneIsThere) {
  const StoreMark mark{.written = {1000}};
  const auto gaps_at = [&](int64_t ms) {
    return GapsOf(mark, absl::Milliseconds(10), absl::FromUnixMillis(ms));
  };

  EXPECT_EQ(gaps_at(999), Gaps::kRefused);
  EXPECT_EQ(gaps_at(1000), Gaps::kTaken);
  EXPECT_EQ(gaps_at(1009), Gaps::kTaken);
  EXPECT_EQ(gaps_at(1010), Gaps::kRefused);
  EXPECT_EQ(GapsOf(mark, absl::ZeroDuration(), absl::FromUnixMillis(1000)),
            Gaps::kRefused);
}

}  // namespace
}  // namespace cauce::test
