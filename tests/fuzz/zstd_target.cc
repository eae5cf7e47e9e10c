// A zstd stream; see decompressor.h.
#include <string>
#include <string_view>
#include <vector>

#include "cauce/codec.h"
#include "tests/fuzz/decompressor.h"
#include "tests/fuzz/fuzz_target.h"

namespace cauce::fuzz {

void CheckInput(std::string_view input) {
  CheckDecompressor(Codec::kZstd, input);
}

std::vector<std::string> Seeds() { return StreamsOf(Codec::kZstd); }

}  // namespace cauce::fuzz
