// What a topic may be called, and how its partitions' directories are named:
// Kafka's rules, so that every name here is one there.
//
// A name becomes part of a path, so nothing that was not validated may reach
// the disk. Pure functions: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/types.h"

namespace cauce {

inline constexpr size_t kTopicNameBytesMax = 249;

// So that "<topic>-<partition>" stays within the 255 bytes of a file name:
// 249 + 1 + the five digits of 99999.
inline constexpr int32_t kTopicPartitionsMax = 100'000;

// 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and neither "."
// nor "..". Reason::kInvalidTopicName.
absl::Status ValidateTopicName(std::string_view name);

// The topics in which coordinators keep their records: of groups and their
// offsets, and of transactions. They are made when they are first used.
inline constexpr std::string_view kConsumerOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionStateTopic =
    "__transaction_state";

// Whether a coordinator alone writes the topic of that name, as Kafka has it.
bool IsInternalTopic(std::string_view name);

// Whether the names are the same once '.' reads '_': Kafka's metrics do not
// tell such topics apart, so it refuses to have both.
bool TopicNamesCollide(std::string_view left, std::string_view right);

// Reads the name of a partition's directory, such as "orders-3". Nothing for
// every other name, among them "orders-3.<id>-delete", "-future" and "-stray",
// and numbers that are not written as Kafka writes them.
std::optional<TopicPartition> ParseTopicPartition(std::string_view directory);

}  // namespace cauce
