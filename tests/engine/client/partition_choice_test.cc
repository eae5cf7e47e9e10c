#include "engine/client/partition_choice.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>

#include "cauce/env.h"
#include "cauce/partitioner.h"
#include "cauce/types.h"

namespace cauce {
namespace {

constexpr size_t kBatchBytes = 1000;

// The same numbers in each test (Knuth's MMIX).
class Reckoned final : public Random {
 public:
  uint64_t Next() override {
    next_ = next_ * 6364136223846793005 + 1442695040888963407;
    return next_ >> 33;
  }

 private:
  uint64_t next_ = 0;
};

TEST(PartitionChoice, GoesByTheKeyAsKafkasClientsDo) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  EXPECT_EQ(choice.Choose("orders", 7), PartitionForKey("orders", 7));
  EXPECT_EQ(choice.Choose("", 7), PartitionForKey("", 7));
}

TEST(PartitionChoice, StaysUntilABatchIsFull) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  const PartitionId first = choice.Choose(std::nullopt, 3);

  EXPECT_EQ(choice.Choose(std::nullopt, 3), first);
  choice.Filled(PartitionId{(first.value + 1) % 3}, 3);  // by records with keys
  EXPECT_EQ(choice.Choose(std::nullopt, 3), first);
  choice.Filled(first, 3);
  EXPECT_NE(choice.Choose(std::nullopt, 3), first);
}

TEST(PartitionChoice, MovesOnBehindABatchsBytesHoweverManyBatchesTheyMade) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  const PartitionId first = choice.Choose(std::nullopt, 3);
  choice.Took(first, kBatchBytes - 1);
  EXPECT_EQ(choice.Choose(std::nullopt, 3), first);
  choice.Took(PartitionId{(first.value + 1) % 3}, 1);  // by records with keys
  EXPECT_EQ(choice.Choose(std::nullopt, 3), first);
  choice.Took(first, 1);
  const PartitionId second = choice.Choose(std::nullopt, 3);
  EXPECT_NE(second, first);
  choice.Took(second, 1);
  EXPECT_EQ(choice.Choose(std::nullopt, 3), second);
}

TEST(PartitionChoice, ComesToEveryPartition) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  std::set<PartitionId> seen;
  for (int i = 0; i < 30; ++i) {
    const PartitionId chosen = choice.Choose(std::nullopt, 4);
    seen.insert(chosen);
    choice.Filled(chosen, 4);
  }
  EXPECT_EQ(seen.size(), 4u);
}

TEST(PartitionChoice, HasNoOtherThanTheOnlyOne) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  choice.Filled(choice.Choose(std::nullopt, 1), 1);
  EXPECT_EQ(choice.Choose(std::nullopt, 1), PartitionId{0});
}

TEST(PartitionChoice, TakesEachInTurn) {
  Reckoned random;
  PartitionChoice choice(Keyless::kRoundRobin, kBatchBytes, random);
  const int32_t first = choice.Choose(std::nullopt, 3).value;
  EXPECT_EQ(choice.Choose(std::nullopt, 3).value, (first + 1) % 3);
  EXPECT_EQ(choice.Choose(std::nullopt, 3).value, (first + 2) % 3);
  EXPECT_EQ(choice.Choose(std::nullopt, 3).value, first);
}

TEST(PartitionChoice, LeavesAPartitionThatIsNotThereAnyMore) {
  Reckoned random;
  PartitionChoice choice(Keyless::kSticky, kBatchBytes, random);
  for (int i = 0; i < 9; ++i) choice.Filled(choice.Choose(std::nullopt, 9), 9);
  EXPECT_LT(choice.Choose(std::nullopt, 2).value, 2);
}

}  // namespace
}  // namespace cauce
