// A transactional producer: a machine that asks for an epoch, then runs one
// transaction after the other, each partition added, then written to, then the
// end. It asks again until it is answered, and never takes back the wish to
// commit. Who is fenced stops. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce::test {

struct SimProducerOptions {
  int instance = 0;  // no other has had it
  int16_t version = 2;
  absl::Duration timeout;
};

// What it asks now.
struct SimRequest {
  enum class Kind { kInit, kAdd, kProduce, kEnd };
  Kind kind = Kind::kInit;
  uint64_t number = 0;
  int instance = 0;
  int16_t version = 2;
  absl::Duration timeout;
  ProducerInstance producer;
  bool goes_on = false;  // kInit: tells what it has
  int64_t transaction = 0;
  int partition = 0;
  int sequence = 0;
  TransactionOutcome outcome = TransactionOutcome::kAbort;
};

class SimProducer {
 public:
  explicit SimProducer(const SimProducerOptions& options);

  // The next of its transactions: which partitions, and how it shall end.
  struct Plan {
    int64_t transaction = 0;
    std::vector<int> partitions;
    TransactionOutcome outcome = TransactionOutcome::kAbort;
    bool asks_for_epoch = false;  // first
  };

  bool is_running() const { return step_ != Step::kStopped; }
  // Nothing is to be asked before there is a plan.
  bool needs_plan() const { return step_ == Step::kIdle; }
  void Follow(Plan plan, absl::Time now);
  void Stop() { step_ = Step::kStopped; }

  absl::Time next() const;
  SimRequest Ask(absl::Time now);
  // Of the request that it waits for; others are passed over.
  void Hear(uint64_t number, const absl::Status& status,
            const ProducerInstance& producer, absl::Time now);

  int instance() const { return options_.instance; }
  int64_t committed() const { return committed_; }

 private:
  enum class Step { kStopped, kInit, kIdle, kAdd, kProduce, kEnd };

  void Go(absl::Time now);
  void Fail(const absl::Status& status, absl::Time now);
  void Become(const ProducerInstance& producer);

  const SimProducerOptions options_;
  Step step_ = Step::kInit;
  absl::Time next_ = absl::InfinitePast();
  uint64_t number_ = 0;
  std::optional<ProducerInstance> producer_;
  std::map<int, int> sequences_;  // by partition
  Plan plan_;
  size_t done_ = 0;  // of its partitions
  int64_t committed_ = 0;
};

}  // namespace cauce::test
