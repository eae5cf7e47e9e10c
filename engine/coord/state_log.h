// The seam between coordinators and the internal topic that holds their state:
// partitions to which records are appended, and from which they are read again.
//
// What was said to be durable is there when it is read again; of what failed or
// was not answered some may be, each batch whole or not at all and in the order
// of the appends. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/types.h"
#include "engine/coord/state_record.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce {

// Becomes durable as a whole.
struct StateBatch {
  std::vector<StateRecord> records;  // at least one
  // Whose transaction it is of: it counts once that commits.
  std::optional<ProducerInstance> transaction;
};

// What stands in a partition, at its offset.
struct StateEntry {
  struct Record {
    StateRecord record;
    std::optional<ProducerInstance> transaction;
  };
  Offset offset;
  std::variant<Record, TransactionEnd> what;
};

class StateLog {
 public:
  // Takes the offset of the batch's first record, once it is durable, or why it
  // is not.
  using Done = std::function<void(const absl::StatusOr<Offset>& base)>;
  // Stops the replay where it returns an error.
  using Visit = std::function<absl::Status(const StateEntry& entry)>;

  virtual ~StateLog() = default;

  // How many there are; it stays so.
  virtual int32_t partitions() const = 0;

  // Calls `done` once, of the batches of one partition in their order: on any
  // thread and perhaps before this returns, so that no lock that `done` takes
  // may be held by the caller.
  virtual void Append(PartitionId partition, StateBatch batch, Done done) = 0;

  // The same with the marker that ends a transaction.
  virtual void End(PartitionId partition, const TransactionEnd& end,
                   Done done) = 0;

  // Visits everything that is durable in `partition`, oldest first, with the
  // markers of transactions between the records. Batches that are being
  // appended meanwhile may be missed. Comes before the first append there.
  // Reason::kCorruptBatch where anything is damaged or missing: what was
  // visited is not the state then.
  virtual absl::Status Replay(PartitionId partition, const Visit& visit) = 0;
};

}  // namespace cauce
