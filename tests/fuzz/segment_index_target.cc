// Index files of any bytes beside a good log: every look-up, by offset and by
// time, says what it says without them; and a verification that finds nothing
// wrong with them is right.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/codec.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"
#include "tests/fuzz/file_tree.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_log.h"
#include "tests/testing/batches.h"

namespace cauce::fuzz {
namespace {

// Bits of an input's first byte.
constexpr uint8_t kReadOnly = 0x01;
constexpr uint8_t kKilled = 0x02;
constexpr uint8_t kNoOffsets = 0x04;
constexpr uint8_t kNoTimes = 0x08;
constexpr uint8_t kBackwards = 0x10;

constexpr int kBatches = 24;

TopicConfig Config() {
  TopicConfig config;
  config.segment_bytes = 900;
  config.index_interval_bytes = 100;
  return config;
}

// A log of a few segments, closed in order, and what is in it. Timestamps grow
// from batch to batch, and fall within each.
struct Good {
  FileTree files;
  LogBounds bounds;
  Contents contents;
  std::vector<Offset> bases;  // of its segments
};

Good MakeGood() {
  Good good;
  MemoryLog log(Config());
  CAUCE_CHECK(log.Open().ok());
  for (int i = 0; i < kBatches; ++i) {
    BatchFields fields;
    fields.codec = i % 5 == 4 ? Codec::kLz4 : Codec::kNone;
    const std::string name = std::to_string(i);
    const std::string value(static_cast<size_t>(10 + 13 * (i % 4)), 'v');
    const test::OwnedBatch batch = test::BatchOf(
        {{.key = name, .value = value, .timestamp = {1000 + 10 * i + 5}},
         {.key = "b", .value = name, .timestamp = {1000 + 10 * i + 2}}},
        fields);
    CAUCE_CHECK(log.log()->Append(batch.view(), {}).ok());
  }
  good.contents = ReadContents(log.log());
  log.Close();
  good.files = log.Tree();
  good.bounds = log.bounds();
  for (const auto& [name, bytes] : good.files) {
    const auto file = ParseSegmentFileName(name);
    if (file && file->suffix == kLogSuffix) good.bases.push_back(file->base);
  }
  CAUCE_CHECK(good.bases.size() > 2);
  return good;
}

const Good& GoodLog() {
  static const Good* const good = new Good(MakeGood());
  return *good;
}

void CheckOffsets(const std::shared_ptr<Log>& log, bool backwards) {
  const auto& records = GoodLog().contents.records;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& wanted = records[backwards ? records.size() - 1 - i : i];
    LogCursor cursor(log, wanted.offset, {});
    RecordView found;
    const auto more = cursor.Next(&found);
    CAUCE_CHECK(more.ok() && *more);
    CAUCE_CHECK(found.offset == wanted.offset);
    CAUCE_CHECK(found.timestamp == wanted.timestamp);
    CAUCE_CHECK(found.value == wanted.value);
  }
}

void CheckTime(Log& log, Timestamp time) {
  const auto& records = GoodLog().contents.records;
  const auto wanted =
      std::ranges::find_if(records, [time](const Contents::Record& record) {
        return record.timestamp >= time;
      });
  const auto found = log.FindByTime(time);
  CAUCE_CHECK(found.ok());
  CAUCE_CHECK(found->has_value() == (wanted != records.end()));
  if (!found->has_value()) return;
  if ((*found)->offset != wanted->offset) {
    std::fprintf(stderr, "time %lld: offset %lld was found, not %lld\n",
                 static_cast<long long>(time.ms),
                 static_cast<long long>((*found)->offset.value),
                 static_cast<long long>(wanted->offset.value));
  }
  CAUCE_CHECK((*found)->offset == wanted->offset);
  CAUCE_CHECK((*found)->timestamp == wanted->timestamp);
}

void CheckTimes(Log& log, bool backwards) {
  const auto& records = GoodLog().contents.records;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[backwards ? records.size() - 1 - i : i];
    CheckTime(log, record.timestamp);
    CheckTime(log, {record.timestamp.ms + 1});
  }
}

// What is taken out of index files is what is in them, and grows.
void CheckDecoding(Offset base, std::string_view offsets,
                   std::string_view times) {
  const auto index = SegmentIndex::Decode(base, 100, offsets, times);
  if (!index.ok()) {
    CAUCE_CHECK(ReasonOf(index.status()) == Reason::kCorruptFile);
    return;
  }
  CAUCE_CHECK(offsets.starts_with((*index)->EncodeOffsets()));
  CAUCE_CHECK(times.starts_with((*index)->EncodeTimes()));
}

// Whether every entry of the offset index leads to the batch that it names.
bool OffsetsHold(Offset base, std::string_view offsets, std::string_view log) {
  // Half an entry of zeros at the end is none.
  const size_t over = offsets.size() % OffsetEntry::kBytes;
  if (IsZeros(offsets.substr(offsets.size() - over))) {
    offsets.remove_suffix(over);
  }
  OffsetIndex index;
  if (!index.DecodeFrom(base, offsets).ok()) return false;
  for (size_t i = 0; i < index.size(); ++i) {
    const auto position = static_cast<size_t>(index[i].position);
    if (position >= log.size()) return false;
    const auto batch = RecordBatch::Parse(log.substr(position));
    if (!batch.ok() || batch->last_offset() != index[i].offset) return false;
  }
  return true;
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const uint8_t bits = input.Byte();
  const Good& good = GoodLog();
  const Offset base = good.bases[input.Byte() % good.bases.size()];
  const std::string_view offsets = input.Take(input.Short());
  const std::string_view times = input.Rest();
  CheckDecoding(base, offsets, times);

  FileTree files = good.files;
  const std::string offsets_name = SegmentFileName(base, kOffsetIndexSuffix);
  files[offsets_name] = offsets;
  if ((bits & kNoOffsets) != 0) files.erase(offsets_name);
  const std::string times_name = SegmentFileName(base, kTimeIndexSuffix);
  files[times_name] = times;
  if ((bits & kNoTimes) != 0) files.erase(times_name);

  MemoryLog log(Config());
  log.Write(files);
  log.set_bounds(good.bounds);
  log.set_clean_stop((bits & kKilled) == 0);
  const VerifySummary verified = log.Verify();
  if (verified.damages + verified.notes == 0 && files.contains(offsets_name)) {
    const std::string& bytes_of_log =
        files.at(SegmentFileName(base, kLogSuffix));
    CAUCE_CHECK(OffsetsHold(base, offsets, bytes_of_log));
  }

  const bool backwards = (bits & kBackwards) != 0;
  if ((bits & kReadOnly) != 0) {
    const auto reader = log.OpenReadOnly();
    CAUCE_CHECK(reader.ok());
    CheckOffsets(*reader, backwards);
    CheckTimes(**reader, backwards);
    CAUCE_CHECK(ReadContents(*reader) == good.contents);
    ExpectSameTree(log.Tree(), files);
  } else {
    CAUCE_CHECK(log.Open().ok());
    CheckTimes(*log.log(), backwards);
    CheckOffsets(log.log(), backwards);
    CAUCE_CHECK(ReadContents(log.log()) == good.contents);
    log.Close();
    // The log's own files are as they were.
    const FileTree after = log.Tree();
    for (const Offset each : good.bases) {
      const std::string name = SegmentFileName(each, kLogSuffix);
      CAUCE_CHECK(after.at(name) == files.at(name));
    }
  }
  ExpectSmallAllocations((1 << 20) + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const Good& good = GoodLog();
  for (size_t at = 0; at < good.bases.size(); ++at) {
    const Offset base = good.bases[at];
    const auto bytes_of = [&](std::string_view suffix) {
      const auto file = good.files.find(SegmentFileName(base, suffix));
      return file == good.files.end() ? std::string() : file->second;
    };
    const std::string offsets = bytes_of(kOffsetIndexSuffix);
    const std::string times = bytes_of(kTimeIndexSuffix);
    for (const uint8_t bits : {0, 1, 2, 4, 8, 16, 17}) {
      seeds.push_back(std::string{static_cast<char>(bits),
                                  static_cast<char>(at), 0,
                                  static_cast<char>(offsets.size())} +
                      offsets + times);
    }
    seeds.push_back(std::string{0, static_cast<char>(at), 0, 80} +
                    std::string(80, '\0') + std::string(60, '\0'));
  }
  seeds.emplace_back("");
  return seeds;
}

}  // namespace cauce::fuzz
