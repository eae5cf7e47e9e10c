#include "engine/capi/values.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/capi/error.h"
#include "fmt/format.h"

namespace cauce::capi {

// On the 64-bit machines that Cauce is for, these are what programs are
// compiled with: a struct grows behind them, or not at all.
static_assert(sizeof(cauce_record_t) == 88);
static_assert(sizeof(cauce_delivery_t) == 40);
static_assert(sizeof(cauce_place_t) == 104);
static_assert(sizeof(cauce_partition_info_t) == 88);
static_assert(sizeof(cauce_rebalance_listener_t) == 40);
static_assert(sizeof(cauce_config_t) == 16 && sizeof(cauce_header_t) == 32);

absl::Status CheckStruct(std::string_view name, const void* given,
                         size_t struct_size, size_t known) {
  if (struct_size < known || struct_size > kStructSizeMax) {
    return Misuse(fmt::format(
        "{} has struct_size {}, it must be {} to {}: begin with its _INIT",
        name, struct_size, known, kStructSizeMax));
  }
  const char* const bytes = static_cast<const char*>(given);
  if (std::any_of(bytes + known, bytes + struct_size,
                  [](char byte) { return byte != 0; })) {
    return Misuse(fmt::format(
        "{} has {} bytes, of which this library knows {}, and the others are "
        "not zero: it is older than what the program was compiled with",
        name, struct_size, known));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::span<const cauce_config_t>> TakePairs(
    const cauce_config_t* pairs, size_t count) {
  CAUCE_RETURN_IF_ERROR(CheckArray("the array of names and values", pairs,
                                   count));
  return std::span(pairs, count);
}

absl::StatusOr<std::optional<std::string_view>> TakeBytes(std::string_view name,
                                                          const void* bytes,
                                                          size_t size) {
  if (bytes == nullptr) {
    if (size == 0) return std::optional<std::string_view>();
    return Misuse(fmt::format("{} is null and has {} bytes", name, size));
  }
  if (size > PTRDIFF_MAX) {
    return Misuse(fmt::format(
        "{} has {} bytes, more than anything can: was its size below zero?",
        name, size));
  }
  if (size > kBytesMax) {
    return MakeError(Reason::kBatchTooLarge,
                     fmt::format("{} has {} bytes, limit is {}: store it in "
                                 "parts",
                                 name, size, kBytesMax));
  }
  return std::optional(
      std::string_view(static_cast<const char*>(bytes), size));
}

absl::StatusOr<absl::Duration> TakeTimeout(int64_t milliseconds) {
  if (milliseconds == CAUCE_FOREVER) return absl::InfiniteDuration();
  if (milliseconds >= 0) return absl::Milliseconds(milliseconds);
  return Misuse(fmt::format(
      "the time is {} ms, it must be at least 0, or CAUCE_FOREVER",
      milliseconds));
}

absl::Status TakenRecords::Add(const cauce_record_t& given) {
  Record record;
  CAUCE_ASSIGN_OR_RETURN(
      record.key, TakeBytes("a record's key", given.key, given.key_size));
  CAUCE_ASSIGN_OR_RETURN(
      record.value,
      TakeBytes("a record's value", given.value, given.value_size));
  record.timestamp = Timestamp{given.timestamp};
  CAUCE_RETURN_IF_ERROR(
      CheckArray("a record's headers", given.headers, given.header_count));
  std::vector<Header>& headers = headers_.emplace_back();
  for (size_t i = 0; i < given.header_count; ++i) {
    const cauce_header_t& header = given.headers[i];
    CAUCE_ASSIGN_OR_RETURN(
        const std::optional<std::string_view> key,
        TakeBytes("a header's key", header.key, header.key_size));
    if (!key.has_value()) return Misuse("a header's key is null");
    CAUCE_ASSIGN_OR_RETURN(
        const std::optional<std::string_view> value,
        TakeBytes("a header's value", header.value, header.value_size));
    headers.push_back({*key, value});
  }
  record.headers = headers;
  records_.push_back(record);
  return absl::OkStatus();
}

absl::StatusOr<TopicPartition> TakePartition(const char* topic,
                                             int32_t partition) {
  if (topic == nullptr) return Misuse("the topic is null");
  return TopicPartition{topic, PartitionId{partition}};
}

absl::StatusOr<TopicPartition> TakePartition(const cauce_place_t& place) {
  return TakePartition(place.topic, place.partition);
}

absl::StatusOr<std::vector<TopicPartition>> TakePartitions(
    const cauce_place_t* places, size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<cauce_place_t> taken,
                         TakeArray("cauce_place_t", places, count));
  std::vector<TopicPartition> partitions;
  for (const cauce_place_t& each : taken) {
    CAUCE_ASSIGN_OR_RETURN(TopicPartition partition, TakePartition(each));
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

absl::StatusOr<OffsetsToCommit> TakeOffsets(const cauce_place_t* places,
                                            size_t count) {
  CAUCE_ASSIGN_OR_RETURN(const std::vector<cauce_place_t> taken,
                         TakeArray("cauce_place_t", places, count));
  OffsetsToCommit offsets;
  for (const cauce_place_t& each : taken) {
    CAUCE_ASSIGN_OR_RETURN(TopicPartition partition, TakePartition(each));
    OffsetAndMetadata at{
        .offset = Offset{each.offset},
        .metadata = each.metadata == nullptr ? "" : each.metadata,
        .leader_epoch = LeaderEpoch{each.leader_epoch}};
    std::copy_n(each.topic_id, at.topic_id.bytes.size(),
                at.topic_id.bytes.begin());
    const std::string name = partition.ToString();
    if (!offsets.emplace(std::move(partition), std::move(at)).second)
      return Misuse(fmt::format("{} is there twice", name));
  }
  return offsets;
}

absl::Status EnumOutOfRange(std::string_view name, int32_t value,
                            int32_t last) {
  return Misuse(fmt::format("{} is {}, it must be one of its enumerators, 0 to "
                            "{}",
                            name, value, last));
}

absl::Status CheckArray(std::string_view name, const void* given,
                        size_t count) {
  if (given == nullptr && count > 0)
    return Misuse(fmt::format("{} is null and has {} entries", name, count));
  if (count > kEntriesMax) {
    return Misuse(fmt::format(
        "{} has {} entries, at most {} can be: was its count below zero?",
        name, count, kEntriesMax));
  }
  return absl::OkStatus();
}

absl::Status SizesDiffer(std::string_view name, size_t index, size_t size,
                         size_t first) {
  return Misuse(
      fmt::format("{} {} of an array has struct_size {}, the first one has {}",
                  name, index, size, first));
}

}  // namespace cauce::capi
