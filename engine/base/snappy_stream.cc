#include <snappy.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/codec_streams.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// snappy-java's framing: this, int32 version, int32 oldest version that can
// read it, then blocks, each an int32 length and raw snappy. As raw snappy the
// magic would begin with a copy of bytes before the first one, so nothing that
// is raw begins with it.
constexpr std::string_view kMagic("\x82SNAPPY\0", 8);
constexpr size_t kHeaderBytes = 16;
constexpr int32_t kVersion = 1;
constexpr size_t kLengthBytes = 4;

// What snappy-java, and so Kafka's own client, puts in a block.
constexpr size_t kBlockBytes = 32 * 1024;

// The densest element copies 64 bytes and takes three: a block that claims to
// become more than that many times longer lies.
constexpr size_t kRatioMax = 64 / 3 + 1;

absl::Status Corrupt(std::string_view what, size_t bytes) {
  return MakeError(Reason::kCorruptBatch,
                   fmt::format("snappy: {} ({} bytes)", what, bytes));
}

absl::Status DecompressBlock(std::string_view block, GrowingOutput& output) {
  size_t bytes = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &bytes) ||
      bytes > block.size() * kRatioMax) {
    return Corrupt("a block's length cannot be", block.size());
  }
  const std::span<char> room = output.Room(std::max<size_t>(bytes, 1));
  if (bytes > room.size()) {
    output.Wrote(room.size());  // which is past the bound
    return absl::OkStatus();
  }
  if (!snappy::RawUncompress(block.data(), block.size(), room.data())) {
    return Corrupt("a block is damaged", block.size());
  }
  output.Wrote(bytes);
  return absl::OkStatus();
}

}  // namespace

absl::Status CompressSnappy(std::string_view input, std::string* output) {
  const size_t base = output->size();
  const size_t blocks = (input.size() + kBlockBytes - 1) / kBlockBytes;
  output->resize(base + kHeaderBytes +
                 blocks *
                     (kLengthBytes + snappy::MaxCompressedLength(kBlockBytes)));
  char* to = output->data() + base;
  to = std::copy(kMagic.begin(), kMagic.end(), to);
  StoreBig<int32_t>(to, kVersion);
  StoreBig<int32_t>(to + 4, kVersion);
  to += 8;
  for (; !input.empty();
       input.remove_prefix(std::min(kBlockBytes, input.size()))) {
    size_t bytes = 0;
    snappy::RawCompress(input.data(), std::min(kBlockBytes, input.size()),
                        to + kLengthBytes, &bytes);
    StoreBig<int32_t>(to, static_cast<int32_t>(bytes));
    to += kLengthBytes + bytes;
  }
  output->resize(to - output->data());
  return absl::OkStatus();
}

absl::Status DecompressSnappy(std::string_view input, GrowingOutput& output) {
  if (!input.starts_with(kMagic)) return DecompressBlock(input, output);
  while (!input.empty() && !output.overflowed()) {
    // Streams put one behind the other repeat the header.
    if (input.starts_with(kMagic)) {
      if (input.size() < kHeaderBytes ||
          LoadBig<int32_t>(input.data() + kMagic.size()) < kVersion) {
        return Corrupt("the header is cut off or too old", input.size());
      }
      input.remove_prefix(kHeaderBytes);
      continue;
    }
    if (input.size() < kLengthBytes) {
      return Corrupt("ends inside a block's length", input.size());
    }
    const auto bytes = LoadBig<uint32_t>(input.data());
    input.remove_prefix(kLengthBytes);
    if (bytes > input.size()) {
      return Corrupt("ends inside a block", input.size());
    }
    if (absl::Status read = DecompressBlock(input.substr(0, bytes), output);
        !read.ok()) {
      return read;
    }
    input.remove_prefix(bytes);
  }
  return absl::OkStatus();
}

}  // namespace cauce
