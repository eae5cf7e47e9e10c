// The configs of a topic: Kafka's names, defaults and ranges, as values with
// types.
//
// One table (engine/catalog/topic_config.cc) holds each key's name, default,
// range and meaning, and reads it; parsing, description and help all come from
// it. Configs are kept as what was set (`overrides`, by Kafka's names), never
// as what it came to, so that a default that changes later takes effect.
// Plain values and pure functions: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/types.h"

namespace cauce {

// What happens to old data; with neither it is kept for ever.
struct CleanupPolicy {
  bool remove = true;    // "delete": by age and size
  bool compact = false;  // "compact": the last record of each key stays
  friend bool operator==(CleanupPolicy, CleanupPolicy) = default;
};

// When an append is durable, and what readers see; see cauce/partition.h.
enum class FlushPolicy {
  kGroup,  // acknowledged means synced, by a sync shared among all who wait
  kOs,     // acknowledged means written; flush.messages and flush.ms hold
};

// Each field is named by its key in the comment where the two differ in more
// than punctuation. An optional without a value means no limit.
struct TopicConfig {
  CleanupPolicy cleanup;  // cleanup.policy

  // retention.ms, retention.bytes: the age at which a segment goes, and the
  // bytes a partition keeps.
  std::optional<absl::Duration> retention_age = absl::Hours(7 * 24);
  std::optional<int64_t> retention_bytes;

  // segment.bytes, segment.ms, segment.jitter.ms: when a segment rolls.
  int64_t segment_bytes = 1 << 30;
  absl::Duration segment_age_max = absl::Hours(7 * 24);
  absl::Duration segment_jitter;

  int64_t segment_index_bytes = 10 << 20;  // the most an index may grow to
  int64_t index_interval_bytes = 4096;     // between two index entries

  // max.message.bytes: the largest batch, as stored. 1 MiB and a batch's
  // first twelve bytes.
  int64_t max_message_bytes = (1 << 20) + 12;

  // compression.type: absent is "producer", each batch as it came.
  std::optional<Codec> compression;
  int gzip_level = -1;  // zlib's own
  int lz4_level = 9;
  int zstd_level = 3;

  TimestampType timestamp_type = TimestampType::kCreateTime;
  // message.timestamp.before.max.ms, message.timestamp.after.max.ms: how far a
  // record's own time may lie behind and ahead of the log's clock.
  std::optional<absl::Duration> timestamp_before_max;
  absl::Duration timestamp_after_max = absl::Hours(1);

  double min_cleanable_dirty_ratio = 0.5;
  absl::Duration min_compaction_lag;
  std::optional<absl::Duration> max_compaction_lag;
  absl::Duration delete_retention = absl::Hours(24);  // of tombstones

  absl::Duration file_delete_delay = absl::Minutes(1);

  FlushPolicy flush = FlushPolicy::kGroup;  // cauce.flush
  // flush.messages, flush.ms: with kOs, sync after so many records or so long;
  // without an Executor at the append or upkeep that comes next after that.
  std::optional<int64_t> flush_messages;
  std::optional<absl::Duration> flush_interval;

  // These three are kept, without effect here.
  int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  bool preallocate = false;

  // The level that belongs to `compression`; absent where its codec has none.
  std::optional<int> compression_level() const;

  friend bool operator==(const TopicConfig&, const TopicConfig&) = default;
};

// The types of values, by Kafka's numbers in DescribeConfigs answers.
enum class ConfigType : int8_t {
  kBoolean = 1,
  kString = 2,
  kInt = 3,
  kLong = 5,
  kDouble = 6,
  kList = 7,
};

// "boolean", "string", "int", "long", "double" or "list".
std::string_view ConfigTypeName(ConfigType type);

// A key as help and documentation show it. Lives for ever.
struct TopicConfigKey {
  std::string_view name;
  std::string_view default_text;
  ConfigType type = ConfigType::kString;
  std::string_view valid;  // the values it takes, as in "at least -1"
  std::string_view doc;
};

// One key of a topic, as it is set or by default.
struct TopicConfigEntry {
  std::string name;
  std::string value;
  bool is_default = true;
  ConfigType type = ConfigType::kString;
  std::string_view doc;  // empty for a key that is not in the table
};

using TopicConfigOverrides = std::map<std::string, std::string>;

// Every key, by name. Left out is `internal.segment.bytes`, which lets tests
// and tools have segments below segment.bytes' minimum: it goes before it and
// takes any size from 1 byte on.
std::span<const TopicConfigKey> TopicConfigKeys();

// Defaults with `overrides` in their place. Names every bad entry, with the
// values that it takes, and the likely key for a name that is unknown:
// Reason::kInvalidConfig.
absl::StatusOr<TopicConfig> ParseTopicConfig(
    const TopicConfigOverrides& overrides);

// `overrides` with each value written in its one form, as in "604800000" for
// " +604800000"; the same errors.
absl::StatusOr<TopicConfigOverrides> NormalizeTopicConfig(
    const TopicConfigOverrides& overrides);

// Every key of TopicConfigKeys and every override, by name. Never fails: a bad
// value shows as it is.
std::vector<TopicConfigEntry> DescribeTopicConfig(
    const TopicConfigOverrides& overrides);

}  // namespace cauce
