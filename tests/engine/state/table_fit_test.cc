#include <gtest/gtest.h>

#include <cstdint>

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

TEST(TableFit, TakesNoTableThatKeptItsRowsForLess) {
  const RowLayout layout(StoreKind::kWindow, 60'000, 90'000);
  const ChangelogView log{.end = {20}};
  const auto why = [&](int64_t retention_ms) {
    return WhyUnfit({.kind = StoreKind::kWindow,
                     .segment_ms = 60'000,
                     .retention_ms = retention_ms},
                    layout, log);
  };

  EXPECT_NE(why(89'999), std::nullopt);
  EXPECT_EQ(why(90'000), std::nullopt);
  EXPECT_EQ(why(120'000), std::nullopt);
  EXPECT_EQ(why(0), std::nullopt);  // nobody knows
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

TEST(TableFit, RowsAgeAsTheTablesMarkTells) {
  const RowLayout asked(StoreKind::kWindow, 3'600'000, 7'200'000);
  const auto live_from = [&](const StoreMark& mark) {
    return LayoutOf(mark, asked).LiveFrom({10'000'000}).ms;
  };

  EXPECT_EQ(live_from({.kind = StoreKind::kWindow,
                       .segment_ms = 3'600'000,
                       .retention_ms = 1'000'000}),
            9'000'000);
  // One of the former version tells it by its segments,
  EXPECT_EQ(live_from({.kind = StoreKind::kWindow, .segment_ms = 1'800'000}),
            6'400'000);
  // which, where they are the topic's, tell less than that.
  EXPECT_EQ(live_from({.kind = StoreKind::kWindow, .segment_ms = 3'600'000}),
            2'800'000);
  // Of another kind, and such as nobody writes.
  EXPECT_EQ(live_from({.kind = StoreKind::kSession, .segment_ms = 1'800'000}),
            2'800'000);
  for (const int64_t odd : {int64_t{0}, int64_t{-1}, INT64_MAX}) {
    EXPECT_EQ(live_from({.kind = StoreKind::kWindow, .segment_ms = odd}),
              2'800'000);
  }
}

}  // namespace
}  // namespace cauce::test
