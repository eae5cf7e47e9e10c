#include "engine/capi/delivery.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/capi/error.h"

namespace cauce::capi {
namespace {

TEST(CapiDelivery, FillsWhatTheCallerHasRoomForAndKeepsItsSize) {
  struct Newer {
    cauce_delivery_t known = CAUCE_DELIVERY_INIT;
    int64_t more = 0;
  } to;
  to.known.struct_size = sizeof(to);
  ASSERT_EQ(CheckDelivery(&to.known), absl::OkStatus());

  Fill(DeliveryOf(PartitionId{2}, {.base = Offset{5}, .next = Offset{8}}),
       &to.known);

  EXPECT_EQ(to.known.struct_size, sizeof(to));
  EXPECT_EQ(to.known.partition, 2);
  EXPECT_EQ(to.known.offset, 5);
  EXPECT_EQ(to.known.next_offset, 8);
  EXPECT_EQ(to.known.timestamp, CAUCE_NO_TIMESTAMP);
  Fill(DeliveryOf(Delivery{}), nullptr);
}

TEST(CapiDelivery, ToAStructWithoutASizeIsMisuse) {
  cauce_delivery_t to = CAUCE_DELIVERY_INIT;
  to.struct_size = 8;
  EXPECT_EQ(ReasonNumberOf(CheckDelivery(&to)), CAUCE_MISUSE);
  EXPECT_EQ(CheckDelivery(nullptr), absl::OkStatus());
}

TEST(CapiDelivery, IsToldAsOneOfTwo) {
  struct Seen {
    int64_t offset = -1;
    cauce_reason_t reason = CAUCE_OK;
  } seen;
  const cauce_delivery_callback_t told = [](void* user,
                                            const cauce_delivery_t* delivery,
                                            const cauce_error_t* error) {
    EXPECT_NE(delivery == nullptr, error == nullptr);
    auto* const to = static_cast<Seen*>(user);
    if (delivery != nullptr) to->offset = delivery->offset;
    to->reason = cauce_error_reason(error);
  };
  TellDelivery(told, &seen, DeliveryOf({.offset = Offset{4}}));
  EXPECT_EQ(seen.offset, 4);
  EXPECT_EQ(seen.reason, CAUCE_OK);
  TellDelivery(told, &seen, MakeError(Reason::kTruncated, "cut"));
  EXPECT_EQ(seen.reason, CAUCE_TRUNCATED);
  TellDelivery(nullptr, nullptr, DeliveryOf(Delivery{}));
}

}  // namespace
}  // namespace cauce::capi
