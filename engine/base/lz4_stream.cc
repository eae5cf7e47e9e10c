#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "cauce/errors.h"
#include "engine/base/codec_streams.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Kafka's frame: the magic; FLG 60 (version 1, independent blocks, no
// checksums, no content size); BD 40 (blocks of 64 KiB at most); and the second
// byte of the descriptor's xxHash32, which is always the same then.
constexpr std::string_view kFrameHeader("\x04\x22\x4d\x18\x60\x40\x82", 7);
constexpr size_t kBlockBytes = 64 * 1024;
constexpr size_t kLengthBytes = 4;
constexpr uint32_t kStored = 0x80000000;  // the block is not compressed
constexpr uint32_t kEndMark = 0;

// Kafka's default level means the fast compressor, which has no levels; every
// other one is a level of the high compressor.
constexpr int kFastLevel = 9;

// The format is little-endian, as are the machines this library runs on.
char* StoreLittle32(char* to, uint32_t value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

// Returns zero when the block would not become shorter.
size_t CompressBlock(std::string_view block, int level, char* to) {
  const int from_bytes = static_cast<int>(block.size());
  const int room = from_bytes - 1;
  const int bytes =
      level == kFastLevel
          ? LZ4_compress_default(block.data(), to, from_bytes, room)
          : LZ4_compress_HC(block.data(), to, from_bytes, room, level);
  return static_cast<size_t>(std::max(bytes, 0));
}

absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("lz4: out of memory");
}

// The number of an error is no part of what every build of LZ4F offers; its
// enumerator's name is.
bool IsForWantOfMemory(size_t error) {
  return std::string_view(LZ4F_getErrorName(error)) ==
         "ERROR_allocation_failed";
}

absl::Status Corrupt(std::string_view what, size_t bytes) {
  return MakeError(Reason::kCorruptBatch,
                   fmt::format("lz4: {} ({} bytes)", what, bytes));
}

}  // namespace

absl::Status CompressLz4(std::string_view input, int level,
                         std::string* output) {
  const size_t base = output->size();
  const size_t blocks = (input.size() + kBlockBytes - 1) / kBlockBytes;
  output->resize(base + kFrameHeader.size() + blocks * kLengthBytes +
                 input.size() + sizeof kEndMark);
  char* to = output->data() + base;
  to = std::copy(kFrameHeader.begin(), kFrameHeader.end(), to);
  while (!input.empty()) {
    const std::string_view block = input.substr(0, kBlockBytes);
    input.remove_prefix(block.size());
    const size_t bytes = CompressBlock(block, level, to + kLengthBytes);
    if (bytes > 0) {
      to = StoreLittle32(to, static_cast<uint32_t>(bytes)) + bytes;
    } else {
      to = StoreLittle32(to, static_cast<uint32_t>(block.size()) | kStored);
      to = std::copy(block.begin(), block.end(), to);
    }
  }
  to = StoreLittle32(to, kEndMark);
  output->resize(to - output->data());
  return absl::OkStatus();
}

absl::Status DecompressLz4(std::string_view input, GrowingOutput& output) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
    return OutOfMemory();
  }
  const absl::Cleanup free = [context] {
    LZ4F_freeDecompressionContext(context);
  };

  // What LZ4F returns: zero at the end of a frame, else how much it would like
  // to read next.
  size_t wanted = 1;
  while (!input.empty() || wanted > 0) {
    const std::span<char> room = output.Room();
    if (room.empty()) return absl::OkStatus();  // overflowed
    size_t read = input.size();
    size_t wrote = room.size();
    wanted = LZ4F_decompress(context, room.data(), &wrote, input.data(), &read,
                             /*dOptPtr=*/nullptr);
    if (LZ4F_isError(wanted)) {
      // It takes room for blocks only once the frame has said how large.
      if (IsForWantOfMemory(wanted)) return OutOfMemory();
      return Corrupt(LZ4F_getErrorName(wanted), input.size());
    }
    output.Wrote(wrote);
    input.remove_prefix(read);
    if (wanted > 0 && input.empty() && wrote < room.size()) {
      return Corrupt("ends inside a frame", read);
    }
  }
  return absl::OkStatus();
}

}  // namespace cauce
