#include "engine/capi/partition.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/capi/client.h"
#include "engine/capi/delivery.h"
#include "engine/capi/values.h"
#include "engine/record/records_batch.h"

namespace cauce::capi {
namespace {

static_assert(static_cast<int>(Ack::kWritten) == CAUCE_ACK_WRITTEN &&
              static_cast<int>(Ack::kDurable) == CAUCE_ACK_DURABLE);
static_assert(
    static_cast<int>(Isolation::kReadUncommitted) == CAUCE_READ_UNCOMMITTED &&
    static_cast<int>(Isolation::kReadCommitted) == CAUCE_READ_COMMITTED);
static_assert(static_cast<int>(OnDamage::kStop) == CAUCE_STOP_AT_DAMAGE &&
              static_cast<int>(OnDamage::kSkip) == CAUCE_SKIP_DAMAGE);

class Watcher final : public PartitionWatcher {
 public:
  Watcher(cauce_watch_callback_t on_move, void* user)
      : on_move_(on_move), user_(user) {}

  void Moved() override {
    const CallbackScope scope("a callback of a watch", Reach::kLooks);
    on_move_(user_);
  }

 private:
  const cauce_watch_callback_t on_move_;
  void* const user_;
};

absl::StatusOr<TakenRecords> TakeRecords(const cauce_record_t* records,
                                         size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<cauce_record_t> given,
                         TakeArray("cauce_record_t", records, count));
  if (given.empty()) return Misuse("there are no records to append");
  TakenRecords taken;
  for (const cauce_record_t& each : given)
    CAUCE_RETURN_IF_ERROR(taken.Add(each));
  return taken;
}

absl::StatusOr<AppendOptions> TakeAck(cauce_ack_t ack) {
  CAUCE_ASSIGN_OR_RETURN(const Ack taken,
                         TakeEnum("the ack", ack, Ack::kDurable));
  return AppendOptions{.ack = taken};
}

absl::Status AppendAsync(Partition& partition, const TakenRecords& records,
                         const AppendOptions& options,
                         cauce_delivery_callback_t on_delivery, void* user) {
  BatchBuilder builder({}, kRecordBytesMax);
  CAUCE_ASSIGN_OR_RETURN(
      const RecordBatch batch,
      RecordsBatch(partition.name(), records.records(),
                   Timestamp::From(SystemClock()->Now()), builder));
  const PartitionId number = partition.name().partition;
  partition.AppendAsync(
      batch, options,
      [number, on_delivery, user](absl::StatusOr<AppendResult> stored) {
        if (!stored.ok())
          return TellDelivery(on_delivery, user, stored.status());
        TellDelivery(on_delivery, user, DeliveryOf(number, *stored));
      });
  return absl::OkStatus();
}

absl::Status Inform(const Partition& partition, cauce_partition_info_t& info) {
  cauce_partition_info_t checked;
  CAUCE_RETURN_IF_ERROR(
      TakeStruct("cauce_partition_info_t", &info, checked));
  const LostRecords lost = partition.lost();
  info = {.struct_size = checked.struct_size,
          .log_start = partition.log_start().value,
          .high_watermark = partition.high_watermark().value,
          .log_end = partition.log_end().value,
          .durable_end = partition.durable_end().value,
          .bytes = partition.bytes(),
          .leader_epoch = partition.leader_epoch().value,
          .reserved = 0,
          .lost_front_base = lost.front.base.value,
          .lost_front_next = lost.front.next.value,
          .lost_back_base = lost.back.base.value,
          .lost_back_next = lost.back.next.value};
  return absl::OkStatus();
}

absl::StatusOr<Isolation> TakeIsolation(cauce_isolation_t isolation) {
  return TakeEnum("the isolation", isolation, Isolation::kReadCommitted);
}

}  // namespace
}  // namespace cauce::capi

// Tells nobody any more once it is gone.
struct cauce_watch : cauce::capi::Handle<cauce::capi::Kind::kWatch> {
  ~cauce_watch() {
    if (partition != nullptr && watcher != nullptr)
      partition->Unwatch(*watcher);
  }
  std::shared_ptr<cauce::Partition> partition;
  std::shared_ptr<cauce::capi::Watcher> watcher;
};

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_partition_open(cauce_client_t* client, const char* topic,
                                    int32_t number,
                                    cauce_partition_t** partition,
                                    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            Given({{"topic", topic}, {"partition", partition}}));
        *partition = nullptr;
        CAUCE_ASSIGN_OR_RETURN(cauce::Engine* const engine,
                               cauce::capi::EngineOf(on));
        auto opened = std::make_unique<cauce_partition>();
        CAUCE_ASSIGN_OR_RETURN(
            cauce::Partition found,
            engine->OpenPartition(topic, cauce::PartitionId{number}));
        opened->partition =
            std::make_shared<cauce::Partition>(std::move(found));
        *partition = opened.release();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_partition_free(cauce_partition_t* partition) {
  return cauce::capi::Free(partition);
}

cauce_reason_t cauce_partition_append(cauce_partition_t* partition,
                                      const cauce_record_t* records,
                                      size_t count, cauce_ack_t ack,
                                      cauce_delivery_t* delivery,
                                      cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(cauce::capi::CheckDelivery(delivery));
        CAUCE_ASSIGN_OR_RETURN(const cauce::AppendOptions options,
                               cauce::capi::TakeAck(ack));
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeRecords(records, count));
        CAUCE_ASSIGN_OR_RETURN(
            const cauce::AppendResult stored,
            on.partition->Append(taken.records(), options));
        cauce::capi::Fill(
            cauce::capi::DeliveryOf(on.partition->name().partition, stored),
            delivery);
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_partition_append_async(
    cauce_partition_t* partition, const cauce_record_t* records, size_t count,
    cauce_ack_t ack, cauce_delivery_callback_t on_delivery, void* user,
    cauce_error_t** error) {
  return CallOn(
      partition, Reach::kSends, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const cauce::AppendOptions options,
                               cauce::capi::TakeAck(ack));
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeRecords(records, count));
        return cauce::capi::AppendAsync(*on.partition, taken, options,
                                        on_delivery, user);
      });
}

cauce_reason_t cauce_partition_flush(cauce_partition_t* partition,
                                     cauce_error_t** error) {
  return CallOn(partition, Reach::kWaits, error,
                [](cauce_partition& on) { return on.partition->Flush(); });
}

cauce_reason_t cauce_partition_info(cauce_partition_t* partition,
                                    cauce_partition_info_t* info,
                                    cauce_error_t** error) {
  return CallOn(partition, Reach::kWaits, error,
                [&](cauce_partition& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"info", info}}));
                  return cauce::capi::Inform(*on.partition, *info);
                });
}

cauce_reason_t cauce_partition_last_stable_offset(cauce_partition_t* partition,
                                                  int64_t* offset,
                                                  cauce_error_t** error) {
  return CallOn(partition, Reach::kWaits, error,
                [&](cauce_partition& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"offset", offset}}));
                  CAUCE_ASSIGN_OR_RETURN(const cauce::Offset stable,
                                         on.partition->LastStableOffset());
                  *offset = stable.value;
                  return absl::OkStatus();
                });
}

cauce_reason_t cauce_partition_find_by_time(cauce_partition_t* partition,
                                            int64_t timestamp,
                                            cauce_on_damage_t on_damage,
                                            int64_t* offset,
                                            int64_t* found_timestamp,
                                            cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"offset", offset}}));
        CAUCE_ASSIGN_OR_RETURN(
            const cauce::OnDamage damage,
            cauce::capi::TakeEnum("what to do at damage", on_damage,
                                  cauce::OnDamage::kSkip));
        CAUCE_ASSIGN_OR_RETURN(
            const std::optional<cauce::FoundOffset> found,
            on.partition->FindByTime(cauce::Timestamp{timestamp}, damage));
        *offset = found ? found->offset.value : -1;
        if (found_timestamp != nullptr)
          *found_timestamp = found ? found->timestamp.ms : CAUCE_NO_TIMESTAMP;
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_partition_wait_for(cauce_partition_t* partition,
                                        int64_t offset, int64_t timeout_ms,
                                        cauce_isolation_t isolation,
                                        int32_t* more, cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"more", more}}));
        CAUCE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                               cauce::capi::TakeTimeout(timeout_ms));
        CAUCE_ASSIGN_OR_RETURN(const cauce::Isolation taken,
                               cauce::capi::TakeIsolation(isolation));
        CAUCE_ASSIGN_OR_RETURN(
            const bool came,
            on.partition->WaitFor(cauce::Offset{offset}, timeout, taken));
        *more = came ? 1 : 0;
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_partition_watch(cauce_partition_t* partition,
                                     cauce_isolation_t isolation,
                                     cauce_watch_callback_t on_move,
                                     void* user, cauce_watch_t** watch,
                                     cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            Given({{"on_move", reinterpret_cast<const void*>(on_move)},
                   {"watch", watch}}));
        *watch = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const cauce::Isolation taken,
                               cauce::capi::TakeIsolation(isolation));
        auto made = std::make_unique<cauce_watch>();
        made->watcher = std::make_shared<cauce::capi::Watcher>(on_move, user);
        made->partition = on.partition;
        CAUCE_RETURN_IF_ERROR(on.partition->Watch(made->watcher, taken));
        *watch = made.release();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_watch_free(cauce_watch_t* watch) {
  return cauce::capi::Free(watch);
}

cauce_reason_t cauce_partition_truncate(cauce_partition_t* partition,
                                        int64_t offset, int64_t* log_end,
                                        cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [&](cauce_partition& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const cauce::Offset end,
                               on.partition->TruncateTo(cauce::Offset{offset}));
        if (log_end != nullptr) *log_end = end.value;
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_partition_delete_before(cauce_partition_t* partition,
                                             int64_t offset,
                                             cauce_error_t** error) {
  return CallOn(partition, Reach::kWaits, error, [&](cauce_partition& on) {
    return on.partition->DeleteRecordsBefore(cauce::Offset{offset});
  });
}

cauce_reason_t cauce_partition_compact(cauce_partition_t* partition,
                                       cauce_error_t** error) {
  return CallOn(
      partition, Reach::kWaits, error,
      [](cauce_partition& on) { return on.partition->Compact().status(); });
}
