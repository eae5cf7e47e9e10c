#include "tools/cli/batch_bytes.h"

#include "cauce/record_batch.h"
#include "fmt/format.h"

namespace cauce::cli {

absl::Status CheckBatchBytes(size_t batch_bytes, Codec codec) {
  if (codec == Codec::kNone || batch_bytes <= kDecompressedBytesMax) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "--batch-bytes: is {}, must be at most {} with --compression {}: no "
      "reader decompresses more",
      batch_bytes, kDecompressedBytesMax, CodecName(codec)));
}

}  // namespace cauce::cli
