// What was seen of a log from outside: an event for each thing that a producer,
// a consumer, a group or a transaction asked for or was told, in the order in
// which it happened. A plain value; CheckHistory says what is wrong with it.
//
// Each record has a value of its own, so that a history says which one it is.
// What nobody was told, as where the process died, has no event: then both may
// be. Where others did something meanwhile, what was told says where in the
// history it was asked for (`asked_at`); without that it was at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cauce/append.h"
#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce::test {

// Instances of producers and consumers, and transactions, have numbers of their
// own above 0, for the whole history; 0 is none.
using ProducerNumber = int;
using ConsumerNumber = int;
using TransactionNumber = int64_t;
using OffsetsByPartition = std::map<TopicPartition, Offset>;

// This instance has taken the transactional id: those before it are fenced.
struct ProducerStarted {
  ProducerNumber producer = 0;
  std::string transactional_id;
};
struct Sent {
  ProducerNumber producer = 0;
  TransactionNumber transaction = 0;
  TopicPartition to;
  int64_t value = 0;
  int64_t source = 0;  // the value that it was made of, if of one
};
struct Acknowledged {
  int64_t value = 0;
  Offset offset;
};
// It is not stored, and will not be.
struct Refused {
  int64_t value = 0;
};
struct CommitAsked {
  TransactionNumber transaction = 0;
};
// The outcome that was told.
struct TransactionEnded {
  TransactionNumber transaction = 0;
  TransactionOutcome outcome = TransactionOutcome::kAbort;
};
// They were taken, of a member of this generation: where the group is once the
// transaction is committed.
struct OffsetsAdded {
  TransactionNumber transaction = 0;
  int32_t generation = 0;
  std::string group;
  OffsetsByPartition offsets;
  std::string member;
  std::optional<size_t> asked_at;
};

// When a program commits what it was given: that says how often it works on a
// record.
enum class Promise {
  kNone,
  kAtLeastOnce,  // its consumer does so by itself, once the work is done
  kAtMostOnce,   // before the work
};
// A consumer begins to be one of a group. All of a group promise the same.
struct MemberMade {
  ConsumerNumber consumer = 0;
  std::string group;
  std::string instance;  // the place of its own that it has there, if any
  Promise promise = Promise::kNone;
  bool is_cooperative = false;  // keeps what it has while others join
};
// A Poll returned this record, outside of a transaction or in one.
struct Delivered {
  ConsumerNumber consumer = 0;
  Isolation isolation = Isolation::kReadCommitted;
  TransactionNumber transaction = 0;
  TopicPartition from;
  Offset offset;
  int64_t value = 0;
};
// The consumer goes on elsewhere on purpose: it was given the partition, sought
// in it or gave it up.
struct Moved {
  ConsumerNumber consumer = 0;
  TopicPartition partition;
};
// The program has done its work on this record, which its consumer was given.
struct Worked {
  ConsumerNumber consumer = 0;
  TopicPartition from;
  Offset offset;
};
// What the consumer has by now as a member of this generation.
struct Assigned {
  ConsumerNumber consumer = 0;
  std::string group;
  int32_t generation = 0;
  std::vector<TopicPartition> partitions;
  std::string member;  // its id
};
struct OffsetsCommitAsked {
  std::string group;
  OffsetsByPartition offsets;
};
// It was told that they are committed, as of this generation.
struct OffsetsCommitted {
  ConsumerNumber consumer = 0;
  std::string group;
  int32_t generation = 0;
  OffsetsByPartition offsets;
  std::string member;
  std::optional<size_t> asked_at;
};
// What the group has committed, as somebody who asked was told.
struct OffsetsSeen {
  std::string group;
  OffsetsByPartition offsets;
  std::optional<size_t> asked_at;
};

// Somebody asks for all below this to be deleted: from now on it may be.
struct RecordsDeleted {
  TopicPartition partition;
  Offset before;
};

// Somebody asks for the topic to be deleted: from now on nothing of it need be
// there. One that has its name later has another one in the history.
struct TopicDeleted {
  std::string topic;
};

// Nobody of before goes on: generations of groups may be given again.
struct ProcessEnded {};

// In the end all is calm, and each partition is read from its start to its end.
struct LogRead {
  TopicPartition partition;
  Isolation isolation = Isolation::kReadCommitted;
  std::map<Offset, int64_t> values;
  Offset last_stable;
  Offset end;
};

using Event = std::variant<ProducerStarted, Sent, Acknowledged, Refused,
                           CommitAsked, TransactionEnded, OffsetsAdded,
                           MemberMade, Delivered, Moved, Worked, Assigned,
                           OffsetsCommitAsked, OffsetsCommitted, OffsetsSeen,
                           RecordsDeleted, TopicDeleted, ProcessEnded,
                           LogRead>;
using History = std::vector<Event>;

// One line, as "Sent: producer 1, transaction 2, t-0, value 3".
std::string ToString(const Event& event);

}  // namespace cauce::test
