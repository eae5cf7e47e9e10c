#include <gtest/gtest.h>

#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

class CapiGroup : public CapiRig {
 protected:
  CapiGroup() {
    MakeTopic("orders");
    cauce_producer_t* const producer = OpenProducer();
    Send(producer, "orders", {"a", "b", "c"});
    EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
  }

  void SetOffset(int64_t offset) {
    const cauce_place_t at = PlaceAt("orders", 0, offset);
    cauce_places_t* answers = nullptr;
    ASSERT_EQ(cauce_group_alter_offsets(client_, "billing", &at, 1, &answers,
                                        err()),
              CAUCE_OK)
        << told_.message();
    EXPECT_EQ(answers->items[0]->reason, CAUCE_OK);
    EXPECT_EQ(cauce_places_free(answers), CAUCE_OK);
  }

  // A member that has its partition; static where it has an instance.
  cauce_consumer_t* Join(const char* instance) {
    std::vector<cauce_config_t> options = {{"group.id", "billing"},
                                           {"auto.offset.reset", "earliest"}};
    if (instance != nullptr) options.push_back({"group.instance.id", instance});
    cauce_consumer_t* const consumer = OpenConsumer(options);
    const char* const topics[] = {"orders"};
    EXPECT_EQ(cauce_consumer_subscribe(consumer, topics, 1, nullptr, err()),
              CAUCE_OK);
    Poll(consumer, 3);
    return consumer;
  }
};

TEST_F(CapiGroup, HasOffsetsAndLag) {
  SetOffset(1);

  cauce_places_t* offsets = nullptr;
  ASSERT_EQ(cauce_group_offsets(client_, "billing", &offsets, err()), CAUCE_OK);
  ASSERT_EQ(offsets->count, 1u);
  const cauce_place_t& place = *offsets->items[0];
  EXPECT_EQ(place.offset, 1);
  EXPECT_EQ(place.log_start, 0);
  EXPECT_EQ(place.log_end, 3);
  EXPECT_EQ(place.lag, 2);
  EXPECT_EQ(cauce_places_free(offsets), CAUCE_OK);
}

TEST_F(CapiGroup, ForgetsOffsetsAndIsDeleted) {
  SetOffset(1);
  const cauce_place_t at = PlaceAt("orders", 0);
  cauce_places_t* answers = nullptr;
  ASSERT_EQ(
      cauce_group_delete_offsets(client_, "billing", &at, 1, &answers, err()),
      CAUCE_OK);
  EXPECT_EQ(answers->items[0]->reason, CAUCE_OK);
  EXPECT_EQ(cauce_places_free(answers), CAUCE_OK);
  SetOffset(2);
  EXPECT_EQ(cauce_group_delete(client_, "billing", err()), CAUCE_OK);
  EXPECT_EQ(cauce_group_delete(client_, "billing", err()),
            CAUCE_GROUP_ID_NOT_FOUND);
}

TEST_F(CapiGroup, IsListedAndDescribedWithItsMembers) {
  cauce_consumer_t* const consumer = Join("desk-1");
  cauce_groups_t* groups = nullptr;
  ASSERT_EQ(cauce_groups_list(client_, &groups, err()), CAUCE_OK);
  ASSERT_EQ(groups->count, 1u);
  EXPECT_EQ(groups->unread_count, 0u);
  EXPECT_STREQ(groups->items[0]->id, "billing");
  EXPECT_EQ(cauce_groups_free(groups), CAUCE_OK);

  ASSERT_EQ(cauce_group_describe(client_, "billing", &groups, err()), CAUCE_OK);
  const cauce_group_t& group = *groups->items[0];
  EXPECT_STREQ(group.state, "Stable");
  EXPECT_STREQ(group.assignor, "range");
  ASSERT_EQ(group.member_count, 1u);
  EXPECT_STREQ(group.members[0]->instance, "desk-1");
  ASSERT_EQ(group.members[0]->assigned_count, 1u);
  EXPECT_STREQ(group.members[0]->assigned[0]->topic, "orders");
  EXPECT_EQ(cauce_groups_free(groups), CAUCE_OK);
  EXPECT_EQ(cauce_group_describe(client_, "others", &groups, err()),
            CAUCE_GROUP_ID_NOT_FOUND);
  EXPECT_EQ(cauce_group_delete(client_, "billing", err()),
            CAUCE_NON_EMPTY_GROUP);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiGroup, HasMembersRemovedByInstanceOrAll) {
  cauce_consumer_t* const consumer = Join("desk-1");
  const char* const instances[] = {"desk-1", "desk-2"};
  cauce_members_t* members = nullptr;
  ASSERT_EQ(cauce_group_remove_members(client_, "billing", instances, 2,
                                       &members, err()),
            CAUCE_OK)
      << told_.message();
  ASSERT_EQ(members->count, 2u);
  EXPECT_STREQ(members->items[0]->instance, "desk-1");
  EXPECT_EQ(members->items[0]->reason, CAUCE_OK);
  EXPECT_EQ(members->items[1]->reason, CAUCE_UNKNOWN_MEMBER_ID);
  EXPECT_NE(members->items[1]->message, nullptr);
  EXPECT_EQ(cauce_members_free(members), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);

  cauce_consumer_t* const another = Join(nullptr);
  ASSERT_EQ(cauce_group_remove_members(client_, "billing", nullptr, 0, &members,
                                       err()),
            CAUCE_OK);
  EXPECT_EQ(members->count, 1u);
  EXPECT_EQ(cauce_members_free(members), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(another), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
