// A segment of any bytes, as repair looks at it: every byte is a whole batch's
// or is told as unreadable, the whole front is not, and what stays without the
// unreadable bytes is a segment with nothing wrong.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_survey.h"
#include "tests/fuzz/byte_file.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/testing/batches.h"

namespace cauce::fuzz {
namespace {

// Bits of an input's first byte.
constexpr uint8_t kHasNext = 0x01;
constexpr uint8_t kHasBoundary = 0x02;
constexpr uint8_t kBaseOfFirst = 0x04;

ScanRange TakeRange(Input& input) {
  const uint8_t bits = input.Byte();
  const Offset base{input.Byte()};
  const Offset other{base.value + input.Byte()};
  ScanRange range{.base = base};
  if ((bits & kHasNext) != 0) range.up_to = other;
  if ((bits & kHasBoundary) != 0) range.boundary = other;
  return range;
}

absl::StatusOr<SegmentSurvey> SurveyOf(std::string_view bytes,
                                       ScanRange range) {
  range.bytes = static_cast<int64_t>(bytes.size());
  return SurveySegment(ByteFile::Of(bytes), "fuzzed.log", range);
}

std::string_view Part(std::string_view bytes, int64_t from, int64_t end) {
  return bytes.substr(static_cast<size_t>(from),
                      static_cast<size_t>(end - from));
}

// Checks the places, and returns the bytes without them.
std::string WithoutUnreadable(const SegmentSurvey& survey,
                              std::string_view bytes) {
  std::string rest;
  int64_t at = 0;
  for (const UnreadableBytes& place : survey.unreadable) {
    CAUCE_CHECK(at <= place.position);
    CAUCE_CHECK(place.position < place.end);
    CAUCE_CHECK(place.position <= place.zeros_from);
    CAUCE_CHECK(place.zeros_from <= place.end);
    CAUCE_CHECK(IsZeros(Part(bytes, place.zeros_from, place.end)));
    CAUCE_CHECK(place.is_zeros() ||
                bytes[static_cast<size_t>(place.zeros_from - 1)] != '\0');
    CAUCE_CHECK(!place.behind || *place.behind >= place.expected);
    rest += Part(bytes, at, place.position);
    at = place.end;
  }
  CAUCE_CHECK(at <= static_cast<int64_t>(bytes.size()));
  return rest += bytes.substr(static_cast<size_t>(at));
}

// How many bytes of batches follow each other from the base on.
int64_t WholeFront(std::string_view bytes, const ScanRange& range) {
  int64_t front = 0;
  Offset expected = range.base;
  for (;;) {
    const auto batch =
        RecordBatch::Parse(bytes.substr(static_cast<size_t>(front)));
    const bool follows = batch.ok() && batch->base_offset() == expected &&
                         batch->next_offset() <= range.up_to;
    const bool crosses = follows && expected < range.boundary &&
                         batch->next_offset() > range.boundary;
    if (!follows || crosses) return front;
    front += static_cast<int64_t>(batch->bytes().size());
    expected = batch->next_offset();
  }
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const bool takes_base = (Input(bytes).Byte() & kBaseOfFirst) != 0;
  ScanRange range = TakeRange(input);
  const std::string_view log = input.Rest();
  if (takes_base && log.size() >= sizeof(int64_t)) {
    range.base = Offset{std::max<int64_t>(LoadBig<int64_t>(log.data()), 0)};
  }
  const auto survey = SurveyOf(log, range);
  CAUCE_CHECK(survey.ok());
  CAUCE_CHECK(survey->file_bytes == static_cast<int64_t>(log.size()));
  const std::string rest = WithoutUnreadable(*survey, log);
  const int64_t front = WholeFront(log, range);
  CAUCE_CHECK(survey->unreadable.empty() ||
              survey->unreadable.front().position >= front);
  if (survey->other_format.empty()) {
    CAUCE_CHECK(survey->whole_bytes == static_cast<int64_t>(rest.size()));
    CAUCE_CHECK(survey->first.has_value() == (survey->whole_bytes > 0));
    // What was damaged may have reached across where the log ended once.
    ScanRange again = range;
    again.boundary = ScanRange().boundary;
    const auto whole = SurveyOf(rest, again);
    CAUCE_CHECK(whole.ok());
    CAUCE_CHECK(whole->unreadable.empty());
    CAUCE_CHECK(whole->other_format.empty());
    CAUCE_CHECK(whole->whole_bytes == survey->whole_bytes);
    CAUCE_CHECK(whole->first == survey->first);
    CAUCE_CHECK(whole->next == survey->next);
  }
  // Files are read in pieces of 256 KiB.
  ExpectSmallAllocations((2 << 20) + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  const auto front = [](uint8_t bits, uint8_t base, uint8_t other) {
    return std::string{static_cast<char>(bits), static_cast<char>(base),
                       static_cast<char>(other)};
  };
  std::vector<std::string> seeds;
  for (const CorpusFile& file : GoldenBatches(4 << 10)) {
    seeds.push_back(front(kBaseOfFirst, 0, 0) + file.bytes);
  }
  std::vector<std::string> batches;
  std::string log;
  for (int i = 0; i < 6; ++i) {
    const std::string name(static_cast<size_t>(1 + 9 * i), 'v');
    batches.push_back(
        test::Batch({"a", name}).At(Offset{2 * i}, LeaderEpoch{i / 3}).bytes());
    log += batches.back();
  }
  // A batch in the value of another one.
  const std::string nested = test::Batch({batches[3]}).At(Offset{0}).bytes();
  for (const uint8_t bits : {0, 1, 2, 3, 4}) {
    const std::string begin = front(bits, 0, 8);
    seeds.push_back(begin + log);
    seeds.push_back(begin + log.substr(0, log.size() - 20));
    seeds.push_back(begin + log + std::string(100, '\0'));
    seeds.push_back(begin + batches[0] + "rubbish" + batches[2] + batches[3]);
    seeds.push_back(begin + batches[0] + std::string(40, '\0') + batches[1]);
    seeds.push_back(begin + batches[2] + batches[0] + batches[1]);
    seeds.push_back(begin + "torn" + nested + batches[4]);
    seeds.push_back(begin + nested.substr(7) + batches[4] + batches[5]);
    std::string flipped = log;
    flipped[batches[0].size() + 9] ^= 1;  // the length of the second
    seeds.push_back(begin + flipped);
  }
  seeds.emplace_back("");
  return seeds;
}

}  // namespace cauce::fuzz
