#include "tests/fuzz/decompressor.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "engine/base/compression.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"

namespace cauce::fuzz {
namespace {

constexpr std::string_view kBefore = "before";
constexpr uint8_t kCompressesFirst = 0x80;

// The largest context that a codec keeps: zstd's for compression at level 3.
constexpr size_t kContextBytesMax = 4 << 20;

std::optional<int> FastLevel(Codec codec) {
  return codec == Codec::kGzip ? std::optional<int>(1) : std::nullopt;
}

// Compresses and gets the same back.
void CheckRoundTrip(Codec codec, std::string_view plain) {
  std::string stream(kBefore);
  CAUCE_CHECK(Compress(codec, FastLevel(codec), plain, &stream).ok());
  CAUCE_CHECK(stream.starts_with(kBefore));
  std::string back;
  CAUCE_CHECK(Decompress(codec, std::string_view(stream).substr(kBefore.size()),
                         plain.size(), &back)
                  .ok());
  CAUCE_CHECK(back == plain);
}

}  // namespace

void CheckDecompressor(Codec codec, std::string_view bytes) {
  Input input(bytes);
  const uint8_t choice = input.Byte();
  const std::string_view stream = input.Rest();
  if ((choice & kCompressesFirst) != 0) return CheckRoundTrip(codec, stream);

  // 0, 1, 3, 7, … 128 Ki - 1.
  const size_t bytes_max = (size_t{1} << choice % 18) - 1;
  std::string output(kBefore);
  const absl::Status read = Decompress(codec, stream, bytes_max, &output);
  // Room begins at four times the input and doubles; the error messages and
  // the codec's own tables come on top.
  ExpectSmallAllocations(kContextBytesMax + 2 * bytes_max + 8 * stream.size());
  CAUCE_CHECK(output.starts_with(kBefore));
  const size_t held = output.size() - kBefore.size();
  if (!read.ok()) {
    CAUCE_CHECK(held == 0);
    ExpectReason(read, {Reason::kCorruptBatch, Reason::kBatchTooLarge});
    return;
  }
  CAUCE_CHECK(held <= bytes_max);

  // It is a matter of the stream alone what it holds.
  std::string exact;
  CAUCE_CHECK(Decompress(codec, stream, held, &exact).ok());
  CAUCE_CHECK(exact == std::string_view(output).substr(kBefore.size()));
  if (held > 0) {
    const absl::Status tight = Decompress(codec, stream, held - 1, &output);
    CAUCE_CHECK(ReasonOf(tight) == Reason::kBatchTooLarge);
    CAUCE_CHECK(output.size() == kBefore.size() + held);
  }
  CheckRoundTrip(codec, exact);
}

std::vector<std::string> StreamsOf(Codec codec) {
  constexpr char kLargestBound = 17;
  std::vector<std::string> seeds;
  const auto add = [&seeds](std::string stream) {
    seeds.push_back(std::string(1, kLargestBound) + std::move(stream));
  };
  for (const CorpusFile& file : GoldenBatches(8 << 10)) {
    const auto batch = RecordBatch::Parse(file.bytes);
    if (batch.ok() && batch->codec() == codec) {
      add(std::string(batch->payload()));
    }
  }
  std::string two;
  for (const std::string_view plain :
       {std::string_view(""), std::string_view("a"),
        std::string_view("abcabcabcabcabcabcabcabc")}) {
    std::string stream;
    CAUCE_CHECK(Compress(codec, FastLevel(codec), plain, &stream).ok());
    two += stream;
    add(stream);
    add(two);
    seeds.push_back("\x80" + std::string(plain));
  }
  // Shrinks much: what a bomb is made of.
  std::string zeros;
  CAUCE_CHECK(
      Compress(codec, FastLevel(codec), std::string(100'000, '\0'), &zeros)
          .ok());
  add(zeros);
  seeds.push_back("\x05" + zeros);
  // Snappy without xerial's frame: a length, a literal of three bytes, and a
  // copy of eight that begins three before.
  if (codec == Codec::kSnappy)
    add("\x0b\x08"
        "abc\x11\x03");
  return seeds;
}

}  // namespace cauce::fuzz
