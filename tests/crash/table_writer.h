// What a program does to a topic that is compacted: one producer sends, another
// one in transactions, and passes go over it. Keeps the partition's promise.
//
// For a program that ends with the first thing that fails. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/partition.h"
#include "tests/crash/promises.h"
#include "tests/testing/sim_clock.h"

namespace cauce::test {

class TableWriter {
 public:
  // Segments of a few batches, an index entry for each, and no marker that
  // stays for longer than it must.
  static std::map<std::string, std::string> Configs(
      int64_t index_interval_bytes);

  // All are borrowed.
  TableWriter(Partition& partition, SimClock& clock, PartitionPromise& promise)
      : partition_(partition), clock_(clock), promise_(promise) {}

  // One record, of one of two keys: acknowledged when durable,
  absl::Status Send();
  // or when written, in the transaction of the other producer.
  absl::Status SendInTransaction();
  // Does nothing where none is open.
  absl::Status End(TransactionOutcome outcome);
  absl::Status Compact();

 private:
  absl::Status Append(int64_t producer, bool in_transaction, Ack ack);

  Partition& partition_;
  SimClock& clock_;
  PartitionPromise& promise_;
};

}  // namespace cauce::test
