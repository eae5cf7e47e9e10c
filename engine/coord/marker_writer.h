// The seam between the coordinator of transactions and the partitions that take
// part in them: writes the markers with which a transaction ends there, in this
// process or by way of other brokers. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "engine/coord/transaction_events.h"

namespace cauce {

class MarkerWriter {
 public:
  // Takes what came of the marker in one or more of the partitions. A marker
  // that is written is durable.
  using Done = std::function<void(std::vector<MarkersWrittenEvent::Result>)>;

  virtual ~MarkerWriter() = default;

  // Calls `done` until each partition has its result, on any thread and perhaps
  // before this returns.
  virtual void Write(const MarkersToWrite& markers, Done done) = 0;
};

}  // namespace cauce
