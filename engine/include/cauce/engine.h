// A directory of topics, opened: the way into the library.
//
//   auto engine = cauce::Engine::Open("data").value();
//   engine.CreateTopic("orders").status().IgnoreError();  // it may exist
//   auto orders =
//       engine.OpenPartition("orders", cauce::PartitionId{0}).value();
//   const cauce::Record record{.key = "k", .value = "v"};
//   orders.Append({&record, 1}).value();
//
// The directory holds Kafka's files (engine/FORMAT.md). One engine at a time
// writes it; any number may read it. ":memory:" is an empty directory that
// lives as long as its engine. The engine starts no thread unless it is given
// an Executor, prints nothing and reads no environment; any number of engines
// live in one process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/compaction.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"

namespace cauce {

class EngineCore;

enum class Access {
  kReadWrite,
  // Takes no lock and writes nothing; another process may be writing. Reads
  // see what is written, durable or not, and follow it as it grows.
  kReadOnly,
};

struct EngineOptions {
  Access access = Access::kReadWrite;
  // Whether a missing directory is made, and one that neither an engine nor a
  // broker has made taken into use. Else who opens it is answered NotFound, or
  // Reason::kInvalidOption, and nothing in it changes. Who only reads makes
  // nothing: there is no topic in what is none of either, where this is set.
  bool create_if_missing = true;

  // The seams. Null means the real one (for the executor: none, so that
  // nothing runs in the background); borrowed for the engine's life.
  FileSystem* file_system = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  Executor* executor = nullptr;
  // Gets the log lines; null drops them.
  EventSink events;

  // Files kept open at most, at least 8, and never more than three quarters of
  // what the process may have open (ulimit -n). More than that are open only
  // while they are in use.
  int open_files_max = 1000;
  // Memory, in bytes, for the newest records of all partitions together, so
  // that who reads them as they are written gets them without a system call.
  // Taken only for partitions that are being read at their end, in blocks of 16
  // KiB, at most 1 MiB and a block for one segment; at least 0, which means
  // none.
  int64_t tail_bytes_max = 16 << 20;
  // Bytes that are to stay free on the directory's file system. Appends that
  // would leave less, and topics that are made or grown, are refused with
  // Reason::kDiskFull until there is room again; reading, deleting, retention,
  // checkpoints and closing go on. At least 0, which means off: then the disk
  // is what refuses. The default holds the indexes of a segment of 1 GiB (5
  // MiB), zeros written ahead (4 MiB) and the checkpoints of 10 000 partitions
  // (1 MiB), with some to spare.
  int64_t free_bytes_min = 16 << 20;
  // With an executor: how often recovery points are saved (Kafka's
  // log.flush.offset.checkpoint.interval.ms) and retention looks (Kafka's
  // log.retention.check.interval.ms). Both above zero. Recovery points are
  // saved besides while records are synced, at least for every 64 MiB of them,
  // and mostly within a tenth of a second.
  absl::Duration checkpoint_interval = absl::Minutes(1);
  absl::Duration retention_check_interval = absl::Minutes(5);
  // How long ago the timestamp of a producer's last batch may be before the
  // producer is forgotten, unless its transaction is open. Above zero. Kafka's
  // producer.id.expiration.ms.
  absl::Duration producer_expiration = absl::Hours(24);

  // Compaction of topics whose cleanup.policy says so, one partition at a time.
  // With an executor: how often it looks for what to do, above zero (Kafka's
  // log.cleaner.backoff.ms).
  absl::Duration compaction_check_interval = absl::Seconds(15);
  // Memory for keys while it runs, at least 64 KiB (Kafka's
  // log.cleaner.dedupe.buffer.size): the default holds 5.6 million keys, and
  // only as much is taken as there may be keys. Where there are more, a
  // partition is gone over more often. A pass on demand beside one that waits
  // takes its own.
  int64_t compaction_memory_max = 128 << 20;
  // How much is read and written in a second at most (Kafka's
  // log.cleaner.io.max.bytes.per.second); 0 means no limit. At least 0.
  int64_t compaction_bytes_per_second_max = 0;

  // Partitions of the topics in which groups and transactions are kept, which
  // are made when they are first used; 1 to kTopicPartitionsMax. Kafka's
  // offsets.topic.num.partitions and transaction.state.log.num.partitions.
  int32_t offsets_topic_partitions = 50;
  int32_t transaction_topic_partitions = 50;
  // How long the offsets are kept that a group has committed, once it has no
  // members or reads the topic no more, and how often at most those that are
  // too old are looked for: by an executor, RunUpkeep or a Poll. Above zero.
  // Kafka's offsets.retention.minutes and offsets.retention.check.interval.ms.
  absl::Duration offsets_retention = absl::Hours(7 * 24);
  absl::Duration offsets_retention_check_interval = absl::Minutes(10);
  // Bytes that may be noted beside an offset, 0 to 32767. Kafka's
  // offset.metadata.max.bytes.
  int32_t offset_metadata_bytes_max = 4096;
  // How long a group without members waits for more than the first, at least
  // zero. Kafka's group.initial.rebalance.delay.ms, which is 3 s there: members
  // that come over the network come one after the other.
  absl::Duration group_initial_rebalance_delay = absl::ZeroDuration();
  // Members that a group may have, above 0. Kafka's group.max.size.
  int32_t group_size_max = INT32_MAX;
  // The longest time-out of a transaction that a producer may ask for, and how
  // long a transactional id is kept that nobody uses. Above zero. Kafka's
  // transaction.max.timeout.ms and transactional.id.expiration.ms.
  absl::Duration transaction_timeout_max = absl::Minutes(15);
  absl::Duration transactional_id_expiration = absl::Hours(7 * 24);
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const EngineOptions& options);

struct TopicSpec {
  int32_t partitions = 1;  // 1 to kTopicPartitionsMax
  // By Kafka's names, as in {"retention.ms", "-1"}. What is left out has its
  // default.
  std::map<std::string, std::string> configs;
};

// What CreateTopic would say whatever topics there are, but for the name of an
// internal one: Reason::kInvalidTopicName, also for `__cluster_metadata`;
// kInvalidPartitions, kInvalidConfig.
absl::Status Validate(std::string_view name, const TopicSpec& spec);

struct TopicDescription {
  std::string name;
  TopicId id;
  int32_t partitions = 0;
  // What was set; TopicConfig's defaults hold for the rest.
  std::map<std::string, std::string> configs;
  // Found in the directory, made by a Kafka broker, and never configured here:
  // nothing of it is deleted until AlterTopic gives its configs. Of an internal
  // one no offset and no transactional id expires before the opening behind
  // that; but a transaction that is open there is aborted once its time is up.
  bool imported = false;
  // A coordinator alone writes it (see IsInternalTopic).
  bool internal = false;
};

// Sets a config, or takes it back to its default where the value is absent.
struct ConfigChange {
  std::string name;
  std::optional<std::string> value;
};

// It belongs to the process that opened it. In a child that was forked from it
// every call that would look at a file answers kClosed, also of its handles and
// cursors, and destroying it does nothing; but the child shares the lock on the
// directory, which outlives the parent until the child ends or runs another
// program. So fork first and open then, or let the child exec.
// Thread-safe. Destroying it closes it; an error then goes to the event sink,
// so close it yourself to learn of it.
class Engine final {
 public:
  // Opens `directory`, or ":memory:". After an unclean stop every partition is
  // recovered first: a torn tail is cut, indexes are rebuilt. One that cannot
  // be is told to the event sink and answers with the reason to whoever opens
  // it, which tries again; the others are open.
  // Reason::kLocked when it is open elsewhere, naming the holder;
  // kInvalidOption, also for a name that is empty; kCorruptFile;
  // kUnsupportedFormat for a newer version.
  static absl::StatusOr<Engine> Open(std::string_view directory,
                                     const EngineOptions& options = {});

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Durable on return. Reason::kTopicExists, also where something stands in the
  // place of one of its directories; kInvalidTopicName, also for an internal
  // topic, which a coordinator makes, for `__cluster_metadata`, and for a name
  // that differs from another topic's in '.' and '_' alone; kInvalidPartitions,
  // kInvalidConfig (naming every bad entry), kDiskFull, kReadOnly.
  absl::StatusOr<TopicDescription> CreateTopic(std::string_view name,
                                               const TopicSpec& spec = {});

  // All topics, by name.
  absl::StatusOr<std::vector<TopicDescription>> ListTopics() const;
  // Reason::kUnknownTopic.
  absl::StatusOr<TopicDescription> DescribeTopic(std::string_view name) const;

  // Applies all changes or none, growing to `partitions` where given among
  // them; durable on return. The first configs of a topic that a broker made
  // wait until each of its partitions is open and where it begins is saved: an
  // error of any leaves the topic as it was. Reason::kUnknownTopic;
  // kInvalidConfig, also where an internal topic would have another
  // cleanup.policy than compact; kInvalidPartitions, kTopicExists, as
  // CreatePartitions; kDiskFull, kReadOnly.
  absl::Status AlterTopic(std::string_view name,
                          const std::vector<ConfigChange>& changes,
                          std::optional<int32_t> partitions = std::nullopt);
  // Grows the topic to `partitions`; it never shrinks. Reason::kUnknownTopic;
  // kInvalidPartitions where it has as many or more, above kTopicPartitionsMax,
  // and for an internal one: what is kept in it would not be found any more;
  // kTopicExists where something stands in the place of a new directory;
  // kDiskFull, kReadOnly.
  absl::Status CreatePartitions(std::string_view name, int32_t partitions);
  // The name is free at once, and what it held is gone for good.
  // Reason::kUnknownTopic; kCorruptFile, with nothing deleted, where the
  // directory of one of its partitions is another topic's; kInvalidTopicName
  // for an internal one, without which its coordinator would be lost;
  // kReadOnly.
  absl::Status DeleteTopic(std::string_view name);

  // Reason::kUnknownTopic, kUnknownPartition; NotFound where its directory is
  // missing; kCorruptFile where `partition.metadata` in it has the id of
  // another topic; kDiskFull where a broker has made the topic again and there
  // is no room to take in the new one; errors of its recovery.
  absl::StatusOr<Partition> OpenPartition(std::string_view topic,
                                          PartitionId partition) const;

  // Does what is due: compaction, retention (while the time of day has moved by
  // more than a day against the time that passed since Open, by age only what
  // is too old by both), saving recovery points, removing deleted files,
  // closing idle ones; and of groups and transactions what time brings: members
  // that are silent are left out, transactions whose time is up are aborted,
  // and committed offsets and transactional ids that nobody has used for long
  // expire. Stops between two partitions, or within a pass of compaction, once
  // `time_max` has passed and goes on there at the next call.
  // Call it now and then when there is no executor. Returns the first error,
  // having tried the rest. Reason::kReadOnly where the engine was opened for
  // reading only: there is no upkeep then, with an executor neither. What it
  // has opened of a partition stays in memory until it is closed, whether
  // somebody has a handle of it or not; open_files_max holds all the same.
  absl::Status RunUpkeep(absl::Duration time_max = absl::InfiniteDuration());

  // What compaction has done since the engine was opened, and what it is at.
  CompactionStatus compaction() const;

  // Makes everything durable, marks the directory as cleanly closed and lets
  // go of it. Returns what failed. A partition that Open could not recover, and
  // told of, stays as it was found: that fails no close, but the directory gets
  // no mark then, and the next Open tries again. Idempotent; handles answer
  // kClosed after.
  absl::Status Close();

 private:
  explicit Engine(std::shared_ptr<EngineCore> core);

  friend class EngineCore;
  std::shared_ptr<EngineCore> core_;
};

}  // namespace cauce
