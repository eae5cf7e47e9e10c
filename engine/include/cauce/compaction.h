// What compaction has done, and what it is at: of a topic with `compact` among
// its cleanup.policy the last record of each key stays, and the others go.
//
// Offsets, timestamps and the order of what stays do not change; batches keep
// the offsets they cover. A record without a value, a tombstone, goes as well:
// delete.retention.ms after the first pass that met it. Source of the rules:
// Apache Kafka's log cleaner. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cauce/types.h"

namespace cauce {

// Sums over passes; a pass goes over all of a partition but what is too young.
struct CompactionTotals {
  int64_t passes = 0;
  int64_t bytes_read = 0;     // what is read twice counts twice
  int64_t bytes_written = 0;  // of logs
  int64_t records_read = 0;   // of those in batches that were decoded
  int64_t records_removed = 0;
  int64_t bytes_removed = 0;  // by which logs have become shorter
  int64_t segments_before = 0;
  int64_t segments_after = 0;  // that took their place

  CompactionTotals& operator+=(const CompactionTotals& more) {
    passes += more.passes;
    bytes_read += more.bytes_read;
    bytes_written += more.bytes_written;
    records_read += more.records_read;
    records_removed += more.records_removed;
    bytes_removed += more.bytes_removed;
    segments_before += more.segments_before;
    segments_after += more.segments_after;
    return *this;
  }
  friend bool operator==(const CompactionTotals&,
                         const CompactionTotals&) = default;
};

struct CompactionStatus {
  CompactionTotals totals;  // since the engine was opened
  // The partition of a pass that is under way, and how far that is: between 0
  // and 1.
  std::optional<TopicPartition> running;
  double progress = 0;
  // How many partitions wait for a pass.
  int64_t waiting = 0;
  // How many passes were given up, and why the last one was: no room, damage, a
  // disk that failed. Each is tried again, after 15 s at first, and after each
  // failure in a row after twice as long, up to 16 minutes.
  int64_t failures = 0;
  std::string last_failure;
};

}  // namespace cauce
