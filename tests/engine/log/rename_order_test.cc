#include "engine/log/rename_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(RenameOrder, WaitsForANameUntilItIsFree) {
  const RenameOrder order = OrderRenames(
      {{Offset{1}, Offset{2}}, {Offset{2}, Offset{3}}, {Offset{3}, Offset{4}}});
  EXPECT_THAT(order.targets, ElementsAre(Offset{4}, Offset{3}, Offset{2}));
  EXPECT_THAT(order.aside, IsEmpty());
}

TEST(RenameOrder, LetsTheFirstOfACircleStepAside) {
  const RenameOrder order = OrderRenames(
      {{Offset{1}, Offset{2}}, {Offset{2}, Offset{3}}, {Offset{3}, Offset{1}}});
  EXPECT_THAT(order.aside, ElementsAre(Offset{1}));
  EXPECT_THAT(order.targets, ElementsAre(Offset{3}, Offset{2}, Offset{1}));
}

TEST(RenameOrder, LetsOneOfEachCircleStepAside) {
  const RenameOrder order = OrderRenames({{Offset{1}, Offset{2}},
                                          {Offset{2}, Offset{1}},
                                          {Offset{3}, Offset{4}},
                                          {Offset{4}, Offset{3}}});
  EXPECT_THAT(order.aside, ElementsAre(Offset{1}, Offset{3}));
  EXPECT_THAT(order.targets,
              ElementsAre(Offset{2}, Offset{1}, Offset{4}, Offset{3}));
}

TEST(RenameOrder, OrdersAsManyAsThereAre) {
  constexpr int64_t kFiles = 200'000;
  std::vector<Renaming> chain;
  std::vector<Renaming> circle;
  for (int64_t i = 0; i < kFiles; ++i) {
    chain.push_back({Offset{i}, Offset{i + 1}});
    circle.push_back({Offset{i}, Offset{(i + 1) % kFiles}});
  }
  EXPECT_THAT(OrderRenames(chain).targets, SizeIs(kFiles));
  const RenameOrder order = OrderRenames(circle);
  EXPECT_THAT(order.targets, SizeIs(kFiles));
  EXPECT_THAT(order.aside, ElementsAre(Offset{0}));
}

TEST(RenameOrder, HasNothingToDoForNothing) {
  EXPECT_THAT(OrderRenames({}).targets, IsEmpty());
}

}  // namespace
}  // namespace cauce
