#include "cauce/topic_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "cauce/errors.h"
#include "engine/catalog/nearest_name.h"
#include "engine/catalog/quoted.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce {
namespace {

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kLongMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kLongMax = std::numeric_limits<int64_t>::max();

// Puts the value that `text` holds into `config` and returns it as it is
// written; nothing when the key does not take it.
using Read = std::optional<std::string> (*)(std::string_view text,
                                            TopicConfig& config);

// The whole numbers that a key takes.
struct Bounds {
  int64_t least;
  int64_t most;
};

// How a key is read, and what it takes where that is a whole number.
struct Reader {
  Read read = nullptr;
  std::optional<Bounds> bounds = std::nullopt;
};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// As Kafka reads it: a sign may stand before it, zeros too.
std::optional<int64_t> ParseLong(std::string_view text, int64_t min,
                                 int64_t max) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

std::optional<bool> ParseBool(std::string_view text) {
  const auto is = [text](std::string_view word) {
    return std::ranges::equal(text, word, {}, [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  };
  if (is("true")) return true;
  if (is("false")) return false;
  return std::nullopt;
}

std::string BoolText(bool value) { return value ? "true" : "false"; }

// The words of a list: separated by commas, spaces around them left out.
std::vector<std::string_view> ParseList(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    words.push_back(Trimmed(text.substr(0, end)));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
    if (text.empty()) words.emplace_back();
  }
  return words;
}

// What is stored in a field of one of these types.
void Store(int64_t value, int32_t& field) {
  field = static_cast<int32_t>(value);
}
void Store(int64_t value, int64_t& field) { field = value; }
void Store(int64_t value, absl::Duration& field) {
  field = absl::Milliseconds(value);
}

template <auto kField, int64_t kMin, int64_t kMax = kLongMax>
std::optional<std::string> ReadNumber(std::string_view text,
                                      TopicConfig& config) {
  const auto value = ParseLong(text, kMin, kMax);
  if (!value) return std::nullopt;
  Store(*value, config.*kField);
  return std::to_string(*value);
}

template <auto kField, int64_t kMin, int64_t kMax = kLongMax>
constexpr Reader kNumber{ReadNumber<kField, kMin, kMax>, Bounds{kMin, kMax}};

// `kNone`, and every number below zero that is allowed, stand for no limit.
template <auto kField, int64_t kMin, int64_t kNone>
std::optional<std::string> ReadLimit(std::string_view text,
                                     TopicConfig& config) {
  const auto value = ParseLong(text, kMin, kLongMax);
  if (!value) return std::nullopt;
  auto& field = config.*kField;
  if (*value == kNone || *value < 0) {
    field.reset();
  } else {
    Store(*value, field.emplace());
  }
  return std::to_string(*value);
}

template <auto kField, int64_t kMin, int64_t kNone>
constexpr Reader kLimit{ReadLimit<kField, kMin, kNone>, Bounds{kMin, kLongMax}};

template <auto kField>
std::optional<std::string> ReadBool(std::string_view text,
                                    TopicConfig& config) {
  const auto value = ParseBool(text);
  if (!value) return std::nullopt;
  config.*kField = *value;
  return BoolText(*value);
}

std::optional<std::string> ReadCleanup(std::string_view text,
                                       TopicConfig& config) {
  const std::vector<std::string_view> words = ParseList(text);
  CleanupPolicy policy{.remove = false, .compact = false};
  for (const std::string_view word : words) {
    bool* const named = word == "delete"    ? &policy.remove
                        : word == "compact" ? &policy.compact
                                            : nullptr;
    if (named == nullptr || *named) return std::nullopt;  // unknown, or twice
    *named = true;
  }
  config.cleanup = policy;
  return fmt::format("{}", fmt::join(words, ","));
}

std::optional<std::string> ReadCompression(std::string_view text,
                                           TopicConfig& config) {
  if (text == "producer") {
    config.compression.reset();
    return std::string(text);
  }
  // Kafka's word for none is another one here.
  const auto codec = text == "uncompressed" ? Codec::kNone : ParseCodec(text);
  if (!codec || text == CodecName(Codec::kNone)) return std::nullopt;
  config.compression = codec;
  return std::string(text);
}

std::optional<std::string> ReadGzipLevel(std::string_view text,
                                         TopicConfig& config) {
  const auto level = ParseLong(text, -1, 9);
  if (!level || *level == 0) return std::nullopt;
  config.gzip_level = static_cast<int>(*level);
  return std::to_string(*level);
}

std::optional<std::string> ReadTimestampType(std::string_view text,
                                             TopicConfig& config) {
  if (text == "CreateTime") {
    config.timestamp_type = TimestampType::kCreateTime;
  } else if (text == "LogAppendTime") {
    config.timestamp_type = TimestampType::kLogAppendTime;
  } else {
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::string> ReadFlush(std::string_view text,
                                     TopicConfig& config) {
  if (text == "group") {
    config.flush = FlushPolicy::kGroup;
  } else if (text == "os") {
    config.flush = FlushPolicy::kOs;
  } else {
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::string> ReadDirtyRatio(std::string_view text,
                                          TopicConfig& config) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  if (!(value >= 0 && value <= 1)) return std::nullopt;  // nor not a number
  config.min_cleanable_dirty_ratio = std::fabs(value);   // no minus zero
  return fmt::format("{:#}", config.min_cleanable_dirty_ratio);
}

// Keys that a single log has no use for: checked and kept.

template <int64_t kMin>
std::optional<std::string> KeepNumber(std::string_view text, TopicConfig&) {
  const auto value = ParseLong(text, kMin, kLongMax);
  if (!value) return std::nullopt;
  return std::to_string(*value);
}

template <int64_t kMin>
constexpr Reader kKeptNumber{KeepNumber<kMin>, Bounds{kMin, kLongMax}};

std::optional<std::string> KeepBool(std::string_view text, TopicConfig&) {
  const auto value = ParseBool(text);
  if (!value) return std::nullopt;
  return BoolText(*value);
}

std::optional<std::string> OnlyFalse(std::string_view text, TopicConfig&) {
  const auto value = ParseBool(text);
  if (!value || *value) return std::nullopt;
  return BoolText(false);
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> KeepReplicas(std::string_view text, TopicConfig&) {
  const std::vector<std::string_view> words = ParseList(text);
  const auto is_pair = [](std::string_view word) {
    const size_t colon = word.find(':');
    return colon != std::string_view::npos && IsDigits(word.substr(0, colon)) &&
           IsDigits(word.substr(colon + 1));
  };
  const bool all = words.size() == 1 && words.front() == "*";
  if (!all && !std::ranges::all_of(words, is_pair)) return std::nullopt;
  return fmt::format("{}", fmt::join(words, ","));
}

std::optional<std::string> KeepStore(std::string_view text, TopicConfig&) {
  constexpr std::string_view kKinds[] = {"none", "key-value", "timestamped",
                                         "window", "session"};
  if (std::ranges::find(kKinds, text) == std::end(kKinds)) return std::nullopt;
  return std::string(text);
}

// What a key takes is told in words only where it is no whole number.
struct Key {
  TopicConfigKey shown;
  Reader reader;
};

using enum ConfigType;
using C = TopicConfig;

constexpr std::string_view kLongMaxText = "9223372036854775807";
constexpr std::string_view kReplicas = "*, or a list of PARTITION:BROKER";

// By name. What the fields' own defaults say, the default texts say too; a
// test holds them together.
constexpr Key kKeys[] = {
    {{"cauce.flush", "group", kString, "group or os",
      "group: an acknowledged append has been synced, by one sync shared among "
      "all who wait, and readers see what is durable. os: it has been written, "
      "readers see it at once, and flush.messages and flush.ms hold"},
     {ReadFlush}},
    {{"cauce.store", "none", kString,
      "none, key-value, timestamped, window or session",
      "The kind of the state store whose changelog this is; set where a store "
      "makes its topic, and read by who rebuilds it"},
     {KeepStore}},
    {{"cleanup.policy", "delete", kList,
      "a list of delete and compact, or empty",
      "What happens to old data: deleted by age and size, compacted to the "
      "last record of each key, both, or neither; compact asks every record "
      "for a key"},
     {ReadCleanup}},
    {{"compression.gzip.level", "-1", kInt, "1 to 9, or -1",
      "Level where compression.type is gzip; -1 is the codec's own default"},
     {ReadGzipLevel}},
    {{"compression.lz4.level", "9", kInt, "",
      "Level where compression.type is lz4"},
     kNumber<&C::lz4_level, 1, 17>},
    {{"compression.type", "producer", kString,
      "producer, uncompressed, gzip, snappy, lz4 or zstd",
      "Codec that batches are stored with; producer keeps each as it came"},
     {ReadCompression}},
    {{"compression.zstd.level", "3", kInt, "",
      "Level where compression.type is zstd"},
     kNumber<&C::zstd_level, -131072, 22>},
    {{"delete.retention.ms", "86400000", kLong, "",
      "How long tombstones stay after compaction first met them"},
     kNumber<&C::delete_retention, 0>},
    {{"errors.deadletterqueue.group.enable", "false", kBoolean, "true or false",
      "Whether the topic may take the dead letters of share groups; kept, "
      "without effect here"},
     {KeepBool}},
    {{"file.delete.delay.ms", "60000", kLong, "",
      "How long a deleted segment's file stays for readers that are in it"},
     kNumber<&C::file_delete_delay, 0>},
    {{"flush.messages", kLongMaxText, kLong, "",
      "With cauce.flush=os, sync after so many records"},
     kLimit<&C::flush_messages, 1, kLongMax>},
    {{"flush.ms", kLongMaxText, kLong, "",
      "With cauce.flush=os, sync at least this often"},
     kLimit<&C::flush_interval, 0, kLongMax>},
    {{"follower.replication.throttled.replicas", "", kList, kReplicas,
      "Replicas whose fetching the replication quota binds; kept, without "
      "effect here"},
     {KeepReplicas}},
    {{"index.interval.bytes", "4096", kInt, "",
      "Bytes of the log between two entries of its indexes"},
     kNumber<&C::index_interval_bytes, 0, kIntMax>},
    {{"leader.replication.throttled.replicas", "", kList, kReplicas,
      "Replicas whose serving the replication quota binds; kept, without "
      "effect here"},
     {KeepReplicas}},
    {{"local.retention.bytes", "-2", kLong, "",
      "Bytes that stay local when older ones are tiered; kept, without effect "
      "here"},
     kKeptNumber<-2>},
    {{"local.retention.ms", "-2", kLong, "",
      "Age up to which segments stay local when tiered; kept, without effect "
      "here"},
     kKeptNumber<-2>},
    {{"max.compaction.lag.ms", kLongMaxText, kLong, "",
      "Age by which a record is to be compacted, however little is dirty, and "
      "by which a segment rolls"},
     kLimit<&C::max_compaction_lag, 1, kLongMax>},
    {{"max.message.bytes", "1048588", kInt, "",
      "The largest batch that is taken, as it is stored"},
     kNumber<&C::max_message_bytes, 0, kIntMax>},
    {{"message.timestamp.after.max.ms", "3600000", kLong, "",
      "How far a record's own time may lie ahead of the log's clock"},
     kNumber<&C::timestamp_after_max, 0>},
    {{"message.timestamp.before.max.ms", kLongMaxText, kLong, "",
      "How far a record's own time may lie behind the log's clock"},
     kLimit<&C::timestamp_before_max, 0, kLongMax>},
    {{"message.timestamp.type", "CreateTime", kString,
      "CreateTime or LogAppendTime",
      "Whether a record's time is its producer's or the log's"},
     {ReadTimestampType}},
    {{"min.cleanable.dirty.ratio", "0.5", kDouble, "0 to 1",
      "Share of bytes that no pass has gone over from which on a log is "
      "compacted"},
     {ReadDirtyRatio}},
    {{"min.compaction.lag.ms", "0", kLong, "",
      "Age below which a record is not compacted"},
     kNumber<&C::min_compaction_lag, 0>},
    {{"min.insync.replicas", "1", kInt, "",
      "Replicas in sync that acks=all and the high watermark ask for; kept, "
      "without effect here"},
     kNumber<&C::min_insync_replicas, 1, kIntMax>},
    {{"preallocate", "false", kBoolean, "true or false",
      "Whether a segment's file takes its whole room when it is made; kept, "
      "without effect here"},
     {ReadBool<&C::preallocate>}},
    {{"remote.log.copy.disable", "false", kBoolean, "true or false",
      "Whether tiering stops uploading; kept, without effect here"},
     {KeepBool}},
    {{"remote.log.delete.on.disable", "false", kBoolean, "true or false",
      "Whether switching tiering off removes what was uploaded; kept, without "
      "effect here"},
     {KeepBool}},
    {{"remote.storage.enable", "false", kBoolean,
      "false: tiered storage is not supported",
      "Whether old segments move to remote storage"},
     {OnlyFalse}},
    {{"retention.bytes", "-1", kLong, "",
      "Bytes that a partition keeps at least, below zero for no limit"},
     kLimit<&C::retention_bytes, kLongMin, -1>},
    {{"retention.ms", "604800000", kLong, "",
      "Age at which a segment goes, -1 for never"},
     kLimit<&C::retention_age, -1, -1>},
    {{"segment.bytes", "1073741824", kInt, "", "Size at which a segment rolls"},
     kNumber<&C::segment_bytes, 1 << 20, kIntMax>},
    {{"segment.index.bytes", "10485760", kInt, "",
      "The most that each index of a segment may grow to"},
     kNumber<&C::segment_index_bytes, 4, kIntMax>},
    {{"segment.jitter.ms", "0", kLong, "",
      "The most that is taken off segment.ms, by chance"},
     kNumber<&C::segment_jitter, 0>},
    {{"segment.ms", "604800000", kLong, "", "Age at which a segment rolls"},
     kNumber<&C::segment_age_max, 1>},
    {{"unclean.leader.election.enable", "false", kBoolean, "true or false",
      "Whether a replica that is not in sync may become leader; kept, without "
      "effect here"},
     {ReadBool<&C::unclean_leader_election_enable>}},
};

// Behind segment.bytes, so that it goes before it.
constexpr Key kSmallSegments = {
    {"internal.segment.bytes", "", kInt, "",
     "segment.bytes without its minimum, for tests and tools"},
    kNumber<&C::segment_bytes, 1, kIntMax>};

constexpr bool KeysAreByName() {
  for (size_t i = 1; i < std::size(kKeys); ++i) {
    if (kKeys[i - 1].shown.name >= kKeys[i].shown.name) return false;
  }
  return true;
}
static_assert(KeysAreByName());

bool NamesBothEnds(const Bounds& bounds) { return bounds.most < kIntMax; }

std::string InWords(const Bounds& bounds) {
  if (bounds.least == kLongMin) return "a whole number";
  return NamesBothEnds(bounds)
             ? fmt::format("{} to {}", bounds.least, bounds.most)
             : fmt::format("at least {}", bounds.least);
}

// The same where the end that InWords leaves out was passed.
std::string InWordsToTheEnd(const Bounds& bounds) {
  if (NamesBothEnds(bounds)) return InWords(bounds);
  return bounds.least == kLongMin
             ? fmt::format("{} from {} to {}", InWords(bounds), bounds.least,
                           bounds.most)
             : fmt::format("{} and at most {}", InWords(bounds), bounds.most);
}

// The keys as they are shown.
class ShownKeys {
 public:
  ShownKeys() {
    for (size_t i = 0; i < keys_.size(); ++i) {
      keys_[i] = kKeys[i].shown;
      if (!kKeys[i].reader.bounds) continue;
      words_[i] = InWords(*kKeys[i].reader.bounds);
      keys_[i].valid = words_[i];
    }
  }

  std::span<const TopicConfigKey> keys() const { return keys_; }

 private:
  std::array<std::string, std::size(kKeys)> words_;
  std::array<TopicConfigKey, std::size(kKeys)> keys_;
};

const Key* FindKey(std::string_view name) {
  if (name == kSmallSegments.shown.name) return &kSmallSegments;
  const auto* const found = std::ranges::lower_bound(
      kKeys, name, {}, [](const Key& key) { return key.shown.name; });
  const bool known = found != std::end(kKeys) && found->shown.name == name;
  return known ? found : nullptr;
}

// What `key` takes, in words; to a whole number that is too large, up to where.
std::string Taken(const Key& key, std::string_view text) {
  if (!key.reader.bounds) return std::string(key.shown.valid);
  const Bounds& bounds = *key.reader.bounds;
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool too_large = IsDigits(text) && !ParseLong(text, 0, bounds.most);
  return too_large ? InWordsToTheEnd(bounds) : InWords(bounds);
}

// One pass over `overrides`: what they come to, and what is wrong.
struct Reading {
  TopicConfig config;
  TopicConfigOverrides normal;
  std::vector<std::string> problems;

  void Take(const Key& key, const TopicConfigOverrides& overrides) {
    const std::string name(key.shown.name);
    const auto found = overrides.find(name);
    if (found == overrides.end()) return;
    auto text = key.reader.read(Trimmed(found->second), config);
    if (text) {
      normal.emplace(name, *std::move(text));
    } else {
      problems.push_back(fmt::format("{} is {}, must be {}", name,
                                     Quoted(found->second),
                                     Taken(key, Trimmed(found->second))));
    }
  }
};

std::string UnknownKey(std::string_view name) {
  std::vector<std::string_view> names;
  for (const TopicConfigKey& key : TopicConfigKeys()) names.push_back(key.name);
  const std::string_view nearest = NearestName(name, names);
  const std::string advice =
      nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest);
  return fmt::format("{} is no topic config{}", Quoted(name), advice);
}

Reading ReadAll(const TopicConfigOverrides& overrides) {
  Reading reading;
  for (const Key& key : kKeys) reading.Take(key, overrides);
  reading.Take(kSmallSegments, overrides);
  for (const auto& [name, value] : overrides) {
    if (FindKey(name) == nullptr) reading.problems.push_back(UnknownKey(name));
  }
  const TopicConfig& config = reading.config;
  if (config.max_compaction_lag &&
      config.min_compaction_lag > *config.max_compaction_lag) {
    reading.problems.push_back(fmt::format(
        "min.compaction.lag.ms is {}, must be at most max.compaction.lag.ms, "
        "which is {}",
        absl::ToInt64Milliseconds(config.min_compaction_lag),
        absl::ToInt64Milliseconds(*config.max_compaction_lag)));
  }
  return reading;
}

absl::Status StatusOf(const Reading& reading) {
  if (reading.problems.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidConfig,
                   fmt::format("{}", fmt::join(reading.problems, "; ")));
}

}  // namespace

std::optional<int> TopicConfig::compression_level() const {
  if (compression == Codec::kGzip) return gzip_level;
  if (compression == Codec::kLz4) return lz4_level;
  if (compression == Codec::kZstd) return zstd_level;
  return std::nullopt;
}

std::string_view ConfigTypeName(ConfigType type) {
  switch (type) {
    case kBoolean:
      return "boolean";
    case kString:
      return "string";
    case kInt:
      return "int";
    case kLong:
      return "long";
    case kDouble:
      return "double";
    case kList:
      return "list";
  }
  return "unknown";
}

std::span<const TopicConfigKey> TopicConfigKeys() {
  // Never destroyed: what it hands out lives for ever.
  static const ShownKeys* const shown = new ShownKeys;
  return shown->keys();
}

absl::StatusOr<TopicConfig> ParseTopicConfig(
    const TopicConfigOverrides& overrides) {
  const Reading reading = ReadAll(overrides);
  if (absl::Status status = StatusOf(reading); !status.ok()) return status;
  return reading.config;
}

absl::StatusOr<TopicConfigOverrides> NormalizeTopicConfig(
    const TopicConfigOverrides& overrides) {
  Reading reading = ReadAll(overrides);
  if (absl::Status status = StatusOf(reading); !status.ok()) return status;
  return std::move(reading.normal);
}

std::vector<TopicConfigEntry> DescribeTopicConfig(
    const TopicConfigOverrides& overrides) {
  std::map<std::string, TopicConfigEntry> entries;
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    entries[std::string(key.name)] = {std::string(key.name),
                                      std::string(key.default_text), true,
                                      key.type, key.doc};
  }
  for (const auto& [name, value] : overrides) {
    TopicConfigEntry& entry = entries[name];
    entry.name = name;
    entry.value = value;
    entry.is_default = false;
    if (const Key* key = FindKey(name)) {
      TopicConfig ignored;
      entry.value = key->reader.read(Trimmed(value), ignored).value_or(value);
      entry.type = key->shown.type;
      entry.doc = key->shown.doc;
    }
  }
  std::vector<TopicConfigEntry> sorted;
  for (auto& [name, entry] : entries) sorted.push_back(std::move(entry));
  return sorted;
}

}  // namespace cauce
