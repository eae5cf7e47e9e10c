#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/state/row_layout.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

TEST(RowLayout, HasKafkasKeys) {
  EXPECT_EQ(WindowRowKey("k", {0x0102}, 3),
            std::string("k\0\0\0\0\0\0\1\2\0\0\0\3", 13));
  EXPECT_EQ(SessionRowKey({"k", {1}, {2}}),
            std::string("k\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1", 17));
  const std::string row = WindowRowKey("k", {5}, 3);
  const auto window = ParseRowKey(StoreKind::kWindow, row);
  EXPECT_EQ(window->key, "k");
  EXPECT_EQ(window->start, Timestamp{5});
  EXPECT_EQ(window->sequence, 3);
}

TEST(RowLayout, TakesNoKeyOfAnotherKind) {
  EXPECT_FALSE(ParseRowKey(StoreKind::kWindow, "short"));
  EXPECT_FALSE(ParseRowKey(StoreKind::kSession, std::string(15, '\0')));
  EXPECT_FALSE(ParseRowKey(StoreKind::kWindow, std::string(12, '\xff')));
  EXPECT_FALSE(
      ParseRowKey(StoreKind::kSession, SessionRowKey({"k", {2}, {1}})));
}

TEST(RowLayout, CutsSegmentsAsKafkaDoes) {
  EXPECT_EQ(RowLayout::SegmentMs(StoreKind::kWindow, absl::Hours(1)),
            1'800'000);
  EXPECT_EQ(RowLayout::SegmentMs(StoreKind::kSession, absl::Seconds(1)),
            60'000);
  EXPECT_EQ(RowLayout::SegmentMs(StoreKind::kKeyValue, absl::Hours(1)), 0);
  const RowLayout layout(StoreKind::kWindow, 60'000, 120'000);
  EXPECT_EQ(layout.LiveFrom({500'000}), Timestamp{380'000});
  EXPECT_EQ(layout.LiveFrom({100'000}), Timestamp{0});
  EXPECT_EQ(layout.FirstLiveSegment({500'000}), 6);
}

// Keys of which some begin with others, and with the bytes of times.
std::string DrawnKey(std::mt19937& random) {
  std::string key;
  for (size_t size = random() % 12; size > 0; --size) {
    key += std::string_view("\0\1\x7f\xff", 4)[random() % 4];
  }
  return key;
}

TEST(RowLayout, RangesHoldEveryRowThatAFilterTakes) {
  Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 100'000; ++round) {
    const auto kind = random() % 2 == 0 ? StoreKind::kWindow
                                        : StoreKind::kSession;
    const RowLayout layout(kind, 100, 1 + random() % 3000);
    const std::string key = DrawnKey(random);
    const Timestamp time{static_cast<int64_t>(random() % 1000)};
    const Timestamp last{static_cast<int64_t>(random() % 1000)};
    const std::string log_key =
        kind == StoreKind::kWindow
            ? WindowRowKey(key, time, static_cast<int32_t>(random() >> 1))
            : SessionRowKey({key,
                             {static_cast<int64_t>(random()) % (time.ms + 1)},
                             time});
    RowFilter filter;
    if (random() % 2 == 0) {
      filter.key = random() % 2 == 0 ? key : DrawnKey(random);
    } else {
      filter.key_from = DrawnKey(random);
      if (random() % 4 != 0) filter.key_to = DrawnKey(random);
    }
    filter.from.ms = static_cast<int64_t>(random() % 1000);
    filter.to.ms = filter.from.ms + static_cast<int64_t>(random() % 1000);
    if (time > last || time < layout.LiveFrom(last)) continue;
    if (!filter.Takes(kind, *ParseRowKey(kind, log_key))) continue;
    std::string row;
    layout.AppendTableKey(row, time, log_key);

    int holding = 0;
    for (const TableRange& range : RangesOf(layout, filter, last)) {
      holding += row >= range.from && (!range.to || row < *range.to);
    }
    ASSERT_EQ(holding, 1) << round;
  }
}

}  // namespace
}  // namespace cauce::test
