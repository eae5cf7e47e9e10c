#include <zlib.h>

#include <cstddef>
#include <span>

#include "absl/cleanup/cleanup.h"
#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/codec_streams.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The largest window, plus 16: wrapped as gzip (RFC 1952), not as zlib.
constexpr int kWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;  // zlib's own default

Bytef* BytesOf(std::string_view input) {
  // zlib reads through this pointer only; it lacks the const for old compilers.
  return reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
}

absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("zlib: out of memory");
}

}  // namespace

absl::Status CompressGzip(std::string_view input, int level,
                          std::string* output) {
  z_stream stream{};
  const int begun = deflateInit2(&stream, level, Z_DEFLATED, kWindowBits,
                                 kMemoryLevel, Z_DEFAULT_STRATEGY);
  if (begun == Z_MEM_ERROR) return OutOfMemory();
  CAUCE_CHECK(begun == Z_OK);
  const absl::Cleanup end = [&stream] { deflateEnd(&stream); };

  const size_t base = output->size();
  const size_t bound = deflateBound(&stream, input.size());
  output->resize(base + bound);
  stream.next_in = BytesOf(input);
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output->data() + base);
  stream.avail_out = static_cast<uInt>(bound);
  CAUCE_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  output->resize(base + bound - stream.avail_out);
  return absl::OkStatus();
}

absl::Status DecompressGzip(std::string_view input, GrowingOutput& output) {
  z_stream stream{};
  const int begun = inflateInit2(&stream, kWindowBits);
  if (begun == Z_MEM_ERROR) return OutOfMemory();
  CAUCE_CHECK(begun == Z_OK);
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };

  stream.next_in = BytesOf(input);
  stream.avail_in = static_cast<uInt>(input.size());
  while (true) {
    const std::span<char> room = output.Room();
    if (room.empty()) return absl::OkStatus();  // overflowed
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    output.Wrote(room.size() - stream.avail_out);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return absl::OkStatus();
      inflateReset(&stream);  // another member follows
      continue;
    }
    if (result == Z_MEM_ERROR) return OutOfMemory();
    if (result != Z_OK && result != Z_BUF_ERROR) {
      return MakeError(
          Reason::kCorruptBatch,
          fmt::format("gzip: {} at byte {} of {}",
                      stream.msg != nullptr ? stream.msg : "no such stream",
                      input.size() - stream.avail_in, input.size()));
    }
    // It stopped short of the end though it had room: it has no input left.
    if (stream.avail_out > 0) {
      return MakeError(
          Reason::kCorruptBatch,
          fmt::format("gzip: {} bytes end inside the stream", input.size()));
    }
  }
}

}  // namespace cauce
