// What became of records, as C programs are told: by a callback, or in a struct
// of theirs. Any thread.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/cauce.h"
#include "cauce/producer.h"
#include "cauce/types.h"

namespace cauce::capi {

cauce_delivery_t DeliveryOf(const Delivery& stored);
cauce_delivery_t DeliveryOf(PartitionId partition, const AppendResult& stored);

// Misuse where `to` is not null and has no size that can be.
absl::Status CheckDelivery(const cauce_delivery_t* to);
// Fills in what there is room for; null is nobody who wants to know.
void Fill(const cauce_delivery_t& delivery, cauce_delivery_t* to);

// Tells a callback that is not null.
void TellDelivery(cauce_delivery_callback_t on_delivery, void* user,
                  const absl::StatusOr<cauce_delivery_t>& delivery);

}  // namespace cauce::capi
