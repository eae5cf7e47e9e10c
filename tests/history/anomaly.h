// What can be wrong with a history: a kind, by the word that Jepsen's workload
// for Kafka has for it where it has one, and the events that show it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/history/history.h"

namespace cauce::test {

enum class AnomalyKind {
  // Of records.
  kLostWrite,            // acknowledged, others behind it were read, it never
  kUnseen,  // acknowledged, or committed, and not read by the end of all
  kVanished,             // read once, and not there any more
  kPhantom,              // read, and sent by nobody to there
  kInconsistentOffsets,  // two values at one offset
  kDuplicate,            // one value at two offsets
  kNonmonotonicSend,     // one producer's records are in another order
  kInternalNonmonotonicSend,  // those of one transaction
  // Of transactions.
  kAbortedRead,       // one of an aborted transaction, or refused, was read
  kPrecommittedRead,  // a transaction read what it wrote itself
  kUnfinishedRead,    // read before its commit was asked for
  kTornTransaction,   // a part of it is there and another is not
  kTwoOutcomes,       // it was told to be committed, and to be aborted
  kCircularFlow,      // transactions that read each other's records
  kHanging,           // in the end readers are held back
  kZombieWrite,       // a fenced instance's record was taken
  kZombieTransaction,  // a fenced instance was told that it has committed
  // Of consumers and their groups.
  kPollSkip,
  kInternalPollSkip,  // within a transaction, as the next
  kNonmonotonicPoll,
  kInternalNonmonotonicPoll,
  kTwoOwners,           // of a partition, in one generation
  kNonmonotonicCommit,  // what a group has committed went back
  kLostCommit,          // what it was told to have committed is not there
  kPhantomCommit,       // nobody asked for what it has committed
  kZombieCommit,        // an older generation's commit was taken
  kCommitSkip,          // committed, and delivered to none of the group
  kStuckGroup,          // in the end it has not come to what there is to read
  kZombieInstance,      // the commit was taken of one whose place is another's
  kLostPlace,           // who came back to its place was given another share
  kUnworkedCommit,      // a consumer committed by itself before the work
  kWorkedTwice,         // though it was committed before the work
  // Of what is read, worked on and written in one transaction.
  kDoneTwice,
  kNeverDone,
};

// "lost-write", for example.
std::string_view Name(AnomalyKind kind);

struct Anomaly {
  AnomalyKind kind;
  std::vector<size_t> events;  // by their place in the history
};
using Anomalies = std::vector<Anomaly>;

// A line for its name, and one for each event.
std::string Describe(const Anomaly& anomaly, const History& history);

}  // namespace cauce::test
