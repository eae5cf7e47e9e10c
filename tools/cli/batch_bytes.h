// How large the batches of a verb may grow before compression: with a codec no
// larger than a reader decompresses. A pure function: any thread.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "cauce/codec.h"

namespace cauce::cli {

// InvalidArgument names the options and both values.
absl::Status CheckBatchBytes(size_t batch_bytes, Codec codec);

}  // namespace cauce::cli
