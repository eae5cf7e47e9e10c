#include "engine/store/load_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;

Changes SortedOf(const LoadRun& run) {
  Changes changes;
  EXPECT_THAT(run.Sorted([&](const StateChange& change) {
    changes.emplace_back(change.key, change.value);
    return absl::OkStatus();
  }),
              IsOk());
  return changes;
}

TEST(LoadRun, TakesNoMoreThanItHasRoomFor) {
  LoadRun run(100);

  EXPECT_TRUE(run.Add(Put("a", std::string(60, 'x'))));
  EXPECT_FALSE(run.Add(Put("b", std::string(60, 'x'))));
  run.Clear();
  EXPECT_TRUE(run.Add(Put("b", std::string(60, 'x'))));

  EXPECT_EQ(SortedOf(run).size(), 1);
}

TEST(LoadRun, TakesOneChangeOfAnySize) {
  LoadRun run(100);

  EXPECT_TRUE(run.Add(Put("a", std::string(1000, 'x'))));
  EXPECT_FALSE(run.Add(Put("b", "")));

  EXPECT_EQ(SortedOf(run).size(), 1);
}

TEST(LoadRun, StopsWhereItIsToldTo) {
  LoadRun run(1000);
  run.Add(Put("b", ""));
  run.Add(Put("a", ""));
  int shown = 0;

  EXPECT_THAT(run.Sorted([&](const StateChange&) {
    ++shown;
    return absl::CancelledError("enough");
  }),
              StatusIs(absl::StatusCode::kCancelled));

  EXPECT_EQ(shown, 1);
}

TEST(LoadRun, TellsKeysApartThatBeginAlike) {
  LoadRun run(1000);

  for (const char* const key : {"key-000000000b", "key-000000000a",
                                "key-000000000", "key-000000000aa"}) {
    ASSERT_TRUE(run.Add(Put(key, "")));
  }

  EXPECT_THAT(SortedOf(run), ElementsAre(std::pair("key-000000000", ""),
                                         std::pair("key-000000000a", ""),
                                         std::pair("key-000000000aa", ""),
                                         std::pair("key-000000000b", "")));
}

TEST(LoadRun, IsWhatAMapWouldBe) {
  const Seed seed;
  std::mt19937_64 random(seed.value());
  LoadRun run(1 << 20);

  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::optional<std::string>> model;
    const std::string alike(random() % 12, 'k');
    const bool ascends = random() % 4 == 0;
    run.Clear();
    for (int i = 0; i < 100; ++i) {
      std::string key = alike;
      if (ascends) key += static_cast<char>(i);
      for (size_t more = random() % 12; more > 0; --more)
        key += static_cast<char>(random() % 3 == 0 ? 0 : random() % 256);
      std::optional<std::string> value;
      if (random() % 4 != 0) value = std::to_string(i);
      ASSERT_TRUE(run.Add({key, value}));
      model[key] = value;
    }
    ASSERT_THAT(SortedOf(run), ElementsAreArray(model));
  }
}

}  // namespace
}  // namespace cauce::test
