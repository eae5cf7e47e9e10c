#include "tools/cli/named_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace cauce::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NamedPartitions, AreAllOfATopicOrThoseThatAreNamed) {
  const auto all = NamedPartitions::Parse("orders");
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(all->partitions, IsEmpty());
  EXPECT_TRUE(all->Has({"orders", PartitionId{7}}));
  EXPECT_FALSE(all->Has({"bills", PartitionId{7}}));
  EXPECT_EQ(all->ToString(), "orders");

  const auto some = NamedPartitions::Parse("orders:0,99999");
  ASSERT_TRUE(some.ok());
  EXPECT_THAT(some->partitions,
              ElementsAre(PartitionId{0}, PartitionId{99'999}));
  EXPECT_TRUE(some->Has({"orders", PartitionId{0}}));
  EXPECT_FALSE(some->Has({"orders", PartitionId{1}}));
  EXPECT_EQ(some->ToString(), "orders:0,99999");
}

TEST(NamedPartitions, AreNoOtherWords) {
  for (const std::string text :
       {"", ":", ":0", "a/b", "../a", "orders:", "orders:0,", "orders:,0",
        "orders:x", "orders:-1", "orders:+1", "orders:1.5", "orders:100000",
        "orders:99999999999999999999", "orders:0:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(NamedPartitions::Parse(text).status()))
        << text;
  }
}

}  // namespace
}  // namespace cauce::cli
