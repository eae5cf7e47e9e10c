#include "cauce/option_keys.h"

#include <utility>

#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/producer.h"
#include "cauce/read.h"
#include "engine/client/option_row.h"

namespace cauce {
namespace {

// The topics of groups and transactions, and what bounds both.
void AppendCoordination(const EngineOptions& o, std::vector<OptionKey>& keys) {
  std::vector<OptionKey> more = {
      Key("offsets_topic_partitions", "offsets.topic.num.partitions",
          o.offsets_topic_partitions, "1 to 100000",
          "Partitions of the topic of groups, which is made when it is first "
          "used"),
      Key("transaction_topic_partitions",
          "transaction.state.log.num.partitions",
          o.transaction_topic_partitions, "1 to 100000",
          "Partitions of the topic of transactions, which is made when it is "
          "first used"),
      Key("offsets_retention", "offsets.retention.minutes",
          o.offsets_retention, "above 0",
          "How long offsets stay once the group has no members, or reads the "
          "topic no more"),
      Key("offsets_retention_check_interval",
          "offsets.retention.check.interval.ms",
          o.offsets_retention_check_interval, "above 0",
          "How often at most offsets that are too old are looked for, by an "
          "executor, RunUpkeep or a Poll"),
      Key("offset_metadata_bytes_max", "offset.metadata.max.bytes",
          o.offset_metadata_bytes_max, "0 to 32767",
          "Bytes that may be noted beside an offset"),
      Key("group_initial_rebalance_delay", "group.initial.rebalance.delay.ms",
          o.group_initial_rebalance_delay, "at least 0",
          "How long a group without members waits for more than the first; 3s "
          "with Kafka, whose members come over the network"),
      Key("group_size_max", "group.max.size", o.group_size_max, "above 0",
          "Members that a group may have"),
      Key("transaction_timeout_max", "transaction.max.timeout.ms",
          o.transaction_timeout_max, "above 0",
          "The longest time-out of a transaction that a producer may ask for"),
      Key("transactional_id_expiration", "transactional.id.expiration.ms",
          o.transactional_id_expiration, "above 0",
          "How long a transactional id is kept that nobody uses")};
  for (OptionKey& each : more) keys.push_back(std::move(each));
}

}  // namespace

std::vector<OptionKey> EngineOptionKeys() {
  const EngineOptions o;
  std::vector<OptionKey> keys = {
      Key("access", "", o.access, "read-write or read-only",
          "read-only takes no lock and writes nothing; another process may be "
          "writing"),
      Key("create_if_missing", "", o.create_if_missing, "true or false",
          "Whether a directory that is missing, or nobody's yet, is taken into "
          "use"),
      Key("file_system", "", o.file_system, "a FileSystem",
          "Where files are; null is the system's"),
      Key("clock", "", o.clock, "a Clock",
          "What tells the time; null is the system's"),
      Key("random", "", o.random, "a Random",
          "Where ids and jitter come from; null is the system's"),
      Key("executor", "", o.executor, "an Executor",
          "What runs in the background; null is nothing"),
      Key("events", "", o.events, "a function",
          "Gets the log lines; null drops them"),
      Key("open_files_max", "", o.open_files_max, "at least 8",
          "Files kept open at most, and never more than three quarters of what "
          "the process may have"),
      Key("tail_bytes_max", "", o.tail_bytes_max, "at least 0",
          "Bytes of memory for the newest records of all partitions that are "
          "read at their end"),
      Key("free_bytes_min", "", o.free_bytes_min, "at least 0",
          "Bytes that appends leave free on the disk; 0 for off"),
      Key("checkpoint_interval",
          "log.flush.offset.checkpoint.interval.ms", o.checkpoint_interval,
          "above 0",
          "With an executor, how often recovery points are saved at least"),
      Key("retention_check_interval", "log.retention.check.interval.ms",
          o.retention_check_interval, "above 0",
          "With an executor, how often retention looks for what is too old"),
      Key("producer_expiration", "producer.id.expiration.ms",
          o.producer_expiration, "above 0",
          "How long after its last batch a producer is forgotten, unless its "
          "transaction is open"),
      Key("compaction_check_interval", "log.cleaner.backoff.ms",
          o.compaction_check_interval, "above 0",
          "With an executor, how often compaction looks for what to do"),
      Key("compaction_memory_max", "log.cleaner.dedupe.buffer.size",
          o.compaction_memory_max, "at least 65536",
          "Bytes of memory for keys while compaction runs; more keys take "
          "more passes"),
      Key("compaction_bytes_per_second_max",
          "log.cleaner.io.max.bytes.per.second",
          o.compaction_bytes_per_second_max, "at least 0",
          "Bytes that compaction reads and writes in a second at most; 0 for "
          "no limit")};
  AppendCoordination(o, keys);
  return keys;
}

std::vector<OptionKey> ClientOptionKeys() {
  const ClientOptions o;
  return {{"engine", "", "options", "", "as of the engine",
           "The options of the engine behind it"},
          Key("threads", "", o.threads, "0 to 1024",
              "Threads for what runs in the background; with 0 all is done in "
              "its callers' calls")};
}

std::vector<OptionKey> ProducerOptionKeys() {
  const ProducerOptions o;
  return {
      Key("acks", "acks", o.acks, "all, 1 or 0",
          "When a record counts as sent: once it is durable as cauce.flush "
          "says, once it is written, or at once"),
      Key("idempotence", "enable.idempotence", o.idempotence,
          "true or false; true asks for acks=all",
          "Whether a batch that is tried again is stored once at most; where "
          "it is not set, with acks=all"),
      Key("compression", "compression.type", o.compression,
          "none, gzip, snappy, lz4 or zstd", "Codec of the batches"),
      Key("compression_level",
          "compression.gzip.level, .lz4.level, .zstd.level",
          o.compression_level, "as the codec takes them",
          "Level of that codec; where it is not set, the codec's own"),
      Key("keyless", "", o.keyless, "sticky or round-robin",
          "Where records without a key and a partition go: to one partition "
          "until a batch is full, or to each in turn"),
      Key("batch_bytes", "batch.size", o.batch_bytes,
          "1 to 1073741824",
          "Bytes of records with which a batch is full; at most 67108864 with "
          "a codec"),
      Key("linger", "linger.ms", o.linger, "at least 0",
          "How long a batch that is not full waits for more"),
      Key("buffer_bytes_max", "buffer.memory", o.buffer_bytes_max,
          "at least batch_bytes",
          "Bytes of records that may be on their way; whoever sends more "
          "waits"),
      Key("block_max", "max.block.ms", o.block_max, "at least 0",
          "How long a Send waits for room, and a transaction's calls for its "
          "coordinator"),
      Key("record_bytes_max", "max.request.size", o.record_bytes_max,
          "1 to 1073741824",
          "The largest record, as it is stored in a batch of its own; at most "
          "67108864 with a codec"),
      Key("delivery_timeout", "delivery.timeout.ms", o.delivery_timeout,
          "at least 0",
          "For how long a batch that cannot be stored is tried again"),
      Key("retry_backoff", "retry.backoff.ms", o.retry_backoff, "at least 0",
          "How long to wait before the first of these tries"),
      Key("retry_backoff_max", "retry.backoff.max.ms", o.retry_backoff_max,
          "at least 0", "How long to wait before a later one at most"),
      Key("metadata_age_max", "metadata.max.age.ms", o.metadata_age_max,
          "at least 0",
          "How long ago it may be that a topic was asked for its partitions"),
      Key("transactional_id", "transactional.id", o.transactional_id,
          "32767 bytes at most; asks for idempotence",
          "The name under which it has transactions, over all its lives; "
          "empty for none"),
      Key("transaction_timeout", "transaction.timeout.ms",
          o.transaction_timeout, "above 0",
          "A transaction that is open for so long is aborted; at most the "
          "engine's transaction_timeout_max")};
}

std::vector<OptionKey> ConsumerOptionKeys() {
  const ConsumerOptions o;
  return {
      Key("group", "group.id", o.group, "32767 bytes at most",
          "The group that it belongs to where it subscribes, and commits for; "
          "empty for none"),
      Key("instance", "group.instance.id", o.instance,
          "1 to 32767 bytes, with a group",
          "What keeps its place in the group while it starts anew"),
      Key("assignments", "partition.assignment.strategy", o.assignments,
          "of range, roundrobin, sticky and cooperative-sticky, one at least",
          "How partitions are divided among the members, the preferred way "
          "first"),
      Key("auto_commit", "enable.auto.commit", o.auto_commit,
          "true or false",
          "Whether it commits by itself what the last Poll returned"),
      Key("auto_commit_interval", "auto.commit.interval.ms",
          o.auto_commit_interval, "at least 0",
          "After how long a Poll does so"),
      Key("poll_interval_max", "max.poll.interval.ms", o.poll_interval_max,
          "above 0",
          "Who does not Poll for so long counts as gone, and others get its "
          "partitions"),
      Key("metadata_age_max", "metadata.max.age.ms", o.metadata_age_max,
          "above 0",
          "How often it is looked for topics and partitions that are new"),
      Key("call_timeout", "default.api.timeout.ms", o.call_timeout, "above 0",
          "How long a call may take that waits for the group's coordinator"),
      Key("reset", "auto.offset.reset", o.reset, "earliest, latest or none",
          "Where it begins in a partition without a position, or with one "
          "that the log has no more"),
      Key("isolation", "isolation.level", o.isolation,
          "read_uncommitted or read_committed",
          "read_committed reads nothing of transactions that were aborted or "
          "have not ended"),
      Key("poll_records_max", "max.poll.records", o.poll_records_max,
          "above 0", "Records that one Poll returns at most"),
      Key("fetch_bytes", "max.partition.fetch.bytes", o.fetch_bytes,
          "a size; 4096 to 16777216 count",
          "Bytes that are read of a partition at a time; a larger batch is "
          "read whole; 1 MiB with Kafka"),
      Key("wants_event_descriptor", "", o.wants_event_descriptor,
          "true or false",
          "Whether it has a descriptor to wait on beside others")};
}

std::vector<OptionKey> CursorOptionKeys() {
  const CursorOptions o;
  return {
      Key("up_to", "", o.up_to, "high-watermark or log-end",
          "How far it reads: what consumers see, or all that is written"),
      Key("isolation", "isolation.level", o.isolation,
          "read_uncommitted or read_committed",
          "read_committed reads nothing of transactions that were aborted or "
          "have not ended"),
      Key("read_bytes", "", o.read_bytes, "a size; 4096 to 16777216 count",
          "Bytes that are read of the file at a time; a larger batch is read "
          "whole"),
      Key("decompressed_bytes_max", "", o.decompressed_bytes_max, "a size",
          "Bytes that a batch's records may take once decompressed")};
}

}  // namespace cauce
