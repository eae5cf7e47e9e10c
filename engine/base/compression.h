// Compresses and decompresses the records of a batch, in the very streams that
// Kafka's clients write and read.
//
// gzip: RFC 1952. snappy: blocks in xerial's framing (snappy-java); raw snappy
// is read too. lz4: the LZ4 frame format, written in independent blocks of
// 64 KiB. zstd: zstd frames. Several gzip members, lz4 or zstd frames in a row
// read as one stream; anything else after the end is refused.
//
// What comes in may be hostile: memory is taken for bytes that are there, never
// because a stream claims a length. Any thread; zstd keeps one context of
// bounded size in each thread that used it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/codec.h"

namespace cauce {

// Appends `input`, compressed, to `output`. `level` is Kafka's: gzip 1 to 9
// (or -1 for zlib's own choice), lz4 1 to 17, zstd -131072 to 22; absent means
// Kafka's default. none and snappy have no levels and take no notice.
// Reason::kInvalidOption, kUnsupportedCodec; kBatchTooLarge above 2^31 - 1
// bytes. After an error `output` is as it was.
absl::Status Compress(Codec codec, std::optional<int> level,
                      std::string_view input, std::string* output);

// Appends what the stream `input` holds to `output`, at most
// `output_bytes_max` bytes and never more than 2^31 - 1.
// Reason::kBatchTooLarge when it holds more: noticed while decompressing, so
// that a bomb costs no more than the bound. kCorruptBatch when it is cut off
// or is no such stream, kUnsupportedCodec. After an error `output` is as it
// was, though its capacity may have grown to twice the bound.
absl::Status Decompress(Codec codec, std::string_view input,
                        size_t output_bytes_max, std::string* output);

}  // namespace cauce
