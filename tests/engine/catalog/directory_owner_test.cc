#include "engine/catalog/directory_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cauce/topic_id.h"
#include "cauce/types.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;

TopicId Id(uint8_t first) {
  TopicId id;
  id.bytes[0] = first;
  return id;
}

TopicEntry Orders() {
  TopicEntry topic;
  topic.name = "orders";
  topic.id = Id(7);
  return topic;
}

TEST(DirectoryOwner, IsAnotherTopicWhereBothIdsAreKnownAndDiffer) {
  const TopicCatalog catalog;
  EXPECT_THAT(FindOtherOwner(catalog, Orders(), Id(7)), Eq(std::nullopt));
  const auto other = FindOtherOwner(catalog, Orders(), Id(9));
  ASSERT_TRUE(other);
  for (const std::string& part :
       {TopicIdText(Id(9)), TopicIdText(Id(7)), std::string("orders")}) {
    EXPECT_THAT(other->what, HasSubstr(part));
  }
  EXPECT_THAT(other->advice, HasSubstr("orders's"));
}

TEST(DirectoryOwner, IsToldByTheNameWhereAnIdIsNotKnown) {
  const TopicCatalog catalog;
  for (const absl::Status& unread :
       {absl::NotFoundError("none"), absl::DataLossError("damaged")}) {
    EXPECT_THAT(FindOtherOwner(catalog, Orders(), unread), Eq(std::nullopt));
  }
  TopicEntry without = Orders();
  without.id = TopicId();
  EXPECT_THAT(FindOtherOwner(catalog, without, Id(9)), Eq(std::nullopt));
}

// Of a topic that a broker made before it gave ids.
TEST(DirectoryOwner, IsAnotherTopicThatHasItsIdWhereItsOwnIsNotKnown) {
  TopicEntry without = Orders();
  without.id = TopicId();
  without.imported = true;
  TopicEntry payments = Orders();
  payments.name = "payments";
  payments.partitions = without.partitions = 1;
  TopicCatalog catalog;
  ASSERT_TRUE(catalog.Add(payments).ok());
  ASSERT_TRUE(catalog.Add(without).ok());
  EXPECT_THAT(FindOtherOwner(catalog, payments, Id(7)), Eq(std::nullopt));
  EXPECT_THAT(FindOtherOwner(catalog, without, Id(9)), Eq(std::nullopt));
  EXPECT_THAT(FindOtherOwner(catalog, without, TopicId()), Eq(std::nullopt));
  const auto other = FindOtherOwner(catalog, without, Id(7));
  ASSERT_TRUE(other);
  EXPECT_THAT(other->what, HasSubstr("payments's"));
  EXPECT_THAT(other->what, HasSubstr(TopicIdText(Id(7))));
  EXPECT_THAT(other->advice, HasSubstr("orders's"));
}

}  // namespace
}  // namespace cauce
