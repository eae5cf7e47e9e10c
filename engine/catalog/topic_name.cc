#include "cauce/topic_name.h"

#include <algorithm>
#include <string>

#include "cauce/errors.h"
#include "engine/catalog/decimal.h"
#include "engine/catalog/quoted.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Not isalnum, which asks the locale.
bool IsTopicCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

absl::Status BadName(std::string_view name, std::string_view what) {
  return MakeError(Reason::kInvalidTopicName,
                   fmt::format("topic name {} {}", Quoted(name), what));
}

// Of a broker's share groups: nothing here keeps anything in it.
constexpr std::string_view kShareGroupStateTopic = "__share_group_state";

char Unified(char c) { return c == '.' ? '_' : c; }

}  // namespace

absl::Status ValidateTopicName(std::string_view name) {
  if (name.empty()) return BadName(name, "is empty");
  if (name.size() > kTopicNameBytesMax) {
    return BadName(name, fmt::format("is {} characters long, limit is {}",
                                     name.size(), kTopicNameBytesMax));
  }
  if (!std::ranges::all_of(name, IsTopicCharacter)) {
    return BadName(name,
                   "has other characters than a-z, A-Z, 0-9, '.', '_' and '-'");
  }
  if (name == "." || name == "..") return BadName(name, "is a directory's");
  return absl::OkStatus();
}

bool IsInternalTopic(std::string_view name) {
  return name == kConsumerOffsetsTopic || name == kTransactionStateTopic ||
         name == kShareGroupStateTopic;
}

bool TopicNamesCollide(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, Unified, Unified);
}

std::optional<TopicPartition> ParseTopicPartition(std::string_view directory) {
  const size_t dash = directory.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view topic = directory.substr(0, dash);
  const auto partition = ParseDecimal<int32_t>(directory.substr(dash + 1));
  if (!partition || !ValidateTopicName(topic).ok()) return std::nullopt;
  return TopicPartition{std::string(topic), PartitionId{*partition}};
}

}  // namespace cauce
