#include "engine/coord/hanging_transactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cauce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

HeldBack Held(int32_t partition, int64_t producer = 1) {
  return {{"orders", {partition}}, Offset{3}, Offset{5}, {producer}, 0};
}

TransactionDescription Open(std::vector<TopicPartition> partitions) {
  TransactionDescription open;
  open.id = "x";
  open.status = TransactionStatus::kOngoing;
  open.producer.id = ProducerId{1};
  open.partitions = std::move(partitions);
  return open;
}

TEST(HangingTransactions, AreThoseThatNoIdTakesPartIn) {
  EXPECT_THAT(
      FindHanging({Held(0), Held(1), Held(2)}, {Open({{"orders", {1}}})}),
      ElementsAre(Held(0), Held(2)));
}

TEST(HangingTransactions, AreSeenBesideThoseOfOthersInTheirPartition) {
  EXPECT_THAT(FindHanging({Held(0, 77)}, {Open({{"orders", {0}}})}),
              ElementsAre(Held(0, 77)));
}

TEST(HangingTransactions, AreNotWhereEachIsKnown) {
  EXPECT_THAT(FindHanging({Held(0), Held(1)}, {Open({{"orders", {1}}}),
                                               Open({{"orders", {0}}})}),
              IsEmpty());
  EXPECT_THAT(FindHanging({}, {}), IsEmpty());
}

}  // namespace
}  // namespace cauce
