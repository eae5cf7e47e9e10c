// A made-up message with every type that Kafka's messages are made of, in a
// plain and two flexible versions. Pure: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/wire.h"
#include "engine/base/wire_reader.h"
#include "engine/base/wire_writer.h"

namespace cauce::test {

struct WireInner {
  std::string word;
  std::vector<int16_t> numbers;
  int64_t tagged = -1;

  friend bool operator==(const WireInner&, const WireInner&) = default;
};

template <class Codec, WirePart<WireInner> Part>
void Describe(Codec& c, Part& part, int version) {
  c.String(part.word);
  c.Array(part.numbers, [](auto& c, auto& number) { c.Int16(number); });
  if (version >= 2) {
    c.Tags([&](auto& tags) {
      tags.Field(0, part.tagged, -1, [](auto& c, auto& n) { c.Int64(n); });
    });
  } else {
    c.Tags();
  }
}

enum class WireMood : int8_t { kCalm = 0, kWild = 5 };

struct WireMessage {
  bool flag = false;
  int8_t int8 = 0;
  WireMood mood = WireMood::kCalm;
  int16_t int16 = 0;
  int32_t int32 = 0;
  int64_t int64 = 0;
  uint16_t uint16 = 0;
  uint32_t uint32 = 0;
  double float64 = 0;
  std::array<uint8_t, 16> uuid{};
  absl::Duration timeout;
  std::string string;
  std::optional<std::string> nullable_string;
  std::string bytes;
  std::optional<std::string> nullable_bytes;
  std::vector<std::string> words;
  std::optional<std::vector<WireInner>> inners;
  std::string tagged_word;
  std::vector<WireInner> tagged_inners;

  friend bool operator==(const WireMessage&, const WireMessage&) = default;
};

template <class Codec, WirePart<WireMessage> Part>
void Describe(Codec& c, Part& part, int version) {
  c.Bool(part.flag);
  c.Int8(part.int8);
  c.Int8(part.mood);
  c.Int16(part.int16);
  c.Int32(part.int32);
  c.Int64(part.int64);
  c.Uint16(part.uint16);
  c.Uint32(part.uint32);
  c.Float64(part.float64);
  c.Uuid(part.uuid);
  c.Milliseconds(part.timeout);
  c.String(part.string);
  c.NullableString(part.nullable_string);
  c.Bytes(part.bytes);
  c.NullableBytes(part.nullable_bytes);
  c.Array(part.words, EachString{});
  c.NullableArray(part.inners, EachPart{version});
  c.Tags([&](auto& tags) {
    tags.Field(0, part.tagged_word, "",
               [](auto& c, auto& word) { c.String(word); });
    tags.Field(7, part.tagged_inners, {}, [version](auto& c, auto& inners) {
      c.Array(inners, EachPart{version});
    });
  });
}

// Its versions, each with what the one before has not.
struct WireVersion {
  int number;
  WireForm form;
};
inline constexpr WireVersion kWireVersions[] = {
    {0, WireForm::kPlain}, {1, WireForm::kFlexible}, {2, WireForm::kFlexible}};

inline std::string Encode(const WireMessage& value,
                          const WireVersion& version) {
  std::string bytes;
  WireWriter writer(bytes, version.form);
  Describe(writer, value, version.number);
  return bytes;
}

inline absl::Status Decode(std::string_view bytes, const WireVersion& version,
                           WireMessage* value) {
  const std::string exact(bytes);  // so that a sanitizer sees the end
  WireReader reader(exact, version.form);
  *value = {};
  Describe(reader, *value, version.number);
  reader.ExpectEnd();
  return reader.Finish(Reason::kCorruptBatch);
}

}  // namespace cauce::test
