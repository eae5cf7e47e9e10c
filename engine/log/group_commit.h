// Lets many appends share one sync of the log.
//
// A machine without I/O: it is told what happened and answers what to do. Its
// invariant: durable() never passes an offset that was written after the last
// successful sync began, because a sync promises nothing about later writes.
// So appends that arrive while a sync is under way wait for the next one,
// which may begin at once: under load the group grows by itself, and a lone
// writer waits for nobody.
//
// After a failed sync nobody can say what the disk holds: nothing becomes
// durable any more until the partition is reopened.
// Not thread-safe: its owner locks.
#pragma once

#include "cauce/types.h"

namespace cauce {

class GroupCommit {
 public:
  // Everything below `durable` already survives a power loss.
  explicit GroupCommit(Offset durable)
      : written_(durable), covered_(durable), durable_(durable) {}

  // The log now ends at `end`; what lies below has been written.
  void Written(Offset end);

  // Begins a sync where one is worth it: something is written that no sync
  // covers, none is under way and none has failed. The sync that follows a
  // `true` must begin after this call and is reported by one of the three.
  bool Begin();

  void Synced();
  void SyncFailed();
  // It came to nothing before it synced anything: as if it had not begun.
  // Returns the end of what it would have covered.
  Offset NotBegun();

  // The log was cut back to `end`; no sync may be under way.
  void Truncated(Offset end);

  Offset written() const { return written_; }
  Offset durable() const { return durable_; }
  bool in_flight() const { return in_flight_; }

 private:
  Offset written_;  // end of the log
  Offset covered_;  // what the sync under way will have made durable
  Offset durable_;
  bool in_flight_ = false;
  bool broken_ = false;
};

}  // namespace cauce
