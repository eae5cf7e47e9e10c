#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cauce/state_store.h"
#include "engine/state/overlay_view.h"
#include "fmt/format.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

Rows Walked(const StateView& view, const KeyRange& range, KeyOrder order) {
  Rows rows;
  for (auto at = view.Iterate(range, order); at->Valid(); at->Next()) {
    rows.emplace_back(at->key(), at->value());
  }
  return rows;
}

TEST(OverlayView, ShowsWhatAMapWithTheChangesWould) {
  Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 300; ++round) {
    auto table = NewMemoryStateBackend()->Open({.directory = "t"}).value();
    std::map<std::string, std::string> model;
    for (int i = 0; i < 20; ++i) {
      const std::string key = fmt::format("{}", random() % 30);
      model[key] = "table";
      const StateChange change{key, "table"};
      ASSERT_THAT(table->Write({{}, {&change, 1}, ""}), IsOk());
    }
    OverlayView view(std::move(table), 1 << 20);
    for (int i = 0; i < 20; ++i) {
      const std::string key = fmt::format("{}", random() % 30);
      if (random() % 2 == 0) {
        model.erase(key);
        ASSERT_THAT(view.Apply({key, {}}), IsOk());
      } else {
        model[key] = "log";
        ASSERT_THAT(view.Apply({key, "log"}), IsOk());
      }
    }
    const std::string from = fmt::format("{}", random() % 30);
    const std::string to = fmt::format("{}", random() % 30);
    Rows expected;
    for (const auto& row : model) {
      if (row.first >= from && row.first < to) expected.push_back(row);
    }
    EXPECT_EQ(Walked(view, {from, to}, KeyOrder::kForward), expected);
    std::ranges::reverse(expected);
    EXPECT_EQ(Walked(view, {from, to}, KeyOrder::kReverse), expected);
    for (int i = 0; i < 30; ++i) {
      const std::string key = fmt::format("{}", i);
      std::string value;
      const auto at = model.find(key);
      EXPECT_THAT(view.Get(key, value), IsOkAndHolds(at != model.end()));
      if (at != model.end()) {
        EXPECT_EQ(value, at->second);
      }
    }
  }
}

TEST(OverlayView, HoldsNoMoreThanItMay) {
  OverlayView view(nullptr, 1000);
  const std::string large(600, 'x');
  EXPECT_THAT(view.Apply({"a", large}), IsOk());
  EXPECT_THAT(view.Apply({"a", large}), IsOk());
  EXPECT_THAT(view.Apply({"b", large}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace cauce::test
