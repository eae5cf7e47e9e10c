// Segments of any bytes, found by a log after any stop: they are looked at,
// recovered, read, verified, appended to, recovered again and closed, then
// damaged once more and opened again. What is returned stood in the files, what
// was whole is still there, what was cut is kept, and a second look finds and
// changes nothing.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/file_tree.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_log.h"
#include "tests/testing/batches.h"
#include "tests/testing/owned_record.h"

namespace cauce::fuzz {
namespace {

// Bits of an input's first byte.
constexpr uint8_t kCleanStop = 0x01;
constexpr uint8_t kMendChecksums = 0x02;
constexpr uint8_t kTwoSegments = 0x04;
constexpr uint8_t kDamageAgain = 0x08;
constexpr uint8_t kThenCleanStop = 0x10;
constexpr uint8_t kThenCutShort = 0x20;

// What stands in front of the bytes of the segments.
struct Choices {
  uint8_t bits = 0;
  uint8_t recovery_point = 0;  // in offsets, behind the first segment's base
  uint8_t log_start = 0;       // likewise
  uint16_t split = 0;          // where the second segment begins, about
  uint8_t again_file = 0;      // which file is damaged in the end,
  uint16_t again_at = 0;       // where,
  uint8_t again_bits = 0;      // and how

  bool Has(uint8_t bit) const { return (bits & bit) != 0; }
};

Choices TakeChoices(Input& input) {
  Choices choices;
  choices.bits = input.Byte();
  choices.recovery_point = input.Byte();
  choices.log_start = input.Byte();
  choices.split = input.Short();
  choices.again_file = input.Byte();
  choices.again_at = input.Short();
  choices.again_bits = input.Byte();
  return choices;
}

// The size that a batch at the front of `bytes` claims, if it may be one.
std::optional<size_t> ClaimedSize(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  const int64_t size = layout::kLengthExcludes +
                       LoadBig<int32_t>(bytes.data() + layout::kBatchLength);
  if (size < kBatchHeaderBytes || size > static_cast<int64_t>(bytes.size())) {
    return std::nullopt;
  }
  return static_cast<size_t>(size);
}

// As somebody would who knows how batches are made.
void MendChecksums(std::string& bytes) {
  for (size_t at = 0;;) {
    const auto size = ClaimedSize(std::string_view(bytes).substr(at));
    if (!size) return;
    std::string batch = bytes.substr(at, *size);
    test::FixCrc(batch);
    bytes.replace(at, *size, batch);
    at += *size;
  }
}

std::optional<Offset> BaseAt(std::string_view bytes, size_t at) {
  if (bytes.size() < at + sizeof(int64_t)) return std::nullopt;
  const int64_t base = LoadBig<int64_t>(bytes.data() + at);
  if (base < 0 || base == INT64_MAX) return std::nullopt;
  return Offset{base};
}

Offset Behind(Offset base, uint8_t offsets) {
  return base.value > INT64_MAX - 256 ? base : base + offsets;
}

struct SegmentBytes {
  Offset base;
  std::string bytes;
};

std::vector<SegmentBytes> Split(std::string bytes, const Choices& choices) {
  const Offset base = BaseAt(bytes, 0).value_or(Offset{0});
  if (choices.Has(kTwoSegments)) {
    size_t at = 0;
    while (at < choices.split) {
      const auto size = ClaimedSize(std::string_view(bytes).substr(at));
      if (!size) break;
      at += *size;
    }
    const auto next = BaseAt(bytes, at);
    if (at > 0 && next && *next > base) {
      return {{base, bytes.substr(0, at)}, {*next, bytes.substr(at)}};
    }
  }
  return {{base, std::move(bytes)}};
}

std::string NameOf(Offset base) { return SegmentFileName(base, kLogSuffix); }

// The batches that follow each other without a gap from the first one on: they
// are part of the log whatever happened behind them.
std::vector<std::string_view> WholeFront(
    const std::vector<SegmentBytes>& segments) {
  std::vector<std::string_view> front;
  Offset expected = segments.front().base;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].base != expected) return front;
    const Offset base = expected;
    const Offset reach = base.value > INT64_MAX - INT32_MAX - int64_t{1}
                             ? Offset{INT64_MAX}
                             : base + INT32_MAX + 1;
    const Offset up_to =
        i + 1 < segments.size() ? std::min(segments[i + 1].base, reach) : reach;
    std::string_view left = segments[i].bytes;
    while (!left.empty()) {
      const auto batch = RecordBatch::Parse(left);
      const bool follows = batch.ok() && batch->base_offset() == expected &&
                           batch->next_offset() <= up_to;
      if (!follows) return front;
      front.push_back(batch->bytes());
      expected = batch->next_offset();
      left.remove_prefix(batch->bytes().size());
    }
  }
  return front;
}

std::string_view WithoutZeros(std::string_view bytes) {
  const size_t last = bytes.find_last_not_of('\0');
  return bytes.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool IsCut(std::string_view name) {
  return name.find(".cut") != std::string_view::npos;
}

bool Contains(const FileTree& tree, std::string_view batch) {
  return std::ranges::any_of(tree, [batch](const auto& file) {
    return file.second.find(batch) != std::string::npos;
  });
}

// What was read stood in the files like that.
void CheckFoundIn(const FileTree& files, const Contents& contents) {
  for (const std::string& batch : contents.batches) {
    CAUCE_CHECK(Contains(files, batch));
  }
}

void CheckFrontIsThere(const std::vector<SegmentBytes>& segments,
                       const Contents& contents) {
  for (const std::string_view batch : WholeFront(segments)) {
    const auto parsed = RecordBatch::Parse(batch);
    if (parsed->next_offset() <= contents.start) continue;
    CAUCE_CHECK(std::ranges::find(contents.batches, batch) !=
                contents.batches.end());
  }
}

// Every byte but zeros at an end is in its file still, or in one of what was
// cut: in one of its own, or in one of the same place with more behind it.
void CheckNothingIsLost(const std::vector<SegmentBytes>& segments, Offset end,
                        const FileTree& after) {
  const auto is_kept_as_cut = [&](std::string_view bytes) {
    return std::ranges::any_of(after, [&](const auto& file) {
      if (!IsCut(file.first)) return false;
      return file.first.starts_with(NameOf(end))
                 ? file.second.starts_with(bytes)
                 : WithoutZeros(file.second) == bytes;
    });
  };
  for (const SegmentBytes& segment : segments) {
    const std::string_view all = WithoutZeros(segment.bytes);
    if (all.empty() || is_kept_as_cut(all)) continue;
    const auto file = after.find(NameOf(segment.base));
    CAUCE_CHECK(file != after.end());
    const std::string_view kept = WithoutZeros(file->second);
    CAUCE_CHECK(all.starts_with(kept));
    const std::string_view cut = all.substr(
        std::min(all.size(), std::max(kept.size(), file->second.size())));
    CAUCE_CHECK(cut.empty() || is_kept_as_cut(cut));
  }
}

void CheckCutsStay(const FileTree& before, const FileTree& after) {
  for (const auto& [name, bytes] : before) {
    if (!IsCut(name)) continue;
    CAUCE_CHECK(after.contains(name));
    CAUCE_CHECK(after.at(name) == bytes);
  }
}

// Whether a batch has a record of that time or a later one, and says so: a look
// for a time passes by the batches whose headers say that they have none.
bool HasClaimed(const Contents& contents, Timestamp time) {
  return std::ranges::any_of(contents.batches, [&](const std::string& bytes) {
    const auto batch = RecordBatch::Parse(bytes);
    if (!batch.ok() || batch->max_timestamp() < time) return false;
    return std::ranges::any_of(contents.records, [&](const auto& record) {
      return record.offset >= batch->base_offset() &&
             record.offset < batch->next_offset() && record.timestamp >= time;
    });
  });
}

void CheckTimes(Log& log, const Contents& contents) {
  if (contents.records.empty()) return;
  const Timestamp wanted =
      contents.records[contents.records.size() / 2].timestamp;
  const auto found = log.FindByTime(wanted);
  if (!found.ok()) {
    ExpectReason(found.status(),
                 {Reason::kCorruptBatch, Reason::kUnsupportedFormat,
                  Reason::kUnsupportedCodec, Reason::kInvalidRecord,
                  Reason::kBatchTooLarge});
    return;
  }
  if (!*found) {
    CAUCE_CHECK(!HasClaimed(contents, wanted));
    return;
  }
  CAUCE_CHECK((*found)->timestamp >= wanted);
  const auto is_it = [&](const Contents::Record& record) {
    return record.offset == (*found)->offset &&
           record.timestamp == (*found)->timestamp;
  };
  // It finds the markers of transactions too.
  CAUCE_CHECK(std::ranges::any_of(contents.records, is_it) ||
              std::ranges::any_of(contents.markers, is_it));
}

// Appends one record, and returns the batch as it is stored.
std::optional<std::string> Append(Log& log) {
  static const test::OwnedBatch* const batch =
      new test::OwnedBatch(test::Batch({"appended"}));
  const Offset end = log.log_end();
  const auto appended = log.Append(batch->view(), {});
  // Only where there are no more offsets.
  if (!appended.ok()) {
    CAUCE_CHECK(end.value > INT64_MAX - 10);
    return std::nullopt;
  }
  CAUCE_CHECK(appended->base == end);
  return batch->At(end, log.leader_epoch()).bytes();
}

// Damages one file of those there are.
void DamageAgain(MemoryLog& log, const Choices& choices) {
  FileTree tree = log.Tree();
  auto file = tree.begin();
  std::advance(file, choices.again_file % tree.size());
  std::string& bytes = file->second;
  if (bytes.empty()) return;
  const size_t at = choices.again_at % bytes.size();
  if (choices.Has(kThenCutShort)) {
    bytes.resize(at);
  } else {
    bytes[at] ^= static_cast<char>(choices.again_bits | 1);
  }
  log.Write({*file});
}

// Recovery leaves alone what another release wrote, and says so.
bool OpensUnlessForeign(MemoryLog& log) {
  const absl::Status opened = log.Open();
  const bool is_foreign = ReasonOf(opened) == Reason::kUnsupportedFormat ||
                          ReasonOf(opened) == Reason::kUnsupportedCodec;
  CAUCE_CHECK(opened.ok() || is_foreign);
  return opened.ok();
}

void CheckAfterMoreDamage(MemoryLog& log, const Choices& choices,
                          const Contents& before) {
  DamageAgain(log, choices);
  log.set_clean_stop(choices.Has(kThenCleanStop));
  const FileTree damaged = log.Tree();
  log.Verify();
  if (!OpensUnlessForeign(log)) return;
  const Contents found = ReadContents(log.log());
  CheckFoundIn(damaged, found);
  // All that was there was durable: no offset is given again.
  CAUCE_CHECK(found.end >= before.end);
  CheckTimes(*log.log(), found);
  Append(*log.log());
  log.Close();
}

TopicConfig Config() {
  TopicConfig config;
  config.index_interval_bytes = 64;
  return config;
}

void CheckLog(const std::vector<SegmentBytes>& segments,
              const Choices& choices) {
  MemoryLog log(Config());
  FileTree original;
  for (const SegmentBytes& segment : segments) {
    original[NameOf(segment.base)] = segment.bytes;
  }
  log.Write(original);
  const Offset base = segments.front().base;
  const LogBounds bounds = {Behind(base, choices.recovery_point),
                            Behind(base, choices.log_start)};
  log.set_bounds(bounds);
  log.set_clean_stop(choices.Has(kCleanStop));

  // Who only looks changes nothing.
  log.Verify();
  const auto reader = log.OpenReadOnly();
  if (reader.ok()) CheckFoundIn(original, ReadContents(*reader));
  ExpectSameTree(log.Tree(), original);

  if (!OpensUnlessForeign(log)) return ExpectSameTree(log.Tree(), original);
  const Contents found = ReadContents(log.log());
  CAUCE_CHECK(found.start >= bounds.log_start);
  CAUCE_CHECK(found.end >= bounds.recovery_point);
  CheckFoundIn(original, found);
  CheckFrontIsThere(segments, found);
  const FileTree recovered = log.Tree();
  CheckNothingIsLost(segments, found.end, recovered);
  CheckTimes(*log.log(), found);

  // Another recovery finds the same, and so does every clean stop.
  if (choices.Has(kCleanStop)) {
    log.Close();
  } else {
    log.Kill();
  }
  CAUCE_CHECK(log.Open().ok());
  CAUCE_CHECK(ReadContents(log.log()) == found);
  const auto appended = Append(*log.log());
  const Contents longer = ReadContents(log.log());
  CAUCE_CHECK(longer.batches.size() ==
              found.batches.size() + (appended ? 1 : 0));
  if (appended) CAUCE_CHECK(longer.batches.back() == *appended);
  log.Close();
  const FileTree closed = log.Tree();
  CheckCutsStay(recovered, closed);
  const bool all_was_torn = !choices.Has(kCleanStop) &&
                            bounds == LogBounds{base, base} &&
                            found.undecoded == 0;
  const VerifySummary verified = log.Verify();
  if (all_was_torn) CAUCE_CHECK(verified.damages + verified.notes == 0);

  CAUCE_CHECK(log.Open().ok());
  CAUCE_CHECK(ReadContents(log.log()) == longer);
  log.Close();
  ExpectSameTree(log.Tree(), closed);

  if (choices.Has(kDamageAgain)) CheckAfterMoreDamage(log, choices, longer);
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const Choices choices = TakeChoices(input);
  std::string log(input.Rest());
  if (choices.Has(kMendChecksums)) MendChecksums(log);
  CheckLog(Split(std::move(log), choices), choices);
  // A record's payload may grow to the bound; files are read in pieces of up
  // to 1 MiB.
  ExpectSmallAllocations(4 * kReadDecompressedMax + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  const auto front = [](uint8_t bits, uint8_t recovery_point, uint8_t log_start,
                        uint8_t split) {
    return std::string{static_cast<char>(bits),
                       static_cast<char>(recovery_point),
                       static_cast<char>(log_start),
                       0,
                       static_cast<char>(split),
                       1,
                       0,
                       70,
                       0};
  };
  std::vector<std::string> seeds;
  for (const CorpusFile& file : GoldenBatches(4 << 10)) {
    seeds.push_back(front(kDamageAgain, 0, 0, 0) + file.bytes);
  }
  // A log of several batches, as it is after each kind of stop.
  std::string log;
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::to_string(i);
    const test::OwnedBatch batch =
        test::Batch({"a" + name, "b" + name}, Timestamp{1000 + i});
    log += batch.At(Offset{2 * i}, LeaderEpoch{i / 3}).bytes();
  }
  for (const uint8_t bits :
       {0, 1, 2, 4, 5, 6, 8, 12, 24, 28, 40, 44, 60, 61, 62}) {
    for (const uint8_t recovery_point : {0, 4, 12}) {
      seeds.push_back(front(bits, recovery_point, 0, 200) + log);
    }
    seeds.push_back(front(bits, 6, 3, 200) + log.substr(0, log.size() - 20));
    seeds.push_back(front(bits, 0, 0, 200) + log + std::string(100, '\0'));
  }
  // Offsets left out, as compaction does.
  std::string gaps;
  for (const int64_t base : {0, 5, 7, 100}) {
    gaps += test::Batch({"a", "b"}).At(Offset{base}).bytes();
  }
  for (const uint8_t bits : {0, 1, 4, 12}) {
    seeds.push_back(front(bits, 50, 0, 100) + gaps);
  }
  return seeds;
}

}  // namespace cauce::fuzz
