// Reads a log from an offset to the end of what is visible, into records that
// own their bytes. For one thread.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"

namespace cauce::test {

// A record with bytes of its own.
struct ReadRecord {
  int64_t offset = -1;
  std::string value;
  int64_t timestamp = -1;

  friend bool operator==(const ReadRecord&, const ReadRecord&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ReadRecord& record) {
    return out << record.offset << ": " << record.value.substr(0, 20) << " ("
               << record.value.size() << " bytes) at " << record.timestamp;
  }
};

inline absl::StatusOr<std::vector<ReadRecord>> ReadAll(
    std::shared_ptr<Log> log, Offset from, const CursorOptions& options = {}) {
  LogCursor cursor(std::move(log), from, options);
  std::vector<ReadRecord> all;
  for (;;) {
    RecordView record;
    const auto more = cursor.Next(&record);
    if (!more.ok()) return more.status();
    if (!*more) return all;
    all.push_back({record.offset.value, std::string(record.value.value_or("")),
                   record.timestamp.ms});
  }
}

// Only the values of what ReadAll reads.
inline absl::StatusOr<std::vector<std::string>> ReadValues(
    std::shared_ptr<Log> log, Offset from, const CursorOptions& options = {}) {
  auto all = ReadAll(std::move(log), from, options);
  if (!all.ok()) return all.status();
  std::vector<std::string> values;
  for (ReadRecord& record : *all) values.push_back(std::move(record.value));
  return values;
}

}  // namespace cauce::test
