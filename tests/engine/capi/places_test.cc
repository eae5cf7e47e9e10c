#include "engine/capi/places.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/status/status.h"
#include "cauce/cauce.h"
#include "cauce/errors.h"

namespace cauce::capi {
namespace {

const TopicPartition kOrders{"orders", PartitionId{3}};

TEST(CapiPlaces, HoldWhatIsKnownAndNothingElse) {
  cauce_places_t* places = nullptr;
  ASSERT_EQ(GivePartitions({kOrders}, &places), absl::OkStatus());
  ASSERT_EQ(places->count, 1u);
  const cauce_place_t& place = *places->items[0];
  EXPECT_EQ(place.struct_size, sizeof(cauce_place_t));
  EXPECT_STREQ(place.topic, "orders");
  EXPECT_EQ(place.partition, 3);
  EXPECT_EQ(place.offset, -1);
  EXPECT_EQ(place.lag, -1);
  EXPECT_EQ(place.metadata, nullptr);
  EXPECT_EQ(cauce_places_free(places), CAUCE_OK);
}

TEST(CapiPlaces, OfOffsetsHaveTheirMetadataAndTopic) {
  OffsetAndMetadata at{.offset = Offset{9}, .metadata = "half"};
  at.topic_id.bytes[15] = 4;
  cauce_places_t* places = nullptr;
  ASSERT_EQ(GiveOffsets({{kOrders, at}}, &places), absl::OkStatus());
  EXPECT_EQ(places->items[0]->offset, 9);
  EXPECT_STREQ(places->items[0]->metadata, "half");
  EXPECT_EQ(places->items[0]->topic_id[15], 4);
  EXPECT_EQ(cauce_places_free(places), CAUCE_OK);
}

TEST(CapiPlaces, OfStatusesSayWhyNot) {
  cauce_places_t* places = nullptr;
  ASSERT_EQ(GiveStatuses({{kOrders, MakeError(Reason::kUnknownTopic, "gone")}},
                         &places),
            absl::OkStatus());
  EXPECT_EQ(places->items[0]->reason, CAUCE_UNKNOWN_TOPIC);
  EXPECT_STREQ(places->items[0]->message, "gone");
  EXPECT_EQ(cauce_places_free(places), CAUCE_OK);
}

TEST(CapiPlaces, OfNoneAreAnEmptyList) {
  cauce_places_t* places = nullptr;
  ASSERT_EQ(GivePartitions({}, &places), absl::OkStatus());
  EXPECT_EQ(places->count, 0u);
  EXPECT_EQ(places->items, nullptr);
  EXPECT_EQ(cauce_places_free(places), CAUCE_OK);
  EXPECT_EQ(cauce_places_free(nullptr), CAUCE_OK);
}

TEST(CapiPlaces, ThatAreLentCannotBeFreed) {
  Places places(Kind::kLent);
  places.Add(PlaceOf(kOrders, places.arena()));
  auto* const lent = const_cast<cauce_places_t*>(places.Lend());
  EXPECT_EQ(cauce_places_free(lent), CAUCE_MISUSE);
  EXPECT_EQ(lent->count, 1u);
}

}  // namespace
}  // namespace cauce::capi
