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
  EXPECT_THAT(FindOtherOwner(Orders(), Id(7)), Eq(std::nullopt));
  const auto other = FindOtherOwner(Orders(), Id(9));
  ASSERT_TRUE(other);
  for (const std::string& part :
       {TopicIdText(Id(9)), TopicIdText(Id(7)), std::string("orders")}) {
    EXPECT_THAT(other->what, HasSubstr(part));
  }
  EXPECT_THAT(other->advice, HasSubstr("orders's"));
}

TEST(DirectoryOwner, IsToldByTheNameWhereAnIdIsNotKnown) {
  for (const absl::Status& unread :
       {absl::NotFoundError("none"), absl::DataLossError("damaged")}) {
    EXPECT_THAT(FindOtherOwner(Orders(), unread), Eq(std::nullopt));
  }
  TopicEntry without = Orders();
  without.id = TopicId();
  EXPECT_THAT(FindOtherOwner(without, Id(9)), Eq(std::nullopt));
}

}  // namespace
}  // namespace cauce
