// The tables of options against the structs and their checks: every field has
// its row, in order, with the default that it has, and takes what the row says.
#include "cauce/option_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "cauce/client.h"
#include "cauce/engine.h"
#include "cauce/read.h"
#include "tests/engine/client/option_rows.h"

namespace cauce {

// Calls `visit` with each field and its name. A field that is added does not
// compile until it is named here, and has no row until it has one.
template <typename Visit>
void ForEachField(EngineOptions& options, const Visit& visit) {
  auto& [access, create, files, clock, random, executor, events, open_files,
         tail, free, checkpoint, retention, producers, compaction,
         compaction_memory, compaction_rate, offsets_partitions,
         transaction_partitions, offsets_retention, offsets_check, metadata,
         rebalance_delay, group_size, transaction_timeout, id_expiration] =
      options;
  visit("access", access);
  visit("create_if_missing", create);
  visit("file_system", files);
  visit("clock", clock);
  visit("random", random);
  visit("executor", executor);
  visit("events", events);
  visit("open_files_max", open_files);
  visit("tail_bytes_max", tail);
  visit("free_bytes_min", free);
  visit("checkpoint_interval", checkpoint);
  visit("retention_check_interval", retention);
  visit("producer_expiration", producers);
  visit("compaction_check_interval", compaction);
  visit("compaction_memory_max", compaction_memory);
  visit("compaction_bytes_per_second_max", compaction_rate);
  visit("offsets_topic_partitions", offsets_partitions);
  visit("transaction_topic_partitions", transaction_partitions);
  visit("offsets_retention", offsets_retention);
  visit("offsets_retention_check_interval", offsets_check);
  visit("offset_metadata_bytes_max", metadata);
  visit("group_initial_rebalance_delay", rebalance_delay);
  visit("group_size_max", group_size);
  visit("transaction_timeout_max", transaction_timeout);
  visit("transactional_id_expiration", id_expiration);
}

template <typename Visit>
void ForEachField(ClientOptions& options, const Visit& visit) {
  auto& [engine, threads] = options;
  visit("engine", engine);
  visit("threads", threads);
}

template <typename Visit>
void ForEachField(ProducerOptions& options, const Visit& visit) {
  auto& [acks, idempotence, compression, level, keyless, batch, linger, buffer,
         block, record, delivery, backoff, backoff_max, metadata, id,
         timeout] = options;
  visit("acks", acks);
  visit("idempotence", idempotence);
  visit("compression", compression);
  visit("compression_level", level);
  visit("keyless", keyless);
  visit("batch_bytes", batch);
  visit("linger", linger);
  visit("buffer_bytes_max", buffer);
  visit("block_max", block);
  visit("record_bytes_max", record);
  visit("delivery_timeout", delivery);
  visit("retry_backoff", backoff);
  visit("retry_backoff_max", backoff_max);
  visit("metadata_age_max", metadata);
  visit("transactional_id", id);
  visit("transaction_timeout", timeout);
}

template <typename Visit>
void ForEachField(ConsumerOptions& options, const Visit& visit) {
  auto& [group, instance, assignments, auto_commit, commit_interval,
         poll_interval, metadata, call, reset, isolation, records, bytes,
         descriptor] = options;
  visit("group", group);
  visit("instance", instance);
  visit("assignments", assignments);
  visit("auto_commit", auto_commit);
  visit("auto_commit_interval", commit_interval);
  visit("poll_interval_max", poll_interval);
  visit("metadata_age_max", metadata);
  visit("call_timeout", call);
  visit("reset", reset);
  visit("isolation", isolation);
  visit("poll_records_max", records);
  visit("fetch_bytes", bytes);
  visit("wants_event_descriptor", descriptor);
}

// So that no other field's bound is met first.
template <>
ProducerOptions test::WithRoom<ProducerOptions>() {
  ProducerOptions options;
  options.buffer_bytes_max = int64_t{1} << 40;
  return options;
}

template <typename Visit>
void ForEachField(CursorOptions& options, const Visit& visit) {
  auto& [up_to, isolation, read_bytes, decompressed] = options;
  visit("up_to", up_to);
  visit("isolation", isolation);
  visit("read_bytes", read_bytes);
  visit("decompressed_bytes_max", decompressed);
}

namespace {

using test::ExpectRows;
using test::ExpectRowsAndRanges;

TEST(OptionKeys, AreTrueToTheEngines) {
  ExpectRowsAndRanges<EngineOptions>(EngineOptionKeys());
}
TEST(OptionKeys, AreTrueToClients) {
  ExpectRowsAndRanges<ClientOptions>(ClientOptionKeys());
}
TEST(OptionKeys, AreTrueToProducers) {
  ExpectRowsAndRanges<ProducerOptions>(ProducerOptionKeys());
}
TEST(OptionKeys, AreTrueToConsumers) {
  ExpectRowsAndRanges<ConsumerOptions>(ConsumerOptionKeys());
}

TEST(OptionKeys, AreTrueToCursors) {
  ExpectRows<CursorOptions>(CursorOptionKeys());
}

TEST(OptionKeys, WriteChoicesAsKafkaDoes) {
  const auto text = [](const std::vector<OptionKey>& keys,
                       std::string_view name) -> std::string {
    for (const OptionKey& key : keys) {
      if (key.kafka_name == name) return key.default_text;
    }
    return "missing";
  };
  EXPECT_EQ(text(ProducerOptionKeys(), "acks"), "all");
  EXPECT_EQ(text(ProducerOptionKeys(), "compression.type"), "none");
  EXPECT_EQ(text(ConsumerOptionKeys(), "auto.offset.reset"), "latest");
  EXPECT_EQ(text(ConsumerOptionKeys(), "isolation.level"), "read_uncommitted");
  EXPECT_EQ(text(ConsumerOptionKeys(), "partition.assignment.strategy"),
            "range,cooperative-sticky");
}

}  // namespace
}  // namespace cauce
