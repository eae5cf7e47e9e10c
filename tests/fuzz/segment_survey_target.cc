// A segment of any bytes, as repair looks at it: every byte is that of a whole
// batch that stays or is told as unreadable, no fewer batches stay than lie at
// the front, and without the unreadable bytes there are whole batches in order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/batch_runs.h"
#include "engine/log/found_log.h"
#include "engine/log/log_judgement.h"
#include "engine/log/segment_survey.h"
#include "engine/log/unreadable_bytes.h"
#include "tests/fuzz/byte_file.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/testing/batches.h"

namespace cauce::fuzz {
namespace {

// Bits of an input's first byte.
constexpr uint8_t kHasGaps = 0x01;
constexpr uint8_t kHasStart = 0x02;
constexpr uint8_t kNameOfFirst = 0x04;

// Which log the bytes are, and what is known of its partition.
struct Hints {
  SurveyHints survey;
  KnownOfLog known;
};

Hints TakeHints(Input& input) {
  const uint8_t bits = input.Byte();
  const bool gaps = (bits & kHasGaps) != 0;
  Hints hints;
  hints.survey = {
      .named = Offset{input.Byte()},
      .gaps = gaps ? BatchRuns::Gaps::kOfCompaction : BatchRuns::Gaps::kNone};
  hints.known = {.durable = Offset{input.Byte()},
                 .start_is_known = (bits & kHasStart) != 0,
                 .may_have_gaps = gaps};
  return hints;
}

// What is found in a file that is the only one, and what stays of it.
struct Repaired {
  SegmentSurvey survey;
  JudgedLog judged;
  std::vector<UnreadableBytes> unreadable;
};

Repaired Repair(std::string_view bytes, const Hints& hints) {
  const auto file = ByteFile::Of(bytes);
  auto survey = SurveySegment(file, "fuzzed.log", hints.survey);
  CAUCE_CHECK(survey.ok());
  Repaired repaired{.survey = *std::move(survey)};
  if (!repaired.survey.other_format.empty()) return repaired;
  const std::vector<FoundLog> found = {{.named = hints.survey.named,
                                        .is_blank = repaired.survey.is_blank,
                                        .runs = repaired.survey.runs}};
  repaired.judged = JudgeLogs(found, hints.known).front();
  auto unreadable = FindUnreadable(
      *file, repaired.survey,
      {.base = repaired.judged.base, .runs = repaired.judged.stay});
  CAUCE_CHECK(unreadable.ok());
  repaired.unreadable = *std::move(unreadable);
  return repaired;
}

std::string_view Part(std::string_view bytes, int64_t from, int64_t end) {
  return bytes.substr(static_cast<size_t>(from),
                      static_cast<size_t>(end - from));
}

// Checks the places, and returns the bytes without them.
std::string WithoutUnreadable(const Repaired& repaired,
                              std::string_view bytes) {
  std::string rest;
  int64_t at = 0;
  for (const UnreadableBytes& place : repaired.unreadable) {
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

// How many batches follow each other from the name on.
int64_t WholeFront(std::string_view bytes, Offset expected) {
  for (int64_t batches = 0;; ++batches) {
    const auto batch = RecordBatch::Parse(bytes);
    if (!batch.ok() || batch->base_offset() != expected) return batches;
    bytes.remove_prefix(batch->bytes().size());
    expected = batch->next_offset();
  }
}

int64_t BatchesOf(const Repaired& repaired) {
  int64_t batches = 0;
  for (const size_t run : repaired.judged.stay) {
    batches += repaired.survey.runs[run].batches;
  }
  return batches;
}

// What stays is whole batches, each behind the one before.
void CheckWhole(std::string_view rest, const JudgedLog& judged) {
  Offset next = judged.base;
  while (!rest.empty()) {
    const auto batch = RecordBatch::Parse(rest);
    CAUCE_CHECK(batch.ok());
    CAUCE_CHECK(batch->base_offset() >= next);
    next = batch->next_offset();
    rest.remove_prefix(batch->bytes().size());
  }
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const bool takes_name = (Input(bytes).Byte() & kNameOfFirst) != 0;
  Hints hints = TakeHints(input);
  const std::string_view log = input.Rest();
  if (takes_name && log.size() >= sizeof(int64_t)) {
    hints.survey.named =
        Offset{std::max<int64_t>(LoadBig<int64_t>(log.data()), 0)};
  }
  const Repaired repaired = Repair(log, hints);
  CAUCE_CHECK(repaired.survey.file_bytes == static_cast<int64_t>(log.size()));
  const bool is_segment = repaired.judged.fate == LogFate::kSegment;
  const bool is_ours = repaired.survey.other_format.empty();
  if (is_ours && is_segment) {
    const std::string rest = WithoutUnreadable(repaired, log);
    // Of those that contradict each other the more stay.
    CAUCE_CHECK(BatchesOf(repaired) >= WholeFront(log, hints.survey.named));
    CheckWhole(rest, repaired.judged);
    // There is nothing more to be done to what stays.
    hints.survey.named = repaired.judged.base;
    const Repaired again = Repair(rest, hints);
    CAUCE_CHECK(again.survey.other_format.empty());
    CAUCE_CHECK(again.survey.damaged.empty());
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
    seeds.push_back(front(kNameOfFirst, 0, 0) + file.bytes);
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
