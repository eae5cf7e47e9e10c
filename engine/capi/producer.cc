#include "cauce/producer.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "cauce/cauce.h"
#include "cauce/client.h"
#include "cauce/partitioner.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/delivery.h"
#include "engine/capi/group_metadata.h"
#include "engine/capi/options.h"
#include "engine/capi/values.h"

struct cauce_producer : cauce::capi::Handle<cauce::capi::Kind::kProducer> {
  std::unique_ptr<cauce::Producer> producer;
};

namespace cauce::capi {
namespace {

// A record on its way to a producer. Views what it was made of.
class Outgoing {
 public:
  absl::Status Take(const cauce_record_t* given) {
    CAUCE_RETURN_IF_ERROR(Given({{"the record", given}}));
    cauce_record_t taken;
    CAUCE_RETURN_IF_ERROR(TakeStruct("cauce_record_t", given, taken));
    CAUCE_RETURN_IF_ERROR(Given({{"the record's topic", taken.topic}}));
    CAUCE_RETURN_IF_ERROR(records_.Add(taken));
    const Record& record = records_.records().front();
    record_ = {.topic = taken.topic,
               .key = record.key,
               .value = record.value,
               .headers = record.headers,
               .timestamp = record.timestamp};
    if (taken.partition != CAUCE_ANY_PARTITION)
      record_.partition = PartitionId{taken.partition};
    return absl::OkStatus();
  }
  const ProducerRecord& record() const { return record_; }

 private:
  TakenRecords records_;
  ProducerRecord record_;
};

DeliveryCallback CallbackOf(cauce_delivery_callback_t on_delivery,
                            void* user) {
  if (on_delivery == nullptr) return {};
  return [on_delivery, user](const absl::StatusOr<Delivery>& stored) {
    if (!stored.ok()) return TellDelivery(on_delivery, user, stored.status());
    TellDelivery(on_delivery, user, DeliveryOf(*stored));
  };
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_producer_open(cauce_client_t* client,
                                   const cauce_config_t* options,
                                   size_t option_count,
                                   cauce_producer_t** producer,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"producer", producer}}));
        *producer = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                               cauce::capi::TakePairs(options, option_count));
        CAUCE_ASSIGN_OR_RETURN(const cauce::ProducerOptions taken,
                               cauce::capi::ProducerOptionsOf(pairs));
        auto opened = std::make_unique<cauce_producer>();
        CAUCE_ASSIGN_OR_RETURN(opened->producer,
                               on.client->NewProducer(taken));
        *producer = opened.release();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_producer_send(cauce_producer_t* producer,
                                   const cauce_record_t* record,
                                   cauce_delivery_callback_t on_delivery,
                                   void* user, cauce_error_t** error) {
  return CallOn(producer, Reach::kSends, error,
                [&](cauce_producer& on) -> absl::Status {
                  cauce::capi::Outgoing outgoing;
                  CAUCE_RETURN_IF_ERROR(outgoing.Take(record));
                  return on.producer->Send(
                      outgoing.record(),
                      cauce::capi::CallbackOf(on_delivery, user));
                });
}

cauce_reason_t cauce_producer_send_and_wait(cauce_producer_t* producer,
                                            const cauce_record_t* record,
                                            cauce_delivery_t* delivery,
                                            cauce_error_t** error) {
  return CallOn(
      producer, Reach::kWaits, error, [&](cauce_producer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(cauce::capi::CheckDelivery(delivery));
        cauce::capi::Outgoing outgoing;
        CAUCE_RETURN_IF_ERROR(outgoing.Take(record));
        CAUCE_ASSIGN_OR_RETURN(const cauce::Delivery stored,
                               on.producer->SendAndWait(outgoing.record()));
        cauce::capi::Fill(cauce::capi::DeliveryOf(stored), delivery);
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_producer_flush(cauce_producer_t* producer,
                                    int64_t timeout_ms,
                                    cauce_error_t** error) {
  return CallOn(producer, Reach::kWaits, error,
                [&](cauce_producer& on) -> absl::Status {
                  CAUCE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                                         cauce::capi::TakeTimeout(timeout_ms));
                  return on.producer->Flush(timeout);
                });
}

cauce_reason_t cauce_producer_close(cauce_producer_t* producer,
                                    int64_t timeout_ms,
                                    cauce_error_t** error) {
  return CallOn(producer, Reach::kEnds, error,
                [&](cauce_producer& on) -> absl::Status {
                  CAUCE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                                         cauce::capi::TakeTimeout(timeout_ms));
                  return on.producer->Close(timeout);
                });
}

cauce_reason_t cauce_producer_free(cauce_producer_t* producer) {
  return cauce::capi::Free(producer);
}

cauce_reason_t cauce_producer_partitions(cauce_producer_t* producer,
                                         const char* topic,
                                         int32_t* partitions,
                                         cauce_error_t** error) {
  return CallOn(
      producer, Reach::kWaits, error, [&](cauce_producer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            Given({{"topic", topic}, {"partitions", partitions}}));
        CAUCE_ASSIGN_OR_RETURN(*partitions, on.producer->PartitionsOf(topic));
        return absl::OkStatus();
      });
}

int32_t cauce_partition_for_key(const void* key, size_t key_size,
                                int32_t partitions) {
  // No record has one of another size.
  if (key == nullptr || key_size > cauce::capi::kBytesMax) return -1;
  return cauce::PartitionForKey({static_cast<const char*>(key), key_size},
                                partitions)
      .value;
}

cauce_reason_t cauce_producer_init_transactions(cauce_producer_t* producer,
                                                cauce_error_t** error) {
  return CallOn(producer, Reach::kWaits, error, [](cauce_producer& on) {
    return on.producer->InitTransactions();
  });
}

cauce_reason_t cauce_producer_begin(cauce_producer_t* producer,
                                    cauce_error_t** error) {
  return CallOn(producer, Reach::kWaits, error, [](cauce_producer& on) {
    return on.producer->BeginTransaction();
  });
}

cauce_reason_t cauce_producer_send_offsets(cauce_producer_t* producer,
                                           const cauce_place_t* offsets,
                                           size_t count,
                                           const cauce_group_metadata_t* member,
                                           cauce_error_t** error) {
  return CallOn(
      producer, Reach::kWaits, error, [&](cauce_producer& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const cauce::OffsetsToCommit taken,
                               cauce::capi::TakeOffsets(offsets, count));
        CAUCE_ASSIGN_OR_RETURN(const cauce::ConsumerGroupMetadata* const as,
                               cauce::capi::TakeGroupMetadata(member));
        return on.producer->SendOffsetsToTransaction(taken, *as);
      });
}

cauce_reason_t cauce_producer_commit(cauce_producer_t* producer,
                                     cauce_error_t** error) {
  return CallOn(producer, Reach::kWaits, error, [](cauce_producer& on) {
    return on.producer->CommitTransaction();
  });
}

cauce_reason_t cauce_producer_abort(cauce_producer_t* producer,
                                    cauce_error_t** error) {
  return CallOn(producer, Reach::kWaits, error, [](cauce_producer& on) {
    return on.producer->AbortTransaction();
  });
}
