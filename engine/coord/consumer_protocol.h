// What the members of a consumer group say to each other through the
// coordinator, which passes it on: Kafka's ConsumerProtocolSubscription inside
// of Join and ConsumerProtocolAssignment inside of Sync, versions 0 to 3.
//
// A newer version is read as the newest known, as its fields may only grow.
// Pure functions: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/coord/topic_partitions.h"

namespace cauce {

// Kafka's protocol type of a group whose members are consumers.
inline constexpr std::string_view kConsumerProtocolType = "consumer";

inline constexpr int kConsumerProtocolVersionMax = 3;

struct ConsumerProtocolSubscription {
  std::vector<std::string> topics;
  std::optional<std::string> user_data;           // the assignor's
  std::vector<TopicPartitions> owned_partitions;  // since version 1
  int32_t generation = -1;             // of these; since version 2
  std::optional<std::string> rack_id;  // since version 3

  friend bool operator==(const ConsumerProtocolSubscription&,
                         const ConsumerProtocolSubscription&) = default;
};

struct ConsumerProtocolAssignment {
  std::vector<TopicPartitions> assigned_partitions;
  std::optional<std::string> user_data;

  friend bool operator==(const ConsumerProtocolAssignment&,
                         const ConsumerProtocolAssignment&) = default;
};

// What `version` has no field for is left out.
std::string EncodeSubscription(const ConsumerProtocolSubscription& subscription,
                               int version = kConsumerProtocolVersionMax);
std::string EncodeAssignment(const ConsumerProtocolAssignment& assignment,
                             int version = kConsumerProtocolVersionMax);

// Reason::kInvalidRecord for bytes that cannot be one.
absl::StatusOr<ConsumerProtocolSubscription> DecodeSubscription(
    std::string_view bytes);
absl::StatusOr<ConsumerProtocolAssignment> DecodeAssignment(
    std::string_view bytes);

}  // namespace cauce
