#include "engine/capi/group_metadata.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "engine/capi/error.h"

namespace cauce::capi {
namespace {

TEST(CapiGroupMetadata, IsShownAndTakenBackWhole) {
  ConsumerGroupMetadata metadata{.group = "billing",
                                 .member_id = "m-1",
                                 .instance = "i",
                                 .generation = 4};
  metadata.topic_ids["orders"].bytes[0] = 7;
  cauce_group_metadata_t* given = nullptr;
  ASSERT_EQ(GiveGroupMetadata(metadata, &given), absl::OkStatus());

  EXPECT_STREQ(given->group, "billing");
  EXPECT_STREQ(given->member_id, "m-1");
  EXPECT_STREQ(given->instance, "i");
  EXPECT_EQ(given->generation, 4);
  const auto taken = TakeGroupMetadata(given);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ((*taken)->topic_ids, metadata.topic_ids);
  EXPECT_EQ(cauce_group_metadata_free(given), CAUCE_OK);
}

TEST(CapiGroupMetadata, OfNobodyIsMisuse) {
  EXPECT_EQ(ReasonNumberOf(TakeGroupMetadata(nullptr).status()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_group_metadata_free(nullptr), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::capi
