// Any bytes where a batch should be, and whether they are whole in a format of
// another release: never what this release reads, never where the CRC of an
// old message is wrong, and whatever stands behind.
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/other_format.h"
#include "engine/record/layout.h"
#include "tests/fuzz/byte_file.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/testing/batches.h"

namespace cauce::fuzz {
namespace {

// Of messages of formats 0 and 1: where the CRC stands, and what it covers.
constexpr size_t kOldCrc = 12;
constexpr size_t kOldCovered = 16;

// What is said of the bytes behind the front; nothing where they are a batch.
absl::Status WhyNoBatch(std::string_view bytes) {
  BatchScanner scanner(4096);
  scanner.Start(ByteFile::Of(bytes), "fuzzed.log", 0,
                static_cast<int64_t>(bytes.size()));
  return scanner.Next().status();
}

bool IsOther(std::string_view bytes, const absl::Status& why) {
  const auto file = ByteFile::Of(bytes);
  const auto other =
      IsOfOtherFormat(*file, 0, static_cast<int64_t>(bytes.size()), why);
  CAUCE_CHECK(other.ok());
  return *other;
}

std::string OldMessage(char magic, std::string_view value) {
  // CRC, magic, attributes, time where there is one, no key, the value.
  std::string covered{magic, 0};
  if (magic == 1) covered += std::string(7, '\0') + "t";
  covered += std::string(4, '\xff') + std::string(3, '\0') +
             static_cast<char>(value.size()) + std::string(value);
  std::string message(kOldCovered, '\0');
  message += covered;
  StoreBig<int32_t>(message.data() + layout::kBatchLength,
                    static_cast<int32_t>(message.size()) -
                        static_cast<int32_t>(layout::kLengthExcludes));
  const auto crc = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(covered.data()),
            static_cast<uInt>(covered.size())));
  StoreBig<uint32_t>(message.data() + kOldCrc, crc);
  return message;
}

}  // namespace

void CheckInput(std::string_view bytes) {
  const absl::Status why = WhyNoBatch(bytes);
  const bool is_other = IsOther(bytes, why);
  const Reason reason = ReasonOf(why);
  if (is_other) {
    CAUCE_CHECK(reason == Reason::kUnsupportedFormat ||
                reason == Reason::kUnsupportedCodec);
    CAUCE_CHECK(!RecordBatch::Parse(bytes).ok());
    // It stays one, whatever is written behind it.
    CAUCE_CHECK(IsOther(std::string(bytes) + std::string(100, 'x'), why));
  }
  const bool is_old = is_other && reason == Reason::kUnsupportedFormat &&
                      bytes[layout::kMagic] < layout::kMagicValue;
  if (is_old) {
    std::string damaged(bytes);
    damaged[kOldCrc] ^= 1;
    CAUCE_CHECK(!IsOther(damaged, WhyNoBatch(damaged)));
  }
  ExpectSmallAllocations((2 << 20) + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const CorpusFile& file : GoldenBatches(1 << 10)) {
    seeds.push_back(file.bytes);
  }
  const std::string batch = test::Batch({"a", "b"}).bytes();
  std::string newer = batch;
  newer[layout::kMagic] = 3;
  newer[layout::kCrc] ^= 1;
  for (const int count : {1, 3, 4, 5}) {
    std::string chain;
    for (int i = 0; i < count; ++i) chain += newer;
    seeds.push_back(chain);
    seeds.push_back(chain + batch);
  }
  for (const char magic : {0, 1}) {
    const std::string old = OldMessage(magic, "value");
    seeds.push_back(old);
    seeds.push_back(old + batch);
    seeds.push_back(old.substr(0, old.size() - 1));
  }
  const auto codec = test::Batch({"a"}).With(
      [](std::string& bytes) { bytes[layout::kAttributes + 1] = 7; });
  seeds.push_back(codec.bytes());
  seeds.emplace_back("");
  return seeds;
}

}  // namespace cauce::fuzz
