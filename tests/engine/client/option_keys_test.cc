// The tables of options against the structs and their checks: every field has
// its row, in order, with the default that it has, and takes what the row says.
#include "cauce/option_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"
#include "cauce/client.h"
#include "cauce/engine.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::IsEmpty;
using ::testing::Not;

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

template <typename Field>
constexpr bool kIsNumber =
    std::is_integral_v<Field> && !std::is_same_v<Field, bool>;
template <typename Field>
constexpr bool kIsDuration = std::is_same_v<Field, absl::Duration>;

// The value that a row's default stands for, where that is a plain one.
template <typename Field>
std::optional<Field> Parsed(const std::string& text) {
  if constexpr (kIsNumber<Field>) {
    Field value{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return value;
  } else if constexpr (kIsDuration<Field>) {
    absl::Duration value;
    if (absl::ParseDuration(text, &value)) return value;
  } else if constexpr (std::is_same_v<Field, bool>) {
    if (text == "true" || text == "false") return text == "true";
  } else if constexpr (std::is_same_v<Field, std::string>) {
    return text;
  }
  return std::nullopt;
}

template <typename Field>
constexpr bool kIsPlain = kIsNumber<Field> || kIsDuration<Field> ||
                          std::is_same_v<Field, bool> ||
                          std::is_same_v<Field, std::string>;

// "at least 8", "above 0" or "1 to 100000", as the numbers that are taken.
struct Range {
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
};
std::optional<Range> RangeIn(std::string_view valid) {
  const auto number = [](std::string_view text) {
    return Parsed<int64_t>(std::string(text));
  };
  if (valid.starts_with("at least ")) {
    const auto least = number(valid.substr(9));
    if (least) return Range{.least = *least};
  }
  if (valid == "above 0") return Range{.least = 1};
  const size_t to = valid.find(" to ");
  if (to == valid.npos) return std::nullopt;
  const auto least = number(valid.substr(0, to));
  const auto most = number(valid.substr(to + 4));
  if (!least || !most) return std::nullopt;
  return Range{*least, *most};
}

template <typename Options>
Options WithRoom() {
  return {};
}
// So that no other field's bound is met first.
template <>
ProducerOptions WithRoom<ProducerOptions>() {
  ProducerOptions options;
  options.buffer_bytes_max = int64_t{1} << 40;
  return options;
}

// What Validate says of options of which one field has `value`.
template <typename Options>
absl::Status ValidateWith(std::string_view name, int64_t value) {
  Options options = WithRoom<Options>();
  ForEachField(options, [&](std::string_view field, auto& at) {
    using Field = std::remove_reference_t<decltype(at)>;
    if (field != name) return;
    if constexpr (kIsNumber<Field>) at = static_cast<Field>(value);
    if constexpr (kIsDuration<Field>) at = absl::Milliseconds(value);
  });
  return Validate(options);
}

template <typename Options>
void ExpectRange(const OptionKey& key) {
  const auto range = RangeIn(key.valid);
  if (!range) return;
  EXPECT_THAT(ValidateWith<Options>(key.field, range->least), IsOk());
  EXPECT_THAT(ValidateWith<Options>(key.field, range->least - 1), Not(IsOk()));
  if (range->most == Range().most) return;
  EXPECT_THAT(ValidateWith<Options>(key.field, range->most), IsOk());
  EXPECT_THAT(ValidateWith<Options>(key.field, range->most + 1), Not(IsOk()));
}

template <typename Options>
void ExpectTrue(const std::vector<OptionKey>& keys) {
  Options options;
  size_t next = 0;
  ForEachField(options, [&](std::string_view name, const auto& value) {
    using Field = std::remove_cvref_t<decltype(value)>;
    SCOPED_TRACE(name);
    ASSERT_LT(next, keys.size()) << "it has no row";
    const OptionKey& key = keys[next++];
    ASSERT_EQ(key.field, name);
    EXPECT_THAT(key.doc, Not(IsEmpty()));
    EXPECT_THAT(key.valid, Not(IsEmpty()));
    if constexpr (kIsPlain<Field>) {
      EXPECT_EQ(Parsed<Field>(key.default_text), value);
    }
    if constexpr (kIsNumber<Field> || kIsDuration<Field>) {
      EXPECT_TRUE(RangeIn(key.valid) || key.field == "buffer_bytes_max" ||
                  key.field == "fetch_bytes")
          << key.valid;
      ExpectRange<Options>(key);
    }
  });
  EXPECT_EQ(next, keys.size());
}

TEST(OptionKeys, AreTrueToTheEngines) {
  ExpectTrue<EngineOptions>(EngineOptionKeys());
}
TEST(OptionKeys, AreTrueToClients) {
  ExpectTrue<ClientOptions>(ClientOptionKeys());
}
TEST(OptionKeys, AreTrueToProducers) {
  ExpectTrue<ProducerOptions>(ProducerOptionKeys());
}
TEST(OptionKeys, AreTrueToConsumers) {
  ExpectTrue<ConsumerOptions>(ConsumerOptionKeys());
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
