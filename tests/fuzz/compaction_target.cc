// A log of any batches, in any segments, damaged or not, over which passes of
// compaction go: what is read afterwards was there before, as it was; the last
// committed record of each key is there, unless what was damaged may say
// otherwise; and who opens the log again finds the same.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "engine/base/check.h"
#include "engine/log/compaction.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "tests/fuzz/file_tree.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_log.h"
#include "tests/testing/batches.h"
#include "tests/testing/test_producer.h"

namespace cauce::fuzz {
namespace {

constexpr size_t kBatchesMax = 100;
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Bits of an input's first byte.
constexpr uint8_t kDamage = 0x01;
constexpr uint8_t kCutShort = 0x02;

// What is done to a file before anybody opens it.
struct Damage {
  uint8_t bits = 0;
  uint8_t file = 0;
  uint16_t at = 0;
  uint8_t flip = 0;
};

// Of the two bytes that a batch is made of.
enum BatchKind : uint8_t {
  kPlain,
  kOfProducer,
  kInTransaction,
  kCommit,
  kAbort,
  kEmpty,  // as compaction leaves it
  kKeyless,
  kKinds,
};
constexpr uint8_t kTombstone = 0x08;
constexpr uint8_t kTwoRecords = 0x10;
constexpr uint8_t kCompressed = 0x20;
constexpr uint8_t kHorizon = 0x40;
constexpr uint8_t kGapBehind = 0x80;
// Of the second one: what is left says whose it is and which key.
constexpr uint8_t kRollBehind = 0x80;

BatchFields FieldsOf(uint8_t first, uint8_t second) {
  BatchFields fields;
  const auto kind = static_cast<BatchKind>(first % 8 % kKinds);
  if (kind == kOfProducer || kind == kInTransaction || kind == kEmpty) {
    fields.producer_id = ProducerId{second % 4};
    fields.producer_epoch = static_cast<int16_t>(second / 4 % 2);
    fields.base_sequence = second % 8;
  }
  fields.transactional = kind == kInTransaction;
  if ((first & kCompressed) != 0) fields.codec = Codec::kGzip;
  if ((first & kHorizon) != 0) {
    fields.delete_horizon = Timestamp::From(kNow + absl::Seconds(second));
  }
  return fields;
}

test::OwnedBatch BatchFrom(uint8_t first, uint8_t second) {
  const auto kind = static_cast<BatchKind>(first % 8 % kKinds);
  const Timestamp time = Timestamp::From(kNow - absl::Hours(second % 64));
  if (kind == kCommit || kind == kAbort) {
    return test::MarkerOf(
        {.producer_id = ProducerId{second % 4},
         .producer_epoch = static_cast<int16_t>(second / 4 % 2),
         .outcome = kind == kCommit ? TransactionOutcome::kCommit
                                    : TransactionOutcome::kAbort},
        time);
  }
  BatchFields fields = FieldsOf(first, second);
  if (kind == kEmpty) {
    fields.last_offset_delta = 1;
    BatchBuilder builder(fields);
    const auto empty = builder.Finish();
    CAUCE_CHECK(empty.ok());
    return test::OwnedBatch(*empty);
  }
  const std::string key(1, static_cast<char>('a' + second / 8 % 16));
  const std::string value{static_cast<char>(first), static_cast<char>(second)};
  std::vector<Record> records(1,
                              {.key = key, .value = value, .timestamp = time});
  if (kind == kKeyless) records[0].key = std::nullopt;
  if ((first & kTwoRecords) != 0) {
    records.push_back({.key = "b", .value = value, .timestamp = time});
  }
  if ((first & kTombstone) != 0) records.back().value = std::nullopt;
  return test::BatchOf(records, fields);
}

struct Segments {
  FileTree files;
  Offset end{0};
};

Segments SegmentsFrom(Input& input) {
  Segments all;
  std::string bytes;
  Offset base{0};
  const std::string_view pairs = input.Take(2 * kBatchesMax);
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const auto first = static_cast<uint8_t>(pairs[i]);
    const auto second = static_cast<uint8_t>(pairs[i + 1]);
    const test::OwnedBatch batch = BatchFrom(first, second).At(all.end);
    bytes += batch.bytes();
    all.end = batch.view().next_offset();
    if ((first & kGapBehind) != 0) all.end = all.end + 3;
    if ((second & kRollBehind) == 0) continue;
    all.files[SegmentFileName(base, kLogSuffix)] = bytes;
    base = all.end;
    bytes.clear();
  }
  all.files[SegmentFileName(base, kLogSuffix)] = bytes;
  return all;
}

void Spoil(FileTree& files, const Damage& damage) {
  auto file = files.begin();
  std::advance(file, damage.file % files.size());
  std::string& bytes = file->second;
  if (bytes.empty()) return;
  const size_t at = damage.at % bytes.size();
  if ((damage.bits & kCutShort) != 0) {
    bytes.resize(at);
  } else {
    bytes[at] ^= static_cast<char>(damage.flip | 1);
  }
}

// The last committed record of each key; nothing where it cannot be told.
using Table = std::map<std::string, std::string>;
std::optional<Table> Committed(const std::shared_ptr<Log>& log) {
  LogCursor cursor(log, log->log_start(),
                   {.isolation = Isolation::kReadCommitted});
  Table table;
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    if (!more.ok()) return std::nullopt;
    if (!*more) return table;
    if (!record.key) continue;
    if (record.value) {
      table[std::string(*record.key)] = *record.value;
    } else {
      table.erase(std::string(*record.key));
    }
  }
}

void Compact(Log& log, absl::Time now) {
  CAUCE_CHECK(log.RollToCompact().ok());
  CAUCE_CHECK(log.Flush().ok());
  auto pass = log.BeginCompaction({.now = now, .on_demand = true});
  CAUCE_CHECK(pass.ok());
  if (*pass == nullptr) return;
  for (;;) {
    const auto over = (*pass)->Work(1);
    CAUCE_CHECK(over.ok());
    if (*over) break;
  }
  CAUCE_CHECK(log.EndCompaction(**pass).ok());
}

// Every record of `after` is one of `before`, in the same order.
void CheckNothingIsNew(const Contents& before, const Contents& after) {
  CAUCE_CHECK(after.start == before.start);
  CAUCE_CHECK(after.end == before.end);
  auto at = before.records.begin();
  for (const Contents::Record& record : after.records) {
    at = std::find(at, before.records.end(), record);
    CAUCE_CHECK(at != before.records.end());
    ++at;
  }
}

bool IsWhole(const Contents& contents) {
  return contents.damages == 0 && contents.undecoded == 0;
}

void CheckPass(MemoryLog& log, absl::Time now) {
  const Contents before = ReadContents(log.log());
  const auto committed = Committed(log.log());
  const auto stable = log.log()->LastStableOffset();
  Compact(*log.log(), now);

  const Contents after = ReadContents(log.log());
  CheckNothingIsNew(before, after);
  if (!IsWhole(before)) return;
  CAUCE_CHECK(IsWhole(after));
  CAUCE_CHECK(Committed(log.log()) == committed);
  CAUCE_CHECK(stable.ok());
  CAUCE_CHECK(log.log()->LastStableOffset() == stable);
}

TopicConfig Config() {
  TopicConfig config;
  config.cleanup = {.remove = false, .compact = true};
  config.min_cleanable_dirty_ratio = 0;
  config.delete_retention = absl::Minutes(1);
  config.file_delete_delay = absl::ZeroDuration();
  config.index_interval_bytes = 64;
  return config;
}

}  // namespace

void CheckInput(std::string_view bytes) {
  Input input(bytes);
  const Damage damage{.bits = input.Byte(),
                      .file = input.Byte(),
                      .at = input.Short(),
                      .flip = input.Byte()};
  const Segments segments = SegmentsFrom(input);
  FileTree files = segments.files;
  if ((damage.bits & kDamage) != 0) Spoil(files, damage);
  MemoryLog log(Config());
  log.Write(files);
  log.set_bounds({segments.end, Offset{0}});
  log.set_clean_stop(true);
  if (!log.Open().ok()) {
    CAUCE_CHECK((damage.bits & kDamage) != 0);
    return;
  }
  const VerifySummary found = log.Verify();
  CheckPass(log, kNow);
  static const test::OwnedBatch* const more =
      new test::OwnedBatch(test::Batch({"more"}));
  CAUCE_CHECK(log.log()->Append(more->view(), {}).ok());
  // Producers are forgotten by then, and what has a horizon may go.
  CheckPass(log, kNow + absl::Hours(48));

  const Contents left = ReadContents(log.log());
  const auto committed = Committed(log.log());
  log.Kill();
  CAUCE_CHECK(log.Open().ok());
  Contents again = ReadContents(log.log());
  // Of a gap where the end was lost only a close would have told the next one,
  // and nobody doubts any more what became of a transaction in front of it.
  const bool forgets = again.damages < left.damages;
  again.damages = std::max(again.damages, left.damages);
  CAUCE_CHECK(again == left);
  CAUCE_CHECK(forgets || Committed(log.log()) == committed);
  log.Close();
  const VerifySummary verified = log.Verify();
  if (found.damages + found.notes == 0) {
    CAUCE_CHECK(verified.damages + verified.notes == 0);
  }
  ExpectSmallAllocations(4 * kReadDecompressedMax + 64 * bytes.size());
}

std::vector<std::string> Seeds() {
  const auto batch = [](uint8_t kind, uint8_t bits, uint8_t whose, uint8_t key,
                        bool rolls = false) {
    return std::string{
        static_cast<char>(kind | bits),
        static_cast<char>(whose | key << 3 | (rolls ? kRollBehind : 0))};
  };
  std::vector<std::string> logs;
  // Keys over and over, with tombstones.
  std::string keys;
  for (uint8_t i = 0; i < 24; ++i) {
    keys += batch(kPlain, i % 5 == 4 ? kTombstone : kTwoRecords, 0, i % 4,
                  i % 6 == 5);
  }
  logs.push_back(keys);
  // Transactions that overlap, are committed, are aborted, stay open.
  std::string transactions;
  for (uint8_t i = 0; i < 8; ++i) {
    transactions += batch(kInTransaction, 0, i % 3, i % 4);
    transactions += batch(kInTransaction, kCompressed, (i + 1) % 3, i % 4);
    transactions +=
        batch(i % 2 == 0 ? kAbort : kCommit, 0, i % 3, 0, i % 3 == 2);
    transactions += batch(kOfProducer, kGapBehind, 3, i % 4);
  }
  logs.push_back(transactions);
  logs.push_back(transactions + batch(kAbort, 0, 0, 0) +
                 batch(kCommit, 0, 1, 0) + batch(kAbort, 0, 2, 0, true));
  // What a pass has left: batches without records, horizons.
  std::string compacted;
  for (uint8_t i = 0; i < 12; ++i) {
    compacted += batch(kEmpty, kGapBehind, i % 4, 0);
    compacted += batch(kPlain, kTombstone | kHorizon, 1, i % 6, i % 4 == 3);
    compacted += batch(kKeyless, 0, 0, 0);
  }
  logs.push_back(compacted);
  std::vector<std::string> seeds;
  for (const std::string& log : logs) {
    for (const char bits : {0, 1, 3}) {
      seeds.push_back(std::string{bits, 1, 0, 70, 4} + log);
    }
  }
  return seeds;
}

}  // namespace cauce::fuzz
