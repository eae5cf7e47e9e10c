// What went wrong, beyond absl::Status's canonical code.
//
// The code tells a caller what to do (try again, give up, repair); the Reason,
// carried as a payload of the status, tells what happened. Messages name the
// thing, both values and what to do; they are for people and never parsed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cauce {

enum class Reason {
  kNone,  // no reason attached: not one of our errors, or no error at all

  // Out of range: look again at what exists.
  kOffsetOutOfRange,

  // Not found, already there.
  kUnknownTopic,
  kUnknownPartition,
  kTopicExists,

  // The caller's input: correct it.
  kInvalidTopicName,
  kInvalidPartitions,
  kInvalidConfig,
  kInvalidOption,
  kInvalidRecord,
  kInvalidTimestamp,
  kBatchTooLarge,
  kUnsupportedFormat,  // record formats and file versions we do not speak
  kUnsupportedCodec,

  // Bytes that cannot be right: repair, or read from elsewhere.
  kCorruptBatch,
  kCorruptFile,

  // The state of things.
  kFencedEpoch,  // a newer leader epoch is known
  // Of producers and their transactions, as Kafka calls them.
  kOutOfOrderSequence,    // batches in between are missing
  kInvalidProducerEpoch,  // a newer instance of the producer has written
  kCoordinatorFenced,     // a newer transaction coordinator has written
  kInvalidTxnState,       // not in this state of its transaction
  kTooManyProducers,      // try again once some have expired
  kProducerFenced,        // a newer instance has the transactional id
  kInvalidProducerIdMapping,   // not the producer id that it has
  kConcurrentTransactions,     // the last transaction still ends: try again
  kInvalidTransactionTimeout,  // outside of what the coordinator takes
  kTransactionAbortable,       // abort the transaction, then go on
  // Of consumer groups, as Kafka calls them.
  kUnknownMemberId,      // not, or no longer, a member: join anew
  kIllegalGeneration,    // the group has gone on: join again
  kRebalanceInProgress,  // join again
  kMemberIdRequired,     // join again with the id that the answer brings
  kFencedInstanceId,     // a newer instance has taken the place
  kInconsistentGroupProtocol,  // nothing offered that all members offer
  kInvalidSessionTimeout,      // outside of what the coordinator takes
  kGroupMaxSizeReached,
  kGroupNotEmpty,  // its members must leave first
  kGroupIdNotFound,
  kInvalidGroupId,          // empty, or longer than a record holds
  kGroupSubscribedToTopic,  // its members still read what is to be forgotten
  kOffsetMetadataTooLarge,  // what is noted beside an offset
  kUnstableOffsetCommit,    // a transaction on it still ends: try again
  kCoordinatorLoading,      // it still reads its state: try again
  kCoordinatorNotAvailable,  // try again
  kNotCoordinator,           // look for the group's coordinator again
  // Of the engine and its directory.
  kReadOnly,              // opened for reading only
  kClosed,                // the engine, client, producer or consumer was closed
  kTimedOut,              // it was not done within the time that was given
  kWokenUp,               // another thread ended the wait by a Wakeup
  kLocked,     // another process, or this one, has the directory open
  kTruncated,  // the records were cut off before they became durable

  // The disk. kDiskFull may be tried again once there is room. Where records
  // could not be written, synced or cut, a partition takes no writes after
  // kDiskFailed until it is reopened. Where it was a file beside them (an index
  // as a segment is left, an epoch, a start), nothing was stored, and what was
  // asked for may be tried again.
  kDiskFull,
  kDiskFailed,
};

// Returns a status of the canonical code that belongs to `reason`.
absl::Status MakeError(Reason reason, std::string message);

// Returns the reason that MakeError attached; kNone for any other status.
Reason ReasonOf(const absl::Status& status);

// Whether `status` tells of a batch that cannot be right, or that this release
// cannot read (kCorruptBatch, kInvalidRecord, kUnsupportedFormat,
// kUnsupportedCodec), as opposed to bytes that could not be read. Not
// kCorruptFile; nor kBatchTooLarge, though a cursor's SkipDamage() leads behind
// that as well.
bool IsDamage(const absl::Status& status);

// Returns `status` with `context` and ": " before its message; code and reason
// stay. An OK status stays as it is.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// Returns the message alone, for people: without code and payloads. Valid as
// long as `status`.
std::string_view MessageOf(const absl::Status& status);

// Returns a stable name such as "OFFSET_OUT_OF_RANGE".
std::string_view ReasonName(Reason reason);

}  // namespace cauce
