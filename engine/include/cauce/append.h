// How records are appended: what a caller asks and what is answered.
// Plain values, safe to copy; no call here does anything by itself.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"

namespace cauce {

// When an append returns or calls back.
enum class Ack {
  // Kafka's acks=1. The sync that follows runs in the executor; without one,
  // in whatever append, flush, wait or upkeep comes next: at the latest in the
  // append that finds 4096 records unsynced.
  kWritten,
  kDurable,  // Kafka's acks=all
};

// On whose behalf a batch comes that has a producer id.
enum class AppendOrigin {
  kClient,  // the producer itself: with a sequence number, which is checked
  // A coordinator in its name, as with offsets of a transaction: without one.
  kCoordinator,
};

struct AppendOptions {
  Ack ack = Ack::kDurable;
  // The epoch of the leader that appends. Absent: the partition's own. Older
  // than the partition's: Reason::kFencedEpoch. Newer: a new epoch begins.
  std::optional<LeaderEpoch> leader_epoch;
  AppendOrigin origin = AppendOrigin::kClient;
};

// How a transaction ends.
enum class TransactionOutcome : int16_t {
  kAbort = 0,
  kCommit = 1,
};

// From this transaction version on each transaction has an epoch of its own.
inline constexpr int16_t kEpochPerTransaction = 2;

// What its coordinator says of a producer's transaction, in each partition that
// takes part. Kafka's EndTransactionMarker.
struct TransactionEnd {
  ProducerId producer_id;
  // That of the transaction, or a newer one: older instances of the producer
  // may not write from then on.
  int16_t producer_epoch = -1;
  // Grows with every change of coordinator.
  int32_t coordinator_epoch = -1;
  TransactionOutcome outcome = TransactionOutcome::kAbort;
  // Of the protocol, as WriteTxnMarkers has it; the log does not keep it. With
  // 0 and 1 a producer's transactions share an epoch, and a marker that comes
  // twice or late ends whichever is open. With 2 the epoch of the marker is
  // above that of every batch it ends, and the next transaction's batches have
  // it: a marker that is not above those of the open one is refused.
  int16_t transaction_version = 0;
};

struct AppendResult {
  Offset base;  // of the first record
  Offset next;  // behind the last one
  // The time the log gave the records; absent with CreateTime.
  std::optional<Timestamp> append_time;
};

// Called once, from the thread that appends, syncs or closes. It must not block
// and must call nothing of the Engine, whose lock may be held; it may append,
// also to a partition that nobody has used yet, which waits for that lock.
// What such an append is called back with comes once this one has returned, if
// it is the same thread that tells: however long the chain, it needs no more
// stack, and of memory as much as one callback makes appends. Whoever does not
// want to know passes an empty one.
using AppendCallback = absl::AnyInvocable<void(absl::StatusOr<AppendResult>)>;

}  // namespace cauce
