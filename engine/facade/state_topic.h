// An internal topic as the log of a coordinator.
//
// Records are acknowledged once they are durable, as the contract of appends
// says. A partition is opened by its first replay, and stays so. Who replays
// gets all that was acknowledged, or an error: where records are damaged or
// missing nothing is told to be the state. Keeps no engine. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/coord/state_log.h"
#include "engine/facade/partition_log.h"

namespace cauce {

class StateTopic final : public StateLog {
 public:
  struct Source {
    std::string name;
    int32_t partitions = 0;
    std::string directory;  // of the engine, for messages
    // Nobody else makes durable what is written.
    bool syncs_itself = false;
    Clock* clock = nullptr;  // lives as long as the logs
    // A log that is awake.
    std::function<absl::StatusOr<std::shared_ptr<PartitionLog>>(PartitionId)>
        open;
  };

  explicit StateTopic(Source source) : source_(std::move(source)) {}

  int32_t partitions() const override { return source_.partitions; }
  void Append(PartitionId partition, StateBatch batch, Done done) override;
  void End(PartitionId partition, const TransactionEnd& end,
           Done done) override;
  absl::Status Replay(PartitionId partition, const Visit& visit) override;

 private:
  absl::StatusOr<std::shared_ptr<PartitionLog>> Open(PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status VisitAll(const PartitionLog& log, const Visit& visit) const;

  const Source source_;
  Mutex mutex_;
  std::map<PartitionId, std::shared_ptr<PartitionLog>> open_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
