// The stream of each codec, one pair of functions a file: what compression.h
// dispatches to, after it has checked sizes and levels.
//
// Compress… appends to `output` and cannot fail but for want of memory.
// Decompress… writes to `output` until its stream ends, or until `output` has
// overflowed, which its caller tells from success. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/base/growing_output.h"

namespace cauce {

// No input is larger, so that every codec's own integers can hold its size.
inline constexpr size_t kStreamBytesMax = INT32_MAX;

absl::Status CompressGzip(std::string_view input, int level,
                          std::string* output);
absl::Status DecompressGzip(std::string_view input, GrowingOutput& output);

absl::Status CompressSnappy(std::string_view input, std::string* output);
absl::Status DecompressSnappy(std::string_view input, GrowingOutput& output);

absl::Status CompressLz4(std::string_view input, int level,
                         std::string* output);
absl::Status DecompressLz4(std::string_view input, GrowingOutput& output);

absl::Status CompressZstd(std::string_view input, int level,
                          std::string* output);
absl::Status DecompressZstd(std::string_view input, GrowingOutput& output);

}  // namespace cauce
