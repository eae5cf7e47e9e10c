#include "tools/cli/named_partitions.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/topic_name.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::cli {
namespace {

std::optional<PartitionId> ParsePartition(std::string_view text) {
  int32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  const bool is_one = error == std::errc() && at == end && number >= 0 &&
                      number < kTopicPartitionsMax;
  return is_one ? std::optional(PartitionId{number}) : std::nullopt;
}

}  // namespace

absl::StatusOr<NamedPartitions> NamedPartitions::Parse(
    const std::string& text) {
  NamedPartitions named;
  const size_t colon = text.find(':');
  named.topic = text.substr(0, colon);
  if (absl::Status bad = ValidateTopicName(named.topic); !bad.ok()) return bad;
  if (colon == text.npos) return named;
  std::string_view left = std::string_view(text).substr(colon + 1);
  for (;;) {
    const size_t comma = left.find(',');
    const auto partition = ParsePartition(left.substr(0, comma));
    if (!partition) {
      return absl::InvalidArgumentError(
          fmt::format("--topic {}: must be a topic, or a topic and its "
                      "partitions as in orders:0,2",
                      text));
    }
    named.partitions.push_back(*partition);
    if (comma == left.npos) return named;
    left.remove_prefix(comma + 1);
  }
}

bool NamedPartitions::Has(const TopicPartition& partition) const {
  return partition.topic == topic &&
         (partitions.empty() ||
          std::ranges::find(partitions, partition.partition) !=
              partitions.end());
}

std::string NamedPartitions::ToString() const {
  if (partitions.empty()) return topic;
  std::vector<int32_t> numbers;
  for (const PartitionId& each : partitions) numbers.push_back(each.value);
  return fmt::format("{}:{}", topic, fmt::join(numbers, ","));
}

}  // namespace cauce::cli
