// What Kafka's own classes wrote of coordinators and consumers, with the
// fields that are in it; see tests/golden. Reads the tree below the working
// directory. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "cauce/types.h"
#include "engine/coord/topic_partitions.h"

namespace cauce::test {

struct GoldenRecord {
  std::string name;  // for messages: type, version and what it is
  int version;
  nlohmann::json fields;
  std::string bytes;

  // Holds a tagged field that no version knows: what is written again lacks
  // it.
  bool has_unknown_tag() const {
    return name.find("an unknown tag") != std::string::npos;
  }
};

// Those of one of Kafka's classes, such as "OffsetCommitValue".
inline std::vector<GoldenRecord> GoldenRecordsOf(std::string_view type) {
  std::ifstream in("tests/golden/coordinator_records.json");
  EXPECT_TRUE(in.is_open());
  std::vector<GoldenRecord> found;
  const auto manifest = nlohmann::json::parse(in);
  for (const auto& each : manifest["records"]) {
    if (each["type"] != type) continue;
    const int version = each["version"];
    found.push_back({.name = std::string(type) + " version " +
                             std::to_string(version) + ": " +
                             each["what"].get<std::string>(),
                     .version = version,
                     .fields = each["fields"],
                     .bytes = absl::HexStringToBytes(
                         each["bytes"].get<std::string>())});
  }
  EXPECT_FALSE(found.empty()) << type;
  return found;
}

// The field `name`, or `missing` where the version has none.
template <class T>
T FieldOr(const nlohmann::json& fields, const char* name, T missing) {
  const auto found = fields.find(name);
  return found == fields.end() ? missing : found->get<T>();
}

// Nothing for null, and where the version has no such field.
inline std::optional<std::string> NullableText(const nlohmann::json& fields,
                                               const char* name) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->is_null()) return std::nullopt;
  return found->get<std::string>();
}

// Kafka tells bytes in base64.
inline std::optional<std::string> NullableBytes(const nlohmann::json& fields,
                                                const char* name) {
  const auto text = NullableText(fields, name);
  if (!text) return std::nullopt;
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(*text, &bytes)) << name;
  return bytes;
}

// Partitions by topic; `partitions` is what their numbers are called.
inline std::vector<TopicPartitions> PartitionsOf(const nlohmann::json& list,
                                                 const char* partitions) {
  std::vector<TopicPartitions> topics;
  for (const auto& each : list) {
    topics.push_back({.topic = each["topic"], .partitions = {}});
    for (const int32_t id : each[partitions]) {
      topics.back().partitions.push_back({id});
    }
  }
  return topics;
}

}  // namespace cauce::test
