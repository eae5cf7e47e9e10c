#include "engine/capi/open_transaction.h"

#include <utility>
#include <vector>

#include "cauce/transaction_status.h"
#include "engine/capi/places.h"

namespace cauce::capi {

cauce_transaction_t TransactionOf(const HangingTransaction& transaction,
                                  Arena& arena) {
  cauce_place_t place = PlaceOf(transaction.partition, arena);
  place.log_start = transaction.start.value;
  place.log_end = transaction.end.value;
  std::vector<const cauce_place_t*> partitions = {arena.Keep(place)};
  return {.id = nullptr,
          .state =
              arena.Text(TransactionStatusName(TransactionStatus::kOngoing)),
          .producer_id = transaction.producer_id.value,
          .producer_epoch = transaction.producer_epoch,
          .reserved = 0,
          .timeout_ms = -1,
          .start_time = CAUCE_NO_TIMESTAMP,
          .partitions = arena.Array(std::move(partitions)),
          .partition_count = 1};
}

}  // namespace cauce::capi
