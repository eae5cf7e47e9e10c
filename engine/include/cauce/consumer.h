// Reads records of topics, in the order of each partition.
//
//   auto consumer = client->NewConsumer({.reset = ResetTo::kEarliest}).value();
//   consumer->Assign({{"orders", PartitionId{0}}}).IgnoreError();
//   for (;;) {
//     const auto records = consumer->Poll(absl::Seconds(1));
//     if (!records.ok()) return records.status();
//     for (const ConsumerRecord& record : *records) Use(record);
//   }
//
// Or as one of a group, whose members share the partitions of topics, and go on
// where the group has committed that it is:
//
//   auto consumer = client->NewConsumer({.group = "billing"}).value();
//   consumer->Subscribe({"orders"}).IgnoreError();
//
// Kafka's consumer, by its words and, but for fetch_bytes, its defaults.
// Records are views, which are not copied on their way. An interface, so that
// programs do not know whether the log is in their own process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/read.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce {

// Where reading begins in a partition in which there is no position, or none
// that its log has; Kafka's auto.offset.reset. A position that is lost so, as
// what a group has committed beyond the log's end, or what retention has
// overtaken, is told to EngineOptions::events, or by Poll (kNone).
enum class ResetTo {
  kEarliest,
  kLatest,
  kNone,  // nowhere: Poll says so
};

// How the partitions of topics are divided among the members of a group.
enum class Assignment {
  kRange,       // each topic by itself, in runs
  kRoundRobin,  // all partitions in turn
  kSticky,      // even, and who has a partition keeps it if that can be
  // The same, and who keeps a partition reads on while others change hands.
  // All of the group must have this alone.
  kCooperativeSticky,
};

// What stands beside a field is Kafka's name of it.
struct ConsumerOptions {
  // The group that it belongs to where it subscribes, and for which it commits;
  // none where empty, at most 32767 bytes. group.id.
  std::string group;
  // What keeps its place in the group while it starts anew, within
  // poll_interval_max: with one it does not leave the group as it is closed. 1
  // to 32767 bytes, and only with a group. group.instance.id.
  std::optional<std::string> instance;
  // The preferred one first; at least one. The group takes one that all of its
  // members have. partition.assignment.strategy.
  std::vector<Assignment> assignments = {Assignment::kRange,
                                         Assignment::kCooperativeSticky};
  // Whether it commits what the last Poll returned, in a Poll after
  // auto_commit_interval, when partitions go to others, by another Assign, and
  // when it is closed; of a consumer with a group, in a process that writes the
  // log. Where it assigns by hand also what is committed already, once an hour,
  // or four times within offsets_retention: else that would grow too old while
  // nothing comes. That this fails, other than as the group goes on without it,
  // is told to EngineOptions::events, and once it does no more.
  // enable.auto.commit.
  bool auto_commit = true;
  // At least 0. auto.commit.interval.ms.
  absl::Duration auto_commit_interval = absl::Seconds(5);
  // Who does not Poll for so long, and up to 3 s longer, counts as gone, and
  // others get its partitions; above 0. max.poll.interval.ms.
  absl::Duration poll_interval_max = absl::Minutes(5);
  // How often it is looked for topics, and partitions, that are new or gone;
  // above 0. Where this process writes the log a Poll knows at once.
  // metadata.max.age.ms.
  absl::Duration metadata_age_max = absl::Minutes(5);
  // How long a call may take that waits for the group's coordinator; above 0.
  // default.api.timeout.ms.
  absl::Duration call_timeout = absl::Minutes(1);
  ResetTo reset = ResetTo::kLatest;  // auto.offset.reset
  // With kReadCommitted Poll and Lag end in front of a transaction that is
  // open, however much lies behind it. Its time-out ends it where a process has
  // the log open for writing: who reads a log whose writer has died in the
  // midst of one is held back until somebody opens it so. Who only reads tells
  // EngineOptions::events of a minute at one place. isolation.level.
  Isolation isolation = Isolation::kReadUncommitted;
  // Records that one Poll returns at most; above 0. max.poll.records.
  int32_t poll_records_max = 500;
  // Bytes that are read of a partition at a time: what lies outside of 4 KiB
  // to 16 MiB counts as the nearer of them. A larger batch is read whole.
  // max.partition.fetch.bytes, which is 1 MiB there.
  size_t fetch_bytes = 256 << 10;
  // Whether event_descriptor() has one.
  bool wants_event_descriptor = false;
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const ConsumerOptions& options);

struct ConsumerRecord : RecordView {
  // Where it was read. Valid as long as the record.
  const TopicPartition* partition = nullptr;
  TimestampType timestamp_type = TimestampType::kCreateTime;
};

// How far a group is in a partition.
struct OffsetAndMetadata {
  Offset offset;         // of the next record to read
  std::string metadata;  // what whoever commits it likes to note
  LeaderEpoch leader_epoch;
  // Of which topic, as Consumer::group_metadata says it of what is assigned. It
  // cannot be committed once another topic has the name. Zero: of that which
  // the consumer reads, or else of the one that is there, so that who keeps
  // offsets over a time in which topics are deleted and made again keeps this
  // with them.
  TopicId topic_id = {};
};
using OffsetsToCommit = std::map<TopicPartition, OffsetAndMetadata>;
// Called by a later Poll, CommitAsync, Unsubscribe or Close, by its thread. A
// Poll, Assign, Subscribe, Unsubscribe or Close answers kRebalanceInProgress
// there.
using CommitCallback = std::function<void(const absl::Status&)>;

// Is told within Poll, and by Unsubscribe and Close, which partitions come and
// go. May use the consumer to commit, to seek: a Poll, Assign, Subscribe,
// Unsubscribe or Close answers kRebalanceInProgress there, and changes nothing.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  // These are read from now on, beside those that were already.
  virtual void Assigned(const std::vector<TopicPartition>& partitions) = 0;
  // These go to others, who wait until this returns: what was read of them may
  // be committed.
  virtual void Revoked(const std::vector<TopicPartition>& partitions) = 0;
  // Others have these already, since this one was away for too long: what is
  // committed of them is refused.
  virtual void Lost(const std::vector<TopicPartition>& partitions) {
    Revoked(partitions);
  }
};

// As which member of which generation offsets are sent to a transaction, and of
// which topics: one that was deleted and made again since has offsets of its
// own. Without an id a topic counts as the one that is there.
struct ConsumerGroupMetadata {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance;
  int32_t generation = -1;
  std::map<std::string, TopicId> topic_ids = {};
};

// What is delivered, if a consumer ends in the midst of it:
//
//   at least once   the default: what Poll has returned is committed by a later
//                   Poll, once it was worked on; or commit it yourself, with
//                   auto_commit = false, behind the work.
//   at most once    auto_commit = false, and Commit() right behind Poll, before
//                   the work.
//   exactly once    the work is records of the same log: send them and the
//                   offsets in one transaction (producer.h).
//
// tests/embed/deliveries.cc is a program of each.
// For one thread at a time, but for Wakeup and event_descriptor.
class Consumer {
 public:
  virtual ~Consumer() = default;

  // Reads these partitions from now on, and no others. Those it read already
  // go on where they are. Reason::kUnknownTopic, kUnknownPartition, errors of
  // opening them, kInvalidOption while it subscribes: then all is as before.
  virtual absl::Status Assign(
      const std::vector<TopicPartition>& partitions) = 0;
  virtual std::vector<TopicPartition> assignment() const = 0;

  // Reads, from a Poll on, what its group gives it of these topics and of no
  // others; those that do not exist may come. No topics mean Unsubscribe.
  // Behind Assign, and the other way round, only after Unsubscribe
  // (Reason::kInvalidOption). `listener` may be null.
  // Reason::kInvalidGroupId without a group, kInvalidTopicName.
  virtual absl::Status Subscribe(
      const std::vector<std::string>& topics,
      std::shared_ptr<RebalanceListener> listener) = 0;
  absl::Status Subscribe(const std::vector<std::string>& topics) {
    return Subscribe(topics, nullptr);
  }
  // The topics whose whole names match, as a POSIX extended regular expression
  // of 1 to 1024 bytes; internal ones never do. Reason::kInvalidOption where it
  // is none, or behind Assign; kInvalidGroupId without a group.
  virtual absl::Status SubscribePattern(
      std::string_view pattern,
      std::shared_ptr<RebalanceListener> listener) = 0;
  absl::Status SubscribePattern(std::string_view pattern) {
    return SubscribePattern(pattern, nullptr);
  }
  // Leaves the group, and gives up all partitions.
  virtual absl::Status Unsubscribe() = 0;

  // Commits what Poll has returned, or these offsets; durable on return.
  // Reason::kInvalidGroupId without a group; kUnknownMemberId,
  // kIllegalGeneration, kRebalanceInProgress where the group has gone on
  // without this consumer, as a listener that loses its partitions finds, or is
  // about to: its partitions are others', Poll to get new ones;
  // kFencedInstanceId where another has its `instance`;
  // kCoordinatorNotAvailable on a full disk, while too many wait, or while the
  // group is being deleted: try again; kNotCoordinator once its state can be
  // stored no more, as on a disk that has failed; kOffsetMetadataTooLarge,
  // kTimedOut, kClosed, errors of the log. Of these offsets none is committed
  // where one cannot be: kUnknownTopic, kUnknownPartition, kOffsetOutOfRange
  // below 0.
  virtual absl::Status Commit() = 0;
  virtual absl::Status Commit(const OffsetsToCommit& offsets) = 0;
  // Without waiting. Callbacks come in the order of their calls; but where ten
  // thousand are to be called yet, as while a disk stands still, nothing is
  // committed, of which this tells at once (kCoordinatorNotAvailable).
  virtual void CommitAsync(CommitCallback done) = 0;
  virtual void CommitAsync(const OffsetsToCommit& offsets,
                           CommitCallback done) = 0;
  // How far the group is in these; of those it never committed nothing, as
  // where it did in another topic of the name. Waits for transactions that may
  // move that, for call_timeout, where anybody works beside the caller to end
  // them: kUnstableOffsetCommit where one has not ended. kTimedOut, errors of
  // the log.
  virtual absl::StatusOr<OffsetsToCommit> Committed(
      const std::vector<TopicPartition>& partitions) = 0;
  // As whom it reads, for Producer::SendOffsetsToTransaction. Who has left its
  // group stays who it was, from whom the group takes no offsets.
  virtual ConsumerGroupMetadata group_metadata() const = 0;

  // Returns the next records, of several partitions perhaps, or none where
  // none came within `timeout`. Valid until the next Poll, Assign or Close, and
  // those of a partition until a Seek or SkipDamage there.
  // Who waits sleeps until there is something. Besides it wakes up:
  //   a member of a group each third of poll_interval_max, to show that it
  //   lives, and each metadata_age_max;
  //   who commits by itself after auto_commit_interval where there is something
  //   to commit, and where it assigns by hand for what is committed already
  //   (auto_commit);
  //   who has a group ten times a second until it is told where that is, as
  //   while a transaction has its offsets, and where nothing runs in the
  //   background for what groups have to do, as to look for old offsets;
  //   and where another process writes the log whoever waits, ten times a
  //   second.
  // An error is one partition's: the next Poll goes on with the others, and
  // comes back to it. Where there are records it waits for a later Poll.
  // Reason::kOffsetOutOfRange with ResetTo::kNone, or where a log has nothing
  // that could be read; where records are damaged or missing kCorruptBatch,
  // naming file and position, where they cannot be decoded kInvalidRecord,
  // kBatchTooLarge or kUnsupportedCodec, and messages of Kafka's older formats
  // kUnsupportedFormat: the position stays in front of them until SkipDamage or
  // a Seek.
  // Told once: kUnknownTopic and kUnknownPartition of a topic that was deleted,
  // which is read once there is another of its name, and the error of a log
  // that can show no more, as after a sync that failed.
  // Of the consumer itself: kWokenUp, kClosed. Of its group, which the
  // next Poll asks again: kInconsistentGroupProtocol, kGroupMaxSizeReached,
  // kTimedOut where it has not answered for call_timeout, kReadOnly where
  // another process writes, errors of its log; and once another has its
  // `instance`, from every Poll, kFencedInstanceId.
  virtual absl::StatusOr<std::span<const ConsumerRecord>> Poll(
      absl::Duration timeout) = 0;

  // Where the next Poll goes on. From here to Resume a partition that is not
  // assigned is Reason::kUnknownPartition. Seek: kOffsetOutOfRange below 0; the
  // other three: errors of opening it.
  virtual absl::Status Seek(const TopicPartition& partition, Offset offset) = 0;
  virtual absl::Status SeekToStart(const TopicPartition& partition) = 0;
  // Behind what readers see now.
  virtual absl::Status SeekToEnd(const TopicPartition& partition) = 0;
  // To the first record of that time or a later one, or the end where there is
  // none. Errors of Partition::FindByTime.
  virtual absl::Status SeekToTime(const TopicPartition& partition,
                                  Timestamp time) = 0;
  // Behind the damage that Poll has told of, or nowhere where there is none;
  // returns where it goes on.
  virtual absl::StatusOr<Offset> SkipDamage(
      const TopicPartition& partition) = 0;

  // The offset of the next record that Poll returns, or a lower one.
  // kUnstableOffsetCommit while a transaction that may move it has not ended:
  // ask again, or Seek. kOffsetOutOfRange with ResetTo::kNone where there is no
  // position; errors of opening the partition. Lag answers the same, and errors
  // of Partition::LastStableOffset.
  virtual absl::StatusOr<Offset> Position(const TopicPartition& partition) = 0;
  // How many offsets lie between there and the end of what is to be read: of
  // what is committed, with kReadCommitted.
  virtual absl::StatusOr<int64_t> Lag(const TopicPartition& partition) = 0;

  // Poll returns nothing of it until Resume.
  virtual absl::Status Pause(const TopicPartition& partition) = 0;
  virtual absl::Status Resume(const TopicPartition& partition) = 0;

  // Ends the Poll that waits, or the next one, with kWokenUp. Any thread.
  virtual void Wakeup() = 0;

  // Readable for poll or epoll where a Poll would perhaps not wait, and once
  // time has made something due that a Poll does (UntilDue), from its creation
  // until a Poll has found nothing; -1 unless it was asked for, or where
  // another process writes the log. Where nothing runs in the background nobody
  // tells of the time: wait for it no longer than UntilDue. Lives as long as
  // this.
  virtual int event_descriptor() const = 0;

  // How long the next Poll may be left out though nothing comes: until one that
  // waits would wake up by itself, as Poll says, or a transaction that nobody
  // ends has had its time. Infinite where time alone brings nothing.
  virtual absl::Duration UntilDue() const = 0;

  // Gives up all partitions, and leaves the group unless it has a place of its
  // own there (`instance`); commits before where it does so itself, and returns
  // how that ended. Waits for commits that are on their way, as Unsubscribe
  // does, for call_timeout: of those that have not ended then their callbacks
  // are told kClosed. Idempotent; Poll answers kClosed from then on. Who is
  // destroyed without it leaves as well, commits nothing, and calls nobody.
  virtual absl::Status Close() = 0;
};

}  // namespace cauce
