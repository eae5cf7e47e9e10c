#include "engine/store/shared_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

using Model = std::map<std::string, std::string>;

std::vector<std::pair<std::string, std::string>> Walked(
    const SharedMap::View& view, const KeyRange& range, KeyOrder order) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (SharedMap::Walk at(view, range, order); at.Valid(); at.Next())
    pairs.emplace_back(at.key(), at.value());
  return pairs;
}

std::string KeyBy(std::mt19937_64& random) {
  return std::string(random() % 3, static_cast<char>('a' + random() % 6)) +
         static_cast<char>(random() % 256);
}

TEST(SharedMap, AndItsViewsAreWhatMapsWouldBe) {
  const Seed seed;
  std::mt19937_64 random(seed.value());
  SharedMap map;
  Model model;
  std::vector<std::pair<SharedMap::View, Model>> views;

  for (int step = 0; step < 3000; ++step) {
    const std::string key = KeyBy(random);
    switch (random() % 16) {
      case 0: {
        const std::string to = KeyBy(random);
        map.Erase(KeyRange{.from = key, .to = to});
        if (key < to)
          model.erase(model.lower_bound(key), model.lower_bound(to));
        break;
      }
      case 1:
        views.emplace_back(map.Share(), model);
        map = SharedMap(views.back().first);
        break;
      case 2:
      case 3:
      case 4:
        map.Erase(key);
        model.erase(key);
        break;
      default:
        map.Put(key, std::to_string(step));
        model[key] = std::to_string(step);
    }
  }

  views.emplace_back(map.Share(), model);
  for (const auto& [view, held] : views) {
    ASSERT_EQ(view.keys(), static_cast<int64_t>(held.size()));
    ASSERT_THAT(Walked(view, {}, KeyOrder::kForward),
                ::testing::ElementsAreArray(held));
    const std::string from = KeyBy(random);
    const std::string to = KeyBy(random);
    std::vector<std::pair<std::string, std::string>> reversed;
    for (auto at = held.rbegin(); at != held.rend(); ++at) {
      if (from <= at->first && at->first < to) reversed.emplace_back(*at);
    }
    ASSERT_EQ(Walked(view, {.from = from, .to = to}, KeyOrder::kReverse),
              reversed);
    const std::string* const found = view.Find(from);
    ASSERT_EQ(found != nullptr, held.contains(from));
  }
}

TEST(SharedMap, CountsWhatItTakes) {
  SharedMap map;
  map.Put("a", std::string(1000, 'x'));
  const int64_t with = map.Share().bytes();

  map.Put("a", "");
  const int64_t without = map.Share().bytes();

  EXPECT_EQ(with - without, 1000);
  map.Erase("a");
  EXPECT_EQ(map.Share().bytes(), 0);
}

}  // namespace
}  // namespace cauce::test
