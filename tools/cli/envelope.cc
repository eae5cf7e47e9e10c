#include "tools/cli/envelope.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "tools/cli/suggestion.h"

namespace cauce::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> DecodeTable() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return table;
}

constexpr std::array<int8_t, 256> kDecode = DecodeTable();

// How many bytes the UTF-8 character at the front of `bytes` has; 0 for none.
// Neither overlong forms nor surrogates nor what lies above U+10FFFF.
size_t Utf8Length(std::string_view bytes) {
  const auto at = [bytes](size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  const auto continues = [&at](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) > 0x9F;
    const bool whole = continues(1) && continues(2);
    return whole && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool too_high = lead == 0xF4 && at(1) > 0x8F;
    const bool whole = continues(1) && continues(2) && continues(3);
    return whole && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(std::string(what));
}

// Takes null, a string or {"base64": "..."}; the text goes behind `texts`.
absl::StatusOr<std::optional<std::string_view>> TakeBytes(
    Json& json, std::string_view field, std::deque<std::string>& texts) {
  if (json.is_null()) return std::nullopt;
  if (json.is_string()) {
    texts.push_back(std::move(json.get_ref<std::string&>()));
    return texts.back();
  }
  const bool wrapped = json.is_object() && json.size() == 1 &&
                       json.contains("base64") && json["base64"].is_string();
  if (!wrapped) {
    return Wrong(
        fmt::format("\"{}\" must be null, a string or "
                    "{{\"base64\": \"...\"}}",
                    field));
  }
  auto bytes = DecodeBase64(json["base64"].get_ref<const std::string&>());
  if (!bytes) return Wrong(fmt::format("\"{}\" is no valid base64", field));
  texts.push_back(*std::move(bytes));
  return texts.back();
}

absl::StatusOr<Header> TakeHeader(Json& json, std::deque<std::string>& texts) {
  if (!json.is_object() || json.size() != 2 || !json.contains("key") ||
      !json.contains("value")) {
    return Wrong("a header must be {\"key\": ..., \"value\": ...}");
  }
  auto key = TakeBytes(json["key"], "key", texts);
  if (!key.ok()) return key.status();
  if (!*key) return Wrong("a header's key cannot be null");
  auto value = TakeBytes(json["value"], "value", texts);
  if (!value.ok()) return value.status();
  return Header{**key, *value};
}

absl::StatusOr<int64_t> TakeInteger(const Json& json, std::string_view field,
                                    int64_t largest) {
  if (json.is_number_integer() &&
      (!json.is_number_unsigned() ||
       json.get<uint64_t>() <= static_cast<uint64_t>(largest))) {
    const int64_t value = json.get<int64_t>();
    if (value >= -1 && value <= largest) return value;
  }
  return Wrong(fmt::format("\"{}\" must be a whole number from -1 to {}", field,
                           largest));
}

absl::Status CheckFields(const Json& json) {
  static const std::string kFields[] = {"topic",     "partition",      "offset",
                                        "timestamp", "timestamp_type", "key",
                                        "value",     "headers"};
  if (!json.is_object()) return Wrong("not a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (std::find(std::begin(kFields), std::end(kFields), name) !=
        std::end(kFields)) {
      continue;
    }
    const std::string nearest = Nearest(name, kFields);
    return Wrong(nearest.empty()
                     ? fmt::format("unknown field \"{}\"", name)
                     : fmt::format("unknown field \"{}\"; did you mean "
                                   "\"{}\"?",
                                   name, nearest));
  }
  if (!json.contains("value")) {
    return Wrong("no \"value\"; a tombstone has \"value\": null");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    // Most text is ASCII: a word at a time.
    while (bytes.size() >= 8) {
      uint64_t word = 0;
      bytes.copy(reinterpret_cast<char*>(&word), sizeof word);
      if ((word & 0x8080808080808080) != 0) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) return true;
    const size_t length = Utf8Length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void AppendBase64(std::string_view bytes, std::string& to) {
  while (!bytes.empty()) {
    const size_t count = std::min<size_t>(bytes.size(), 3);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group <<= 8;
      if (i < count) group |= static_cast<unsigned char>(bytes[i]);
    }
    for (size_t i = 0; i < 4; ++i) {
      to += i <= count ? kAlphabet[(group >> (18 - 6 * i)) & 0x3f] : '=';
    }
    bytes.remove_prefix(count);
  }
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (; !text.empty(); text.remove_prefix(4)) {
    const bool last = text.size() == 4;
    const size_t padding = !last                  ? 0
                           : text.ends_with("==") ? 2
                           : text.ends_with("=")  ? 1
                                                  : 0;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; ++i) {
      const bool padded = i >= 4 - padding;
      const int digit =
          padded ? 0 : kDecode[static_cast<unsigned char>(text[i])];
      if (digit < 0) return std::nullopt;
      group = group << 6 | static_cast<uint32_t>(digit);
    }
    // Bits that no byte takes must be zero: one text for the same bytes.
    if ((group & ((uint32_t{1} << (8 * padding)) - 1)) != 0) {
      return std::nullopt;
    }
    for (size_t i = 0; i < 3 - padding; ++i) {
      bytes += static_cast<char>(group >> (16 - 8 * i));
    }
  }
  return bytes;
}

void AppendJsonString(std::string_view text, std::string& to) {
  to += '"';
  size_t plain = 0;  // from where on nothing was escaped
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) continue;
    to.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(to), "\\u{:04x}", c);
    }
  }
  to.append(text.substr(plain));
  to += '"';
}

void AppendJsonBytes(const std::optional<std::string_view>& bytes,
                     std::string& to) {
  if (!bytes) {
    to += "null";
  } else if (IsUtf8(*bytes)) {
    AppendJsonString(*bytes, to);
  } else {
    to += "{\"base64\":\"";
    AppendBase64(*bytes, to);
    to += "\"}";
  }
}

void AppendEnvelope(std::string_view topic, PartitionId partition,
                    TimestampType timestamp_type, const RecordView& record,
                    std::string& to) {
  to += "{\"topic\":";
  AppendJsonString(topic, to);
  fmt::format_to(std::back_inserter(to),
                 ",\"partition\":{},\"offset\":{},\"timestamp\":{},"
                 "\"timestamp_type\":\"{}\",\"key\":",
                 partition.value, record.offset.value, record.timestamp.ms,
                 timestamp_type == TimestampType::kCreateTime
                     ? "CreateTime"
                     : "LogAppendTime");
  AppendJsonBytes(record.key, to);
  to += ",\"value\":";
  AppendJsonBytes(record.value, to);
  to += ",\"headers\":[";
  bool first = true;
  for (const Header& header : record.headers) {
    to += std::exchange(first, false) ? "{\"key\":" : ",{\"key\":";
    AppendJsonBytes(header.key, to);
    to += ",\"value\":";
    AppendJsonBytes(header.value, to);
    to += '}';
  }
  to += "]}";
}

absl::StatusOr<EnvelopeReader::Result> EnvelopeReader::Parse(
    std::string_view line) {
  texts_.clear();
  headers_.clear();
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Wrong("not valid JSON");
  if (absl::Status status = CheckFields(json); !status.ok()) return status;

  Result result;
  if (json.contains("key")) {
    const auto key = TakeBytes(json["key"], "key", texts_);
    if (!key.ok()) return key.status();
    result.record.key = *key;
  }
  const auto value = TakeBytes(json["value"], "value", texts_);
  if (!value.ok()) return value.status();
  result.record.value = *value;
  if (json.contains("timestamp") && !json["timestamp"].is_null()) {
    const auto ms = TakeInteger(json["timestamp"], "timestamp",
                                std::numeric_limits<int64_t>::max());
    if (!ms.ok()) return ms.status();
    result.record.timestamp = Timestamp{*ms};
    result.has_timestamp = true;
  }
  if (json.contains("partition") && !json["partition"].is_null()) {
    const auto partition = TakeInteger(json["partition"], "partition",
                                       std::numeric_limits<int32_t>::max());
    if (!partition.ok()) return partition.status();
    result.partition = PartitionId{static_cast<int32_t>(*partition)};
  }
  if (json.contains("headers") && !json["headers"].is_null()) {
    if (!json["headers"].is_array()) return Wrong("\"headers\" is no array");
    for (Json& entry : json["headers"]) {
      const auto header = TakeHeader(entry, texts_);
      if (!header.ok()) return header.status();
      headers_.push_back(*header);
    }
  }
  result.record.headers = headers_;
  return result;
}

}  // namespace cauce::cli
