#include "engine/log/unstable_transactions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/testing/seed.h"

namespace cauce {
namespace {

TEST(UnstableTransactions, WithoutAnyAllThatIsSeenIsStable) {
  const UnstableTransactions none;
  EXPECT_EQ(none.LastStable(Offset{17}), Offset{17});
}

TEST(UnstableTransactions, TheOldestOpenOneKeepsTheRestBack) {
  UnstableTransactions transactions;
  transactions.Begin(Offset{10});
  transactions.Begin(Offset{5});

  EXPECT_EQ(transactions.LastStable(Offset{20}), Offset{5});
  EXPECT_EQ(transactions.LastStable(Offset{3}), Offset{3});
  EXPECT_EQ(transactions.FirstOpen(Offset{99}), Offset{5});
}

TEST(UnstableTransactions, OneThatEndedCountsUntilItsMarkerIsSeen) {
  UnstableTransactions transactions;
  transactions.Begin(Offset{5});
  transactions.End(Offset{5}, Offset{12});

  EXPECT_EQ(transactions.LastStable(Offset{12}), Offset{5});
  EXPECT_EQ(transactions.LastStable(Offset{13}), Offset{13});
  EXPECT_EQ(transactions.FirstOpen(Offset{99}), Offset{99});
}

TEST(UnstableTransactions, ForgetsOnlyWhatIsSeen) {
  UnstableTransactions transactions;
  transactions.Begin(Offset{5});
  transactions.End(Offset{5}, Offset{12});

  transactions.Forget(Offset{12});
  EXPECT_EQ(transactions.LastStable(Offset{12}), Offset{5});
  transactions.Forget(Offset{13});
  EXPECT_TRUE(transactions.empty());
}

TEST(UnstableTransactions, OneThatMayHaveEndedInDamageKeepsNobodyWaiting) {
  UnstableTransactions transactions;
  transactions.Begin(Offset{5});
  transactions.Doubt(Offset{5});
  EXPECT_FALSE(transactions.MayHaveEnded());
  EXPECT_EQ(transactions.Decidable(Offset{20}), Offset{5});

  transactions.Doubt(Offset{7});
  transactions.Doubt(Offset{6});
  transactions.Begin(Offset{8});
  EXPECT_TRUE(transactions.MayHaveEnded());
  EXPECT_EQ(transactions.LastStable(Offset{20}), Offset{5});
  EXPECT_EQ(transactions.Decidable(Offset{20}), Offset{20});

  transactions.End(Offset{5}, Offset{12});
  EXPECT_FALSE(transactions.MayHaveEnded());
  EXPECT_EQ(transactions.Decidable(Offset{20}), Offset{8});
}

// Of transactions that begin, end and become visible by chance, against all of
// them looked at one by one.
TEST(UnstableTransactions, TellWhatAListOfThemTells) {
  struct Known {
    int64_t first;
    int64_t marker = INT64_MAX;
  };
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  std::vector<Known> known;
  UnstableTransactions transactions;
  int64_t end = 0;
  int64_t seen = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<Known*> open;
    for (Known& each : known) {
      if (each.marker == INT64_MAX) open.push_back(&each);
    }
    const uint64_t what = random() % 4;
    if (what == 0 && open.size() < 8) {
      known.push_back({end});
      transactions.Begin(Offset{end++});
    } else if (what == 1 && !open.empty()) {
      Known& ends = *open[random() % open.size()];
      ends.marker = end++;
      transactions.End(Offset{ends.first}, Offset{ends.marker});
    } else if (what == 2) {
      seen += static_cast<int64_t>(random() %
                                   static_cast<uint64_t>(end - seen + 1));
      transactions.Forget(Offset{seen});
      std::erase_if(known,
                    [&](const Known& each) { return each.marker < seen; });
    } else {
      ++end;
    }
    int64_t stable = seen;
    for (const Known& each : known) {
      if (each.marker >= seen) stable = std::min(stable, each.first);
    }
    ASSERT_EQ(transactions.LastStable(Offset{seen}), Offset{stable});
  }
}

}  // namespace
}  // namespace cauce
