// A coordinator with a transactional id, its log, instances of its producer,
// partitions and the network between them, in one thread on simulated time, all
// by one seed: requests and answers are lost, late and doubled, markers too,
// appends fail or are late, producers stop and others take their place while
// they still write, and the coordinator is killed, or gives the id up and takes
// it over again, from what was appended of it.
//
// What must hold is checked after every event; the first thing that does not is
// kept as a sentence. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/marker_writer.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction_coordinator.h"
#include "tests/sim/sim_partition.h"
#include "tests/sim/sim_producer.h"
#include "tests/sim/sim_schedule.h"

namespace cauce::test {

// What worlds have seen: a simulation in which nothing happens proves nothing.
struct TransactionCounts {
  int64_t events = 0;
  int64_t commits = 0;  // that were told, as the others
  int64_t aborts = 0;
  int64_t fenced = 0;
  int64_t time_outs = 0;
  int64_t kills = 0;
  int64_t handovers = 0;  // without one
  int64_t failed_appends = 0;
  int64_t late_batches = 0;
  int64_t new_ids = 0;  // where the epochs were used up
};

class TransactionWorld : private StateLog, private MarkerWriter {
 public:
  TransactionWorld(uint32_t seed, TransactionCounts& counts);

  // Lives through `steps` of faults, then through calm until all is well.
  // Returns what was wrong; empty where nothing was.
  std::string Live(int steps);

 private:
  struct Storing {
    StateRecord record;
    int64_t transaction;  // that it is about
    StateLog::Done done;
  };

  void Fault();
  void StartProducer();
  void Kill();
  void HandOver();
  void StartCoordinator();
  void Load();
  void PassTime(absl::Duration time);
  bool RunNext(absl::Time end);
  bool AllIsEnded() const;

  void Send(SimProducer& producer);
  void Deliver(const SimRequest& request);
  void DeliverBatch(const SimRequest& request);
  void AppendBatch(const SimRequest& request, int64_t markers);
  void Reply(const SimRequest& request, const absl::Status& status,
             const ProducerInstance& producer);

  // Whether the id says that no transaction is open or ends.
  bool IsIdle() const;
  TransactionCoordinator::Answer AnswerTo(const SimRequest& request);
  void Answer(const SimRequest& request,
              const absl::StatusOr<ProducerInstance>& answer);

  // The log.
  int32_t partitions() const override { return 1; }
  void End(PartitionId, const TransactionEnd&, StateLog::Done) override {}
  void Append(PartitionId partition, StateBatch batch,
              StateLog::Done done) override;
  absl::Status Replay(PartitionId partition, const Visit& visit) override;
  void ResolveAppend(int incarnation);
  void MakeDurable(const Storing& storing);

  // The partitions.
  void Write(const MarkersToWrite& markers, MarkerWriter::Done done) override;
  void SendMarker(const MarkersToWrite& markers, const TopicPartition& to,
                  const MarkerWriter::Done& done);
  void WriteMarker(const MarkersToWrite& markers, const TopicPartition& to,
                   int64_t transaction);

  void CheckEnd(int64_t transaction, int partition, TransactionOutcome outcome);
  void Tell(int64_t transaction, TransactionOutcome outcome);
  void CheckTold();
  void Wrong(std::string what);

  SimSchedule schedule_;
  TransactionCounts& counts_;
  std::string wrong_;

  bool is_calm_ = false;
  int16_t version_ = 2;

  TransactionCoordinatorOptions options_;
  std::shared_ptr<TransactionCoordinator> coordinator_;
  int incarnation_ = 0;  // of the process
  int epoch_ = 0;        // of the coordinator
  bool is_loaded_ = false;
  // What is asked now is about; none where the coordinator goes on by itself.
  std::optional<int64_t> asked_;

  std::optional<Storing> storing_;
  bool has_failed_ = false;        // the log, until it is read again
  std::deque<Storing> uncertain_;  // failed, and may be there then
  std::optional<StateRecord> durable_;
  int64_t durable_transaction_ = 0;

  std::vector<SimPartition> partitions_;
  std::vector<SimProducer> producers_;
  int owner_ = -1;  // the instance that was told last that it is
  int64_t last_transaction_ = 0;

  std::map<int64_t, TransactionOutcome> told_;
  std::map<int64_t, std::set<int>> written_;  // acknowledged, by transaction
  std::map<int64_t, std::map<int, TransactionOutcome>> ended_;
};

}  // namespace cauce::test
