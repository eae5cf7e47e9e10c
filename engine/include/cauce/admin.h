// What administers a log: its topics, their records, groups and transactions.
//
//   auto admin = client->NewAdmin().value();
//   const auto offsets = admin->ListGroupOffsets("billing").value();
//   for (const auto& [name, at] : offsets)
//     std::cout << name.ToString() << ' ' << at.lag().value_or(-1) << '\n';
//
// Kafka's Admin, by its words and meaning. An interface of plain values, so
// that programs do not know whether the log is in their own process. Where the
// log was opened for reading only, what would change something answers
// Reason::kReadOnly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/group_state.h"
#include "cauce/transaction_status.h"
#include "cauce/types.h"

namespace cauce {

// Which offset of a partition is asked for.
struct OffsetSpec {
  enum class Kind {
    kStart,      // the first that is there
    kEnd,        // what the next record gets that readers see
    kStableEnd,  // up to where readers of what is committed come
    kTime,       // of the first record of `time` or later
  };
  Kind kind = Kind::kEnd;
  Timestamp time = kNoTimestamp;
};

struct ListedOffset {
  // For a time that no record has: -1, as with Kafka.
  Offset offset;
  // The record's, where one was found by its time.
  Timestamp timestamp = kNoTimestamp;
  LeaderEpoch leader_epoch;  // the partition's

  friend bool operator==(const ListedOffset&, const ListedOffset&) = default;
};

struct ListedGroup {
  std::string id;
  GroupState state = GroupState::kEmpty;
  std::string protocol_type;  // "consumer"; empty for offsets alone

  friend bool operator==(const ListedGroup&, const ListedGroup&) = default;
};

struct MemberDescription {
  std::string id;
  std::optional<std::string> instance;
  std::string client_id;
  std::string client_host;  // empty: in the process that writes the log
  // What it was given to read.
  std::vector<TopicPartition> assigned;
};

struct DescribedGroup {
  std::string id;
  GroupState state = GroupState::kEmpty;
  std::string protocol_type;
  std::string assignor;  // "range"
  int32_t generation = 0;
  std::vector<MemberDescription> members;
};

// How far a group is in a partition, and what there is to read.
struct GroupProgress {
  // Absent where the group has committed nothing there.
  std::optional<OffsetAndMetadata> committed;
  // The partition's start and end as they are now; or why they cannot be told,
  // as kUnknownTopic of one that was deleted, and of a new one of its name in
  // which the group has not begun.
  absl::StatusOr<OffsetRange> log = OffsetRange();

  // How many offsets lie between what is committed and the end: 0 where it is
  // committed beyond that. Absent where either is unknown.
  std::optional<int64_t> lag() const;
};

struct DescribedTransaction {
  std::string id;  // the transactional id
  TransactionStatus status = TransactionStatus::kEmpty;
  ProducerId producer_id;
  int16_t producer_epoch = -1;
  absl::Duration timeout;
  std::optional<absl::Time> start;  // while it is open, or ends
  // Those that take part, without those that have its marker already.
  std::vector<TopicPartition> partitions;
};

// A transaction that no transactional id has, so that nobody ends it: readers
// of what is committed come no further than its start.
struct HangingTransaction {
  TopicPartition partition;
  ProducerId producer_id;
  int16_t producer_epoch = -1;
  Offset start;
  Offset end;  // of the log

  friend bool operator==(const HangingTransaction&,
                         const HangingTransaction&) = default;
};

// What could be read of a list, and why the rest could not: Kafka's valid() and
// errors().
template <typename T>
struct ReadableList {
  std::vector<T> found;
  // One for each partition of the coordinator's log that cannot be read: what
  // stands in it is not in `found`.
  std::vector<absl::Status> unread;

  // All, or the first error.
  absl::StatusOr<std::vector<T>> All() && {
    if (!unread.empty()) return unread.front();
    return std::move(found);
  }
};

// Thread-safe. Keeps what it needs of the client.
class Admin {
 public:
  template <typename T>
  using ByPartition = std::map<TopicPartition, T>;

  virtual ~Admin() = default;

  // ---- Topics: as Engine's functions, in engine.h.

  // Reason::kTopicExists, kInvalidTopicName, kInvalidPartitions,
  // kInvalidConfig.
  virtual absl::StatusOr<TopicDescription> CreateTopic(
      std::string_view name, const TopicSpec& spec) = 0;
  absl::StatusOr<TopicDescription> CreateTopic(std::string_view name) {
    return CreateTopic(name, TopicSpec());
  }
  virtual absl::StatusOr<std::vector<TopicDescription>> ListTopics() = 0;
  // kUnknownTopic, as of all that follow.
  virtual absl::StatusOr<TopicDescription> DescribeTopic(
      std::string_view name) = 0;
  // All changes or none. kInvalidConfig.
  virtual absl::Status AlterConfigs(
      std::string_view topic, const std::vector<ConfigChange>& changes) = 0;
  // Grows the topic to so many. kInvalidPartitions.
  virtual absl::Status CreatePartitions(std::string_view topic,
                                        int32_t partitions) = 0;
  virtual absl::Status DeleteTopic(std::string_view name) = 0;

  // ---- Records.

  // Forgets the records below the offset of each, or all there are for -1;
  // tells where each begins then. One's error is no other's: kUnknownTopic,
  // kUnknownPartition, kOffsetOutOfRange above the end, kInvalidTopicName for
  // an internal topic, errors of the log.
  virtual ByPartition<absl::StatusOr<Offset>> DeleteRecords(
      const ByPartition<Offset>& before) = 0;
  // kUnknownTopic, kUnknownPartition, errors of Partition::FindByTime.
  virtual ByPartition<absl::StatusOr<ListedOffset>> ListOffsets(
      const ByPartition<OffsetSpec>& wanted) = 0;

  // ---- Groups. Errors of reading what is stored of them besides; of all that
  // changes them kCoordinatorNotAvailable (try again) and kNotCoordinator as of
  // Consumer::Commit. Where the log was opened for reading only they are as
  // they were stored last: who is a member is known from each generation on,
  // and is no longer true of the members of a process that was killed.

  // By id. Those that cannot be read hide no others.
  virtual absl::StatusOr<ReadableList<ListedGroup>> ListReadableGroups() = 0;
  // All, or an error.
  absl::StatusOr<std::vector<ListedGroup>> ListGroups() {
    auto listed = ListReadableGroups();
    if (!listed.ok()) return listed.status();
    return std::move(*listed).All();
  }
  // kGroupIdNotFound.
  virtual absl::StatusOr<DescribedGroup> DescribeGroup(
      std::string_view group) = 0;
  // Of all partitions in which the group has committed, or that its members
  // read. Of a group that is not there, none.
  virtual absl::StatusOr<ByPartition<GroupProgress>> ListGroupOffsets(
      std::string_view group) = 0;
  // Commits these for a group that has no members, or is not there yet;
  // durable on return. kUnknownMemberId where it has members, as Kafka says it,
  // kInvalidGroupId; then nothing is committed. Of each partition
  // kUnknownTopic, kUnknownPartition, kOffsetOutOfRange for a negative offset,
  // kOffsetMetadataTooLarge. Any offset from 0 on is taken, whether it exists
  // or not.
  virtual absl::StatusOr<ByPartition<absl::Status>> AlterGroupOffsets(
      std::string_view group, const OffsetsToCommit& offsets) = 0;
  // Forgets what was committed of these. kGroupIdNotFound; of each partition
  // kGroupSubscribedToTopic, where members read its topic.
  virtual absl::StatusOr<ByPartition<absl::Status>> DeleteGroupOffsets(
      std::string_view group,
      const std::vector<TopicPartition>& partitions) = 0;
  // With all its offsets. kGroupNotEmpty, kGroupIdNotFound.
  virtual absl::Status DeleteGroup(std::string_view group) = 0;
  // Has the static members of these instances leave the group, as those of a
  // program that is gone, which count as members until their poll_interval_max
  // is over. One that still runs is told as of a time-out, and joins anew.
  // kGroupIdNotFound; of each instance kUnknownMemberId where no member has it.
  virtual absl::StatusOr<std::map<std::string, absl::Status>> RemoveMembers(
      std::string_view group, const std::vector<std::string>& instances) = 0;
  // The same of all its members, static or not; returns who they were. Who
  // joins meanwhile stays.
  virtual absl::StatusOr<std::vector<MemberDescription>> RemoveAllMembers(
      std::string_view group) = 0;

  // ---- Transactions.

  // As of groups.
  virtual absl::StatusOr<ReadableList<DescribedTransaction>>
  ListReadableTransactions() = 0;
  absl::StatusOr<std::vector<DescribedTransaction>> ListTransactions() {
    auto listed = ListReadableTransactions();
    if (!listed.ok()) return listed.status();
    return std::move(*listed).All();
  }
  // NotFound, without a Reason.
  virtual absl::StatusOr<DescribedTransaction> DescribeTransaction(
      std::string_view id) = 0;
  // Looks at all partitions, and may have to read their logs; one that cannot
  // be read is left out, which the event sink is told. kReadOnly too: only who
  // writes the log knows what is going on.
  virtual absl::StatusOr<std::vector<HangingTransaction>>
  FindHangingTransactions() = 0;
  // Aborts one of those: readers of what is committed come past it, without its
  // records. kInvalidTxnState where it hangs no more, or belongs to somebody
  // who will end it.
  virtual absl::Status AbortTransaction(
      const HangingTransaction& transaction) = 0;
};

}  // namespace cauce
