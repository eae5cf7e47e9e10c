#include "tests/interop/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>

#include "cauce/append.h"
#include "cauce/types.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tests/testing/owned_record.h"

namespace cauce::test {
namespace {

using ::testing::UnorderedElementsAreArray;

const char* TimeKindOf(const WrittenRecord& written) {
  return written.has_append_time ? "LogAppendTime" : "CreateTime";
}

// The tool's line for the record that ends a transaction.
std::string EndLineOf(const WrittenRecord& written) {
  const bool commits = written.end->outcome == TransactionOutcome::kCommit;
  return fmt::format(
      "| offset: {} {}: {} keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] "
      "endTxnMarker: {} coordinatorEpoch: {}",
      written.record.offset, TimeKindOf(written), written.record.timestamp,
      commits ? "COMMIT" : "ABORT", written.end->coordinator_epoch);
}

// The tool's line for a record.
std::string LineOf(const WrittenRecord& written) {
  if (written.end) return EndLineOf(written);
  const OwnedRecord& record = written.record;
  const auto size = [](const std::optional<std::string>& bytes) {
    return bytes ? static_cast<int64_t>(bytes->size()) : -1;
  };
  std::vector<std::string> header_keys;
  for (const auto& [key, value] : record.headers) header_keys.push_back(key);
  std::string line = fmt::format(
      "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} "
      "headerKeys: [{}]",
      record.offset, TimeKindOf(written), record.timestamp, size(record.key),
      size(record.value), written.sequence, fmt::join(header_keys, ","));
  if (record.key) line += " key: " + *record.key;
  if (record.value) line += " payload: " + *record.value;
  return line;
}

int64_t SizeOf(const std::string& path) {
  return static_cast<int64_t>(std::filesystem::file_size(path));
}

// The offset that a file is called by.
Offset OffsetOf(const std::string& path) {
  return {std::stoll(std::filesystem::path(path).stem())};
}

// The batches follow each other from the first byte of the file to its last.
void ExpectWholeLog(const DumpedFile& file) {
  int64_t position = 0;
  for (const DumpedBatch& batch : file.batches) {
    EXPECT_EQ(batch.position, position) << file.path;
    position += batch.size;
  }
  EXPECT_EQ(SizeOf(file.path), position) << file.path;
}

// The tool ends its walk, without a word, at an entry that it takes for a
// preallocated one: it must have come to the last.
void ExpectWholeIndex(const DumpedFile& file) {
  const int64_t entry_bytes = file.path.ends_with(".timeindex") ? 12 : 8;
  EXPECT_EQ(SizeOf(file.path),
            entry_bytes * static_cast<int64_t>(file.entries.size()))
      << file.path;
}

// What the tool says of `file`, a log, that holds these records.
std::vector<std::string> GapLines(const std::string& file,
                                  std::span<const WrittenRecord> records) {
  std::vector<std::string> lines;
  for (size_t i = 1; i < records.size(); ++i) {
    const int64_t last = records[i - 1].record.offset;
    const int64_t next = records[i].record.offset;
    if (next == last + 1) continue;
    if (lines.empty()) lines.push_back("Non-consecutive offsets in " + file);
    lines.push_back(fmt::format("  {} is followed by {}", last, next));
  }
  return lines;
}

}  // namespace

std::vector<std::string> Verdict::Complaints() const {
  std::vector<std::string> all = dumped.complaints;
  for (const Dump* more : {&verified, &checked}) {
    all.insert(all.end(), more->complaints.begin(), more->complaints.end());
  }
  return all;
}

size_t Verdict::EntriesIn(std::string_view end) const {
  size_t entries = 0;
  for (const DumpedFile& file : dumped.files) {
    if (file.path.ends_with(end)) entries += file.entries.size();
  }
  return entries;
}

Verdict Judge(const Kafka& kafka, const std::string& folder) {
  const std::vector<std::string> indexes =
      FilesIn(folder, {".index", ".timeindex"});
  return {kafka.DumpLogSegments(
              {"--deep-iteration", "--print-data-log"},
              FilesIn(folder, {".log", ".index", ".timeindex", ".txnindex",
                               ".snapshot"})),
          kafka.DumpLogSegments({"--verify-index-only"}, indexes),
          kafka.DumpLogSegments({"--index-sanity-check"}, indexes)};
}

void ExpectSound(const Verdict& verdict,
                 std::span<const WrittenRecord> written) {
  std::vector<std::string> dumped;
  std::vector<std::string> gaps;
  size_t found = 0;
  for (const DumpedFile& file : verdict.dumped.files) {
    if (file.path.ends_with(".index") || file.path.ends_with(".timeindex")) {
      ExpectWholeIndex(file);
    }
    if (!file.path.ends_with(".log")) continue;
    ExpectWholeLog(file);
    dumped.insert(dumped.end(), file.records.begin(), file.records.end());
    ASSERT_LE(dumped.size(), written.size());
    const auto lines =
        GapLines(file.path, written.subspan(found, file.records.size()));
    gaps.insert(gaps.end(), lines.begin(), lines.end());
    found = dumped.size();
  }
  EXPECT_THAT(verdict.Complaints(), UnorderedElementsAreArray(gaps));
  for (const DumpedFile& file : verdict.checked.files) {
    EXPECT_TRUE(file.passed_check || SizeOf(file.path) == 0) << file.path;
  }
  // One by one up to the first difference: all would be megabytes.
  ASSERT_EQ(dumped.size(), written.size());
  for (size_t i = 0; i < written.size(); ++i) {
    ASSERT_EQ(dumped[i], LineOf(written[i]));
  }
}

void ExpectProducers(const Verdict& verdict, const WrittenTopic& topic) {
  std::vector<std::string> aborted;
  Offset newest{-1};
  for (const DumpedFile& file : verdict.dumped.files) {
    if (file.path.ends_with(".txnindex")) {
      aborted.insert(aborted.end(), file.lines.begin(), file.lines.end());
    }
    if (!file.path.ends_with(".snapshot")) continue;
    const Offset at = OffsetOf(file.path);
    newest = std::max(newest, at);
    std::vector<std::string> lines = file.lines;
    std::ranges::sort(lines);
    ASSERT_EQ(lines, topic.producers().LinesAt(at)) << file.path;
  }
  EXPECT_EQ(aborted, topic.producers().AbortedLines());
  const Offset end{std::ssize(topic.written())};
  EXPECT_TRUE(topic.producers().At(end).empty() || newest == end);
}

}  // namespace cauce::test
