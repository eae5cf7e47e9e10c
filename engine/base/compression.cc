#include "engine/base/compression.h"

#include <algorithm>
#include <cstdint>

#include "cauce/errors.h"
#include "engine/base/codec_streams.h"
#include "engine/base/growing_output.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

struct Levels {
  int lowest;
  int highest;
  int preset;  // Kafka's default; valid even if outside the range
};

constexpr Levels kGzipLevels{1, 9, -1};
constexpr Levels kLz4Levels{1, 17, 9};
constexpr Levels kZstdLevels{-131072, 22, 3};

// Room to begin with: records often shrink to a quarter, and the output of a
// small batch is not worth a second step.
constexpr size_t kExpectedRatio = 4;
constexpr size_t kFirstBytesMin = 4 * 1024;

absl::Status CheckLevel(Codec codec, const Levels& levels, int level) {
  if (level == levels.preset) return absl::OkStatus();
  if (level >= levels.lowest && level <= levels.highest) {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("{} level is {}, must be {} to {} or {}", CodecName(codec),
                  level, levels.lowest, levels.highest, levels.preset));
}

absl::Status Unsupported(Codec codec) {
  return MakeError(Reason::kUnsupportedCodec,
                   fmt::format("codec is {}, known are 0 to {}",
                               static_cast<int>(codec), kCodecs - 1));
}

absl::Status TooLarge(Codec codec, size_t bytes_max) {
  return MakeError(Reason::kBatchTooLarge,
                   fmt::format("{}: stream holds more than {} bytes",
                               CodecName(codec), bytes_max));
}

absl::Status AppendPlain(std::string_view input, GrowingOutput& output) {
  const auto room = output.Room(std::max<size_t>(input.size(), 1));
  const size_t bytes = std::min(input.size(), room.size());
  std::copy_n(input.begin(), bytes, room.begin());
  output.Wrote(bytes);
  return absl::OkStatus();
}

absl::Status DecompressInto(Codec codec, std::string_view input,
                            GrowingOutput& output) {
  switch (codec) {
    case Codec::kNone:
      return AppendPlain(input, output);
    case Codec::kGzip:
      return DecompressGzip(input, output);
    case Codec::kSnappy:
      return DecompressSnappy(input, output);
    case Codec::kLz4:
      return DecompressLz4(input, output);
    case Codec::kZstd:
      return DecompressZstd(input, output);
  }
  return Unsupported(codec);
}

}  // namespace

absl::Status Compress(Codec codec, std::optional<int> level,
                      std::string_view input, std::string* output) {
  if (input.size() > kStreamBytesMax) {
    return MakeError(
        Reason::kBatchTooLarge,
        fmt::format("{}: input is {} bytes, limit is {}", CodecName(codec),
                    input.size(), kStreamBytesMax));
  }
  const auto checked = [&](const Levels& levels) {
    return CheckLevel(codec, levels, level.value_or(levels.preset));
  };
  switch (codec) {
    case Codec::kNone:
      output->append(input);
      return absl::OkStatus();
    case Codec::kGzip:
      CAUCE_RETURN_IF_ERROR(checked(kGzipLevels));
      return CompressGzip(input, level.value_or(kGzipLevels.preset), output);
    case Codec::kSnappy:
      return CompressSnappy(input, output);
    case Codec::kLz4:
      CAUCE_RETURN_IF_ERROR(checked(kLz4Levels));
      return CompressLz4(input, level.value_or(kLz4Levels.preset), output);
    case Codec::kZstd:
      CAUCE_RETURN_IF_ERROR(checked(kZstdLevels));
      return CompressZstd(input, level.value_or(kZstdLevels.preset), output);
  }
  return Unsupported(codec);
}

absl::Status Decompress(Codec codec, std::string_view input,
                        size_t output_bytes_max, std::string* output) {
  if (input.size() > kStreamBytesMax) {
    return MakeError(
        Reason::kBatchTooLarge,
        fmt::format("{}: input is {} bytes, limit is {}", CodecName(codec),
                    input.size(), kStreamBytesMax));
  }
  const size_t bytes_max = std::min(output_bytes_max, kStreamBytesMax);
  GrowingOutput growing(
      output, bytes_max,
      std::max(kFirstBytesMin, kExpectedRatio * input.size()));
  CAUCE_RETURN_IF_ERROR(DecompressInto(codec, input, growing));
  if (growing.overflowed()) return TooLarge(codec, bytes_max);
  growing.Commit();
  return absl::OkStatus();
}

}  // namespace cauce
