// A partition as transactions see it: per producer id the newest epoch, the
// last sequence, and whose records wait for a marker. It goes by Kafka's rules:
// an older epoch is refused, a sequence that was there is a retry, a marker of
// an older coordinator is refused, and with an epoch per transaction one whose
// epoch is not higher than the open transaction's is its own repetition. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "cauce/append.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce::test {

struct SimBatch {
  ProducerInstance producer;
  int sequence = 0;
  int64_t transaction = 0;  // for the checks: nobody goes by it
};

class SimPartition {
 public:
  enum class Appended { kNow, kBefore, kRefused };
  Appended Append(const SimBatch& batch);

  // Returns the transactions that it has ended.
  std::set<int64_t> Write(const TransactionEnd& end);

  bool has_open() const;
  // How many markers have come: a batch that was let in before the last one
  // comes too late.
  int64_t markers() const { return markers_; }

 private:
  struct State {
    int16_t epoch = -1;
    int32_t coordinator_epoch = -1;
    int last_sequence = -1;
    std::set<int64_t> open;
  };
  std::map<ProducerId, State> states_;
  int64_t markers_ = 0;
};

}  // namespace cauce::test
