// Any bytes in which repair searches for the next whole batch: what is found
// is one and has offsets that fit; where there is one that the log goes on
// behind, one is found.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/log/batch_behind.h"
#include "engine/log/batch_search.h"
#include "tests/fuzz/byte_file.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/testing/batches.h"

namespace cauce::fuzz {
namespace {

// Bits of an input's first byte.
constexpr uint8_t kHasNext = 0x01;
constexpr uint8_t kHasUpTo = 0x02;

// The batch at `position`, if it is whole and may stand there.
std::optional<RecordBatch> BatchAt(std::string_view bytes, int64_t position,
                                   const DamagedPlace& place) {
  const auto from = static_cast<size_t>(position);
  const auto batch = RecordBatch::Parse(
      bytes.substr(from, static_cast<size_t>(place.end - position)));
  const bool fits =
      batch.ok() &&
      batch->base_offset() >= place.offsets.next.value_or(Offset{0}) &&
      batch->next_offset() > batch->base_offset() &&
      batch->next_offset() <= place.offsets.up_to;
  if (!fits) return std::nullopt;
  return *batch;
}

// Whether the log goes on behind the batch as it should: a base offset, which
// no CRC covers, may otherwise be taken for damaged.
bool IsFollowed(std::string_view bytes, const DamagedPlace& place,
                int64_t position, const RecordBatch& batch) {
  const int64_t end = position + static_cast<int64_t>(batch.bytes().size());
  if (end == place.end) return true;
  const auto behind = BatchAt(bytes, end, place);
  return behind && behind->base_offset() == batch.next_offset();
}

void CheckFound(std::string_view bytes, const DamagedPlace& place,
                const FoundBatch& found) {
  CAUCE_CHECK(found.position > place.position);
  CAUCE_CHECK(found.end <= place.end);
  const auto batch = BatchAt(bytes, found.position, place);
  CAUCE_CHECK(batch.has_value());
  CAUCE_CHECK(batch->base_offset() == found.base);
  CAUCE_CHECK(batch->next_offset() == found.next);
  CAUCE_CHECK(static_cast<int64_t>(batch->bytes().size()) ==
              found.end - found.position);
}

// Whether whole batches lead from `found` to the end, back to back.
bool LeadsToEnd(std::string_view bytes, DamagedPlace place,
                const FoundBatch& found) {
  int64_t at = found.position;
  while (at < place.end) {
    const auto batch = BatchAt(bytes, at, place);
    if (!batch) return false;
    at += static_cast<int64_t>(batch->bytes().size());
    place.offsets.next = batch->next_offset();
  }
  return true;
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const uint8_t bits = input.Byte();
  const Offset next{input.Byte()};
  const Offset up_to{next.value + input.Byte()};
  const uint16_t position = input.Short();
  const uint16_t behind = input.Short();
  const std::string_view log = input.Rest();
  const auto size = static_cast<int64_t>(log.size());
  DamagedPlace place{.file = ByteFile::Of(log), .name = "fuzzed.log"};
  place.position = std::min<int64_t>(position, size);
  place.end = std::max(place.position, size - behind);
  if ((bits & kHasNext) != 0) place.offsets.next = next;
  if ((bits & kHasUpTo) != 0) place.offsets.up_to = up_to;

  std::optional<int64_t> first;
  bool is_sure = false;
  for (int64_t at = place.position + 1; at < place.end && !is_sure; ++at) {
    const auto batch = BatchAt(log, at, place);
    if (!batch) continue;
    if (!first) first = at;
    is_sure = IsFollowed(log, place, at, *batch);
  }
  BatchSearch search(place);
  const auto found = search.Run();
  CAUCE_CHECK(found.ok());
  // So short a file costs less than what is given up at.
  CAUCE_CHECK(!search.gave_up());
  CAUCE_CHECK(found->has_value() || !is_sure);
  if (*found) {
    CheckFound(log, place, **found);
    CAUCE_CHECK(first && (*found)->position >= *first);
  }
  const auto last = BatchSearch(place).RunToEnd();
  CAUCE_CHECK(last.ok());
  if (*last) {
    CheckFound(log, place, **last);
    CAUCE_CHECK(LeadsToEnd(log, place, **last));
  }
  ExpectSmallAllocations((2 << 20) + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  const auto front = [](uint8_t bits, uint8_t next, uint8_t up_to,
                        uint8_t position, uint8_t behind) {
    return std::string{static_cast<char>(bits),     static_cast<char>(next),
                       static_cast<char>(up_to),    0,
                       static_cast<char>(position), 0,
                       static_cast<char>(behind)};
  };
  std::vector<std::string> seeds;
  for (const CorpusFile& file : GoldenBatches(1 << 10)) {
    seeds.push_back(front(0, 0, 0, 0, 0) + "torn" + file.bytes);
  }
  std::vector<std::string> batches;
  for (int i = 0; i < 4; ++i) {
    batches.push_back(
        test::Batch({"a", std::string(static_cast<size_t>(1 + 9 * i), 'v')})
            .At(Offset{2 * i})
            .bytes());
  }
  const std::string nested = test::Batch({batches[2]}).At(Offset{0}).bytes();
  for (const uint8_t bits : {0, 1, 2, 3}) {
    for (const uint8_t position : {0, 3, 100}) {
      const std::string begin = front(bits, 2, 8, position, 0);
      seeds.push_back(begin + "torn" + batches[1] + batches[2] + batches[3]);
      seeds.push_back(begin + batches[0] + "torn" + batches[1] + "torn");
      seeds.push_back(begin + nested + batches[1] + batches[3]);
      seeds.push_back(begin + batches[1] + std::string(70, '\0'));
    }
    seeds.push_back(front(bits, 2, 4, 1, 30) + batches[0] + batches[1]);
  }
  seeds.emplace_back("");
  return seeds;
}

}  // namespace cauce::fuzz
