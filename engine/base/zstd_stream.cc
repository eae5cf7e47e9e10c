#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/codec_streams.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A context is worth keeping: making one anew costs more than compressing a
// small batch. One that has grown past this, for a high level, is let go.
constexpr size_t kContextBytesMax = 8 * 1024 * 1024;

template <typename Context, size_t (*Size)(const Context*),
          size_t (*Free)(Context*)>
class KeptContext {
 public:
  explicit KeptContext(Context* context) : context_(context) {}
  ~KeptContext() { Free(context_); }
  KeptContext(const KeptContext&) = delete;
  KeptContext& operator=(const KeptContext&) = delete;

  Context* get() const { return context_; }
  bool too_large() const { return Size(context_) > kContextBytesMax; }

 private:
  Context* const context_;
};

using CompressionContext =
    KeptContext<ZSTD_CCtx, ZSTD_sizeof_CCtx, ZSTD_freeCCtx>;
using DecompressionContext =
    KeptContext<ZSTD_DCtx, ZSTD_sizeof_DCtx, ZSTD_freeDCtx>;

absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("zstd: out of memory");
}

// How many bytes the first frame says it holds, believed only as far as real
// records shrink; zero where it says nothing.
size_t RoomHint(std::string_view input) {
  constexpr size_t kRatioBelieved = 64;
  const unsigned long long claimed =
      ZSTD_getFrameContentSize(input.data(), input.size());
  if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR)
    return 0;
  return static_cast<size_t>(
      std::min<uint64_t>(claimed, kRatioBelieved * input.size()));
}

}  // namespace

absl::Status CompressZstd(std::string_view input, int level,
                          std::string* output) {
  thread_local std::unique_ptr<CompressionContext> context;
  if (context == nullptr) {
    ZSTD_CCtx* const made = ZSTD_createCCtx();
    if (made == nullptr) return OutOfMemory();
    context = std::make_unique<CompressionContext>(made);
  }
  const size_t base = output->size();
  output->resize(base + ZSTD_compressBound(input.size()));
  const size_t bytes = ZSTD_compressCCtx(context->get(), output->data() + base,
                                         output->size() - base, input.data(),
                                         input.size(), level);
  if (context->too_large()) context = nullptr;
  if (ZSTD_isError(bytes)) {
    output->resize(base);
    CAUCE_CHECK(ZSTD_getErrorCode(bytes) == ZSTD_error_memory_allocation);
    return OutOfMemory();
  }
  output->resize(base + bytes);
  return absl::OkStatus();
}

// All at once rather than as a stream: a stream's decoder sets aside the window
// that the frame claims, 128 MiB at Kafka's highest level, while this one takes
// the output itself as the window. What does not fit is begun again with four
// times the room: the work done in vain is at most a third of the last try.
absl::Status DecompressZstd(std::string_view input, GrowingOutput& output) {
  if (input.empty()) {
    return MakeError(Reason::kCorruptBatch, "zstd: the stream is missing");
  }
  thread_local std::unique_ptr<DecompressionContext> context;
  if (context == nullptr) {
    ZSTD_DCtx* const made = ZSTD_createDCtx();
    if (made == nullptr) return OutOfMemory();
    context = std::make_unique<DecompressionContext>(made);
  }
  std::span<char> room = output.Room();
  const size_t hint = RoomHint(input);
  if (hint > room.size()) room = output.Room(hint);
  while (true) {
    const size_t bytes = ZSTD_decompressDCtx(
        context->get(), room.data(), room.size(), input.data(), input.size());
    if (!ZSTD_isError(bytes)) {
      output.Wrote(bytes);
      return absl::OkStatus();
    }
    const ZSTD_ErrorCode error = ZSTD_getErrorCode(bytes);
    if (error == ZSTD_error_memory_allocation) return OutOfMemory();
    if (error != ZSTD_error_dstSize_tooSmall) {
      return MakeError(Reason::kCorruptBatch,
                       fmt::format("zstd: {} ({} bytes)",
                                   ZSTD_getErrorName(bytes), input.size()));
    }
    if (room.size() == output.room_bytes_max()) {
      output.Wrote(room.size());  // which is past the bound
      return absl::OkStatus();
    }
    room = output.Room(4 * room.size());
  }
}

}  // namespace cauce
