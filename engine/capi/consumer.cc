#include "cauce/consumer.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/cauce.h"
#include "cauce/client.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/group_metadata.h"
#include "engine/capi/options.h"
#include "engine/capi/places.h"
#include "engine/capi/record_out.h"
#include "engine/capi/values.h"

struct cauce_consumer : cauce::capi::Handle<cauce::capi::Kind::kConsumer> {
  cauce::capi::Turn turn;
  std::unique_ptr<cauce::Consumer> consumer;
  cauce::capi::RecordsOut out;
};

namespace cauce::capi {
namespace {

class Listener final : public RebalanceListener {
 public:
  explicit Listener(const cauce_rebalance_listener_t& listener)
      : listener_(listener) {}

  void Assigned(const std::vector<TopicPartition>& partitions) override {
    Lend(partitions, listener_.on_assigned);
  }
  void Revoked(const std::vector<TopicPartition>& partitions) override {
    Lend(partitions, listener_.on_revoked);
  }
  void Lost(const std::vector<TopicPartition>& partitions) override {
    Lend(partitions, listener_.on_lost != nullptr ? listener_.on_lost
                                                  : listener_.on_revoked);
  }

 private:
  void Lend(const std::vector<TopicPartition>& partitions,
            cauce_partitions_callback_t told) const {
    if (told == nullptr) return;
    Places places(Kind::kLent);
    for (const TopicPartition& each : partitions)
      places.Add(PlaceOf(each, places.arena()));
    const CallbackScope scope("a rebalance listener", Reach::kWaits);
    told(listener_.user, places.Lend());
  }

  const cauce_rebalance_listener_t listener_;
};

absl::StatusOr<std::shared_ptr<RebalanceListener>> TakeListener(
    const cauce_rebalance_listener_t* given) {
  if (given == nullptr) return std::shared_ptr<RebalanceListener>();
  cauce_rebalance_listener_t taken;
  CAUCE_RETURN_IF_ERROR(
      TakeStruct("cauce_rebalance_listener_t", given, taken));
  return std::shared_ptr<RebalanceListener>(std::make_shared<Listener>(taken));
}

CommitCallback CallbackOf(cauce_commit_callback_t on_commit, void* user) {
  if (on_commit == nullptr) return [](const absl::Status&) {};
  return [on_commit, user](const absl::Status& status) {
    const CallbackScope scope("a callback of a commit", Reach::kWaits);
    const CallbackError error(status);
    on_commit(user, error.get());
  };
}

// Calls `body` with the consumer and the partition of that name.
template <typename Body>
cauce_reason_t CallAt(cauce_consumer_t* consumer, const char* topic,
                      int32_t partition, cauce_error_t** error,
                      Body body) noexcept {
  return CallOn(consumer, Reach::kWaits, error,
                [&](cauce_consumer& on) -> absl::Status {
                  CAUCE_ASSIGN_OR_RETURN(const TopicPartition at,
                                         TakePartition(topic, partition));
                  return body(*on.consumer, at);
                });
}

// Stores the number in what is OK where somebody wants it.
absl::Status Store(const absl::StatusOr<Offset>& offset, int64_t* to) {
  CAUCE_RETURN_IF_ERROR(offset.status());
  if (to != nullptr) *to = offset->value;
  return absl::OkStatus();
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallAt;
using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

using Partition = cauce::TopicPartition;

cauce_reason_t cauce_consumer_open(cauce_client_t* client,
                                   const cauce_config_t* options,
                                   size_t option_count,
                                   cauce_consumer_t** consumer,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"consumer", consumer}}));
        *consumer = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto pairs,
                               cauce::capi::TakePairs(options, option_count));
        CAUCE_ASSIGN_OR_RETURN(const cauce::ConsumerOptions taken,
                               cauce::capi::ConsumerOptionsOf(pairs));
        auto opened = std::make_unique<cauce_consumer>();
        CAUCE_ASSIGN_OR_RETURN(opened->consumer,
                               on.client->NewConsumer(taken));
        *consumer = opened.release();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_consumer_free(cauce_consumer_t* consumer) {
  return cauce::capi::Free(consumer);
}

cauce_reason_t cauce_consumer_close(cauce_consumer_t* consumer,
                                    cauce_error_t** error) {
  // Within its own callbacks the consumer itself says no.
  return CallOn(consumer, Reach::kWaits, error, [](cauce_consumer& on) {
    return on.consumer->Close();
  });
}

cauce_reason_t cauce_consumer_assign(cauce_consumer_t* consumer,
                                     const cauce_place_t* partitions,
                                     size_t count, cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakePartitions(partitions, count));
        return on.consumer->Assign(taken);
      });
}

cauce_reason_t cauce_consumer_assignment(cauce_consumer_t* consumer,
                                         cauce_places_t** partitions,
                                         cauce_error_t** error) {
  return CallOn(consumer, Reach::kWaits, error,
                [&](cauce_consumer& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"partitions", partitions}}));
                  *partitions = nullptr;
                  return cauce::capi::GivePartitions(on.consumer->assignment(),
                                                     partitions);
                });
}

cauce_reason_t cauce_consumer_subscribe(
    cauce_consumer_t* consumer, const char* const* topics, size_t topic_count,
    const cauce_rebalance_listener_t* listener, cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            cauce::capi::CheckArray("topics", topics, topic_count));
        std::vector<std::string> names;
        for (size_t i = 0; i < topic_count; ++i) {
          CAUCE_RETURN_IF_ERROR(Given({{"a topic", topics[i]}}));
          names.emplace_back(topics[i]);
        }
        CAUCE_ASSIGN_OR_RETURN(auto told, cauce::capi::TakeListener(listener));
        return on.consumer->Subscribe(names, std::move(told));
      });
}

cauce_reason_t cauce_consumer_subscribe_pattern(
    cauce_consumer_t* consumer, const char* pattern,
    const cauce_rebalance_listener_t* listener, cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"pattern", pattern}}));
        CAUCE_ASSIGN_OR_RETURN(auto told, cauce::capi::TakeListener(listener));
        return on.consumer->SubscribePattern(pattern, std::move(told));
      });
}

cauce_reason_t cauce_consumer_unsubscribe(cauce_consumer_t* consumer,
                                          cauce_error_t** error) {
  return CallOn(consumer, Reach::kWaits, error, [](cauce_consumer& on) {
    return on.consumer->Unsubscribe();
  });
}

cauce_reason_t cauce_consumer_poll(cauce_consumer_t* consumer,
                                   int64_t timeout_ms,
                                   const cauce_record_t* const** records,
                                   size_t* count, cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"records", records}, {"count", count}}));
        *records = nullptr;
        *count = 0;
        CAUCE_ASSIGN_OR_RETURN(const absl::Duration timeout,
                               cauce::capi::TakeTimeout(timeout_ms));
        CAUCE_ASSIGN_OR_RETURN(const auto polled, on.consumer->Poll(timeout));
        on.out.Clear();
        for (const cauce::ConsumerRecord& each : polled)
          on.out.Add(each, *each.partition, each.timestamp_type);
        *records = on.out.items();
        *count = on.out.count();
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_consumer_wakeup(cauce_consumer_t* consumer,
                                     cauce_error_t** error) {
  return cauce::capi::Call(Reach::kSends, error, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(cauce::capi::Live(consumer));
    consumer->consumer->Wakeup();
    return absl::OkStatus();
  });
}

cauce_reason_t cauce_consumer_event_descriptor(cauce_consumer_t* consumer,
                                               int* descriptor,
                                               cauce_error_t** error) {
  return cauce::capi::Call(Reach::kSends, error, [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(cauce::capi::Live(consumer));
    CAUCE_RETURN_IF_ERROR(Given({{"descriptor", descriptor}}));
    *descriptor = consumer->consumer->event_descriptor();
    return absl::OkStatus();
  });
}

cauce_reason_t cauce_consumer_until_due(cauce_consumer_t* consumer,
                                        int64_t* milliseconds,
                                        cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"milliseconds", milliseconds}}));
        const absl::Duration due = on.consumer->UntilDue();
        // Rounded up: who waits so long finds it due.
        *milliseconds =
            due == absl::InfiniteDuration()
                ? CAUCE_FOREVER
                : absl::ToInt64Milliseconds(
                      absl::Ceil(due, absl::Milliseconds(1)));
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_consumer_commit(cauce_consumer_t* consumer,
                                     const cauce_place_t* offsets, size_t count,
                                     cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeOffsets(offsets, count));
        return offsets == nullptr ? on.consumer->Commit()
                                  : on.consumer->Commit(taken);
      });
}

cauce_reason_t cauce_consumer_commit_async(cauce_consumer_t* consumer,
                                           const cauce_place_t* offsets,
                                           size_t count,
                                           cauce_commit_callback_t on_commit,
                                           void* user, cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeOffsets(offsets, count));
        auto done = cauce::capi::CallbackOf(on_commit, user);
        if (offsets == nullptr) {
          on.consumer->CommitAsync(std::move(done));
        } else {
          on.consumer->CommitAsync(taken, std::move(done));
        }
        return absl::OkStatus();
      });
}

cauce_reason_t cauce_consumer_committed(cauce_consumer_t* consumer,
                                        const cauce_place_t* partitions,
                                        size_t count, cauce_places_t** offsets,
                                        cauce_error_t** error) {
  return CallOn(
      consumer, Reach::kWaits, error, [&](cauce_consumer& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"offsets", offsets}}));
        *offsets = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakePartitions(partitions, count));
        CAUCE_ASSIGN_OR_RETURN(const cauce::OffsetsToCommit committed,
                               on.consumer->Committed(taken));
        return cauce::capi::GiveOffsets(committed, offsets);
      });
}

cauce_reason_t cauce_consumer_group_metadata(cauce_consumer_t* consumer,
                                             cauce_group_metadata_t** metadata,
                                             cauce_error_t** error) {
  return CallOn(consumer, Reach::kWaits, error,
                [&](cauce_consumer& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"metadata", metadata}}));
                  *metadata = nullptr;
                  return cauce::capi::GiveGroupMetadata(
                      on.consumer->group_metadata(), metadata);
                });
}

cauce_reason_t cauce_consumer_seek(cauce_consumer_t* consumer,
                                   const char* topic, int32_t partition,
                                   int64_t offset, cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [&](cauce::Consumer& on, const Partition& at) {
                  return on.Seek(at, cauce::Offset{offset});
                });
}

cauce_reason_t cauce_consumer_seek_to_start(cauce_consumer_t* consumer,
                                            const char* topic,
                                            int32_t partition,
                                            cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [](cauce::Consumer& on, const Partition& at) {
                  return on.SeekToStart(at);
                });
}

cauce_reason_t cauce_consumer_seek_to_end(cauce_consumer_t* consumer,
                                          const char* topic, int32_t partition,
                                          cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [](cauce::Consumer& on, const Partition& at) {
                  return on.SeekToEnd(at);
                });
}

cauce_reason_t cauce_consumer_seek_to_time(cauce_consumer_t* consumer,
                                           const char* topic,
                                           int32_t partition, int64_t timestamp,
                                           cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [&](cauce::Consumer& on, const Partition& at) {
                  return on.SeekToTime(at, cauce::Timestamp{timestamp});
                });
}

cauce_reason_t cauce_consumer_skip_damage(cauce_consumer_t* consumer,
                                          const char* topic, int32_t partition,
                                          int64_t* offset,
                                          cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [&](cauce::Consumer& on, const Partition& at) {
                  return cauce::capi::Store(on.SkipDamage(at), offset);
                });
}

cauce_reason_t cauce_consumer_position(cauce_consumer_t* consumer,
                                       const char* topic, int32_t partition,
                                       int64_t* offset, cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [&](cauce::Consumer& on, const Partition& at) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"offset", offset}}));
                  return cauce::capi::Store(on.Position(at), offset);
                });
}

cauce_reason_t cauce_consumer_lag(cauce_consumer_t* consumer, const char* topic,
                                  int32_t partition, int64_t* lag,
                                  cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [&](cauce::Consumer& on, const Partition& at) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"lag", lag}}));
                  CAUCE_ASSIGN_OR_RETURN(*lag, on.Lag(at));
                  return absl::OkStatus();
                });
}

cauce_reason_t cauce_consumer_pause(cauce_consumer_t* consumer,
                                    const char* topic, int32_t partition,
                                    cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [](cauce::Consumer& on, const Partition& at) {
                  return on.Pause(at);
                });
}

cauce_reason_t cauce_consumer_resume(cauce_consumer_t* consumer,
                                     const char* topic, int32_t partition,
                                     cauce_error_t** error) {
  return CallAt(consumer, topic, partition, error,
                [](cauce::Consumer& on, const Partition& at) {
                  return on.Resume(at);
                });
}
