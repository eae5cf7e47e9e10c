// The compression codecs of record batches, by Kafka's numbers and names.
//
// The numbers stand in the lowest three bits of every batch's attributes, so
// one that is used is never given another meaning. Plain values and pure
// functions: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cauce {

enum class Codec : int8_t {
  kNone = 0,
  kGzip = 1,
  kSnappy = 2,
  kLz4 = 3,
  kZstd = 4,
};

inline constexpr int kCodecs = 5;

// "none", "gzip", "snappy", "lz4" or "zstd"; "unknown" for any other number,
// which a batch's bytes may hold.
constexpr std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return "none";
    case Codec::kGzip:
      return "gzip";
    case Codec::kSnappy:
      return "snappy";
    case Codec::kLz4:
      return "lz4";
    case Codec::kZstd:
      return "zstd";
  }
  return "unknown";
}

// The codec of that name, in small letters; nothing for any other word.
constexpr std::optional<Codec> ParseCodec(std::string_view name) {
  for (int number = 0; number < kCodecs; ++number) {
    const auto codec = static_cast<Codec>(number);
    if (CodecName(codec) == name) return codec;
  }
  return std::nullopt;
}

}  // namespace cauce
