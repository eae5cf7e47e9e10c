#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/cauce.h"
#include "cauce/engine.h"
#include "cauce/topic_config.h"
#include "engine/base/status_macros.h"
#include "engine/capi/call.h"
#include "engine/capi/client.h"
#include "engine/capi/owned.h"
#include "engine/capi/places.h"
#include "engine/capi/settings.h"
#include "engine/capi/values.h"
#include "fmt/format.h"

namespace cauce::capi {
namespace {

absl::StatusOr<std::map<std::string, std::string>> TakeConfigs(
    const cauce_config_t* configs, size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const auto pairs, TakePairs(configs, count));
  std::map<std::string, std::string> taken;
  for (const cauce_config_t& each : pairs) {
    if (each.name == nullptr || each.value == nullptr)
      return Misuse("a config's name or value is null");
    if (!taken.emplace(each.name, each.value).second)
      return Misuse(fmt::format("the config {} is there twice", each.name));
  }
  return taken;
}

absl::StatusOr<std::vector<ConfigChange>> TakeChanges(
    const cauce_config_t* changes, size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const auto pairs, TakePairs(changes, count));
  std::vector<ConfigChange> taken;
  for (const cauce_config_t& each : pairs) {
    if (each.name == nullptr) return Misuse("a config's name is null");
    taken.push_back({.name = each.name, .value = std::nullopt});
    if (each.value != nullptr) taken.back().value = each.value;
  }
  return taken;
}

cauce_topic_t TopicOf(const TopicDescription& description, Arena& arena) {
  cauce_topic_t topic{};
  topic.name = arena.Text(description.name);
  std::ranges::copy(description.id.bytes, topic.id);
  topic.partitions = description.partitions;
  topic.is_imported = description.imported ? 1 : 0;
  topic.is_internal = description.internal ? 1 : 0;
  std::vector<cauce_config_t> configs;
  for (const auto& [name, value] : description.configs)
    configs.push_back({arena.Text(name), arena.Text(value)});
  topic.config_count = configs.size();
  topic.configs = arena.Array(std::move(configs));
  return topic;
}

absl::Status GiveTopics(const std::vector<TopicDescription>& topics,
                        cauce_topics_t** to) {
  OwnedList<cauce_topics_t> list(Kind::kTopics);
  for (const TopicDescription& each : topics)
    list.Add(TopicOf(each, list.arena()));
  return std::move(list).Give(to);
}

absl::StatusOr<OffsetSpec> TakeSpec(const cauce_place_t& place) {
  using Spec = OffsetSpec::Kind;
  switch (place.offset) {
    case CAUCE_AT_START:
      return OffsetSpec{.kind = Spec::kStart};
    case CAUCE_AT_END:
      return OffsetSpec{.kind = Spec::kEnd};
    case CAUCE_AT_STABLE_END:
      return OffsetSpec{.kind = Spec::kStableEnd};
    case CAUCE_AT_TIME:
      return OffsetSpec{.kind = Spec::kTime,
                        .time = Timestamp{place.timestamp}};
    default:
      return Misuse(fmt::format(
          "the offset of {}-{} is {}, it must be CAUCE_AT_START, _END, "
          "_STABLE_END or _TIME",
          place.topic, place.partition, place.offset));
  }
}

// A value for each partition, as `take` has it of a place.
template <typename Value, typename Take>
absl::StatusOr<std::map<TopicPartition, Value>> TakeEach(
    const cauce_place_t* places, size_t count, Take take) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<cauce_place_t> taken,
                         TakeArray("cauce_place_t", places, count));
  std::map<TopicPartition, Value> values;
  for (const cauce_place_t& each : taken) {
    CAUCE_ASSIGN_OR_RETURN(const TopicPartition name, TakePartition(each));
    CAUCE_ASSIGN_OR_RETURN(const Value value, take(each));
    if (!values.emplace(name, value).second)
      return Misuse(fmt::format("{} is there twice", name.ToString()));
  }
  return values;
}

}  // namespace
}  // namespace cauce::capi

using cauce::capi::CallOn;
using cauce::capi::Given;
using cauce::capi::Reach;

cauce_reason_t cauce_topics_free(cauce_topics_t* topics) {
  return cauce::capi::FreeOwned(topics, cauce::capi::Kind::kTopics);
}

cauce_reason_t cauce_topic_create(cauce_client_t* client, const char* topic,
                                  int32_t partitions,
                                  const cauce_config_t* configs,
                                  size_t config_count, cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"topic", topic}}));
        cauce::TopicSpec spec{.partitions = partitions};
        CAUCE_ASSIGN_OR_RETURN(
            spec.configs, cauce::capi::TakeConfigs(configs, config_count));
        return on.admin->CreateTopic(topic, spec).status();
      });
}

cauce_reason_t cauce_topics_list(cauce_client_t* client,
                                 cauce_topics_t** topics,
                                 cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"topics", topics}}));
                  *topics = nullptr;
                  CAUCE_ASSIGN_OR_RETURN(const auto found,
                                         on.admin->ListTopics());
                  return cauce::capi::GiveTopics(found, topics);
                });
}

cauce_reason_t cauce_topic_describe(cauce_client_t* client, const char* topic,
                                    cauce_topics_t** topics,
                                    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"topic", topic}, {"topics", topics}}));
        *topics = nullptr;
        CAUCE_ASSIGN_OR_RETURN(auto found, on.admin->DescribeTopic(topic));
        return cauce::capi::GiveTopics({std::move(found)}, topics);
      });
}

cauce_reason_t cauce_topic_configs(cauce_client_t* client, const char* topic,
                                   cauce_settings_t** settings,
                                   cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(
            Given({{"topic", topic}, {"settings", settings}}));
        *settings = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto found,
                               on.admin->DescribeTopic(topic));
        return cauce::capi::GiveConfigs(
            cauce::DescribeTopicConfig(found.configs), settings);
      });
}

cauce_reason_t cauce_topic_alter(cauce_client_t* client, const char* topic,
                                 const cauce_config_t* changes,
                                 size_t change_count, cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"topic", topic}}));
                  CAUCE_ASSIGN_OR_RETURN(
                      const auto taken,
                      cauce::capi::TakeChanges(changes, change_count));
                  return on.admin->AlterConfigs(topic, taken);
                });
}

cauce_reason_t cauce_topic_grow(cauce_client_t* client, const char* topic,
                                int32_t partitions, cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"topic", topic}}));
                  return on.admin->CreatePartitions(topic, partitions);
                });
}

cauce_reason_t cauce_topic_delete(cauce_client_t* client, const char* topic,
                                  cauce_error_t** error) {
  return CallOn(client, Reach::kWaits, error,
                [&](cauce_client& on) -> absl::Status {
                  CAUCE_RETURN_IF_ERROR(Given({{"topic", topic}}));
                  return on.admin->DeleteTopic(topic);
                });
}

cauce_reason_t cauce_records_delete(cauce_client_t* client,
                                    const cauce_place_t* before, size_t count,
                                    cauce_places_t** answers,
                                    cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"answers", answers}}));
        *answers = nullptr;
        const auto offset_of = [](const cauce_place_t& place) {
          return absl::StatusOr<cauce::Offset>(cauce::Offset{place.offset});
        };
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeEach<cauce::Offset>(
                                   before, count, offset_of));
        return cauce::capi::GiveAnswers(
            on.admin->DeleteRecords(taken),
            [](cauce::Offset start, cauce_place_t& place) {
              place.offset = start.value;
              place.log_start = start.value;
            },
            answers);
      });
}

cauce_reason_t cauce_offsets_list(cauce_client_t* client,
                                  const cauce_place_t* wanted, size_t count,
                                  cauce_places_t** answers,
                                  cauce_error_t** error) {
  return CallOn(
      client, Reach::kWaits, error, [&](cauce_client& on) -> absl::Status {
        CAUCE_RETURN_IF_ERROR(Given({{"answers", answers}}));
        *answers = nullptr;
        CAUCE_ASSIGN_OR_RETURN(const auto taken,
                               cauce::capi::TakeEach<cauce::OffsetSpec>(
                                   wanted, count, cauce::capi::TakeSpec));
        return cauce::capi::GiveAnswers(
            on.admin->ListOffsets(taken),
            [](const cauce::ListedOffset& found, cauce_place_t& place) {
              place.offset = found.offset.value;
              place.timestamp = found.timestamp.ms;
              place.leader_epoch = found.leader_epoch.value;
            },
            answers);
      });
}
