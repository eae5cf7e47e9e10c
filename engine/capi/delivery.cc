#include "engine/capi/delivery.h"

#include <cstring>

#include "engine/capi/call.h"
#include "engine/capi/error.h"
#include "engine/capi/values.h"

namespace cauce::capi {

cauce_delivery_t DeliveryOf(const Delivery& stored) {
  cauce_delivery_t delivery = CAUCE_DELIVERY_INIT;
  delivery.partition = stored.partition.value;
  delivery.offset = stored.offset.value;
  delivery.next_offset = stored.offset.value + 1;
  delivery.timestamp = stored.timestamp.ms;
  return delivery;
}

cauce_delivery_t DeliveryOf(PartitionId partition, const AppendResult& stored) {
  cauce_delivery_t delivery = CAUCE_DELIVERY_INIT;
  delivery.partition = partition.value;
  delivery.offset = stored.base.value;
  delivery.next_offset = stored.next.value;
  delivery.timestamp = stored.append_time.value_or(kNoTimestamp).ms;
  return delivery;
}

absl::Status CheckDelivery(const cauce_delivery_t* to) {
  if (to == nullptr) return absl::OkStatus();
  cauce_delivery_t checked;
  return TakeStruct("cauce_delivery_t", to, checked);
}

void Fill(const cauce_delivery_t& delivery, cauce_delivery_t* to) {
  if (to == nullptr) return;
  // Its size stays as its owner has set it: what lies behind is not ours.
  const size_t size = to->struct_size;
  *to = delivery;
  to->struct_size = size;
}

void TellDelivery(cauce_delivery_callback_t on_delivery, void* user,
                  const absl::StatusOr<cauce_delivery_t>& delivery) {
  if (on_delivery == nullptr) return;
  const CallbackScope scope("a callback of a delivery", Reach::kSends);
  const CallbackError error(delivery.status());
  on_delivery(user, delivery.ok() ? &*delivery : nullptr, error.get());
}

}  // namespace cauce::capi
