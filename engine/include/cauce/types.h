// The words every part of Cauce shares, each with a type of its own: an
// offset, an epoch and a partition number are all integers, and mixing them up
// must not compile. Plain values, safe to copy and share.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/time/time.h"

namespace cauce {

// A point in a partition: not a count, not a place in a file.
struct Offset {
  int64_t value = -1;

  friend auto operator<=>(Offset, Offset) = default;
  friend Offset operator+(Offset at, int64_t records) {
    return {at.value + records};
  }
  // How many offsets lie in [base, end).
  friend int64_t operator-(Offset end, Offset base) {
    return end.value - base.value;
  }
};

// Says which leader wrote a batch; grows with every change of leader. Kafka's
// partitionLeaderEpoch; -1 where it is unknown.
struct LeaderEpoch {
  int32_t value = -1;
  friend auto operator<=>(LeaderEpoch, LeaderEpoch) = default;
};

// The number of a partition within its topic, counted from zero.
struct PartitionId {
  int32_t value = 0;
  friend auto operator<=>(PartitionId, PartitionId) = default;
};

// Who wrote a batch, for deduplication and transactions; -1 for nobody.
struct ProducerId {
  int64_t value = -1;
  friend auto operator<=>(ProducerId, ProducerId) = default;
};

// A record's time as Kafka keeps it: milliseconds since 1970 UTC, -1 where it
// has none. A type of its own rather than absl::Time because the read path
// handles one for every record; convert at the edges.
struct Timestamp {
  int64_t ms = -1;

  friend auto operator<=>(Timestamp, Timestamp) = default;
  bool has_value() const { return ms >= 0; }

  static Timestamp From(absl::Time time) { return {absl::ToUnixMillis(time)}; }
  absl::Time ToTime() const { return absl::FromUnixMillis(ms); }
};

inline constexpr Timestamp kNoTimestamp{-1};

// Whose clock a batch's timestamps are from.
enum class TimestampType : int8_t {
  kCreateTime = 0,     // the producer's clock, per record
  kLogAppendTime = 1,  // the log's clock when the batch was appended
};

// The first offset that a leader epoch wrote, or may write.
struct EpochStart {
  LeaderEpoch epoch;
  Offset start;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

// Identifies a topic for as long as it lives: a topic that is deleted and
// created again under its old name has another id. Sixteen bytes, most
// significant first; all zero means none.
struct TopicId {
  std::array<uint8_t, 16> bytes{};

  friend auto operator<=>(const TopicId&, const TopicId&) = default;
  bool is_zero() const { return bytes == std::array<uint8_t, 16>{}; }
};

// A partition of a topic, by name; prints as "orders-3", which is also the
// name of its directory.
struct TopicPartition {
  std::string topic;
  PartitionId partition;

  friend auto operator<=>(const TopicPartition&,
                          const TopicPartition&) = default;
  std::string ToString() const {
    return topic + "-" + std::to_string(partition.value);
  }
};

}  // namespace cauce
