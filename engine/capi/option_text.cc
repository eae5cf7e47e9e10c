#include "engine/capi/option_text.h"

#include <charconv>
#include <initializer_list>
#include <utility>

namespace cauce::capi {
namespace {

template <typename T>
bool ReadNumber(std::string_view text, T& value) {
  T read{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, read);
  if (error != std::errc() || at != end || text.empty()) return false;
  value = read;
  return true;
}

template <typename T>
bool ReadName(std::string_view text,
              std::initializer_list<std::pair<std::string_view, T>> names,
              T& value) {
  for (const auto& [name, named] : names) {
    if (name != text) continue;
    value = named;
    return true;
  }
  return false;
}

}  // namespace

Unit UnitOf(std::string_view kafka_name) {
  if (kafka_name.ends_with(".ms")) return absl::Milliseconds(1);
  if (kafka_name.ends_with(".minutes")) return absl::Minutes(1);
  return absl::ZeroDuration();
}

bool ReadText(std::string_view text, Unit, bool& value) {
  return ReadName<bool>(text, {{"true", true}, {"false", false}}, value);
}
bool ReadText(std::string_view text, Unit, int32_t& value) {
  return ReadNumber(text, value);
}
bool ReadText(std::string_view text, Unit, int64_t& value) {
  return ReadNumber(text, value);
}
bool ReadText(std::string_view text, Unit, size_t& value) {
  return ReadNumber(text, value);
}

bool ReadText(std::string_view text, Unit unit, absl::Duration& value) {
  if (unit == absl::ZeroDuration())
    return absl::ParseDuration(std::string(text), &value);
  int64_t count = 0;
  if (!ReadNumber(text, count)) return false;
  value = unit * count;
  return true;
}

bool ReadText(std::string_view text, Unit, std::string& value) {
  value = text;
  return true;
}

bool ReadText(std::string_view text, Unit, Access& value) {
  return ReadName<Access>(
      text,
      {{"read-write", Access::kReadWrite}, {"read-only", Access::kReadOnly}},
      value);
}

bool ReadText(std::string_view text, Unit, Ack& value) {
  return ReadName<Ack>(
      text, {{"written", Ack::kWritten}, {"durable", Ack::kDurable}}, value);
}

bool ReadText(std::string_view text, Unit, Codec& value) {
  const std::optional<Codec> codec = ParseCodec(text);
  value = codec.value_or(value);
  return codec.has_value();
}

bool ReadText(std::string_view text, Unit, Acks& value) {
  return ReadName<Acks>(text,
                        {{"all", Acks::kAll},
                         {"-1", Acks::kAll},
                         {"1", Acks::kLeader},
                         {"0", Acks::kNone}},
                        value);
}

bool ReadText(std::string_view text, Unit, Keyless& value) {
  return ReadName<Keyless>(
      text,
      {{"sticky", Keyless::kSticky}, {"round-robin", Keyless::kRoundRobin}},
      value);
}

bool ReadText(std::string_view text, Unit, ResetTo& value) {
  return ReadName<ResetTo>(text,
                           {{"earliest", ResetTo::kEarliest},
                            {"latest", ResetTo::kLatest},
                            {"none", ResetTo::kNone}},
                           value);
}

bool ReadText(std::string_view text, Unit, Isolation& value) {
  return ReadName<Isolation>(
      text,
      {{"read_uncommitted", Isolation::kReadUncommitted},
       {"read_committed", Isolation::kReadCommitted}},
      value);
}

bool ReadText(std::string_view text, Unit, ReadUpTo& value) {
  return ReadName<ReadUpTo>(text,
                            {{"high-watermark", ReadUpTo::kHighWatermark},
                             {"log-end", ReadUpTo::kLogEnd}},
                            value);
}

bool ReadText(std::string_view text, Unit, OnDamage& value) {
  return ReadName<OnDamage>(
      text, {{"stop", OnDamage::kStop}, {"skip", OnDamage::kSkip}}, value);
}

bool ReadText(std::string_view text, Unit, GroupOffsets& value) {
  return ReadName<GroupOffsets>(text,
                                {{"take", GroupOffsets::kTake},
                                 {"leave-out", GroupOffsets::kLeaveOut}},
                                value);
}

bool ReadText(std::string_view text, Unit, std::vector<Assignment>& value) {
  std::vector<Assignment> read;
  while (true) {
    const size_t comma = text.find(',');
    Assignment each{};
    if (!ReadName<Assignment>(
            text.substr(0, comma),
            {{"range", Assignment::kRange},
             {"roundrobin", Assignment::kRoundRobin},
             {"sticky", Assignment::kSticky},
             {"cooperative-sticky", Assignment::kCooperativeSticky}},
            each))
      return false;
    read.push_back(each);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  value = std::move(read);
  return true;
}

}  // namespace cauce::capi
