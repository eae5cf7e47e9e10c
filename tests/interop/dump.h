// What Apache Kafka's DumpLogSegments says of a partition's files, taken apart.
//
// The tool ends with success whatever it found, so nothing in its output is
// passed over: a line that is not one of those a sound file gives is a
// complaint, and so are standard error and the exit status. Plain values and
// a pure function: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/tools/cli/process.h"

namespace cauce::test {

struct DumpedBatch {
  int64_t base_offset = -1;
  int64_t last_offset = -1;
  int64_t count = -1;
  int64_t producer_id = -1;
  int64_t leader_epoch = -1;
  int64_t position = -1;
  int64_t size = -1;
  std::string codec;

  friend bool operator==(const DumpedBatch&, const DumpedBatch&) = default;
};

// Of an offset index: offset and position. Of a time index: timestamp and
// offset.
struct DumpedEntry {
  int64_t key = -1;
  int64_t value = -1;

  friend bool operator==(const DumpedEntry&, const DumpedEntry&) = default;
};

struct DumpedFile {
  std::string path;
  std::vector<DumpedBatch> batches;
  std::vector<std::string> records;  // each the tool's own line
  std::vector<DumpedEntry> entries;
  // Of a transaction index or a producer snapshot: the tool's own lines.
  std::vector<std::string> lines;
  bool is_empty = false;      // said of an offset index without entries
  bool passed_check = false;  // said of an index by --index-sanity-check
};

struct Dump {
  std::vector<DumpedFile> files;
  std::vector<std::string> complaints;
};

Dump ParseDump(const Process::Result& result);

}  // namespace cauce::test
