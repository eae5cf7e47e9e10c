// One or two segments of any bytes, as repair looks at them: every byte is that
// of a whole batch that stays or is told as unreadable, of one alone no fewer
// batches stay than lie at its front, and without the unreadable bytes there
// are whole batches in order, in no two segments the same offsets, and nothing
// more to be done.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
#include "engine/log/gap_batch.h"
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
constexpr uint8_t kHasSecond = 0x08;

// A file, and what it is called by.
struct Laid {
  Offset named;
  std::string bytes;
};

// The files of an input, by their names, and what is known of their partition.
struct Partition {
  std::vector<Laid> logs;
  KnownOfLog known;
};

Partition TakePartition(Input& input) {
  const uint8_t bits = input.Byte();
  Partition partition;
  Offset named{input.Byte()};
  partition.known = {.durable = Offset{input.Byte()},
                     .start_is_known = (bits & kHasStart) != 0,
                     .may_have_gaps = (bits & kHasGaps) != 0};
  const bool has_second = (bits & kHasSecond) != 0;
  const int64_t apart = has_second ? 1 + input.Byte() : 0;
  const size_t part = has_second ? input.Byte() : 256;
  const std::string_view bytes = input.Rest();
  const size_t first = bytes.size() * part / 256;
  if ((bits & kNameOfFirst) != 0 && bytes.size() >= sizeof(int64_t)) {
    named = Offset{std::clamp<int64_t>(LoadBig<int64_t>(bytes.data()), 0,
                                       INT64_MAX - apart)};
  }
  partition.logs.push_back({named, std::string(bytes.substr(0, first))});
  if (!has_second) return partition;
  partition.logs.push_back({named + apart, std::string(bytes.substr(first))});
  return partition;
}

// What is found in a file, and what stays of it.
struct Repaired {
  SegmentSurvey survey;
  JudgedLog judged;
  std::vector<UnreadableBytes> unreadable;
};

// Nothing where none of them is to be touched.
std::vector<Repaired> Repair(const Partition& partition) {
  const bool gaps = partition.known.may_have_gaps;
  std::vector<Offset> names = {partition.known.durable};
  for (const Laid& log : partition.logs) names.push_back(log.named);
  std::ranges::sort(names);
  std::vector<Repaired> repaired;
  std::vector<Offset> borders;
  for (const Laid& log : partition.logs) {
    auto survey = SurveySegment(
        ByteFile::Of(log.bytes), "fuzzed.log",
        {.named = log.named,
         .borders = names,
         .gaps =
             gaps ? BatchRuns::Gaps::kOfCompaction : BatchRuns::Gaps::kNone});
    CAUCE_CHECK(survey.ok());
    if (!survey->other_format.empty()) return {};
    CAUCE_CHECK(survey->file_bytes == static_cast<int64_t>(log.bytes.size()));
    for (const BatchRun& run : survey->runs) {
      borders.insert(borders.end(), {run.base, run.next});
    }
    repaired.push_back({.survey = *std::move(survey)});
  }
  std::ranges::sort(borders);
  std::vector<FoundLog> found;
  for (size_t i = 0; i < repaired.size(); ++i) {
    CAUCE_CHECK(SplitRuns(ByteFile::Of(partition.logs[i].bytes), "fuzzed.log",
                          borders, repaired[i].survey)
                    .ok());
    found.push_back({.named = partition.logs[i].named,
                     .is_blank = repaired[i].survey.is_blank,
                     .runs = repaired[i].survey.runs});
  }
  const std::vector<JudgedLog> judged = JudgeLogs(found, partition.known);
  for (size_t i = 0; i < repaired.size(); ++i) {
    if (judged[i].is_undecided) return {};
    repaired[i].judged = judged[i];
    if (judged[i].fate != LogFate::kSegment) continue;
    auto unreadable = FindUnreadable(*ByteFile::Of(partition.logs[i].bytes),
                                     repaired[i].survey,
                                     {.base = judged[i].base,
                                      .runs = judged[i].stay,
                                      .log_start = partition.known.log_start,
                                      .may_have_gaps = gaps});
    CAUCE_CHECK(unreadable.ok());
    repaired[i].unreadable = *std::move(unreadable);
  }
  return repaired;
}

std::string_view Part(std::string_view bytes, int64_t from, int64_t end) {
  return bytes.substr(static_cast<size_t>(from),
                      static_cast<size_t>(end - from));
}

// Checks the places, and returns the bytes without them: where there may be no
// gaps a batch says what was there. Nothing where none can.
std::optional<std::string> WithoutUnreadable(const Repaired& repaired,
                                             std::string_view bytes,
                                             bool may_have_gaps) {
  std::string rest;
  int64_t at = 0;
  for (const UnreadableBytes& place : repaired.unreadable) {
    CAUCE_CHECK(at <= place.position);
    CAUCE_CHECK(place.position < place.end ||
                (place.is_gap() && !may_have_gaps));
    CAUCE_CHECK(place.position <= place.zeros_from);
    CAUCE_CHECK(place.zeros_from <= place.end);
    CAUCE_CHECK(IsZeros(Part(bytes, place.zeros_from, place.end)));
    const bool ends_a_batch =
        std::ranges::find(repaired.survey.runs, place.zeros_from,
                          &BatchRun::end) != repaired.survey.runs.end();
    CAUCE_CHECK(place.is_gap() || place.is_zeros() || ends_a_batch ||
                bytes[static_cast<size_t>(place.zeros_from - 1)] != '\0');
    CAUCE_CHECK(!place.behind || *place.behind >= place.expected);
    rest += Part(bytes, at, place.position);
    at = place.end;
    const int64_t missing =
        place.behind.value_or(place.expected) - place.expected;
    if (may_have_gaps || missing == 0) continue;
    if (missing > kGapOffsetsMax) return std::nullopt;
    rest += GapBatch(place.expected, *place.behind, {});
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

// Where whole batches end that lie each behind the one before.
Offset CheckWhole(std::string_view rest, const JudgedLog& judged) {
  Offset next = judged.base;
  while (!rest.empty()) {
    const auto batch = RecordBatch::Parse(rest);
    CAUCE_CHECK(batch.ok());
    CAUCE_CHECK(batch->base_offset() >= next);
    next = batch->next_offset();
    rest.remove_prefix(batch->bytes().size());
  }
  return next;
}

// What a repair leaves of the logs, which are segments from then on; nothing
// where there is more to do than it does.
std::optional<Partition> Leave(const Partition& partition,
                               const std::vector<Repaired>& repaired) {
  const bool gaps = partition.known.may_have_gaps;
  Partition left{.known = partition.known};
  std::map<Offset, Offset> ends;  // by the bases
  for (size_t i = 0; i < repaired.size(); ++i) {
    const JudgedLog& judged = repaired[i].judged;
    if (judged.fate != LogFate::kSegment) continue;
    auto rest =
        WithoutUnreadable(repaired[i], partition.logs[i].bytes, gaps);
    if (!rest) return std::nullopt;
    const Offset end = CheckWhole(*rest, judged);
    CAUCE_CHECK(ends.emplace(judged.base, end).second);
    left.logs.push_back({judged.base, *std::move(rest)});
  }
  Offset end{0};
  for (const auto& [base, next] : ends) {
    CAUCE_CHECK(end <= base);
    // A segment would be made that fills it.
    if (!gaps && base > end && base != ends.begin()->first) return std::nullopt;
    end = next;
  }
  std::ranges::sort(left.logs, {}, &Laid::named);
  left.known.durable = std::max(left.known.durable, end);
  left.known.clean_stop = true;
  return left;
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const Partition partition = TakePartition(input);
  const std::vector<Repaired> repaired = Repair(partition);
  const auto left = Leave(partition, repaired);
  if (repaired.size() == 1 && repaired[0].judged.fate == LogFate::kSegment) {
    // Of those that contradict each other the more stay.
    const Laid& log = partition.logs[0];
    CAUCE_CHECK(BatchesOf(repaired[0]) >= WholeFront(log.bytes, log.named));
  }
  if (left) {
    const std::vector<Repaired> again = Repair(*left);
    CAUCE_CHECK(again.size() == left->logs.size() || left->logs.empty());
    for (size_t i = 0; i < again.size(); ++i) {
      CAUCE_CHECK(again[i].judged.fate == LogFate::kSegment);
      CAUCE_CHECK(again[i].judged.base == left->logs[i].named);
      CAUCE_CHECK(again[i].judged.stay.size() == again[i].survey.runs.size());
      CAUCE_CHECK(again[i].unreadable.empty());
    }
  }
  // Files are read in pieces of 256 KiB.
  ExpectSmallAllocations((4 << 20) + 64 * bytes.size());
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
  const auto two = [](uint8_t bits, uint8_t base, uint8_t apart,
                      const std::string& first, const std::string& second) {
    const size_t part = 256 * first.size() / (first.size() + second.size());
    const uint8_t has_second = bits | kHasSecond;
    return std::string{static_cast<char>(has_second), static_cast<char>(base),
                       12, static_cast<char>(apart),
                       static_cast<char>(part)} +
           first + second;
  };
  for (const uint8_t bits : {0, 1, 2, 3}) {
    // Whole, with each other's names, and the same twice.
    const std::string front = batches[0] + batches[1] + batches[2];
    const std::string rest = batches[3] + batches[4] + batches[5];
    seeds.push_back(two(bits, 0, 5, front, rest));
    seeds.push_back(two(bits, 0, 5, rest, front));
    seeds.push_back(two(bits, 0, 1, front, front));
    seeds.push_back(two(bits, 0, 3, front + "torn", nested + rest));
  }
  seeds.emplace_back("");
  return seeds;
}

}  // namespace cauce::fuzz
