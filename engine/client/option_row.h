// How a row of a table of options is made: its type's name and its default come
// from the value that the struct has.
//
// Pure functions: any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/codec.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/option_keys.h"
#include "cauce/producer.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {

// How a field of each type is called, and how its value is written.
struct Shown {
  std::string_view type;
  std::string text;
};

inline Shown Show(bool value) { return {"boolean", value ? "true" : "false"}; }
inline Shown Show(int32_t value) { return {"int", fmt::format("{}", value)}; }
inline Shown Show(int64_t value) { return {"long", fmt::format("{}", value)}; }
inline Shown Show(size_t value) { return {"long", fmt::format("{}", value)}; }
inline Shown Show(absl::Duration value) {
  return {"duration", absl::FormatDuration(value)};
}
inline Shown Show(const std::string& value) { return {"string", value}; }

inline Shown Show(Access value) {
  return {"string", value == Access::kReadWrite ? "read-write" : "read-only"};
}
inline Shown Show(Ack value) {
  return {"string", value == Ack::kDurable ? "durable" : "written"};
}
inline Shown Show(ReadUpTo value) {
  return {"string", value == ReadUpTo::kLogEnd ? "log-end" : "high-watermark"};
}
inline Shown Show(OnDamage value) {
  return {"string", value == OnDamage::kSkip ? "skip" : "stop"};
}
inline Shown Show(PartitionId value) { return Show(value.value); }
inline Shown Show(Codec value) {
  return {"string", std::string(CodecName(value))};
}
inline Shown Show(Acks value) {
  return {"string", value == Acks::kAll      ? "all"
                    : value == Acks::kLeader ? "1"
                                             : "0"};
}
inline Shown Show(Keyless value) {
  return {"string", value == Keyless::kSticky ? "sticky" : "round-robin"};
}
inline Shown Show(ResetTo value) {
  return {"string", value == ResetTo::kEarliest ? "earliest"
                    : value == ResetTo::kLatest ? "latest"
                                                : "none"};
}
inline Shown Show(Isolation value) {
  return {"string", value == Isolation::kReadCommitted ? "read_committed"
                                                       : "read_uncommitted"};
}

inline std::string_view NameOf(Assignment value) {
  switch (value) {
    case Assignment::kRange:
      return "range";
    case Assignment::kRoundRobin:
      return "roundrobin";
    case Assignment::kSticky:
      return "sticky";
    case Assignment::kCooperativeSticky:
      return "cooperative-sticky";
  }
  return "unknown";
}
inline Shown Show(const std::vector<Assignment>& values) {
  std::vector<std::string_view> names;
  for (const Assignment each : values) names.push_back(NameOf(each));
  return {"list", fmt::format("{}", fmt::join(names, ","))};
}

// What the program may bring along; null is the real one, or none.
template <typename Seam>
Shown Show(Seam* value) {
  return {"seam", value == nullptr ? "null" : "set"};
}
template <typename Result, typename... Arguments>
Shown Show(const std::function<Result(Arguments...)>& value) {
  return {"seam", value ? "set" : "null"};
}
template <typename Seam>
Shown Show(const std::shared_ptr<Seam>& value) {
  return Show(value.get());
}

template <typename Value>
  requires std::same_as<Value, bool> || std::same_as<Value, int> ||
           std::same_as<Value, std::string> ||
           std::same_as<Value, absl::Duration>
Shown Show(const std::optional<Value>& value) {
  return {Show(value.value_or(Value())).type, value ? Show(*value).text : ""};
}

template <typename Value>
OptionKey Key(std::string_view field, std::string_view kafka_name,
              const Value& value, std::string_view valid,
              std::string_view doc) {
  Shown shown = Show(value);
  return {field, kafka_name, shown.type, std::move(shown.text), valid, doc};
}

}  // namespace cauce
